"""What waits until a listener that drains is gone."""

from envoy.config.route.v3 import route_components_pb2, route_pb2

from gatewayd.ads.protocol.draining import Lingering
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.subscription import WILDCARD
from gatewayd.ads.sharing.comparisons import Versions, differing
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import DEFAULT_DRAIN_SECONDS
from gatewayd.xds.resource import (
    CLUSTER,
    LISTENER,
    ROUTE,
    SCOPED_ROUTE,
    XDS_TYPES,
    Resource,
    Snapshot,
    TypeUrl,
    resource,
    snapshot,
)


def plain(type_url: TypeUrl, name: str) -> Resource:
    return resource(type_url, name, b"1")


def whole(*domains: str) -> Resource:
    """Return the one table of a listener that finds its routes there."""
    hosts = [route_components_pb2.VirtualHost(name=domain, domains=[domain]) for domain in domains]
    message = route_pb2.RouteConfiguration(name="80", virtual_hosts=hosts)
    return resource(ROUTE, "80", message.SerializeToString())


SCOPED = (plain(LISTENER, "l"), plain(SCOPED_ROUTE, "80:a"), plain(ROUTE, "80:a"), plain(CLUSTER, "c"))
FLIPPED = (resource(LISTENER, "l", b"2"), whole("a"))


class Stream:
    """The ledgers of a client that has everything."""

    def __init__(self, *resources: Resource) -> None:
        self.ledgers = {row.url: Ledger(row, NamePool(), Versions()) for row in XDS_TYPES}
        self.lingering = Lingering(self.ledgers)
        for url, ledger in self.ledgers.items():
            ledger.subscribe(
                ledger.subscription.update((WILDCARD, "80:a", "80:gone", "80") if url == ROUTE else (WILDCARD,), ())
            )
        self.aim(*resources)
        for ledger in self.ledgers.values():
            ledger.depart("nonce", [*ledger.makes(), *ledger.absences()])
            ledger.ack()

    def aim(self, *resources: Resource) -> Snapshot:
        target = snapshot(GatewayFleet(namespace="ns", name="gw"), resources)
        for url, ledger in self.ledgers.items():
            ledger.retarget(target.of(url), differing(ledger.target, target.of(url)))
        return target

    def removals(self) -> list[str]:
        return [name for ledger in self.ledgers.values() for name in ledger.removals()]


def test_it_is_due_when_the_last_scope_goes_and_listeners_stay() -> None:
    stream = Stream(*SCOPED)
    assert not stream.lingering.is_due(stream.aim(*SCOPED, plain(SCOPED_ROUTE, "t")))
    assert not stream.lingering.is_due(stream.aim())
    assert stream.lingering.is_due(stream.aim(plain(LISTENER, "l")))


def test_removals_wait_for_the_drain_time_and_count_as_done() -> None:
    stream = Stream(*SCOPED)
    stream.lingering.start(5.0, stream.aim(*FLIPPED))
    assert (stream.removals(), stream.lingering.until) == ([], 5.0 + DEFAULT_DRAIN_SECONDS)
    stream.lingering.end_in_time(4.0 + DEFAULT_DRAIN_SECONDS)
    assert stream.removals() == []
    stream.lingering.end_in_time(5.0 + DEFAULT_DRAIN_SECONDS)
    assert sorted(stream.removals()) == ["80:a", "80:a", "c"]
    assert stream.lingering.until is None


def test_they_wait_as_long_as_the_listeners_of_this_client_drain() -> None:
    stream = Stream(*SCOPED)
    stream.lingering.drain = 60.0
    stream.lingering.start(5.0, stream.aim(*FLIPPED))
    assert stream.lingering.until == 65.0


def test_what_has_come_back_does_not_go() -> None:
    stream = Stream(*SCOPED)
    stream.lingering.start(0.0, stream.aim(*FLIPPED))
    stream.aim(*SCOPED)
    stream.lingering.end_in_time(DEFAULT_DRAIN_SECONDS)
    assert stream.removals() == []


def test_hosts_that_are_no_more_go_at_once_and_those_that_go_later_then() -> None:
    stream = Stream(*SCOPED, plain(SCOPED_ROUTE, "80:gone"), plain(ROUTE, "80:gone"))
    stream.lingering.start(0.0, stream.aim(*FLIPPED))
    assert stream.removals() == ["80:gone"]
    later = (FLIPPED[0], whole("b"))
    stream.lingering.routing_moved(snapshot(GatewayFleet(namespace="ns", name="gw"), later))
    stream.aim(*later)
    assert sorted(stream.removals()) == ["80:a", "80:gone"]


def test_scopes_of_before_go_as_soon_as_there_are_scopes_again() -> None:
    stream = Stream(*SCOPED, plain(SCOPED_ROUTE, "80:b"))
    stream.lingering.start(0.0, stream.aim(FLIPPED[0], whole("a", "b")))
    assert stream.lingering.stale_scopes() == []
    stream.lingering.routing_moved(snapshot(GatewayFleet(namespace="ns", name="gw"), SCOPED))
    stream.aim(*SCOPED)
    assert stream.lingering.stale_scopes() == ["80:b"]
    assert stream.lingering.until is None
    # One that there is again, and goes later, is no scope of before.
    scopes = stream.ledgers[SCOPED_ROUTE]
    scopes.depart("nonce", scopes.makes())
    scopes.ack()
    stream.aim(*(each for each in SCOPED if each.type_url != SCOPED_ROUTE), plain(SCOPED_ROUTE, "80:c"))
    assert sorted(scopes.removals()) == ["80:a", "80:b"]
    assert stream.lingering.stale_scopes() == ["80:b"]


def test_what_is_wanted_again_while_it_waits_is_sent_again() -> None:
    """Nobody knows whether the listener that had it is still there."""
    stream = Stream(*SCOPED)
    stream.lingering.start(0.0, stream.aim(*FLIPPED))
    stream.lingering.routing_moved(snapshot(GatewayFleet(namespace="ns", name="gw"), SCOPED))
    stream.aim(*SCOPED)
    assert sorted(name for ledger in stream.ledgers.values() for name in ledger.makes()) == ["80:a", "80:a", "c"]


def test_of_hosts_that_wait_only_those_that_are_gone_go() -> None:
    stream = Stream(*SCOPED, plain(SCOPED_ROUTE, "80:b"), plain(SCOPED_ROUTE, "80:*"))
    stream.lingering.start(0.0, stream.aim(FLIPPED[0], whole("a", "b")))
    assert stream.ledgers[SCOPED_ROUTE].removals() == []
    later = (FLIPPED[0], whole("a", "c"))
    stream.lingering.routing_moved(snapshot(GatewayFleet(namespace="ns", name="gw"), later))
    stream.aim(*later)
    assert stream.ledgers[SCOPED_ROUTE].removals() == ["80:b"]
