"""What the next stream of a client must not take its word for."""

from dataclasses import replace

from gatewayd.ads.protocol.session import Session, Shared
from gatewayd.ads.reconnects import LeftOpen
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import LEFT_OPEN_BYTES, LEFT_OPEN_CLIENTS, LEFT_OPEN_SECONDS, NAME_LENGTH
from gatewayd.xds.resource import CLUSTER, LISTENER, ROUTE, Snapshot, snapshot
from tests.unit.ads.protocol.test_session import Delta, changed, cluster, plain, world

LISTED = "Error adding/updating cluster(s) bad: no"


def named(node_id: str) -> Delta:
    client = Delta()
    client.session.node = replace(client.session.node, id=node_id, cluster="ns/gw")
    return client


def refused_in_part(node_id: str = "one") -> Delta:
    """Return a client that has applied `c` in its second edition, and refused what came with it."""
    client = named(node_id)
    client.start(world())
    client.session.on_snapshot(changed(world(), cluster("c", "2"), cluster("bad")))
    client.read()
    client.nack(CLUSTER, LISTED)
    return client


def come_back(left_open: LeftOpen, latest: Snapshot, node_id: str = "one") -> Delta:
    client = Delta()
    client.session.on_snapshot(latest)
    left_open.give(client.session, node_id)
    client.ask(CLUSTER, has={"c": world().of(CLUSTER)["c"].version})
    return client


def test_what_may_have_been_applied_is_sent_again_although_the_client_names_its_version() -> None:
    left_open = LeftOpen()
    left_open.keep(refused_in_part().session)
    client = come_back(left_open, world())
    assert client.read()[0] == ("CDS", ["c"], [])


def test_what_may_have_been_made_is_removed_although_the_client_does_not_name_it() -> None:
    client = named("one")
    client.start(world())
    client.session.on_snapshot(changed(world(), cluster("new"), cluster("bad")))
    client.read()
    client.nack(CLUSTER, LISTED)
    left_open = LeftOpen()
    left_open.keep(client.session)
    client = come_back(left_open, world())
    client.ask(LISTENER, has={"l": world().of(LISTENER)["l"].version})
    client.ask(ROUTE, "r", has={"r": world().of(ROUTE)["r"].version})
    assert client.read() == [("CDS", [], ["new"])]


def test_an_answer_that_was_lost_is_believed_when_the_client_names_what_was_sent() -> None:
    latest, client, left_open = changed(world(), cluster("c", "2")), named("one"), LeftOpen()
    client.start(world())
    client.session.on_snapshot(latest)
    client.read()
    left_open.keep(client.session)
    client = Delta()
    client.session.on_snapshot(latest)
    left_open.give(client.session, "one")
    client.ask(CLUSTER, has={"c": latest.of(CLUSTER)["c"].version})
    assert client.read() == []


def test_it_is_told_once_and_to_the_same_client_only() -> None:
    left_open = LeftOpen()
    left_open.keep(refused_in_part().session)
    assert come_back(left_open, world(), "two").read() == []
    assert come_back(left_open, world()).read() != []
    assert come_back(left_open, world()).read() == []


def test_what_was_not_yet_used_goes_on_to_the_next_stream() -> None:
    left_open = LeftOpen()
    left_open.keep(refused_in_part().session)
    between = named("one")
    left_open.give(between.session, "one")
    left_open.keep(between.session)
    assert come_back(left_open, world()).read() != []


def test_nothing_is_kept_of_a_client_in_sync_or_without_a_name_or_of_the_other_variant() -> None:
    left_open, idle = LeftOpen(), named("one")
    idle.start(world())
    left_open.keep(idle.session)
    left_open.keep(refused_in_part("").session)
    left_open.keep(Session(Mode.SOTW, Shared()))
    assert come_back(left_open, world()).read() == []
    assert come_back(left_open, world(), "").read() == []


def test_it_is_bounded_in_bytes_and_the_latest_count() -> None:
    left_open = LeftOpen()
    wide = {f"l{number}".ljust(NAME_LENGTH // 2, "x"): "1" for number in range(2_000)}
    many = snapshot(GatewayFleet(namespace="ns", name="gw"), [plain(LISTENER, name) for name in wide])
    for node_id in ("one", "two", "three", "four"):
        client = named(node_id)
        client.session.on_snapshot(many)
        client.ask(LISTENER)
        client.read()
        left_open.keep(client.session)
        assert left_open.size <= LEFT_OPEN_BYTES
    assert [given(left_open, node_id) for node_id in ("one", "two", "three", "four")] == [0, 2_000, 2_000, 2_000]
    assert left_open.size == 0


def test_it_is_bounded_in_clients() -> None:
    left_open = LeftOpen()
    for number in range(LEFT_OPEN_CLIENTS + 10):
        left_open.keep(refused_in_part(str(number)).session)
    assert len(left_open) == LEFT_OPEN_CLIENTS
    assert (given(left_open, "9"), given(left_open, "10")) == (0, 2)


def test_a_client_that_is_lost_again_counts_once() -> None:
    left_open = LeftOpen()
    left_open.keep(refused_in_part().session)
    size = left_open.size
    left_open.keep(refused_in_part().session)
    assert (left_open.size, len(left_open)) == (size, 1)
    assert given(left_open, "one") == 2
    assert left_open.size == 0


def test_it_is_bounded_in_age() -> None:
    left_open = LeftOpen()
    left_open.sweep(1_000.0)
    left_open.keep(refused_in_part("old").session)
    left_open.sweep(1_100.0)
    left_open.keep(refused_in_part("new").session)
    left_open.sweep(1_000.0 + LEFT_OPEN_SECONDS)
    assert (given(left_open, "old"), given(left_open, "new")) == (0, 2)


def given(left_open: LeftOpen, node_id: str) -> int:
    """Return of how many names the next stream of a client is told."""
    session = Session(Mode.DELTA, Shared())
    left_open.give(session, node_id)
    return sum(len(ledger.doubts) for ledger in session.ledgers.values())


def test_of_who_leaves_nothing_open_nothing_is_kept() -> None:
    """There is room for so many clients: who has taken everything takes none of it."""
    client = named("one")
    client.start(world())
    left_open = LeftOpen()
    left_open.keep(client.session)
    assert (client.session.left_open(), len(left_open)) == ({}, 0)
