"""RoutePolicy, section rateLimit: whose requests count, what is answered, and what the limits outlive."""

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
EDGE = target("Gateway", "edge")


def limited(*limits: str, name: str = "crowd", at: str = EDGE, namespace: str = "infra") -> str:
    section = f"default: {{rateLimit: {{limits: [{', '.join(limits)}]}}}}"
    return policy("RoutePolicy", name, at, section, namespace=namespace)


async def statuses(world: World, count: int, *headers: tuple[str, str], path: str = "/", **more: str) -> list[int]:
    return [(await world.ask(path, *headers, **more)).status for _ in range(count)]


async def test_all_requests_of_a_rule_count_together_and_the_first_use_drains_nothing(world: World) -> None:
    await world.apply(SHOP)
    assert await statuses(world, 4) == [200] * 4
    before = await drains(world)

    await world.apply(limited("{requests: 3, unit: Hour}"))

    assert await statuses(world, 2) == [200] * 2
    assert await statuses(world, 2, source="127.0.0.2") == [200, 429]
    refused = await world.ask("/")
    assert (refused.status, refused.body) == (429, b"local_rate_limited")
    # Another rule counts by itself.
    assert await statuses(world, 4, path="/open") == [200, 200, 200, 429]

    await world.remove("RoutePolicy infra/crowd")
    assert await statuses(world, 4) == [200] * 4
    assert await drains(world) == before


async def test_a_burst_may_be_smaller_or_larger_than_what_comes_in_a_unit(world: World) -> None:
    await world.apply(SHOP, limited("{requests: 100, unit: Hour, burst: 1}"))
    assert await statuses(world, 2) == [200, 429]
    await world.apply(SHOP, limited("{requests: 1, unit: Hour, burst: 3}"))
    assert await statuses(world, 4) == [200, 200, 200, 429]


async def test_each_address_and_each_value_counts_by_itself_and_the_strictest_limit_holds(world: World) -> None:
    await world.apply(
        SHOP,
        limited("{requests: 2, unit: Hour, perClient: true, perHeaders: [X-User]}", "{requests: 5, unit: Hour}"),
    )
    ann, bob = ("x-user", "ann"), ("x-user", "bob")
    assert await statuses(world, 3, ann) == [200, 200, 429]
    assert await statuses(world, 1, ann, source="127.0.0.2") == [200]
    assert await statuses(world, 1, bob) == [200]
    # A request without the header counts for the limit that does not ask for it.
    assert 429 in await statuses(world, 2)


async def test_a_limit_outlives_a_change_of_endpoints_and_of_policies_that_change_no_route(world: World) -> None:
    await world.apply(SHOP, limited("{requests: 2, unit: Hour}"))
    assert await statuses(world, 3) == [200, 200, 429]

    other = target("HTTPRoute", "another")
    await world.apply(limited("{requests: 9, unit: Hour}", name="elsewhere", at=other, namespace="shop"))

    assert await statuses(world, 1) == [429]


async def test_the_nearest_default_replaces_all_limits(world: World) -> None:
    await world.apply(
        SHOP,
        limited("{requests: 1, unit: Hour}"),
        limited("{requests: 2, unit: Hour}", name="mine", at=target("HTTPRoute", "shop"), namespace="shop"),
    )
    assert await statuses(world, 3) == [200, 200, 429]
