"""A table that is discovered per host stays so while its Gateway lives."""

from collections.abc import Iterable
from dataclasses import replace

from gatewayd.api.gateway import Gateway
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import HostGroup, PerHostTables, RouteDiscovery, RouteTableKey
from gatewayd.ir.infrastructure import Infrastructure, object_name
from gatewayd.ir.limits import MANY_DOMAINS
from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.ir.per_host_record import PER_HOST_ANNOTATION
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Reconciler, fleet_delta
from gatewayd.store import Delta
from gatewayd.xds.drained_connections import drains
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, Snapshot
from tests.unit.translator.manifests import GW, SHOP, deltas

FLEET = GatewayFleet(namespace=GW.namespace, name=GW.name)


def route(number: int) -> str:
    return f"""
kind: HTTPRoute
metadata: {{name: r{number}, namespace: shop}}
spec:
  parentRefs: [{{name: gw}}]
  hostnames: [h{number}.example]
  rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]
"""


MANY = deltas(*(route(number) for number in range(MANY_DOMAINS)))
"""With the listener's own domain one more than a table that comes whole may have."""


class Fleet:
    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        pass

    def retire(self, fleet: FleetKey) -> None:
        pass


class World:
    def __init__(self, *events: Delta) -> None:
        self.reconciler = Reconciler(publisher=Fleet(), on_batch=lambda _: None, awaited=())
        self.step(*events, *deltas(SHOP))

    def step(self, *events: Delta) -> None:
        self.reconciler.submit(events)
        self.reconciler.step()

    @property
    def snapshot(self) -> Snapshot:
        return self.reconciler.snapshots[FLEET]

    @property
    def discovery(self) -> RouteDiscovery:
        return self.reconciler.configs[FLEET].route_tables[0].discovery


def gone(events: Iterable[Delta]) -> tuple[Delta, ...]:
    return tuple(replace(event, obj=None) for event in events)


def test_it_goes_up_once_whatever_comes_and_goes() -> None:
    world = World()
    ended = 0
    for _ in range(20):
        for events in (MANY, gone(MANY)):
            before = world.snapshot
            world.step(*events)
            ended += len(drains(before, world.snapshot))
    assert ended == 1
    assert world.discovery is RouteDiscovery.PER_HOST


def test_it_is_forgotten_with_its_gateway() -> None:
    world = World()
    world.step(*MANY)
    world.step(*gone(MANY), Delta(kind=Gateway, key=GW, obj=None))
    world.step(*(event for event in deltas(SHOP) if event.kind is Gateway))
    assert world.discovery is RouteDiscovery.PER_LISTENER


def service(record: str) -> tuple[Delta, ...]:
    return deltas(
        f"""
        kind: Service
        metadata: {{name: {object_name(*GW)}, namespace: shop, annotations: {{{PER_HOST_ANNOTATION}: "{record}"}}}}
        spec: {{ports: [{{port: 80}}]}}
        """
    )


def test_it_stays_over_a_restart_by_what_the_service_records() -> None:
    world = World(*service("80"))
    assert world.discovery is RouteDiscovery.PER_HOST
    world.step(*gone(service("80")))
    assert world.discovery is RouteDiscovery.PER_HOST  # what this process has seen is enough


def test_a_record_of_a_table_that_is_no_more_means_nothing() -> None:
    world = World(*service("81,443/https"))
    assert world.discovery is RouteDiscovery.PER_LISTENER
    assert world.reconciler.store.engine.get(PerHostTables, GW) is None


def test_what_is_decided_is_what_the_service_shall_record() -> None:
    world = World()
    world.step(*MANY)
    wanted = world.reconciler.infrastructure[GW]
    assert isinstance(wanted, Infrastructure)
    assert wanted.per_host == "80"


def test_what_is_prescribed_is_not_remembered() -> None:
    here = replace(DEFAULT_ENVIRONMENT, route_discovery=RouteDiscovery.PER_HOST)
    world = World(Delta(kind=Environment, key=HERE, obj=here))
    assert world.discovery is RouteDiscovery.PER_HOST
    assert world.reconciler.store.engine.get(PerHostTables, GW) is None


def test_an_edit_of_a_route_asks_nothing_more() -> None:
    world = World(*deltas(route(0)))
    runs = dict(world.reconciler.store.engine.runs)
    world.step(*gone(deltas(route(0))))
    asked = ("per_host_tables", "table_per_host")
    assert [world.reconciler.store.engine.runs[name] for name in asked] == [runs[name] for name in asked] == [1, 1]


GROUP = HostGroup(table=RouteTableKey(port=80, listener=""), number=group_number("h0.example"))
PER_HOST = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, route_discovery=RouteDiscovery.PER_HOST))


def refused(*names: str, type_url: str = ROUTE) -> Delta:
    rejections = (Rejection(type_url=type_url, names=names, message="no"),) if names else ()
    return fleet_delta(FLEET, FleetReport(connected=1, acked_listeners=frozenset(), rejections=rejections))


def routes(world: World) -> set[str]:
    return {name for name in world.snapshot.of(ROUTE) if name != "80:*"}


def test_a_group_that_a_proxy_refuses_goes_apart_and_stays_so() -> None:
    world = World(PER_HOST, *deltas(route(0)))
    assert routes(world) == {str(GROUP)}
    for report in (refused(str(GROUP)), refused("80:=h0.example"), refused()):
        world.step(report)
        assert routes(world) == {"80:=h0.example"}
    wanted = world.reconciler.infrastructure[GW]
    assert isinstance(wanted, Infrastructure)
    assert wanted.per_host == str(GROUP)


def test_other_refusals_take_nothing_apart() -> None:
    world = World(PER_HOST, *deltas(route(0)))
    world.step(refused(str(GROUP), type_url=SCOPED_ROUTE))
    world.step(refused("80:*", "80:=h0.example", "tcp-80", "shop/cart/80/http1"))
    assert routes(world) == {str(GROUP)}


def test_a_replica_that_starts_takes_apart_what_the_service_records() -> None:
    other = replace(GROUP, table=RouteTableKey(port=81, listener=""))
    assert routes(World(PER_HOST, *deltas(route(0)), *service(f"80,{GROUP}"))) == {"80:=h0.example"}
    assert routes(World(PER_HOST, *deltas(route(0)), *service(f"80,{other}"))) == {str(GROUP)}
