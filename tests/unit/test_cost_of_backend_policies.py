"""What policies of backends cost, as counts, where one Gateway leads to many Services."""

from collections.abc import Iterator
from typing import Any

import pytest

from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.environment import HERE, Environment
from gatewayd.offline.translate import standalone_environment
from gatewayd.reconciler import Reconciler
from gatewayd.store import Delta
from gatewayd.xds.build.build_cost import BuildCost
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE
from tests.unit.policies import policy, target
from tests.unit.test_cost import SHOP_GATEWAY, Fleet, World
from tests.unit.translator.manifests import API_VERSIONS, CLASS, GATEWAY, delta, deltas

SERVICES = 2000


def backend(at: int, host: int = 0) -> Iterator[Delta]:
    """Yield a Service with an endpoint and the route to it."""
    name, namespace = f"s{at}", "shop"

    def document(kind: str, labels: dict[str, str], **more: Any) -> Delta:
        metadata = {"name": name, "namespace": namespace, "labels": labels}
        return delta({"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, **more})

    yield document("Service", {}, spec={"ports": [{"name": "web", "port": 80}]})
    yield document(
        "EndpointSlice",
        {"kubernetes.io/service-name": name},
        addressType="IPv4",
        ports=[{"name": "web", "port": 8080}],
        endpoints=[{"addresses": [f"10.{host}.{at // 250}.{at % 250 + 1}"]}],
    )
    rules = [{"backendRefs": [{"name": name, "port": 80}]}]
    yield document(
        "HTTPRoute", {}, spec={"parentRefs": [{"name": "gw"}], "hostnames": [f"{name}.example"], "rules": rules}
    )


class Services(World):
    """Each with an endpoint and a route of its own."""

    def __init__(self) -> None:
        self.batches = []
        self.reconciler = Reconciler(publisher=Fleet(), on_batch=self.batches.append, awaited=())
        here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
        self.change(here, *deltas(CLASS, GATEWAY), *(each for at in range(SERVICES) for each in backend(at)))


@pytest.fixture(scope="module")
def world() -> Services:
    return Services()


def for_all(requests: int, **more: Any) -> Delta:
    sections = {"limits": {"requests": requests}, "activeHealth": {"http": {"path": "/healthz"}}, **more}
    return delta(policy("BackendPolicy", "all", target("Gateway", "gw"), default=sections))


def for_one(name: str, requests: int) -> Delta:
    sections = {"limits": {"requests": requests}}
    return delta(policy("BackendPolicy", f"own-{name}", target("Service", name), default=sections))


def test_a_policy_of_a_gateway_costs_its_clusters_and_nothing_else(world: Services) -> None:
    before = world.reconciler.snapshots[SHOP_GATEWAY]
    batch = world.change(for_all(50))
    after = world.reconciler.snapshots[SHOP_GATEWAY]
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=0, virtual_hosts=0, resources=SERVICES)
    for kind in (LISTENER, ROUTE, ENDPOINT):
        assert after.of(kind) is before.of(kind)
    # Each cluster once, and what is above all of them.
    assert batch.queries <= SERVICES + 50
    again = world.change(for_all(60))
    assert again.queries <= SERVICES + 50


def test_what_all_clusters_have_in_common_is_in_memory_once(world: Services) -> None:
    world.change(for_all(30))
    clusters = world.reconciler.snapshots[SHOP_GATEWAY].of(CLUSTER)
    config = world.reconciler.configs[SHOP_GATEWAY]
    assert len(clusters) == len(config.clusters) == SERVICES
    assert len({id(each.settings) for each in config.clusters}) == 1


def test_a_policy_of_a_service_costs_that_one(world: Services) -> None:
    world.change(for_all(10))
    world.change(for_one("s7", 1))
    batch = world.change(for_one("s7", 2))
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=0, virtual_hosts=0, resources=1)
    assert batch.queries <= 12
    gone = world.change(Delta(kind=BackendPolicy, key=ObjectKey("shop", "own-s7"), obj=None))
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=0, virtual_hosts=0, resources=1)
    assert gone.queries <= 12


def test_what_changes_of_other_objects_costs_as_much_as_without_a_policy(world: Services) -> None:
    world.change(for_all(10))
    assert world.change(*backend(11)).queries == 0
    batch = world.change(list(backend(11, host=250))[1])
    assert batch.queries <= 12
    assert world.cost(SHOP_GATEWAY) == BuildCost(routes=0, virtual_hosts=0, resources=1)


def test_a_policy_that_says_the_same_costs_nothing(world: Services) -> None:
    world.change(for_all(40))
    batch = world.change(for_all(40, connection={"connectTimeout": "5s"}))
    assert batch.published == ()
    assert batch.queries <= 12
