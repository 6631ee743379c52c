from envoy.service.discovery.v3 import discovery_pb2 as pb

from gatewayd.ads.relay.acknowledged import Acknowledged
from gatewayd.ir.mesh import NodeRedirect
from gatewayd.xds.resource import CLUSTER, LISTENER, ROUTE, SCOPED_ROUTE, TypeUrl

WEB, OTHER, OWN = "15001/10.96.0.10:80", "15001/10.96.0.11:80", "15100/blog/10.96.0.10:80"
SIX = "15001/[fd00:96::10]:80"
TO_SIX = NodeRedirect(proxy_port=15001, callers="", address="fd00:96::10", port=80)
TO_WEB = NodeRedirect(proxy_port=15001, callers="", address="10.96.0.10", port=80)
TO_OTHER = NodeRedirect(proxy_port=15001, callers="", address="10.96.0.11", port=80)
TO_OWN = NodeRedirect(proxy_port=15100, callers="blog", address="10.96.0.10", port=80)


class Stream:
    """One stream after another, and what is heard of them."""

    def __init__(self) -> None:
        self.heard = Acknowledged()
        self._number = 0

    def ask(self, url: TypeUrl, *had: str, unsubscribed: tuple[str, ...] = ()) -> None:
        versions = dict.fromkeys(had, "1")
        self.heard.on_request(
            pb.DeltaDiscoveryRequest(
                type_url=url, initial_resource_versions=versions, resource_names_unsubscribe=unsubscribed
            )
        )

    def tell(self, url: TypeUrl, *names: str, gone: tuple[str, ...] = ()) -> str:
        self._number += 1
        resources = [pb.Resource(name=name) for name in names]
        response = pb.DeltaDiscoveryResponse(
            type_url=url, nonce=str(self._number), resources=resources, removed_resources=gone
        )
        assert self.heard.on_response(response) is bool(gone)
        return response.nonce

    def answer(self, url: TypeUrl, nonce: str, *, error: str = "") -> bool:
        message = pb.DeltaDiscoveryRequest(type_url=url, response_nonce=nonce)
        if error:
            message.error_detail.message = error
        return self.heard.on_request(message)

    def take(self, url: TypeUrl, *names: str) -> bool:
        return self.answer(url, self.tell(url, *names))


def begun(*names: str, listeners: tuple[str, ...] = ("tcp-15001", "tcp-15100")) -> Stream:
    """Return a stream whose Envoy began with nothing and has taken these."""
    stream = Stream()
    for url, what in ((LISTENER, listeners), (SCOPED_ROUTE, names), (ROUTE, names)):
        stream.ask(url)
        stream.take(url, *what)
    return stream


def test_what_has_been_acknowledged_may_be_led_there() -> None:
    assert begun(WEB, OWN).heard.redirects() == {TO_WEB, TO_OWN}


def test_scope_routes_and_listener_must_all_have_been() -> None:
    stream = begun(WEB)
    nonce = stream.tell(SCOPED_ROUTE, OTHER)
    assert stream.heard.redirects() == {TO_WEB}
    stream.answer(SCOPED_ROUTE, nonce)
    assert stream.heard.redirects() == {TO_WEB}
    stream.take(ROUTE, OTHER)
    assert stream.heard.redirects() == {TO_WEB, TO_OTHER}
    assert begun(WEB, OWN, listeners=("tcp-15001",)).heard.redirects() == {TO_WEB}


def test_a_node_that_cannot_listen_on_ipv6_is_led_what_is_for_ipv4() -> None:
    assert begun(WEB, SIX).heard.redirects() == {TO_WEB}
    assert begun(WEB, SIX, listeners=("tcp-15001", "tcp6-15001")).heard.redirects() == {TO_WEB, TO_SIX}


def test_what_an_envoy_had_before_it_alone_tells_of_until_it_is_sent_again() -> None:
    assert begun(WEB).heard.recalled() == frozenset()
    stream = Stream()
    stream.ask(LISTENER, "tcp-15001", "tcp-15100")
    stream.ask(SCOPED_ROUTE, WEB, OWN)
    stream.ask(ROUTE, WEB, OWN)
    assert stream.heard.redirects() == stream.heard.recalled() == {TO_WEB, TO_OWN}
    nonce = stream.tell(ROUTE, OWN)
    assert stream.heard.recalled() == {TO_WEB, TO_OWN}
    assert stream.answer(ROUTE, nonce)
    assert (stream.heard.redirects(), stream.heard.recalled()) == ({TO_WEB, TO_OWN}, {TO_WEB})
    stream.tell(SCOPED_ROUTE, gone=(WEB,))
    assert (stream.heard.redirects(), stream.heard.recalled()) == ({TO_OWN}, frozenset())


def test_what_is_sent_again_is_no_news() -> None:
    stream = begun(WEB)
    assert not stream.take(ROUTE, WEB)
    assert stream.take(ROUTE, WEB, OTHER)
    stream.tell(ROUTE, gone=(WEB,))
    assert stream.take(ROUTE, WEB)
    stream.heard.begin()
    stream.ask(ROUTE)
    assert stream.take(ROUTE, WEB)


def test_what_is_refused_is_not_there_and_what_was_there_stays() -> None:
    stream = begun(WEB)
    stream.answer(ROUTE, stream.tell(ROUTE, WEB, OTHER), error="no")
    stream.take(SCOPED_ROUTE, OTHER)
    assert stream.heard.redirects() == {TO_WEB}


def test_what_is_new_of_one_address_is_led_there_together() -> None:
    stream = begun(OTHER)
    stream.take(SCOPED_ROUTE, WEB, OWN)
    assert stream.take(ROUTE, WEB)
    assert stream.heard.redirects() == {TO_OTHER}
    assert stream.take(ROUTE, OWN)
    assert stream.heard.redirects() == {TO_OTHER, TO_WEB, TO_OWN}


def test_what_is_led_already_waits_for_nobody() -> None:
    stream = begun(WEB)
    assert stream.heard.redirects() == {TO_WEB}
    stream.take(SCOPED_ROUTE, OWN)
    assert stream.heard.redirects() == {TO_WEB}


def test_for_what_is_refused_nobody_waits() -> None:
    stream = begun(OTHER)
    stream.take(SCOPED_ROUTE, WEB, OWN)
    stream.take(ROUTE, WEB)
    assert stream.answer(ROUTE, stream.tell(ROUTE, OWN), error="no")
    assert stream.heard.redirects() == {TO_OTHER, TO_WEB}
    stream.take(ROUTE, OWN)
    assert stream.heard.redirects() == {TO_OTHER, TO_WEB, TO_OWN}


def test_what_is_about_to_be_removed_is_gone_before_it_is_told() -> None:
    stream = begun(WEB, OTHER)
    stream.tell(SCOPED_ROUTE, gone=(WEB, "unknown"))
    assert stream.heard.redirects() == {TO_OTHER}
    stream.ask(ROUTE, unsubscribed=(OTHER,))
    assert stream.heard.redirects() == set()


def test_until_an_envoy_has_said_what_it_has_nothing_is_known() -> None:
    stream = Stream()
    stream.heard.begin()
    assert stream.heard.redirects() is None
    stream.ask(CLUSTER, "c")
    stream.ask(LISTENER, "tcp-15001")
    stream.ask(SCOPED_ROUTE, WEB)
    assert stream.heard.redirects() is None
    stream.ask(ROUTE, WEB)
    assert stream.heard.redirects() == {TO_WEB}


def test_an_envoy_that_begins_anew_has_nothing_until_it_is_told() -> None:
    stream = begun(WEB)
    stream.heard.begin()
    stream.ask(LISTENER)
    assert stream.heard.redirects() is None
    stream.take(LISTENER, "tcp-15001")
    stream.ask(SCOPED_ROUTE)
    stream.take(SCOPED_ROUTE, WEB)
    stream.ask(ROUTE)
    assert stream.heard.redirects() is None
    stream.take(ROUTE, WEB)
    assert stream.heard.redirects() == {TO_WEB}


def test_a_mesh_without_routes_is_known_too() -> None:
    stream = Stream()
    stream.ask(LISTENER)
    stream.take(LISTENER, "tcp-15001")
    stream.ask(SCOPED_ROUTE)
    stream.take(SCOPED_ROUTE)
    assert stream.heard.redirects() == set()
