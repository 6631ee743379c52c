"""What a change costs, as counts: the same on every machine. Seconds are measured in bench/ only."""

import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.limits import REFUSED_ROUTES_TOLD
from gatewayd.ir.outcome import FleetReport, StandingRefusal
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.offline.translate import standalone_environment
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.xds.build.build_cost import BuildCost
from gatewayd.xds.resource import ROUTE, Snapshot
from tests.unit.translator.manifests import API_VERSIONS, SHOP, delta, deltas

ROUTES = 5000
SHOP_GATEWAY = GatewayFleet(namespace="shop", name="gw")
OTHER_GATEWAY = GatewayFleet(namespace="shop", name="other")
OTHER = """
kind: Gateway
metadata: {name: other, namespace: shop}
spec: {gatewayClassName: gatewayd, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
kind: HTTPRoute
metadata: {name: elsewhere, namespace: shop}
spec: {parentRefs: [{name: other}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def route(at: int, path: str = "/", note: str = "") -> Delta:
    return delta(
        {
            "apiVersion": API_VERSIONS["HTTPRoute"],
            "kind": "HTTPRoute",
            "metadata": {"name": f"r{at}", "namespace": "shop", "annotations": {"note": note}},
            "spec": {
                "parentRefs": [{"name": "gw"}],
                "hostnames": [f"h{at}.example"],
                "rules": [{"matches": [{"path": {"value": path}}], "backendRefs": [{"name": "cart", "port": 80}]}],
            },
        }
    )


class Fleet:
    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Send it to nobody."""

    def retire(self, fleet: FleetKey) -> None:
        """Take it from nobody."""


class Costed:
    """What is served on this machine, and what each change of it has cost."""

    def __init__(self, *events: Delta) -> None:
        self.batches: list[Batch] = []
        self.reconciler = Reconciler(publisher=Fleet(), on_batch=self.batches.append, awaited=())
        here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
        self.change(here, *events)

    def change(self, *events: Delta) -> Batch:
        self.reconciler.submit(events)
        self.reconciler.step()
        return self.batches[-1]

    def cost(self, fleet: FleetKey) -> BuildCost:
        return self.reconciler._builders[fleet].cost


class World(Costed):
    """Five thousand routes on one Gateway, and a second Gateway with one."""

    def __init__(self) -> None:
        super().__init__(*deltas(SHOP, OTHER), *(route(at) for at in range(ROUTES)))
        # What is remembered of a Gateway is an output that comes back as a row: the first change reads it, once.
        self.change(route(0, note="first"))


@pytest.fixture(scope="module")
def world() -> World:
    """Share the routes: each test changes one that no other test looks at."""
    return World()


def test_all_of_it_is_there(world: World) -> None:
    table = world.reconciler.configs[GatewayFleet(namespace="shop", name="gw")].route_tables[0]
    assert len(table.virtual_hosts) >= ROUTES
    assert set(world.reconciler.snapshots) == {SHOP_GATEWAY, OTHER_GATEWAY}


def test_one_edited_route_costs_one_route(world: World) -> None:
    other = world.reconciler.snapshots[GatewayFleet(namespace="shop", name="other")]
    batch = world.change(route(17, "/edited"))
    assert batch.queries <= 25
    assert [each.fleet for each in batch.published] == [GatewayFleet(namespace="shop", name="gw")]
    assert world.reconciler.snapshots[GatewayFleet(namespace="shop", name="other")] is other
    # The host's RouteConfiguration is the one resource that is made.
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=1, virtual_hosts=1, resources=1)


def test_an_edit_that_nobody_can_see_changes_nothing(world: World) -> None:
    batch = world.change(route(18, note="seen by people only"))
    assert batch.changed_rows == 1
    assert batch.published == ()
    assert batch.outcomes == {}
    assert batch.queries <= 10


def test_one_added_route_costs_one_route(world: World) -> None:
    batch = world.change(route(ROUTES + 1))
    assert batch.queries <= 40
    assert [each.fleet for each in batch.published] == [GatewayFleet(namespace="shop", name="gw")]
    # Its host has a scope, and is in the RouteConfiguration of a group.
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=1, virtual_hosts=1, resources=2)


def test_one_removed_route_costs_no_route(world: World) -> None:
    batch = world.change(Delta(kind=HTTPRoute, key=ObjectKey("shop", "r19"), obj=None))
    assert batch.queries <= 25
    # Its host leaves a group, whose other hosts are not encoded again.
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=0, virtual_hosts=0, resources=1)


def test_a_new_endpoint_costs_no_route(world: World) -> None:
    slices = SHOP[SHOP.index("kind: EndpointSlice") :].replace("10.0.0.1", "10.0.0.2")
    batch = world.change(*deltas(slices))
    # Both Gateways lead to the Service: its endpoints are one resource in each.
    assert {each.fleet for each in batch.published} == {SHOP_GATEWAY, OTHER_GATEWAY}
    assert batch.queries <= 25
    assert world.cost(SHOP_GATEWAY) == world.cost(OTHER_GATEWAY) == BuildCost(routes=0, virtual_hosts=0, resources=1)
    assert batch.outcomes == {}


def refusing(*names: str, connected: int = 1) -> Delta:
    refusals = tuple(
        StandingRefusal(type_url=ROUTE, name=name, message="no", proxies=1, of=connected) for name in names
    )
    report = FleetReport(connected=connected, acked_listeners=frozenset(), rejections=(), standing=refusals)
    return Delta(kind=FleetReport, key=SHOP_GATEWAY, obj=report)


def told(batch: Batch) -> list[str]:
    return sorted(member.key.name for member in batch.outcomes if member.table is HTTPRoute)


def test_proxies_that_refuse_nothing_cost_no_route(world: World) -> None:
    world.change(refusing())
    batch = world.change(refusing(connected=2))
    assert (told(batch), batch.published) == ([], ())
    assert batch.queries <= 10


def test_what_is_refused_costs_the_routes_that_it_names(world: World) -> None:
    world.change(refusing())
    batch = world.change(refusing("80:=h21.example", connected=7))
    assert (told(batch), batch.published) == (["r21"], ())
    assert batch.queries <= 25
    # Whoever else comes and goes, nothing is said anew; nor when it is edited meanwhile.
    assert told(world.change(refusing("80:=h21.example", connected=8))) == []
    assert told(world.change(route(21, "/edited"), route(22, "/edited"))) == []
    assert told(world.change(refusing())) == ["r21"]


def test_proxies_that_refuse_everything_cost_a_bounded_number_of_statuses(world: World) -> None:
    world.change(refusing())
    everything = tuple(f"80:=h{at}.example" for at in range(100, 400))
    batch = world.change(refusing(*everything))
    assert len(told(batch)) == REFUSED_ROUTES_TOLD
    assert len(told(world.change(refusing()))) == REFUSED_ROUTES_TOLD


def test_a_service_that_nobody_uses_costs_nothing(world: World) -> None:
    batch = world.change(*deltas("{kind: Service, metadata: {name: unused}, spec: {ports: [{port: 1}]}}"))
    assert (batch.queries, batch.published, dict(batch.outcomes)) == (0, (), {})
