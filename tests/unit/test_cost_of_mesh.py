"""What a change of the mesh costs, as counts: that of the destinations that it is for."""

import pytest

from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.store import Delta
from gatewayd.xds.resource import LISTENER, ROUTE, SCOPED_ROUTE, Snapshot
from tests.unit.test_cost import Costed
from tests.unit.translator.manifests import API_VERSIONS, CART, delta, deltas
from tests.unit.translator.mesh.manifests import MESH

SERVICES = 1000


def service(at: int) -> Delta:
    port = {"name": "http", "port": 80}
    spec = {"clusterIP": f"10.96.{at // 250}.{at % 250 + 1}", "ports": [port]}
    metadata = {"name": f"s{at}", "namespace": "shop"}
    return delta({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


def route(at: int, path: str = "/", namespace: str = "shop") -> Delta:
    parent = {"group": "", "kind": "Service", "name": f"s{at}", "namespace": "shop"}
    backend = {"name": "cart", "namespace": "shop", "port": 80}
    return delta(
        {
            "apiVersion": API_VERSIONS["HTTPRoute"],
            "kind": "HTTPRoute",
            "metadata": {"name": f"r{at}", "namespace": namespace},
            "spec": {
                "parentRefs": [parent],
                "rules": [{"matches": [{"path": {"value": path}}], "backendRefs": [backend]}],
            },
        }
    )


class World(Costed):
    """A thousand Services, each with a route."""

    def __init__(self) -> None:
        super().__init__(*deltas(MESH, CART), *map(service, range(SERVICES)), *map(route, range(SERVICES)))

    @property
    def snapshot(self) -> Snapshot:
        return self.reconciler.snapshots[MESH_FLEET]


def made(world: World) -> tuple[int, int]:
    """Return how many virtual hosts and resources the last change has made."""
    cost = world.cost(MESH_FLEET)
    return cost.virtual_hosts, cost.resources


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_all_of_it_is_there(world: World) -> None:
    assert len(world.snapshot.of(ROUTE)) == len(world.snapshot.of(SCOPED_ROUTE)) >= SERVICES


def test_an_edit_of_a_route_costs_the_routes_of_its_service(world: World) -> None:
    before = world.snapshot
    batch = world.change(route(7, path="/new"))
    assert batch.queries < 30
    assert made(world) == (1, 1)
    changed = {
        (url, name)
        for url in world.snapshot.resources
        for name, each in world.snapshot.of(url).items()
        if before.of(url).get(name) is not each
    }
    assert changed == {(ROUTE, "15001/10.96.0.8:80")}


def test_a_service_that_comes_costs_its_own(world: World) -> None:
    batch = world.change(service(SERVICES), route(SERVICES))
    assert batch.queries < 40
    assert made(world) == (1, 2)


def test_a_namespace_of_consumers_costs_a_listener_and_its_own_routes(world: World) -> None:
    listeners = set(world.snapshot.of(LISTENER))
    batch = world.change(route(1, namespace="blog"))
    assert len(set(world.snapshot.of(LISTENER)) - listeners) == 1
    assert batch.queries < 40
    assert made(world) == (1, 3)
    world.change(route(2, namespace="blog"))
    assert made(world) == (1, 2)


def test_a_policy_that_names_callers_costs_their_listener_and_tables(world: World) -> None:
    listeners = dict(world.snapshot.of(LISTENER))
    named = """
kind: AccessPolicy
metadata: {name: callers, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r3}]
  default: {authorization: {allow: [{namespaces: [news]}]}}
"""
    world.change(*deltas(named))
    assert made(world) == (2, 4)  # of the Service of one route: its table anew, and a table, a scope and a listener
    after = world.snapshot.of(LISTENER)
    assert len(set(after) - set(listeners)) == 1
    assert all(after[name] is each for name, each in listeners.items())
    again = world.change(*deltas(named.replace("[news]", "[news, daily]")))
    assert again.queries < 60
    assert made(world) == (1, 3)
    world.change(*(Delta(kind=each.kind, key=each.key, obj=None) for each in deltas(named)))
    assert dict(world.snapshot.of(LISTENER)) == listeners


def test_a_service_that_no_route_names_costs_nothing(world: World) -> None:
    before = world.snapshot
    batch = world.change(*deltas("{kind: Service, metadata: {name: unused}, spec: {ports: [{port: 1}]}}"))
    assert world.snapshot is before
    assert batch.queries == 0
