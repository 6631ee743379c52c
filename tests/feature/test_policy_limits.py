"""RoutePolicy, section rateLimit: whose requests count, what is answered, and what the limits outlive."""

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.tokens import ISSUER, Provider
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


async def test_all_rules_below_a_policy_count_together_and_the_first_use_drains_nothing(world: World) -> None:
    await world.apply(SHOP)
    assert await statuses(world, 4) == [200] * 4
    before = await drains(world)

    await world.apply(limited("{requests: 3, unit: Hour}"))

    assert await statuses(world, 2) == [200] * 2
    assert await statuses(world, 2, source="127.0.0.2") == [200, 429]
    refused = await world.ask("/")
    assert (refused.status, refused.body) == (429, b"local_rate_limited")
    assert await statuses(world, 1, path="/open") == [429]

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


async def test_two_policies_with_the_same_limits_count_apart(world: World) -> None:
    rule = target("HTTPRoute", "shop", "open")
    await world.apply(
        SHOP,
        limited("{requests: 1, unit: Hour}"),
        limited("{requests: 1, unit: Hour}", name="open", at=rule, namespace="shop"),
    )
    assert await statuses(world, 2) == [200, 429]
    assert await statuses(world, 2, path="/open") == [200, 429]


async def test_what_is_spent_stays_spent_when_routes_change(world: World) -> None:
    await world.apply(SHOP, limited("{requests: 2, unit: Hour, perClient: true}", "{requests: 5, unit: Hour}"))
    assert await statuses(world, 3) == [200, 200, 429]

    await world.apply(http_route("other", "- {backendRefs: [{name: two, port: 80}]}", host="other.example"))
    assert await statuses(world, 1) == [429]
    await world.apply(SHOP.replace("/open", "/public").replace("name: one", "name: two"))
    assert await statuses(world, 1, path="/public") == [429]
    assert (await world.ask("/", host="other.example")).status == 429
    await world.remove("HTTPRoute shop/shop")
    await world.apply(SHOP)
    assert await statuses(world, 1) == [429]
    # The others have two left, whatever has happened to the routes.
    assert await statuses(world, 3, source="127.0.0.2") == [200, 200, 429]


async def test_a_changed_limit_begins_anew(world: World) -> None:
    await world.apply(SHOP, limited("{requests: 1, unit: Hour}"))
    assert await statuses(world, 2) == [200, 429]
    before = await drains(world)
    await world.apply(limited("{requests: 2, unit: Hour}"))
    assert await statuses(world, 3) == [200, 200, 429]
    await world.apply(limited("{requests: 1, unit: Hour, perClient: true}"))
    assert await statuses(world, 2, source="127.0.0.2") == [200, 429]
    assert await statuses(world, 2) == [200, 429]
    assert await drains(world) == before


async def test_late_limits_count_those_who_come_in_by_what_their_tokens_say(world: World) -> None:
    provider = Provider()
    given = f"{{name: corp, issuer: '{ISSUER}', audiences: [shop], keys: {{inline: '{provider.keys}'}}}}"
    login = policy("AccessPolicy", "login", EDGE, f"default: {{jwt: {{providers: [{given}]}}}}", namespace="infra")
    late = "{requests: 4, unit: Hour, at: AfterAuthentication}"
    await world.apply(SHOP, login, limited("{requests: 2, unit: Hour, perClaims: [sub]}", late))

    def bearer(name: str) -> tuple[str, str]:
        return "authorization", f"Bearer {provider.token(sub=name)}"

    assert await statuses(world, 4) == [401] * 4
    assert await statuses(world, 3, bearer("ann")) == [200, 200, 429]
    assert await statuses(world, 3, bearer("bob")) == [200, 200, 429]
    assert await statuses(world, 1, bearer("eve")) == [429]


async def test_shares_and_answers_of_the_proxy_count_too(world: World) -> None:
    rules = """
- {matches: [{path: {value: /moved}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]}
- {backendRefs: [{name: one, port: 80, weight: 1}, {name: two, port: 80, weight: 1}]}
"""
    await world.apply(http_route("shop", rules, host="shop.example"), limited("{requests: 3, unit: Hour}"))
    assert await statuses(world, 2) == [200, 200]
    assert await statuses(world, 2, path="/moved") == [302, 429]
    assert await statuses(world, 2) == [429, 429]


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
