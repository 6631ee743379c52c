"""Headers that tell backends who a client is cannot be forged where no login is asked, with a real Envoy."""

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PROVIDER = Provider()
RULES = """- {name: login, matches: [{path: {value: /login}}], backendRefs: [{name: one, port: 80}]}
- {name: open, backendRefs: [{name: one, port: 80}]}"""
SHOP = http_route("shop", RULES, host="shop.example")
OTHER = http_route("other", "- {backendRefs: [{name: one, port: 80}]}", host="*.other.example")
FORGED = (("x-user", "root"), ("X-User", "admin"))


def login(at: str, namespace: str, header: str = "x-user") -> str:
    claims = f"[{{claim: sub, header: {header}}}]"
    given = f"{{name: corp, issuer: '{ISSUER}', keys: {{inline: '{PROVIDER.keys}'}}, claimHeaders: {claims}}}"
    return policy("AccessPolicy", "login", at, f"default: {{jwt: {{providers: [{given}]}}}}", namespace=namespace)


async def users(world: World, path: str, host: str, *headers: tuple[str, str]) -> list[str]:
    """Return what the backend takes the client for."""
    world.backends["one"].requests.clear()
    answer = await world.ask(path, *FORGED, *headers, host=host)
    assert answer.status == 200
    (seen,) = world.backends["one"].requests
    return [value for name, value in seen.headers if name.lower() == "x-user"]


@pytest.mark.parametrize("host", ["shop.example", "SHOP.example", "a.other.example"])
async def test_beside_a_rule_with_a_login(world: World, host: str) -> None:
    await world.apply(SHOP, OTHER)
    assert await users(world, "/", host) == ["root", "admin"]
    before = await drains(world)
    await world.apply(login(target("HTTPRoute", "shop", "login"), "shop"))
    assert await users(world, "/", host) == []
    assert await users(world, "/login", "shop.example", ("authorization", f"Bearer {PROVIDER.token()}")) == ["ann"]
    assert await drains(world) == before


async def test_where_the_login_of_a_gateway_is_turned_off(world: World) -> None:
    off = policy(
        "AccessPolicy",
        "no-login",
        target("HTTPRoute", "shop", "open"),
        "default: {jwt: {mode: Disabled}}",
        namespace="shop",
    )
    await world.apply(SHOP, login(target("Gateway", "edge"), "infra"), off)
    assert await users(world, "/", "shop.example") == []
    assert (await world.ask("/login", host="shop.example")).status == 401


async def test_other_headers_stay(world: World) -> None:
    await world.apply(SHOP, login(target("HTTPRoute", "shop", "login"), "shop", header="x-user-id"))
    assert await users(world, "/", "shop.example") == ["root", "admin"]
