"""What one proxy has, described."""

from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.protocol.session import Session, Shared
from gatewayd.ads.proxy_state import Sync, proxy_state, rejections_of, resource_states
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import Rejection
from gatewayd.xds.resource import LISTENER, Snapshot, resource, snapshot

GATEWAY = GatewayFleet(namespace="ns", name="gw")


def published(**bodies: str) -> Snapshot:
    return snapshot(GATEWAY, [resource(LISTENER, name, body.encode()) for name, body in bodies.items()])


def session(latest: Snapshot) -> Session:
    """Return a session that has sent everything and waits for the answer."""
    it = Session(Mode.DELTA, Shared())
    it.on_snapshot(latest)
    node = {"id": "p", "cluster": "c", "user_agent_build_version": {"version": {"major_number": 1, "minor_number": 40}}}
    it.on_request(discovery.DeltaDiscoveryRequest(node=node, type_url=LISTENER))
    it.responses_to_send(0.0)
    return it


def answer(it: Session, error: str = "") -> None:
    request = discovery.DeltaDiscoveryRequest(type_url=LISTENER, response_nonce=it.ledgers[LISTENER].sent_nonce)
    if error:
        request.error_detail.message = error
    it.on_request(request)


def syncs(it: Session, latest: Snapshot) -> dict[str, Sync]:
    return {each.name: each.sync for each in resource_states(it, latest)}


def test_a_proxy_is_described_in_its_own_words() -> None:
    latest = published(a="1")
    it = session(latest)
    answer(it)
    state = proxy_state(GATEWAY, it, 12.5, latest)
    assert (state.fleet, state.node_id, state.node_cluster, state.version) == (
        GATEWAY,
        "p",
        "c",
        "1.40.0",
    )
    assert (state.since, state.mode, state.is_synced) == (12.5, "delta", True)
    (row,) = state.types
    assert (row.short, row.wildcard, row.sent == row.acked, row.pending) == ("LDS", True, True, ())


def test_before_the_first_request_nothing_is_known() -> None:
    state = proxy_state(GATEWAY, Session(Mode.SOTW, Shared()), 0.0, None)
    assert (state.node_id, state.version, state.types) == ("", "", ())


def test_resources_go_from_not_sent_over_stale_to_synced() -> None:
    latest = published(a="1")
    it = session(latest)
    assert syncs(it, latest) == {"a": Sync.STALE}
    answer(it)
    assert syncs(it, latest) == {"a": Sync.SYNCED}
    later = published(a="2", b="1")
    assert syncs(it, later) == {"a": Sync.NOT_SENT, "b": Sync.NOT_SENT}


def test_what_is_published_but_not_taken_up_is_pending() -> None:
    latest = published(a="1")
    it = session(latest)
    answer(it)
    later = published(a="2", b="1")
    state = proxy_state(GATEWAY, it, 0.0, later)
    assert state.types[0].pending == ("a", "b")
    many = published(**{f"l{number}": "1" for number in range(9, -1, -1)})
    assert proxy_state(GATEWAY, it, 0.0, many).types[0].pending == ("a", *(f"l{number}" for number in range(10)))
    assert not state.is_synced


def test_a_refusal_is_an_error_while_it_is_what_is_published() -> None:
    latest = published(a="1", b="1")
    it = session(latest)
    answer(it, "Error adding/updating listener(s) a: no\n")
    it.responses_to_send(0.0)
    answer(it)
    (error, good) = resource_states(it, latest)
    assert (error.sync, error.message, error.version) == (Sync.ERROR, "Error adding/updating listener(s) a: no\n", "")
    assert good.sync is Sync.SYNCED
    (row,) = proxy_state(GATEWAY, it, 0.0, latest).types
    assert row.rejections == (Rejection(type_url=LISTENER, names=("a",), message=error.message),)
    (moved_on, _) = resource_states(it, published(a="2", b="1"))
    assert (moved_on.sync, moved_on.message) == (Sync.NOT_SENT, "")


def test_refusals_come_by_words_then_by_name() -> None:
    latest = published(a="1", b="1", c="1", d="1")
    it = session(latest)
    answer(it, "Error adding/updating listener(s) c: no, a: no\n")
    it.responses_to_send(0.0)
    answer(it, "Error adding/updating listener(s) b: no\n")
    assert [each.names for each in rejections_of(it.ledgers[LISTENER])] == [("b",), ("a", "c")]
