"""BackendTrafficPolicy of Envoy Gateway with a real Envoy: requests on their way, and how backends are spoken to."""

from typing import Any

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import accepted, drains, foreign, policy, target
from tests.feature.harness.world import World
from tests.feature.test_policy_backends import answers, both

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host=HOST,
)
POOL = http_route("pool", "- {backendRefs: [{name: pool, port: 80}]}", host="r.example")
ROUTE, EDGE = target("HTTPRoute", "shop"), target("Gateway", "edge")


def traffic(name: str = "a", at: str = ROUTE, namespace: str = "shop", **spec: Any) -> str:
    return foreign("BackendTrafficPolicy", name, at, namespace=namespace, **spec)


async def test_what_ingress2gateway_writes_and_a_route_in_the_place_of_its_gateway(world: World) -> None:
    await world.apply(SHOP)
    before = await drains(world)
    await world.apply(traffic("wide", EDGE, "infra", requestBuffer={"limit": "10"}))
    assert (await world.ask("/", host=HOST, method="PUT", body=b"x" * 11)).status == 413
    assert (await world.ask("/", host=HOST, method="PUT", body=b"x" * 10)).status == 200
    # A policy of the route replaces the other one as a whole.
    await world.apply(traffic(faultInjection={"abort": {"httpStatus": 418}}))
    assert (await world.ask("/", host=HOST, method="PUT", body=b"x" * 11)).status == 418
    await world.apply(traffic(mergeType="StrategicMerge", faultInjection={"delay": {"fixedDelay": "1ms"}}))
    assert (await world.ask("/", host=HOST, method="PUT", body=b"x" * 11)).status == 413
    assert await drains(world) == before


async def test_retries_pages_and_codecs(world: World) -> None:
    pages = [
        {
            "match": {"statusCodes": [{"type": "Range", "range": {"start": 500, "end": 599}}]},
            "response": {"contentType": "text/plain", "body": {"type": "Inline", "inline": "sorry"}},
        }
    ]
    await world.apply(SHOP, traffic(retry={"numRetries": 2}, responseOverride=pages, compressor=[{"type": "Gzip"}]))
    one = world.backends["one"]
    answer = await world.ask("/", ("x-echo-status", "503"), host=HOST)
    assert (answer.status, answer.body) == (503, b"sorry")
    assert len(one.requests) == 3
    assert (await world.ask("/", ("accept-encoding", "gzip"), host=HOST)).one("content-encoding") == "gzip"


async def test_limits(world: World) -> None:
    selected = [{"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}]
    rule = {"clientSelectors": selected, "limit": {"requests": 2, "unit": "Hour"}}
    await world.apply(SHOP, traffic(rateLimit={"type": "Local", "local": {"rules": [rule]}}))
    assert [(await world.ask("/", host=HOST)).status for _ in range(3)] == [200, 200, 429]
    assert (await world.ask("/", host=HOST, source="127.0.0.2")).status == 200
    # One of ours with the same name counts by itself.
    own = "default: {rateLimit: {limits: [{requests: 1, unit: Hour}]}}"
    await world.apply(policy("RoutePolicy", "a", target("HTTPRoute", "shop", "open"), own, namespace="shop"))
    assert [(await world.ask("/open", host=HOST)).status for _ in range(2)] == [200, 429]


async def test_backends_of_a_gateway(world: World) -> None:
    await world.apply(POOL, both(world))
    hashed = {"type": "ConsistentHash", "consistentHash": {"type": "Header", "header": {"name": "x-user"}}}
    await world.apply(traffic("wide", EDGE, "infra", loadBalancer=hashed, circuitBreaker={"maxConnections": 10}))
    assert accepted(world, "BackendTrafficPolicy infra/wide").status
    found = await answers(world, 12, ("x-user", "ann"))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"loadBalancer": {"type": "Random"}}, "spec.loadBalancer: is for all routes of a Gateway"),
        ({"admissionControl": {}}, "spec.admissionControl: "),
        ({"frob": 1}, 'spec: has no field "frob"'),
    ],
)
async def test_what_cannot_be_had_is_left_out_and_told(world: World, spec: dict[str, Any], message: str) -> None:
    await world.apply(SHOP, traffic(**spec))
    assert (await world.ask("/", host=HOST)).status == 200
    said = accepted(world, "BackendTrafficPolicy shop/a")
    assert (said.status, said.reason) == (False, "Invalid")
    assert said.message.startswith(message)
    assert said.message.endswith("; left out until then")
