"""AccessPolicy, section oidc, with a real Envoy and a real OpenID provider."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness import http1
from tests.feature.harness.logins import Browser, query, running_provider
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import drains, policy, target
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[int]:
    async with running_provider() as port:
        yield port


def oidc(port: int, **more: Any) -> str:
    section = {
        "issuer": f"http://127.0.0.1:{port}",
        "authorizationEndpoint": f"http://127.0.0.1:{port}/oauth2/authorize",
        "tokenEndpoint": f"http://127.0.0.1:{port}/oauth2/token",
        "backendRef": {"name": "idp", "port": 80},
        "clientID": "shop",
        "clientSecretRef": {"name": "client"},
        **more,
    }
    return f"oidc: {json.dumps(section)}"


def login(port: int, at: str = APP, more: str = "", **fields: Any) -> str:
    return policy("AccessPolicy", "a", at, f"default:\n  {oidc(port, **fields)}\n{more}", namespace="shop")


async def test_who_logs_in_comes_in_and_logs_out(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider))
    before = await drains(world)
    await world.apply(login(provider, scopes=["email"]))
    browser = Browser(world.port("http"))
    sent = await browser.get("/app/cart?k=v")
    assert sent.status == 302
    asked = query(sent)
    assert asked["client_id"] == ["shop"]
    assert asked["scope"] == ["openid email"]
    assert asked["redirect_uri"] == ["http://shop.example/oauth2/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    back = await browser.get(await browser.consent(sent, "ann"))
    assert (back.status, back.one("location")) == (302, "http://shop.example/app/cart?k=v")
    assert (await browser.get("/app/cart?k=v")).status == 200
    assert (await Browser(world.port("http")).get("/open")).status == 200
    out = await browser.get("/logout")
    assert out.status == 302
    assert (await browser.get("/app")).status == 302
    await world.remove("AccessPolicy shop/a")
    assert (await world.ask("/app", host="shop.example")).status == 200
    assert (await world.ask("/logout", host="shop.example")).status == 404
    assert await drains(world) == before


async def test_nobody_comes_back_who_has_not_been_sent(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider))
    browser, other = Browser(world.port("http")), Browser(world.port("http"))
    back = await browser.consent(await browser.get("/app"), "ann")
    assert (await other.get(back)).status == 401
    await other.get("/app")
    assert (await other.get(back)).status == 401
    code, _, state = back.partition("&state=")
    assert (await browser.get(f"{code}&state={state[:-8]}AAAAAAAA")).status == 401
    assert (await browser.get("/oauth2/callback?code=guessed")).status == 401
    assert (await other.get("/app")).status == 302
    assert (await browser.get(back)).status == 302
    assert (await browser.get("/app")).status == 200


async def test_a_session_cannot_be_made_up(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider))
    browser = Browser(world.port("http"))
    await browser.log_in("/app", "ann")
    assert (await browser.get("/app")).status == 200
    for name in browser.cookies:
        if name.startswith(("Session", "Expires")):
            forged = Browser(world.port("http"), cookies={**browser.cookies, name: "4000000000"})
            assert (await forged.get("/app")).status == 302
    assert (await Browser(world.port("http"), host="other.example", cookies=browser.cookies).get("/app")).status == 404


async def test_every_host_of_the_scope_has_its_callback(world: World, provider: int) -> None:
    hosts = ("shop.example", "SHOP.example", "a.other.example")
    other = http_route("other", "- {backendRefs: [{name: one, port: 80}]}", host="*.other.example")
    await world.apply(SHOP, other, CLIENT, service("idp", provider), login(provider, target("Namespace")))
    for host in hosts:
        browser = Browser(world.port("http"), host=host)
        assert (await browser.log_in("/app", "ann")).status == 302
        assert (await browser.get("/app")).status == 200


async def test_scripts_are_not_sent_to_a_login(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider))
    browser = Browser(world.port("http"))
    assert (await browser.get("/app", ("sec-fetch-mode", "cors"))).status == 401
    assert (await browser.get("/app", ("sec-fetch-mode", "navigate"))).status == 302


async def test_paths_of_ones_own_and_where_a_logout_goes_on(world: World, provider: int) -> None:
    end = f"http://127.0.0.1:{provider}/oauth2/end_session"
    own = login(provider, callbackPath="/back", logoutPath="/bye", endSessionEndpoint=end)
    await world.apply(SHOP, CLIENT, service("idp", provider), own)
    browser = Browser(world.port("http"))
    assert (await browser.log_in("/app", "ann")).status == 302
    assert (await browser.get("/app")).status == 200
    assert (await browser.get("/logout")).status == 404
    gone = await browser.get("/bye")
    assert (gone.status, (gone.one("location") or "").startswith(end)) == (302, True)


async def test_another_secret_ends_sessions_and_drains_nothing(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider))
    browser = Browser(world.port("http"))
    await browser.log_in("/app", "ann")
    assert (await browser.get("/app")).status == 200
    before = await drains(world)
    await world.apply(secret("client", **{"client-secret": "another-secret-of-the-client"}))
    assert (await browser.get("/app")).status == 302
    await browser.log_in("/app", "ann")
    assert (await browser.get("/app")).status == 200
    assert await drains(world) == before


async def test_what_backends_see(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider))
    browser = Browser(world.port("http"))
    await browser.log_in("/app", "ann")
    answer = await browser.get("/app")
    assert (answer.status, answer.seen("authorization"), "".join(answer.seen("cookie"))) == (200, [], "")
    await world.apply(login(provider, forwardAccessToken=True))
    await browser.log_in("/app", "ann")
    answer = await browser.get("/app")
    ((kind, _, token),) = [value.partition(" ") for value in answer.seen("authorization")]
    assert (kind, bool(token)) == ("Bearer", True)
    (cookies,) = answer.seen("cookie")
    assert (cookies.count("AccessToken-"), cookies.count("IdToken-")) == (1, 0)


async def keys(provider: int) -> str:
    return (await http1.ask(provider, "/jwks", host=f"127.0.0.1:{provider}")).body.decode()


async def test_tokens_and_claims_of_who_has_logged_in(world: World, provider: int) -> None:
    corp = {
        "name": "corp",
        "issuer": f"http://127.0.0.1:{provider}",
        "keys": {"inline": await keys(provider)},
        "claimHeaders": [{"claim": "sub", "header": "x-user"}],
    }
    more = f"  jwt: {json.dumps({'providers': [corp]})}\n"
    more += "  authorization: {allow: [{claims: [{name: sub, values: [ann]}]}]}"
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider, more=more))
    browser = Browser(world.port("http"))
    assert (await browser.get("/app", ("authorization", "Bearer nonsense"))).status == 401
    assert (await browser.get("/app", ("authorization", "Bearer "))).status in (302, 401)
    await browser.log_in("/app", "ann")
    answer = await browser.get("/app", ("x-user", "root"))
    assert (answer.status, answer.seen("x-user")) == (200, ["ann"])
    bob = Browser(world.port("http"))
    await bob.log_in("/app", "bob")
    assert (await bob.get("/app")).status == 403


BROKEN = [
    ({"backendRef": {"name": "nobody", "port": 80}}, "backendRef"),
    ({"backendRef": {"name": "idp", "namespace": "infra", "port": 80}}, "backendRef"),
    ({"tokenEndpoint": "https://127.0.0.1/oauth2/token"}, "backendRef"),
    ({"clientSecretRef": {"name": "nothing"}}, "clientSecretRef"),
    ({"clientSecretRef": {"name": "short"}}, "clientSecretRef"),
    ({"clientSecretRef": {"name": "client", "namespace": "infra"}}, "clientSecretRef"),
    ({"logoutPath": "/oauth2/callback"}, "logoutPath"),
]


@pytest.mark.parametrize(("fields", "path"), BROKEN)
async def test_a_login_that_cannot_be_closes_its_scope_and_nothing_else(
    world: World, provider: int, fields: dict[str, Any], path: str
) -> None:
    short = secret("short", **{"client-secret": "hunter2"})
    await world.apply(SHOP, CLIENT, short, service("idp", provider), login(provider, **fields))
    assert (await world.ask("/app", host="shop.example")).status == 500
    assert (await world.ask("/open", host="shop.example")).status == 200
    outcome: Any = world.outcome("AccessPolicy shop/a")
    ((found,),) = [each.verdicts for each in outcome.ancestors]
    assert (found.status, found.reason) == (False, "Invalid")
    assert found.message.startswith(f"spec.default.oidc.{path}: ")
    assert "hunter" not in found.message


def another(port: int, **fields: Any) -> str:
    at, sections = target("HTTPRoute", "shop", "open"), f"default:\n  {oidc(port, clientID='b', **fields)}"
    return policy("AccessPolicy", "b", at, sections, namespace="shop")


async def test_two_logins_of_a_host_need_paths_of_their_own(world: World, provider: int) -> None:
    await world.apply(SHOP, CLIENT, service("idp", provider), login(provider), another(provider))
    assert sorted([(await world.ask(each, host="shop.example")).status for each in ("/app", "/open")]) == [302, 500]
    await world.apply(another(provider, callbackPath="/b/callback", logoutPath="/b/logout"))
    browser = Browser(world.port("http"))
    for path in ("/app", "/open"):
        assert (await browser.get(path)).status == 302
        await browser.log_in(path, "ann")
        assert (await browser.get(path)).status == 200
