"""RoutePolicy, section bandwidth, with a real Envoy: what goes on in a second, of which side, and without a drain."""

import time

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

SHOP = http_route(
    "shop",
    "- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}\n"
    "- {name: rest, backendRefs: [{name: one, port: 80}]}",
    host="shop.example",
)
BODY = b"x" * 200_000
KIB_PER_S = 400
LEAST_SECONDS = 0.3
"""Of the 0.49 s that the body takes at that pace, less what is let through at once."""


def pace(direction: str) -> str:
    section = f"default: {{bandwidth: {{kibibytesPerSecond: {KIB_PER_S}, direction: {direction}}}}}"
    return policy("RoutePolicy", "pace", target("HTTPRoute", "shop", "rest"), section, namespace="shop")


async def seconds(world: World, path: str, method: str = "HEAD") -> float:
    """Send a body and return how long it took until the answer was there, which is long too unless it has no body."""
    began = time.perf_counter()
    answer = await world.ask(path, method=method, body=BODY, host="shop.example")
    assert answer.status == 200
    return time.perf_counter() - began


async def test_what_goes_on_takes_longer_where_that_is_limited_and_nowhere_else(world: World) -> None:
    await world.apply(SHOP)
    before = await drains(world)
    await world.apply(pace("Request"))
    assert await seconds(world, "/") > LEAST_SECONDS
    assert await seconds(world, "/open", "PUT") < LEAST_SECONDS
    await world.apply(pace("Response"))
    assert await seconds(world, "/") < LEAST_SECONDS
    assert await seconds(world, "/", "PUT") > LEAST_SECONDS
    await world.apply(pace("Both"))
    assert await seconds(world, "/", "PUT") > 2 * LEAST_SECONDS
    await world.remove("RoutePolicy shop/pace")
    assert await seconds(world, "/", "PUT") < LEAST_SECONDS
    assert await drains(world) == before
