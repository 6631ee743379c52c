"""Services that prefer the zone of their clients (`trafficDistribution`), with an Envoy that knows its own zone.

https://kubernetes.io/docs/concepts/services-networking/service/#traffic-distribution
"""

import asyncio
from collections import Counter

import pytest

from tests.feature.harness.closed_loop import closed_loop, said
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.world import World, running_world

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ZONE = "a"
DEAD = 1
"""Nothing listens on port 1 (tcpmux)."""
ROUTE = http_route("r", "- {filters: [<route:v1>], backendRefs: [{name: pool, port: 80}]}", host="r.example")
ALL = {"one", "two", "three"}
DEADLINE = 10.0


def pool(wish: str | None) -> str:
    prefers = f"trafficDistribution: {wish}, " if wish else ""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: pool, namespace: shop}}
spec: {{{prefers}ports: [{{name: p0, port: 80}}]}}
"""


def member(world: World, name: str, zone: str | None, *, port: int = 0, more: str = "") -> str:
    """Return a slice with one endpoint: the backend of this name."""
    where = f", zone: {zone}" if zone else ""
    return f"""
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: pool-{name}, namespace: shop, labels: {{kubernetes.io/service-name: pool}}}}
addressType: IPv4
ports: [{{name: p0, port: {port or world.backends[name].port}, protocol: TCP}}]
endpoints: [{{addresses: [127.0.0.1]{where}{more}}}]
"""


def members(world: World) -> list[str]:
    """Return the backend one in the proxy's own zone, and two others elsewhere."""
    return [member(world, "one", "a"), member(world, "two", "b"), member(world, "three", "c")]


async def who(world: World, count: int = 24) -> set[str]:
    answers = [(await world.ask("/", host="r.example")).said for _ in range(count)]
    assert {status for status, _, _ in answers} == {200}
    return {backend or "" for _, _, backend in answers}


async def until(world: World, wanted: set[str]) -> None:
    """Wait until all these backends answer, and no others."""
    async with asyncio.timeout(DEADLINE):
        while await who(world) != wanted:  # each answer gives way to others
            pass


@pytest.mark.parametrize("wish", ["PreferClose", "PreferSameZone", "PreferSameNode"])
async def test_a_service_that_prefers_the_zone_gets_requests_there_alone(world: World, wish: str) -> None:
    await world.apply(pool(None), *members(world), ROUTE)
    assert await who(world) == ALL
    before = await drains(world)
    await world.apply(pool(wish))
    assert await who(world) == {"one"}
    await world.apply(pool(None))
    assert await who(world) == ALL
    assert await drains(world) == before


async def test_another_word_is_none(world: World) -> None:
    await world.apply(pool("example.com/whatever"), *members(world), ROUTE)
    assert await who(world) == ALL


@pytest.mark.parametrize("kind", ["LeastRequest", "RoundRobin", "Random"])
async def test_whatever_chooses_among_those_of_the_zone(world: World, kind: str) -> None:
    how = policy(
        "BackendPolicy",
        "calm",
        target("Service", "pool"),
        f"default: {{loadBalancing: {{type: {kind}}}}}",
        namespace="shop",
    )
    near = member(world, "two", "a")
    await world.apply(pool("PreferSameZone"), *members(world), near, ROUTE, how)
    assert await who(world) == {"one", "two"}


async def test_what_is_equal_goes_to_the_same_endpoint_wherever_that_is(world: World) -> None:
    hashed = "default: {loadBalancing: {type: Maglev, hashOn: [{type: Header, name: x-user}]}}"
    how = policy("BackendPolicy", "calm", target("Service", "pool"), hashed, namespace="shop")
    await world.apply(pool("PreferSameZone"), *members(world), ROUTE, how)
    found: Counter[str] = Counter()
    for at in range(24):
        users = [(await world.ask("/", ("x-user", f"user-{at}"), host="r.example")).said[2] or "" for _ in range(2)]
        assert len({*users}) == 1
        found.update(users)
    assert set(found) == ALL


async def test_an_endpoint_is_for_the_zone_that_is_hinted(world: World) -> None:
    hinted = member(world, "two", "b", more=", hints: {forZones: [{name: a}]}")
    away = member(world, "one", "a", more=", hints: {forZones: [{name: b}]}")
    await world.apply(pool("PreferSameZone"), *members(world), hinted, away, ROUTE)
    assert await who(world) == {"two"}


async def test_where_one_endpoint_has_no_zone_none_has(world: World) -> None:
    await world.apply(pool("PreferSameZone"), *members(world), member(world, "three", None), ROUTE)
    assert await who(world) == ALL


async def test_a_zone_whose_endpoints_drain_or_fail_is_left(world: World) -> None:
    leaving = ", conditions: {ready: false, serving: true, terminating: true}"
    await world.apply(pool("PreferSameZone"), *members(world), member(world, "one", "a", more=leaving), ROUTE)
    assert await who(world) == {"two", "three"}
    checked = "default: {activeHealth: {tcp: {}, interval: 50ms, unhealthyAfter: 1}}"
    how = policy("BackendPolicy", "calm", target("Service", "pool"), checked, namespace="shop")
    await world.apply(member(world, "one", "a", port=DEAD), how)
    await until(world, {"two", "three"})


async def test_a_zone_that_goes_away_and_comes_back_costs_no_request(world: World) -> None:
    await world.apply(pool("PreferSameZone"), *members(world), ROUTE)
    async with closed_loop(world) as loop:
        r = loop.target("r.example", said("v1", "one"))
        await loop.arrived()
        for _ in range(5):
            r.become(said("v1", "two"), said("v1", "three"))
            await world.remove("EndpointSlice shop/pool-one")
            await loop.arrived()
            r.become(said("v1", "one"))
            await world.apply(member(world, "one", "a"))
            await loop.arrived()
        assert loop.asked > 20
    assert loop.wrong == []


async def test_a_proxy_that_knows_no_zone_sends_to_all() -> None:
    async with running_world() as world:
        for name in ("one", "two", "three"):
            await world.backend(name)
        await world.apply(GATEWAY, pool("PreferSameZone"), *members(world), ROUTE)
        assert await who(world) == ALL
