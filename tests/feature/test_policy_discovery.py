"""AccessPolicy, what is fetched: a login that knows its issuer alone, and keys that proxies fetch themselves."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness.issuers import Issuer, Kept, becomes, fetching, issuer
from tests.feature.harness.logins import Browser, running_provider
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World
from tests.feature.test_policy_keys import secret

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RULES = """
- {name: app, matches: [{path: {value: /app}}], backendRefs: [{name: one, port: 80}]}
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
"""
SHOP = http_route("shop", RULES, host="shop.example")
CLIENT = secret("client", **{"client-secret": "a-secret-of-the-client"})
APP = target("HTTPRoute", "shop", "app")
LOGIN = "AccessPolicy shop/login"
ENDPOINTS = {
    "authorization_endpoint": "http://idp.example/authorize",
    "token_endpoint": "http://idp.example/token",
}


def login(issuer_of: str) -> str:
    section = {
        "issuer": issuer_of,
        "backendRef": {"name": "idp", "port": 80},
        "clientID": "shop",
        "clientSecretRef": {"name": "client"},
    }
    return policy("AccessPolicy", "login", APP, f"default: {{oidc: {json.dumps(section)}}}", namespace="shop")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[int]:
    async with running_provider() as port:
        yield port


@pytest_asyncio.fixture(loop_scope="module")
async def idp() -> AsyncIterator[Issuer]:
    async with issuer() as it:
        yield it


def said(world: World, identity: str = LOGIN) -> dict[str, tuple[bool, str, str]]:
    outcome: Any = world.outcome(identity)
    return {each.type: (each.status, each.reason, each.message) for each in outcome.all_verdicts}


async def status(world: World, path: str, *headers: tuple[str, str]) -> int:
    return (await world.ask(path, *headers, host="shop.example")).status


async def test_who_knows_the_issuer_alone_can_have_people_log_in(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider))
    before = await drains(world)
    await world.apply(login(f"http://localhost:{provider}"))
    # Nobody has asked the provider yet.
    assert (await status(world, "/app"), await status(world, "/open")) == (500, 200)
    assert "could not be fetched yet" in said(world)["Accepted"][2]
    async with fetching(world, Kept()):
        await becomes(world, lambda: said(world).get("ResolvedRefs") == (True, "ResolvedRefs", ""))
        assert said(world)["Accepted"][0]
        browser = Browser(world.port("http"))
        assert (await browser.log_in("/app", "ann")).status == 302
        assert (await browser.get("/app")).status == 200
    assert await drains(world) == before


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(world: World, idp: Issuer) -> None:
    idp.body = json.dumps({"issuer": "http://other.example", **ENDPOINTS})
    await world.apply(SHOP, CLIENT, service("idp", idp.port), login("http://idp.example"))
    async with fetching(world, Kept()):
        await world.until(lambda: "ResolvedRefs" in said(world))
        told = said(world)["ResolvedRefs"]
    assert told[:2] == (False, "KeysNotFetched")
    assert told[2].startswith("spec.default.oidc.issuer: ")
    assert told[2].endswith("the answer is of another issuer; requests get a 500")
    assert await status(world, "/app") == 500


async def test_what_a_provider_has_said_outlives_it(world: World, idp: Issuer) -> None:
    idp.body = json.dumps({"issuer": "http://idp.example", **ENDPOINTS})
    kept = Kept()
    await world.apply(SHOP, CLIENT, service("idp", idp.port), login("http://idp.example"))
    async with fetching(world, kept):
        await becomes(world, lambda: said(world).get("ResolvedRefs") == (True, "ResolvedRefs", ""))
        assert idp.asked[0].startswith("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: idp.example\r\n")
    await world.remove(LOGIN)
    idp.is_down = True
    async with fetching(world, kept):
        await world.apply(login("http://idp.example"))
        await becomes(world, lambda: said(world).get("ResolvedRefs", (True,))[0] is False)
        assert said(world)["ResolvedRefs"][2].endswith("what was fetched last stays")
        sent = await world.ask("/app", host="shop.example")
        assert sent.status == 302
        assert (sent.one("location") or "").startswith(ENDPOINTS["authorization_endpoint"])
    await world.remove(LOGIN)
    assert await status(world, "/app") == 200


def by_proxies(uri: str = "http://idp.example/keys") -> str:
    keys = f"{{uri: '{uri}', fetchedBy: Proxy, backendRef: {{name: idp, port: 80}}}}"
    given = f"{{name: corp, issuer: '{ISSUER}', audiences: [shop], keys: {keys}}}"
    return policy("AccessPolicy", "login", APP, f"default: {{jwt: {{providers: [{given}]}}}}", namespace="shop")


async def test_proxies_fetch_keys_themselves_where_that_is_asked_for(world: World, idp: Issuer) -> None:
    corp = Provider()
    idp.body = corp.keys
    await world.apply(SHOP, service("idp", idp.port))
    before = await drains(world)
    async with fetching(world, Kept()):
        await world.apply(by_proxies())
        good = ("authorization", f"Bearer {corp.token()}")
        assert await status(world, "/app", good) == 200
        assert await status(world, "/app") == 401
        assert await status(world, "/app", ("authorization", f"Bearer {Provider().token()}")) == 401
    assert all("user-agent: gatewayd" not in each.lower() for each in idp.asked)
    assert "ResolvedRefs" not in said(world)
    await world.remove(LOGIN)
    assert await status(world, "/app") == 200
    assert await drains(world) == before


async def test_a_proxy_without_keys_lets_nobody_in_and_fetches_again(world: World, idp: Issuer) -> None:
    corp = Provider()
    idp.status = 500
    await world.apply(SHOP, service("idp", idp.port), by_proxies())
    assert await status(world, "/app", ("authorization", f"Bearer {corp.token()}")) == 401
    assert await status(world, "/open") == 200
