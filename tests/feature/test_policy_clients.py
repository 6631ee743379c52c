"""AccessPolicy, section clients: who may come in by address, and from which level that comes."""

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
HERE, THERE = "127.0.0.1", "127.0.0.2"


def access(name: str, at: str, sections: str, *, namespace: str = "infra") -> str:
    return policy("AccessPolicy", name, at, sections, namespace=namespace)


async def seen(world: World, path: str = "/", **more: str) -> tuple[int, int]:
    """Return what the two clients get."""
    here = await world.ask(path, source=HERE, **more)
    there = await world.ask(path, source=THERE, **more)
    return here.status, there.status


async def test_an_override_of_the_gateway_closes_its_routes_without_a_drain(world: World) -> None:
    await world.apply(SHOP)
    assert await seen(world) == (200, 200)
    before = await drains(world)

    await world.apply(access("floor", EDGE, f"override: {{clients: {{deny: [{{cidr: {THERE}/32}}]}}}}"))

    assert await seen(world) == (200, 403)
    assert await drains(world) == before
    # Nobody below can open it.
    opening = f"default: {{clients: {{allow: [{{cidr: {THERE}}}, {{cidr: {HERE}}}]}}}}"
    await world.apply(access("mine", target("HTTPRoute", "shop"), opening, namespace="shop"))
    assert await seen(world) == (200, 403)
    await world.remove("AccessPolicy infra/floor")
    assert await seen(world) == (200, 200)
    await world.remove("AccessPolicy shop/mine")
    assert await drains(world) == before


async def test_the_nearest_default_counts_and_disabled_cancels_it(world: World) -> None:
    await world.apply(SHOP, access("usual", EDGE, f"default: {{clients: {{allow: [{{cidr: {HERE}}}]}}}}"))
    assert await seen(world) == (200, 403)

    turned = f"default: {{clients: {{allow: [{{cidr: {THERE}}}]}}}}"
    await world.apply(access("turned", target("HTTPRoute", "shop"), turned, namespace="shop"))
    assert await seen(world) == (403, 200)

    off = "default: {clients: {mode: Disabled}}"
    await world.apply(access("open", target("HTTPRoute", "shop", "open"), off, namespace="shop"))
    assert await seen(world, "/open") == (200, 200)
    assert await seen(world, "/") == (403, 200)


async def test_overrides_of_several_levels_add_up(world: World) -> None:
    peer = f"override: {{clients: {{deny: [{{cidr: {HERE}, source: Peer}}]}}}}"
    await world.apply(
        SHOP,
        access("floor", EDGE, f"override: {{clients: {{deny: [{{cidr: {THERE}}}]}}}}"),
        access("more", target("HTTPRoute", "shop"), peer, namespace="shop"),
    )
    assert await seen(world) == (403, 403)


async def test_a_redirect_and_a_preflight_have_to_pass_too(world: World) -> None:
    rules = """
- filters: [{type: CORS, cors: {allowOrigins: ["https://a.example"]}}]
  matches: [{path: {value: /cors}, method: GET}]
  backendRefs: [{name: one, port: 80}]
- {matches: [{path: {value: /gone}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example}}]}
"""
    await world.apply(
        http_route("shop", rules, host="shop.example"),
        access("floor", EDGE, f"override: {{clients: {{deny: [{{cidr: {THERE}}}]}}}}"),
    )
    assert await seen(world, "/gone") == (302, 403)
    asking = (("origin", "https://a.example"), ("access-control-request-method", "GET"))
    for client, status in ((HERE, 200), (THERE, 403)):
        answer = await world.ask("/cors", *asking, method="OPTIONS", source=client)
        assert answer.status == status
        assert (answer.one("access-control-allow-origin") is not None) == (status == 200)


async def test_what_cannot_be_honoured_closes_its_scope_and_nothing_else(world: World) -> None:
    other = http_route("other", "- {backendRefs: [{name: two, port: 80}]}", host="other.example")
    broken = "default: {clients: {allow: [{cidr: 10.0.0.1/8}]}}"
    await world.apply(SHOP, other, access("odd", target("HTTPRoute", "shop"), broken, namespace="shop"))

    assert await seen(world) == (500, 500)
    assert await seen(world, host="other.example") == (200, 200)

    await world.apply(access("odd", target("HTTPRoute", "shop"), broken.replace("10.0.0.1/8", HERE), namespace="shop"))
    assert await seen(world) == (200, 403)
