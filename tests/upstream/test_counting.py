"""globalLimits with the reference rate limit service, which has its limits from gatewayd and counts in a real Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness.limiter import limits_told
from tests.feature.harness.manifests import service
from tests.feature.harness.policies import drains, policy
from tests.feature.harness.world import World, running_world
from tests.feature.test_policy_global_limits import BASE, OTHER, SHOP, limited
from tests.upstream.counting import DEADLINE, reference_service

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("redis")
    async with running_world() as found:
        for name in ("one", "two"):
            await found.backend(name)
        await found.apply(BASE, SHOP, OTHER)
        async with limits_told(found) as socket, reference_service(socket, folder) as port:
            await found.apply(service("limits", port, namespace="infra"))
            yield found


async def statuses(world: World, count: int, *headers: tuple[str, str], path: str = "/", **more: str) -> list[int]:
    return [(await world.ask(path, *headers, **{"host": "shop.example", **more})).status for _ in range(count)]


async def becomes(world: World, status: int, *headers: tuple[str, str], **more: str) -> None:
    """Ask until that is answered: nobody tells when another process has taken what it was told."""
    async with asyncio.timeout(DEADLINE):
        while True:
            if await statuses(world, 1, *headers, **more) == [status]:
                return
            await asyncio.sleep(0.05)


async def counted(world: World, name: str, *limits: str, more: str = "") -> None:
    """Apply a policy of a name of its own, which nothing has counted below, and wait until the service knows it."""
    await world.remove(*(each for each in world.applied if each.startswith("RoutePolicy ")))
    known = "{name: known, requests: 1, unit: Day, perHeaders: [x-known]}"
    await world.apply(limited(known, *limits, more=more, name=name))
    await becomes(world, 429, ("x-known", "yes"), host="other.example")


async def test_rules_and_hosts_below_a_policy_count_together_and_nothing_drains(world: World) -> None:
    before = await drains(world)
    await counted(world, "headers", "{name: user, requests: 2, unit: Day, perHeaders: [x-user]}")
    ann, bob = ("x-user", "ann"), ("x-user", "bob_header(x-user)_ann")
    assert await statuses(world, 1, ann) == [200]
    assert await statuses(world, 2, ann, host="other.example") == [200, 429]
    assert await statuses(world, 3, bob) == [200, 200, 429]
    assert await statuses(world, 4) == [200] * 4
    assert await drains(world) == before


async def test_addresses_and_routes(world: World) -> None:
    await counted(
        world,
        "each",
        "{name: client, requests: 2, unit: Day, perClient: true, perHeaders: [x-a]}",
        "{name: route, requests: 2, unit: Day, perRoute: true, perHeaders: [x-b]}",
    )
    there = ("x-a", "yes")
    assert await statuses(world, 3, there) == [200, 200, 429]
    assert await statuses(world, 1, there, source="127.0.0.2") == [200]
    there = ("x-b", "yes")
    assert await statuses(world, 3, there) == [200, 200, 429]
    assert await statuses(world, 1, there, host="other.example") == [200]


async def test_a_shadow_refuses_nobody(world: World) -> None:
    await counted(world, "shadow", "{name: try, requests: 1, unit: Day, shadow: true, perHeaders: [x-a]}")
    assert await statuses(world, 3, ("x-a", "yes")) == [200] * 3


async def test_the_cost_that_a_response_tells(world: World) -> None:
    cost = "{name: work, requests: 10, unit: Day, perHeaders: [x-a], cost: {request: 0, responseHeader: x-cost}}"
    await counted(world, "cost", cost)
    there, told = ("x-a", "yes"), ("x-echo-headers", '{"x-cost": "11"}')
    assert await statuses(world, 3, there) == [200] * 3
    assert await statuses(world, 1, there, told) == [200]
    await becomes(world, 429, there)


async def test_a_changed_limit_reaches_the_service_without_a_restart(world: World) -> None:
    await counted(world, "change", "{name: a, requests: 1, unit: Day, perHeaders: [x-a]}")
    there = ("x-a", "yes")
    assert await statuses(world, 2, there) == [200, 429]
    await world.apply(limited("{name: a, requests: 100, unit: Day, perHeaders: [x-a]}", name="change"))
    await becomes(world, 200, there)


async def test_clients_are_told_and_policies_of_two_namespaces_count_apart(world: World) -> None:
    await counted(world, "told", "{name: a, requests: 9, unit: Day, perHeaders: [x-a]}", more=", tellClients: true")
    answer = await world.ask("/", ("x-a", "yes"), host="shop.example")
    assert (answer.status, answer.one("x-ratelimit-remaining")) == (200, "8")
    more = "{name: a, requests: 1000, unit: Day, perHeaders: [x-a]}"
    near = policy(
        "RoutePolicy",
        "told",
        "{group: '', kind: Namespace}",
        f"default: {{globalLimits: {{limits: [{more}], tellClients: true}}}}",
        namespace="shop",
    )
    await world.apply(near)
    async with asyncio.timeout(DEADLINE):
        while True:
            answer = await world.ask("/", ("x-a", "yes"), host="shop.example")
            if (answer.one("x-ratelimit-remaining") or "").startswith("99"):
                return
            await asyncio.sleep(0.05)
