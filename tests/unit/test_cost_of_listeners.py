"""What a change costs beside many ListenerSets, as counts of queries: those of one listener, however many there are."""

import pytest

from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.xds.build.build_cost import BuildCost
from tests.unit.test_cost import Fleet
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GW, deltas

SETS = 200
"""More than a port may have for each listener to be told of all others."""
GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""


def listener_set(at: int, hostname: str = "") -> str:
    return f"""
kind: ListenerSet
metadata: {{name: s{at}, namespace: shop}}
spec:
  parentRef: {{name: gw}}
  listeners:
  - name: l
    port: 443
    protocol: HTTPS
    hostname: "{hostname or f"h{at}.example"}"
    tls: {{certificateRefs: [{{name: c{SETS if at > SETS else at % 2}}}]}}
"""


def route(at: int, path: str = "/") -> str:
    return f"""
kind: HTTPRoute
metadata: {{name: r{at}, namespace: shop}}
spec:
  parentRefs: [{{kind: ListenerSet, name: s{at}}}]
  rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]
"""


def certificate(name: str, number: int) -> str:
    """Return a Secret with a certificate for all hostnames of these listeners."""
    key = pem.ec_key(number)
    return pem.secret(name, pem.certificate_of(key, "*.example"), pem.pem_of(key))


class World:
    """Many ListenerSets with one route each; the even ones share a certificate, the odd ones another."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.reconciler = Reconciler(publisher=Fleet(), on_batch=self.batches.append, awaited=())
        certificates = (certificate("c0", 0), certificate("c1", 0), certificate(f"c{SETS}", 0))
        each = (text for at in range(SETS) for text in (listener_set(at), route(at)))
        self.change(CLASS, GATEWAY, CART, *certificates, *each)
        self.tables = len(self.reconciler.configs[GatewayFleet(namespace="shop", name="gw")].route_tables)

    def change(self, *sources: str | Delta) -> Batch:
        events = (each for source in sources for each in (deltas(source) if isinstance(source, str) else (source,)))
        self.reconciler.submit(events)
        self.reconciler.step()
        return self.batches[-1]


@pytest.fixture(scope="module")
def world() -> World:
    """Share the sets: each test changes some that no other test looks at."""
    return World()


def test_all_of_it_is_there(world: World) -> None:
    assert world.tables == SETS + 1
    assert world.batches[0].queries <= SETS * 40


def test_an_edited_route_costs_its_own(world: World) -> None:
    batch = world.change(route(1, "/edited"))
    assert batch.queries <= 15
    assert len(batch.published) == 1


def test_an_added_set_costs_its_own(world: World) -> None:
    batch = world.change(listener_set(SETS), route(SETS))
    assert batch.queries <= 50
    assert {str(each.key) for each in batch.outcomes} == {"shop/gw", f"shop/s{SETS}", f"shop/r{SETS}"}


def test_a_removed_set_costs_its_own_and_its_routes(world: World) -> None:
    batch = world.change(Delta(kind=ListenerSet, key=ObjectKey("shop", "s7"), obj=None))
    assert batch.queries <= 35
    assert {str(each.key) for each in batch.outcomes} == {"shop/gw", "shop/s7", "shop/r7"}


def test_a_moved_listener_costs_its_own_and_its_routes(world: World) -> None:
    batch = world.change(listener_set(9, hostname="moved.example"))
    assert batch.queries <= 45
    assert {str(each.key) for each in batch.outcomes} <= {"shop/s9", "shop/r9"}


def test_a_conflict_costs_the_listeners_that_have_it(world: World) -> None:
    batch = world.change(listener_set(11, hostname="h13.example"))
    assert batch.queries <= 55
    assert {str(each.key) for each in batch.outcomes} == {"shop/gw", "shop/s13", "shop/r13"}


def test_a_rotated_certificate_costs_the_listeners_that_have_it(world: World) -> None:
    batch = world.change(certificate("c0", 5))
    assert batch.queries <= SETS / 2 * 4 + 15
    assert batch.outcomes == {}


def test_a_certificate_of_one_listener_costs_one_secret(world: World) -> None:
    world.change(listener_set(SETS + 1))
    batch = world.change(certificate(f"c{SETS}", 7))
    assert batch.queries <= 15
    assert batch.outcomes == {}
    # The chains of all listeners are what they were, so that the port is not put together again.
    built = world.reconciler._builders[GatewayFleet(namespace="shop", name="gw")].cost
    assert built == BuildCost(routes=0, virtual_hosts=0, resources=1)


def test_what_proxies_say_of_other_ports_costs_no_listener(world: World) -> None:
    world.change(fleet(1, "tcp-443"))
    batch = world.change(fleet(2, "tcp-443", "tcp-9"))
    assert batch.queries <= 10
    assert batch.outcomes == {}


def fleet(connected: int, *acked: str) -> Delta:
    report = FleetReport(connected=connected, acked_listeners=frozenset(acked), rejections=())
    return Delta(kind=FleetReport, key=GatewayFleet(namespace=GW.namespace, name=GW.name), obj=report)
