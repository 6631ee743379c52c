"""One stream of the state-of-the-world variant, message by message."""

from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.protocol.session import Answer, Request, Session, Shared
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import (
    ENDPOINT,
    LISTENER,
    SECRET,
    TYPE_BY_URL,
    Resource,
    Snapshot,
    TypeUrl,
    resource,
    snapshot,
)


def plain(type_url: TypeUrl, name: str, body: str = "1") -> Resource:
    return resource(type_url, name, body.encode())


class Sotw:
    """A client of the other variant."""

    def __init__(self) -> None:
        self.session = Session(Mode.SOTW, Shared())
        self.nonces: dict[str, str] = {}

    def say(self, type_url: TypeUrl, *names: str, error: str = "", nonce: str | None = None) -> Answer:
        request: Request = discovery.DiscoveryRequest(
            type_url=type_url,
            resource_names=names,
            response_nonce=self.nonces.get(type_url, "") if nonce is None else nonce,
        )
        if error:
            request.error_detail.message = error
        return self.session.on_request(request)

    def read(self) -> list[tuple[str, list[bytes]]]:
        said = []
        for push in self.session.responses_to_send(0.0):
            self.nonces[push.type_url] = push.nonce
            message = discovery.DiscoveryResponse.FromString(push.data)
            said.append((TYPE_BY_URL[push.type_url].short, [each.value for each in message.resources]))
        return said


def listeners(**bodies: str) -> Snapshot:
    return snapshot(
        GatewayFleet(namespace="ns", name="gw"), [plain(LISTENER, name, body) for name, body in bodies.items()]
    )


def test_listeners_are_always_all_of_them() -> None:
    client = Sotw()
    client.session.on_snapshot(listeners(a="a1", b="b1"))
    client.say(LISTENER)
    assert client.read() == [("LDS", [b"a1", b"b1"])]
    assert client.say(LISTENER) is Answer.ACK
    client.session.on_snapshot(listeners(a="a2", b="b1"))
    assert client.read() == [("LDS", [b"a2", b"b1"])]
    client.say(LISTENER)
    client.session.on_snapshot(listeners(b="b1"))
    assert client.read() == [("LDS", [b"b1"])]


def test_keeps_the_last_good_one_of_a_refused_listener() -> None:
    client = Sotw()
    client.session.on_snapshot(listeners(a="a1", b="b1"))
    client.say(LISTENER)
    client.read()
    client.say(LISTENER)
    client.session.on_snapshot(listeners(a="bad", b="b1"))
    assert client.read() == [("LDS", [b"bad", b"b1"])]
    assert client.say(LISTENER, error="Error adding/updating listener(s) a: no\n") is Answer.NACK
    assert client.read() == []
    client.session.on_snapshot(listeners(a="bad", b="b2"))
    assert client.read() == [("LDS", [b"a1", b"b2"])]


def test_other_types_carry_what_changed() -> None:
    client = Sotw()
    secrets = snapshot(GatewayFleet(namespace="ns", name="gw"), [plain(SECRET, "a", "a1"), plain(SECRET, "b", "b1")])
    client.session.on_snapshot(secrets)
    client.say(SECRET, "a", "b", "missing")
    assert client.read() == [("SDS", [b"a1", b"b1"])]
    client.say(SECRET, "a", "b", "missing")
    client.session.on_snapshot(snapshot(GatewayFleet(namespace="ns", name="gw"), [plain(SECRET, "a", "a2")]))
    assert client.read() == [("SDS", [b"a2"])]


def test_endpoints_that_do_not_exist_are_answered_empty() -> None:
    client = Sotw()
    client.session.on_snapshot(snapshot(GatewayFleet(namespace="ns", name="gw"), []))
    client.say(ENDPOINT, "c")
    assert client.read() == [("EDS", [b"\n\x01c"])]
    client.say(ENDPOINT, "c")
    assert client.read() == []


def test_requests_with_a_stale_nonce_are_ignored() -> None:
    client = Sotw()
    client.session.on_snapshot(listeners(a="a1"))
    client.say(LISTENER)
    client.read()
    assert client.say(LISTENER, "other", nonce="old") is Answer.IGNORED
    assert client.say(LISTENER) is Answer.ACK


def test_has_one_response_of_a_type_unanswered_at_a_time() -> None:
    client = Sotw()
    client.session.on_snapshot(listeners(a="1"))
    client.say(LISTENER)
    assert client.read() == [("LDS", [b"1"])]
    for number in range(3):
        client.session.on_snapshot(listeners(a=f"later-{number}"))
        assert client.read() == []
    client.say(LISTENER)
    assert client.read() == [("LDS", [b"later-2"])]
