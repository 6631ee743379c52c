"""What is said of policies and of the routes that they are for, as a real Envoy answers meanwhile."""

from typing import Any

import pytest

from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
BASE = GATEWAY
CLOSED = "gatewayd.io/ClosedByPolicy"
NAMED = """- {name: first, matches: [{path: {value: /first}}], backendRefs: [{name: one, port: 80}]}
- {backendRefs: [{name: one, port: 80}]}"""
ROUTE = http_route("r", NAMED)
USERS = """
apiVersion: v1
kind: Secret
metadata: {name: users, namespace: shop}
stringData: {.htpasswd: "ann:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="}
"""
SIGNED_IN = ("authorization", "Basic YW5uOjE=")


async def status(world: World, path: str, *headers: tuple[str, str]) -> int:
    return (await world.ask(path, *headers, host="r.example")).status


async def test_a_route_says_which_rules_a_broken_policy_closes_until_it_is_mended(world: World) -> None:
    asking = policy(
        "AccessPolicy",
        "door",
        target("HTTPRoute", "r", "first"),
        "default: {basic: {secretRef: {name: users}}}",
        namespace="shop",
    )
    await world.apply(ROUTE, asking)
    assert await status(world, "/first", SIGNED_IN) == 500
    assert await status(world, "/") == 200
    told = world.route("HTTPRoute shop/r")[CLOSED]
    assert told.message == (
        'spec.rules[0]: AccessPolicy "shop/door" cannot be honoured at spec.default.basic; its status says why; '
        "requests get a 500 until then"
    )
    await world.apply(USERS)
    assert CLOSED not in world.route("HTTPRoute shop/r")
    assert await status(world, "/first", SIGNED_IN) == 200
    assert await status(world, "/first") == 401
    # What is taken away leaves nothing behind.
    await world.remove("Secret shop/users")
    assert CLOSED in world.route("HTTPRoute shop/r")
    await world.remove("AccessPolicy shop/door")
    assert CLOSED not in world.route("HTTPRoute shop/r")
    assert await status(world, "/first") == 200


async def test_a_route_says_that_two_good_policies_do_not_go_together(world: World) -> None:
    floor = policy(
        "AccessPolicy",
        "floor",
        target("Gateway", "edge"),
        "override: {require: {what: Authentication}}",
        namespace="infra",
    )
    await world.apply(ROUTE, floor)
    assert await status(world, "/first") == 500
    message = world.route("HTTPRoute shop/r")[CLOSED].message
    assert message.startswith('spec.rules[0], spec.rules[1]: AccessPolicy "infra/floor": spec.override.require: ')


async def test_a_policy_says_whose_its_sections_are_instead(world: World) -> None:
    def told(name: str) -> list[str]:
        found: Any = world.outcome(f"RoutePolicy {name}")
        return [each.message for each in found.all_verdicts if each.type == "gatewayd.io/Overridden"]

    answer = "{directResponse: {status: %s}}"
    wide = policy("RoutePolicy", "wide", target("Gateway", "edge"), f"default: {answer % 503}", namespace="infra")
    near = policy(
        "RoutePolicy", "near", target("HTTPRoute", "r", "first"), f"default: {answer % 410}", namespace="shop"
    )
    await world.apply(ROUTE, wide, near)
    assert (await status(world, "/"), await status(world, "/first")) == (503, 410)
    assert told("infra/wide") == ["directResponse: 1 below have their own: HTTPRoute/shop/r"]
    assert told("shop/near") == []
    await world.apply(wide.replace("default:", "override:"))
    assert (await status(world, "/"), await status(world, "/first")) == (503, 503)
    assert told("infra/wide") == []
    assert told("shop/near") == ['directResponse is overridden by RoutePolicy "infra/wide" for Gateway/infra/edge']
    await world.remove("RoutePolicy infra/wide")
    assert told("shop/near") == []
    assert (await status(world, "/"), await status(world, "/first")) == (200, 410)
