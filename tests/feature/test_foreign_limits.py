"""BackendTrafficPolicy of Envoy Gateway: limits that a service counts, bandwidth, and how many requests are traced."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness.limiter import Limiter, limiter
from tests.feature.harness.manifests import service
from tests.feature.harness.policies import accepted, drains, foreign, target
from tests.feature.harness.world import World
from tests.feature.test_policy_bandwidth import KIB_PER_S, LEAST_SECONDS, seconds
from tests.feature.test_policy_global_limits import BASE, OTHER, SHOP, UNNAMED, apply, statuses

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

__all__ = ["BASE"]  # the Gateway of this module's world, which names a service
ROUTE, RULE, EDGE = target("HTTPRoute", "shop"), target("HTTPRoute", "shop", "open"), target("Gateway", "edge")
EVERYBODY = {"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}


def limited(*rules: dict[str, Any], name: str = "wide", at: str = EDGE, namespace: str = "infra", **more: Any) -> str:
    limits = {"rateLimit": {"global": {"rules": [*rules]}}} if rules else {}
    return foreign("BackendTrafficPolicy", name, at, namespace=namespace, **limits, **more)


def rule(requests: int, **more: Any) -> dict[str, Any]:
    return {"limit": {"requests": requests, "unit": "Hour"}, **more}


@pytest_asyncio.fixture(loop_scope="module")
async def counting(world: World) -> AsyncIterator[Limiter]:
    async with limiter() as service_of_tests:
        await world.apply(service("limits", service_of_tests.port, namespace="infra"), SHOP, OTHER)
        yield service_of_tests


async def test_each_route_counts_by_itself_or_all_together(world: World, counting: Limiter) -> None:
    assert await statuses(world, 2) == [200, 200]
    before = await drains(world)
    await apply(world, counting, limited(rule(2)))
    assert await statuses(world, 3) == [200, 200, 429]
    assert await statuses(world, 1, path="/open") == [429]
    assert await statuses(world, 1, host="other.example") == [200]
    domain = "BackendTrafficPolicy/infra/wide"
    assert {key[0] for key in counting.counted} == {domain}
    await apply(world, counting, limited(rule(2, shared=True, clientSelectors=[EVERYBODY])))
    assert await statuses(world, 2) == [200, 200]
    assert await statuses(world, 1, host="other.example") == [429]
    assert await statuses(world, 1, source="127.0.0.2") == [200]
    assert await drains(world) == before


async def test_one_that_is_merged_counts_with_the_one_that_has_the_limits(world: World, counting: Limiter) -> None:
    wide = limited(rule(3, shared=True))
    near = limited(name="near", at=ROUTE, namespace="shop", mergeType="StrategicMerge", retry={"numRetries": 1})
    await apply(world, counting, wide, near)
    assert await statuses(world, 2) == [200, 200]
    assert await statuses(world, 2, host="other.example") == [200, 429]
    assert {key[0] for key in counting.counted} == {"BackendTrafficPolicy/infra/wide"}
    own = limited(rule(1), name="near", at=ROUTE, namespace="shop", mergeType="StrategicMerge")
    await apply(world, counting, own)
    assert await statuses(world, 2) == [200, 429]
    assert "BackendTrafficPolicy/shop/near" in {key[0] for key in counting.counted}


async def test_cost_shadow_and_what_clients_are_told(world: World, counting: Limiter) -> None:
    dear = rule(4, cost={"request": {"from": "Number", "number": 2}}, xRateLimitHeaders="DraftVersion03")
    await apply(world, counting, limited(dear))
    answer = await world.ask("/", host="shop.example")
    assert answer.one("x-ratelimit-remaining") == "2"
    assert await statuses(world, 2) == [200, 429]
    await apply(world, counting, limited(rule(1, shadowMode=True)))
    assert await statuses(world, 3) == [200] * 3


async def test_a_gateway_without_a_service(world: World, counting: Limiter) -> None:
    await apply(world, counting, UNNAMED, limited(rule(1)))
    assert await statuses(world, 2) == [200, 200]
    said = accepted(world, "BackendTrafficPolicy infra/wide")
    assert (said.status, said.reason) == (False, "Invalid")
    assert "spec.rateLimit.global: Gateway infra/edge has no rate limit service" in said.message
    assert "uncounted" in said.message


async def test_how_fast_bodies_are(world: World, counting: Limiter) -> None:
    assert await seconds(world, "/") < LEAST_SECONDS
    slow = {"request": {"limit": {"value": f"{KIB_PER_S}Ki", "unit": "Second"}}}
    await apply(world, counting, limited(bandwidthLimit=slow), limited(name="none", at=RULE, namespace="shop"))
    assert await seconds(world, "/") > LEAST_SECONDS
    assert await seconds(world, "/open", "PUT") < LEAST_SECONDS
