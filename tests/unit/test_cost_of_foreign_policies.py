"""What Envoy Gateway's policies cost, as counts: nothing where there are none, and of one what it is for."""

from typing import Any

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.store import Delta
from gatewayd.xds.build.build_cost import BuildCost
from gatewayd.xds.resource import LISTENER
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import policy, target
from tests.unit.test_cost import ROUTES, SHOP_GATEWAY, World, route
from tests.unit.translator.manifests import SHOP, delta, deltas

NOTHING = BuildCost(routes=0, virtual_hosts=0, resources=0)
ONE = BuildCost(routes=1, virtual_hosts=1, resources=1)
THEIRS = frozenset({"taken", "foreign_outcome", "filed_SecurityPolicy"})


def security(name: str, kind: str, at: str, **spec: Any) -> Delta:
    return delta(foreign("SecurityPolicy", name, target(kind, at), **spec))


def origins(name: str) -> dict[str, Any]:
    return {"cors": {"allowOrigins": [f"https://{name}.example"]}}


@pytest.fixture(scope="module")
def world() -> World:
    found = World()
    found.change(security("a", "HTTPRoute", "r20", **origins("z")))
    return found


def test_where_there_are_none_nothing_is_asked_for_them() -> None:
    own = policy("AccessPolicy", "own", target("Gateway", "gw"), default={"cors": {"maxAge": 5}})
    reconciler = offline((*deltas(SHOP), delta(own), route(17)), DEFAULT_ENVIRONMENT)
    reconciler.submit((route(17, "/edited"),))
    reconciler.step()
    runs = reconciler.store.engine.runs
    assert runs["at_target"] > 0
    assert runs.keys() & THEIRS == set()


def test_one_of_a_route_costs_that_route(world: World) -> None:
    world.change(security("a", "HTTPRoute", "r20", **origins("a")))
    assert world.cost(SHOP_GATEWAY) == ONE
    batch = world.change(security("a", "HTTPRoute", "r20", **origins("b")))
    assert world.cost(SHOP_GATEWAY) == ONE
    assert batch.queries <= 20


def test_one_of_a_gateway_costs_its_routes_and_no_listener(world: World) -> None:
    world.change(security("wide", "Gateway", "gw", **origins("a")))
    listeners = world.reconciler.snapshots[SHOP_GATEWAY].of(LISTENER)
    batch = world.change(security("wide", "Gateway", "gw", **origins("b")))
    assert world.cost(SHOP_GATEWAY).routes == ROUTES - 1  # r20 has its own
    assert world.reconciler.snapshots[SHOP_GATEWAY].of(LISTENER) == listeners
    assert batch.queries <= 2 * ROUTES + 50


def test_what_is_said_above_one_of_a_route_costs_that_route_nothing(world: World) -> None:
    world.change(security("a", "HTTPRoute", "r20", **origins("c")))
    batch = world.change(route(30, "/edited"))
    assert batch.queries <= 30
    assert world.cost(SHOP_GATEWAY) == ONE
