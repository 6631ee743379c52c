"""The gates, one by one."""

import pytest
from envoy.config.cluster.v3 import cluster_pb2

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.ordering import Ordering
from gatewayd.ads.sharing.cluster_dependencies import References
from gatewayd.ads.sharing.comparisons import Versions, differing
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import GATE_SECONDS
from gatewayd.xds.resource import (
    CLUSTER,
    ENDPOINT,
    FILTER,
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


def declare(ledger: Ledger, versions: dict[str, str]) -> None:
    ledger.declare(versions, {name: item.version for name, item in ledger.target.items()})


def cluster(name: str, *, eds: bool = True) -> Resource:
    kind = cluster_pb2.Cluster.EDS if eds else cluster_pb2.Cluster.STATIC
    return resource(CLUSTER, name, cluster_pb2.Cluster(name=name, type=kind).SerializeToString())


def plain(type_url: TypeUrl, name: str, body: str) -> Resource:
    return resource(type_url, name, body.encode())


class Stream:
    """The ledgers and gates of a client that is subscribed to everything."""

    def __init__(self, *subscribed: TypeUrl) -> None:
        self.ledgers = {row.url: Ledger(row, NamePool(), Versions()) for row in XDS_TYPES}
        self.ordering = Ordering(self.ledgers, References(), NamePool())
        self.ordering.at(0.0)
        for url in subscribed or tuple(self.ledgers):
            subscription = self.ledgers[url].subscription
            subscription.seen = subscription.wildcard = True

    def aim(self, *resources: Resource) -> Snapshot:
        target = snapshot(GatewayFleet(namespace="ns", name="gw"), resources)
        for url, ledger in self.ledgers.items():
            ledger.retarget(target.of(url), differing(ledger.target, target.of(url)))
        return target

    def send(self, type_url: TypeUrl, *names: str) -> None:
        self.ledgers[type_url].depart("nonce", names)
        if type_url == CLUSTER:
            self.ordering.clusters_sent(names)

    def take(self, type_url: TypeUrl, *names: str) -> None:
        self.send(type_url, *names)
        self.ledgers[type_url].ack()


def test_routes_wait_for_the_acks_of_new_clusters_and_their_endpoints() -> None:
    stream = Stream()
    routing = stream.aim(cluster("c"), plain(ENDPOINT, "c", "1"), plain(ROUTE, "r", "c"))
    assert not stream.ordering.may_route(routing)
    stream.send(CLUSTER, "c")
    assert not stream.ordering.may_route(routing)
    stream.ledgers[CLUSTER].ack()
    assert not stream.ordering.may_route(routing)
    stream.ordering.repeat_endpoints()
    stream.take(ENDPOINT, "c")
    assert stream.ordering.may_route(routing)


def test_endpoints_that_are_not_there_are_not_awaited() -> None:
    stream = Stream()
    routing = stream.aim(cluster("c"))
    stream.take(CLUSTER, "c")
    assert stream.ordering.may_route(routing)


def test_endpoints_that_are_not_asked_for_yet_are_awaited() -> None:
    stream = Stream(CLUSTER, LISTENER)
    routing = stream.aim(cluster("c"), plain(ENDPOINT, "c", "1"))
    stream.take(CLUSTER, "c")
    assert not stream.ordering.may_route(routing)


def test_a_client_that_comes_back_and_asks_for_clusters_last_is_awaited() -> None:
    """Envoy 1.40 asks for listeners, secrets, routes and endpoints first, and then says which clusters it has."""
    stream = Stream(LISTENER, ROUTE, ENDPOINT)
    routing = stream.aim(cluster("c"), plain(ENDPOINT, "c", "1"), plain(ROUTE, "r", "c"))
    assert not stream.ordering.may_route(routing)
    assert stream.ordering.deadline == GATE_SECONDS
    stream.ledgers[CLUSTER].subscription.seen = True
    assert stream.ordering.may_route(routing)


def test_a_client_of_routes_alone_waits_for_no_clusters() -> None:
    stream = Stream(ROUTE)
    assert stream.ordering.may_route(stream.aim(cluster("c"), plain(ROUTE, "r", "c")))


def test_a_client_of_routes_without_clusters_does_not_wait() -> None:
    stream = Stream(LISTENER, ROUTE)
    assert stream.ordering.may_route(stream.aim(plain(ROUTE, "r", "redirect")))


def test_a_gate_lets_go_after_a_while() -> None:
    stream = Stream()
    routing = stream.aim(cluster("c"))
    assert not stream.ordering.may_route(routing)
    assert stream.ordering.deadline == GATE_SECONDS
    stream.ordering.at(GATE_SECONDS - 1)
    assert not stream.ordering.may_route(routing)
    stream.ordering.at(GATE_SECONDS)
    assert stream.ordering.may_route(routing)


def test_a_gate_that_comes_nearer_to_opening_waits_on() -> None:
    stream = Stream()
    routing = stream.aim(cluster("c"), cluster("d"))
    assert not stream.ordering.may_route(routing)
    stream.ordering.at(GATE_SECONDS - 1)
    stream.take(CLUSTER, "c")
    assert not stream.ordering.may_route(routing)
    assert stream.ordering.deadline == 2 * GATE_SECONDS - 1
    stream.ordering.at(2 * GATE_SECONDS - 2)
    assert not stream.ordering.may_route(routing)
    stream.ordering.at(2 * GATE_SECONDS - 1)
    assert stream.ordering.may_route(routing)


def test_another_routing_snapshot_waits_anew() -> None:
    stream = Stream()
    stream.ordering.may_route(stream.aim(cluster("c")))
    stream.ordering.at(GATE_SECONDS - 1)
    stream.ordering.routing_moved(snapshot(GatewayFleet(namespace="ns", name="gw"), []))
    stream.ordering.may_route(stream.aim(cluster("d")))
    assert stream.ordering.deadline == 2 * GATE_SECONDS - 1


def test_a_refused_cluster_opens_the_gate() -> None:
    stream = Stream()
    routing = stream.aim(cluster("c"))
    stream.send(CLUSTER, "c")
    stream.ledgers[CLUSTER].nack("no")
    assert stream.ordering.may_route(routing)


def test_clusters_of_later_snapshots_close_no_gate() -> None:
    stream = Stream()
    routing = stream.aim()
    stream.aim(cluster("later"))
    assert stream.ordering.may_route(routing)


def test_a_changed_cluster_gets_its_endpoints_again_once_they_are_subscribed() -> None:
    stream = Stream(CLUSTER)
    stream.aim(cluster("c"), plain(ENDPOINT, "c", "1"))
    endpoints = stream.ledgers[ENDPOINT]
    stream.take(CLUSTER, "c")
    stream.ordering.repeat_endpoints()
    assert not endpoints.is_waiting()
    endpoints.subscription.update(("c",), ())
    declare(endpoints, {"c": endpoints.target["c"].version})
    stream.ordering.repeat_endpoints()
    assert endpoints.makes() == ["c"]


def in_sync(*resources: Resource) -> Stream:
    stream = Stream()
    stream.aim(*resources)
    for url, ledger in stream.ledgers.items():
        if ledger.behind:
            stream.take(url, *ledger.makes())
    return stream


def test_clusters_go_after_the_routes_that_used_them() -> None:
    stream = in_sync(cluster("c"), plain(ROUTE, "r", "c"), plain(LISTENER, "l", "r"))
    routing = stream.aim(plain(ROUTE, "r", "-"), plain(LISTENER, "l", "r"))
    assert stream.ordering.droppable(routing) == []
    stream.send(ROUTE, "r")
    assert stream.ordering.droppable(routing) == []
    stream.ledgers[ROUTE].ack()
    assert stream.ordering.droppable(routing) == ["c"]


def test_what_may_go_stays_so_until_it_is_wanted_again() -> None:
    stream = in_sync(cluster("c"))
    routing = stream.aim()
    assert stream.ordering.droppable(routing) == ["c"]
    stream.aim(plain(ROUTE, "r", "x"))
    assert stream.ordering.droppable(routing) == ["c"]
    stream.ordering.clusters_back(["c"])
    assert stream.ordering.droppable(routing) == []


def test_a_cluster_that_the_routing_snapshot_has_stays() -> None:
    stream = in_sync(cluster("c"))
    routing = snapshot(GatewayFleet(namespace="ns", name="gw"), [cluster("c")])
    stream.aim()
    assert stream.ordering.droppable(routing) == []


def test_a_cluster_stays_while_a_refused_route_keeps_the_old_one_in_use() -> None:
    stream = in_sync(cluster("c"), cluster("d"), plain(ROUTE, "r", "to c"), plain(LISTENER, "l", "r"))
    routing = stream.aim(plain(ROUTE, "r", "broken"), plain(LISTENER, "l", "r"))
    stream.send(ROUTE, "r")
    stream.ledgers[ROUTE].nack("no")
    assert stream.ordering.droppable(routing) == ["d"]


def test_a_route_stays_while_a_refused_listener_keeps_it_in_use() -> None:
    stream = in_sync(cluster("c"), plain(ROUTE, "r", "to c"), plain(ROUTE, "q", "-"), plain(LISTENER, "l", "uses r"))
    routing = stream.aim(plain(LISTENER, "l", "broken"))
    stream.send(LISTENER, "l")
    stream.ledgers[LISTENER].nack("no")
    assert stream.ordering.removable_routes(routing) == ["q"]
    stream.take(ROUTE, "q")
    assert stream.ordering.droppable(routing) == []


def test_routes_go_after_the_listeners_that_used_them() -> None:
    stream = in_sync(plain(ROUTE, "r", "-"), plain(LISTENER, "l", "r"))
    routing = stream.aim(plain(LISTENER, "l", "none"))
    assert stream.ordering.removable_routes(routing) == []
    stream.take(LISTENER, "l")
    assert stream.ordering.removable_routes(routing) == ["r"]


def test_listeners_follow_the_routes_that_they_may_need() -> None:
    stream = in_sync(plain(LISTENER, "l", "1"))
    stream.aim(plain(ROUTE, "r", "-"), plain(LISTENER, "l", "2"))
    assert not stream.ordering.may_send_last()
    stream.send(ROUTE, "r")
    assert stream.ordering.may_send_last()


def test_endpoints_go_last() -> None:
    stream = in_sync(cluster("c"), plain(ENDPOINT, "c", "1"))
    stream.aim()
    assert not stream.ordering.may_remove_dependents()
    stream.take(CLUSTER, "c")
    assert stream.ordering.may_remove_dependents()


def test_after_a_reconnect_nothing_goes_before_the_client_has_asked_for_its_routes() -> None:
    stream = Stream(CLUSTER)
    declare(stream.ledgers[CLUSTER], {"old": "1"})
    routing = stream.aim(plain(ROUTE, "r", "-"))
    assert stream.ordering.droppable(routing) == []
    assert stream.ordering.deadline == GATE_SECONDS
    stream.ledgers[LISTENER].subscription.seen = True
    assert stream.ordering.droppable(routing) == []
    stream.ledgers[ROUTE].subscription.update(("q",), ())
    assert stream.ordering.droppable(routing) == []
    stream.ledgers[ROUTE].subscription.update(("r",), ())
    assert stream.ordering.droppable(routing) == ["old"]


def test_routes_and_scopes_stay_until_a_new_listener_has_its_own() -> None:
    stream = Stream(CLUSTER, LISTENER, SCOPED_ROUTE)
    stream.ledgers[ROUTE].subscription.update(("host", "t"), ())
    other = plain(SCOPED_ROUTE, "t", "of another listener")
    stream.aim(plain(LISTENER, "l", "scoped"), plain(SCOPED_ROUTE, "s", "host"), other, plain(ROUTE, "host", "-"))
    for url, name in ((LISTENER, "l"), (SCOPED_ROUTE, "s"), (SCOPED_ROUTE, "t"), (ROUTE, "host")):
        stream.ledgers[url].declare({name: stream.ledgers[url].target[name].version}, {})
        stream.take(url, name)
    routing = stream.aim(plain(LISTENER, "l", "plain"), plain(ROUTE, "whole", "-"), other)
    assert stream.ordering.removable_last(SCOPED_ROUTE, routing) == []
    stream.take(LISTENER, "l")
    stream.ordering.listeners_sent(("l",))
    assert stream.ordering.removable_last(SCOPED_ROUTE, routing) == []
    stream.ledgers[ROUTE].subscribe(stream.ledgers[ROUTE].subscription.update(("whole",), ()))
    assert stream.ordering.removable_last(SCOPED_ROUTE, routing) == []
    stream.take(ROUTE, "whole")
    assert stream.ordering.removable_last(SCOPED_ROUTE, routing) == ["s"]
    assert stream.ordering.removable_routes(routing) == []
    stream.take(SCOPED_ROUTE, "s")
    assert stream.ordering.removable_routes(routing) == ["host"]


@pytest.mark.parametrize(("asked", "again"), [((), [":s"]), ((":s",), [])])
def test_scopes_go_again_after_a_listener_when_their_routes_were_not_asked_for(
    asked: tuple[str, ...], again: list[str]
) -> None:
    """Envoy has forgotten them, and does not ask for scopes again."""
    stream = Stream(CLUSTER, LISTENER, SCOPED_ROUTE)
    stream.ledgers[ROUTE].subscription.update(asked, ())
    stream.aim(plain(LISTENER, "l", "scoped"), plain(SCOPED_ROUTE, ":s", "-"), plain(ROUTE, ":s", "-"))
    for url, name in ((LISTENER, "l"), (SCOPED_ROUTE, ":s")):
        stream.ledgers[url].declare({name: stream.ledgers[url].target[name].version}, {})
        stream.take(url, name)
    assert stream.ordering.may_send_listeners()
    stream.ordering.listeners_sent(("l",))
    assert stream.ordering.is_owing
    assert stream.ledgers[SCOPED_ROUTE].makes() == again
    assert stream.ordering.may_send_listeners() == (not again)


def test_a_listener_goes_whatever_else_is_under_way() -> None:
    stream = in_sync(plain(LISTENER, "old", "1"), plain(LISTENER, "l", "1"), plain(SCOPED_ROUTE, "s", "-"))
    routing = stream.aim(plain(LISTENER, "l", "2"), plain(LISTENER, "new", "1"), plain(SCOPED_ROUTE, "s", "-"))
    assert stream.ordering.removable_last(LISTENER, routing) == ["old"]
    stream.send(LISTENER, "new")
    assert stream.ordering.removable_last(LISTENER, routing) == ["old"]


def test_scopes_go_again_when_nothing_of_listeners_and_scopes_is_under_way() -> None:
    stream = Stream(CLUSTER, LISTENER, SCOPED_ROUTE)
    stream.aim(plain(LISTENER, "l", "scoped"), plain(SCOPED_ROUTE, ":s", "-"), plain(ROUTE, ":s", "-"))
    stream.send(LISTENER, "l")
    stream.ordering.listeners_sent(("l",))
    stream.ordering.repeat_scopes()
    assert stream.ordering.is_owing  # the listener is in flight
    stream.ledgers[LISTENER].ack()
    stream.ordering.repeat_scopes()
    assert stream.ordering.is_owing  # the scope is yet to be sent
    stream.take(SCOPED_ROUTE, ":s")
    stream.ordering.repeat_scopes()
    assert not stream.ordering.is_owing
    assert stream.ledgers[SCOPED_ROUTE].makes() == [":s"]


def test_a_listener_that_never_asks_for_its_routes_is_not_waited_for_forever() -> None:
    other = plain(SCOPED_ROUTE, "t", "-")
    stream = in_sync(plain(LISTENER, "l", "1"), plain(SCOPED_ROUTE, "s", "-"), other)
    stream.ledgers[ROUTE].subscription.wildcard = False
    routing = stream.aim(plain(LISTENER, "l", "2"), plain(ROUTE, "r", "-"), other)
    stream.take(LISTENER, "l")
    stream.ordering.listeners_sent(("l",))
    assert stream.ordering.removable_last(SCOPED_ROUTE, routing) == []
    assert stream.ordering.deadline == GATE_SECONDS
    stream.ordering.at(GATE_SECONDS)
    assert stream.ordering.removable_last(SCOPED_ROUTE, routing) == ["s"]


def test_of_several_gates_the_first_that_opens_is_the_deadline() -> None:
    stream = Stream(CLUSTER, LISTENER, ROUTE)
    routing = stream.aim(cluster("c"), plain(FILTER, "f", "1"), plain(ROUTE, "r", "asks f"))
    asked = (stream.ordering.may_route, stream.ordering.may_send_routes)
    for now, gate in enumerate(asked):
        stream.ordering.at(now)
        assert not gate(routing)
        assert stream.ordering.deadline == now + GATE_SECONDS
    for gates in (asked, asked[::-1]):
        stream.ordering.at(2.0)
        assert not any(gate(routing) for gate in gates)
        assert stream.ordering.deadline == GATE_SECONDS


def test_a_client_that_never_asks_for_routes_is_not_waited_for_forever() -> None:
    stream = Stream(CLUSTER)
    declare(stream.ledgers[CLUSTER], {"old": "1"})
    routing = stream.aim(plain(SCOPED_ROUTE, "s", "-"))
    assert stream.ordering.droppable(routing) == []
    for url in (LISTENER, ROUTE):
        stream.ledgers[url].subscription.seen = True
        assert stream.ordering.droppable(routing) == []
    stream.ordering.at(GATE_SECONDS)
    assert stream.ordering.droppable(routing) == ["old"]


def test_routes_wait_for_filters_that_are_asked_for_and_not_for_refused_ones() -> None:
    stream = Stream(CLUSTER, LISTENER, ROUTE)
    routing = stream.aim(plain(FILTER, "f", "1"), plain(ROUTE, "r", "asks f"))
    assert not stream.ordering.may_send_routes(routing)
    assert stream.ordering.deadline == GATE_SECONDS
    filters = stream.ledgers[FILTER]
    filters.subscribe(filters.subscription.update(("f",), ()))
    assert not stream.ordering.may_send_routes(routing)
    stream.send(FILTER, "f")
    assert not stream.ordering.may_send_routes(routing)
    filters.nack("no")
    assert stream.ordering.may_send_routes(routing)


def test_routes_wait_no_longer_than_the_gate_and_each_time_anew() -> None:
    stream = Stream(CLUSTER, LISTENER, ROUTE)
    routing = stream.aim(plain(FILTER, "f", "1"))
    assert not stream.ordering.may_send_routes(routing)
    stream.ordering.at(GATE_SECONDS)
    assert stream.ordering.may_send_routes(routing)
    assert stream.ordering.may_send_routes(stream.aim(plain(ROUTE, "r", "1")))
    assert not stream.ordering.may_send_routes(stream.aim(plain(FILTER, "f", "2")))
