"""BackendPolicy with a real Envoy: whose turn it is, what of a request tells, and at which port endpoints are asked."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World
from tests.feature.test_policy_backends import DEAD, both, pool, until

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ROUTE = http_route("r", "- {backendRefs: [{name: pool, port: 80}]}", host="r.example")


def calm(sections: str) -> str:
    return policy("BackendPolicy", "calm", target("Service", "pool"), f"default: {{{sections}}}", namespace="shop")


async def answers(world: World, *headers: tuple[str, str], count: int = 4) -> list[str]:
    return [(await world.ask("/", *headers, host="r.example")).said[2] or "" for _ in range(count)]


async def test_by_turns(world: World) -> None:
    await world.apply(both(world), ROUTE, calm("loadBalancing: {type: RoundRobin}"))
    names = await answers(world, count=8)
    assert Counter(names) == {"one": 4, "two": 4}
    assert all(first != second for first, second in pairwise(names))


async def test_by_several_headers_together(world: World) -> None:
    on = "hashOn: [{type: Header, name: x-user}, {type: Header, name: x-shop}]"
    await world.apply(both(world), ROUTE, calm(f"loadBalancing: {{type: Maglev, {on}}}"))
    found = {
        (user, shop): {*await answers(world, ("x-user", f"u{user}"), ("x-shop", f"s{shop}"), count=2)}
        for user in range(4)
        for shop in range(4)
    }
    assert all(len(names) == 1 for names in found.values())
    # The second one tells apart what the first one has in common.
    assert any(found[user, 0] != found[user, shop] for user in range(4) for shop in range(4))


async def test_a_check_at_another_port_decides(world: World) -> None:
    one, two = world.backends["one"].port, world.backends["two"].port
    checked = "activeHealth: {tcp: {}, port: %d, interval: 50ms, unhealthyAfter: 1, healthyAfter: 1}"
    await world.apply(pool(one), ROUTE, calm(f"{checked % DEAD}, loadBalancing: {{panicPercent: 0}}"))
    await until(world, {"503"})
    await world.apply(calm(f"{checked % two}, loadBalancing: {{panicPercent: 0}}"))
    await until(world, {"one"})


async def test_an_endpoint_that_fails_its_check_comes_back(world: World) -> None:
    statuses = "activeHealth: {http: {path: /, statuses: [%d]}, interval: 50ms, unhealthyAfter: 1, healthyAfter: 1}"
    await world.apply(both(world), ROUTE, calm(f"{statuses % 204}, loadBalancing: {{panicPercent: 0}}"))
    await until(world, {"503"})
    await world.apply(calm(f"{statuses % 200}, loadBalancing: {{panicPercent: 0}}"))
    await until(world, {"one", "two"})
