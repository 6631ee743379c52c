"""What a change costs where policies are in force, as counts; tests/unit/test_cost.py is the same without any."""

from typing import Any

import pytest

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import FleetReport
from gatewayd.reconciler import fleet_delta
from gatewayd.store import Delta
from gatewayd.xds.build.build_cost import BuildCost
from gatewayd.xds.resource import LISTENER
from tests.unit.policies import policy, target
from tests.unit.test_cost import ROUTES, SHOP_GATEWAY, Costed, World, route
from tests.unit.translator.manifests import SHOP, delta, deltas

NOTHING = BuildCost(routes=0, virtual_hosts=0, resources=0)
POLICIES = 1_000
ONE = BuildCost(routes=1, virtual_hosts=1, resources=1)


def access(name: str, kind: str, at: str, **strategy: Any) -> Delta:
    return delta(policy("AccessPolicy", name, target(kind, at), **strategy))


def routed(name: str, kind: str, at: str, generation: int = 2, **strategy: Any) -> Delta:
    document = policy("RoutePolicy", name, target(kind, at), **strategy)
    document["metadata"]["generation"] = generation
    return delta(document)


def denying(address: str) -> dict[str, Any]:
    return {"clients": {"deny": [{"cidr": address}]}}


def limited(request: str) -> dict[str, Any]:
    return {"timeouts": {"request": request}}


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    made.change(
        access("floor", "Gateway", "gw", override=denying("192.0.2.0/24")),
        routed("bound", "Gateway", "gw", override={"retry": {"attempts": 2}}),
    )
    return made


def test_a_policy_of_a_gateway_costs_its_routes_and_no_listener(world: World) -> None:
    world.change(access("floor", "Gateway", "gw", override=denying("203.0.113.0/24")))
    listeners = world.reconciler.snapshots[SHOP_GATEWAY].of(LISTENER)
    batch = world.change(access("floor", "Gateway", "gw", override=denying("198.51.100.0/24")))
    assert [str(each.fleet) for each in batch.published] == ["shop/gw"]
    cost = world.cost(SHOP_GATEWAY)
    assert (cost.routes, cost.virtual_hosts) == (ROUTES, ROUTES)
    # Of routes alone: each RouteConfiguration at most once, and no listener.
    assert cost.resources <= ROUTES
    assert world.reconciler.snapshots[SHOP_GATEWAY].of(LISTENER) == listeners
    # A route as it is at the listener, its host, and what is in force for the namespace.
    assert batch.queries <= 2 * ROUTES + 50


def test_one_edited_route_costs_one_route(world: World) -> None:
    batch = world.change(route(17, "/edited"))
    assert batch.queries <= 30
    assert world.cost(SHOP_GATEWAY) == ONE


def test_a_policy_of_a_route_costs_that_route(world: World) -> None:
    world.change(routed("own", "HTTPRoute", "r20", default=limited("1s")))
    assert world.cost(SHOP_GATEWAY) == ONE
    batch = world.change(routed("own", "HTTPRoute", "r20", default=limited("2s")))
    assert batch.queries <= 13
    assert world.cost(SHOP_GATEWAY) == ONE


def test_what_is_said_below_an_override_costs_nothing(world: World) -> None:
    world.change(routed("vain", "HTTPRoute", "r21", default={"retry": {"attempts": 3}}))
    batch = world.change(routed("vain", "HTTPRoute", "r21", default={"retry": {"attempts": 4}}))
    assert batch.published == ()
    assert batch.queries <= 7


def test_what_is_said_of_policies_is_written_for_their_own_edits_alone() -> None:
    """Each outcome of a batch is a status that is written."""
    world = Costed(*deltas(SHOP), *(route(at) for at in range(ROUTES)))
    names = [f"own{at}" for at in range(POLICIES)]
    of_routes = [routed(name, "HTTPRoute", f"r{at}", default=limited("1s")) for at, name in enumerate(names)]
    world.change(access("floor", "Gateway", "gw", override=denying("192.0.2.0/24")), *of_routes)
    config = world.reconciler.configs[SHOP_GATEWAY]
    held = {each.policy: each.generation for each in config.policies}
    assert held == {"AccessPolicy shop/floor": 2, **{f"RoutePolicy shop/{name}": 2 for name in names}}
    world.change(acked(held))
    assert programmed(world, "floor") == {"Programmed"}

    assert set(world.change(route(17, "/edited")).outcomes) == set()
    assert world.reconciler.configs[SHOP_GATEWAY].policies is config.policies
    # A new route is told of itself, and the policy of the Gateway counts it.
    more = world.change(route(ROUTES))
    assert {each.table.__name__ for each in more.outcomes} == {"HTTPRoute", "Gateway", "AccessPolicy"}
    assert len(more.outcomes) == 3

    [edited] = world.change(routed("own3", "HTTPRoute", "r3", default=limited("2s"), generation=3)).outcomes
    assert edited == Member(RoutePolicy, ObjectKey("shop", "own3"))
    batch = world.change(acked({**held, "RoutePolicy shop/own3": 3}))
    assert set(batch.outcomes) == {edited}
    # What its proxies have of the others is looked up, and nobody else is asked.
    assert batch.queries <= 20


def acked(policies: dict[str, int]) -> Delta:
    report = FleetReport(connected=1, acked_listeners=frozenset({"tcp-80"}), rejections=(), policies=policies)
    return fleet_delta(SHOP_GATEWAY, report)


def programmed(world: Costed, name: str) -> set[str]:
    outcome: Any = world.reconciler.outcomes[Member(AccessPolicy, ObjectKey("shop", name))]
    return {each.reason for each in outcome.all_verdicts if each.type == "Programmed"}


def test_a_policy_for_another_gateway_costs_this_one_nothing(world: World) -> None:
    other = world.change(routed("other", "Gateway", "other", default=limited("1s")))
    assert [str(each.fleet) for each in other.published] == ["shop/other"]
    assert other.queries <= 22
    gone = world.change(Delta(kind=AccessPolicy, key=ObjectKey("shop", "nobody"), obj=None))
    assert gone.queries == 0


def test_metadata_of_a_policy_costs_nothing(world: World) -> None:
    document = policy("AccessPolicy", "floor", target("Gateway", "gw"), override=denying("198.51.100.0/24"))
    world.change(delta(document))
    document["metadata"]["annotations"] = {"team": "red"}
    batch = world.change(delta(document))
    assert batch.published == ()
    assert batch.queries <= 8  # one for each index that reads AccessPolicies
