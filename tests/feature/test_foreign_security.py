"""SecurityPolicy of Envoy Gateway with a real Envoy: each of its fields, who replaces whom, and what closes a route."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness.logins import Browser, running_provider
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.policies import accepted, drains, foreign, policy, target
from tests.feature.harness.ports import free_port
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World
from tests.feature.test_policy_keys import HASH, secret

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
HERE, THERE = "127.0.0.1", "127.0.0.2"
PROVIDER = Provider()
SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host=HOST,
)
ROUTE, RULE, EDGE = target("HTTPRoute", "shop"), target("HTTPRoute", "shop", "open"), target("Gateway", "edge")


def security(name: str = "a", at: str = ROUTE, namespace: str = "shop", **spec: Any) -> str:
    return foreign("SecurityPolicy", name, at, namespace=namespace, **spec)


def only(*cidrs: str) -> dict[str, Any]:
    return {"defaultAction": "Deny", "rules": [{"action": "Allow", "principal": {"clientCIDRs": [*cidrs]}}]}


async def status(world: World, path: str = "/", *headers: tuple[str, str], **more: Any) -> int:
    return (await world.ask(path, *headers, host=HOST, **more)).status


async def seen(world: World, path: str = "/") -> tuple[int, int]:
    """Return what the two clients get."""
    return await status(world, path, source=HERE), await status(world, path, source=THERE)


async def test_the_nearest_one_replaces_those_above_without_a_drain(world: World) -> None:
    await world.apply(SHOP)
    assert await seen(world) == (200, 200)
    before = await drains(world)
    await world.apply(security("wide", EDGE, "infra", authorization=only(f"{HERE}/32")))
    assert await seen(world) == (200, 403)
    await world.apply(security("near", authorization=only(f"{THERE}/32")))
    assert await seen(world) == (403, 200)
    # One that says nothing takes everything off.
    await world.apply(security("none", RULE))
    assert await seen(world, "/open") == (200, 200)
    assert await seen(world) == (403, 200)
    await world.remove("SecurityPolicy shop/near")
    assert await seen(world) == (200, 403)
    assert await drains(world) == before


async def test_one_that_is_merged_has_what_its_gateway_has(world: World) -> None:
    await world.apply(SHOP, security("wide", EDGE, "infra", authorization=only(f"{HERE}/32")))
    await world.apply(security("near", mergeType="StrategicMerge", cors={"allowOrigins": ["https://a.example"]}))
    assert await seen(world) == (200, 403)
    answer = await world.ask("/", ("origin", "https://a.example"), host=HOST, source=HERE)
    assert answer.one("access-control-allow-origin") == "https://a.example"


async def test_rules_in_order_with_methods_headers_and_paths(world: World) -> None:
    rules = [
        {"action": "Deny", "operation": {"path": {"value": "/open/private"}}},
        {"action": "Allow", "operation": {"methods": ["GET"]}},
        {"action": "Allow", "principal": {"headers": [{"name": "x-team", "values": ["a", "b"]}]}},
    ]
    await world.apply(SHOP, security(authorization={"rules": rules}))
    assert await status(world) == 200
    assert await status(world, "/open/private/x?y=1") == 403
    assert await status(world, method="PUT") == 403
    assert await status(world, "/", ("x-team", "b"), method="PUT") == 200


async def test_tokens_and_what_they_say(world: World) -> None:
    keys = {"inline": PROVIDER.keys, "type": "Inline"}
    claims = [{"header": "x-user", "claim": "sub"}]
    corp = {"name": "corp", "issuer": ISSUER, "audiences": ["shop"], "localJWKS": keys, "claimToHeaders": claims}
    rules = [
        {"action": "Allow", "principal": {"jwt": {"provider": "corp", "claims": [{"name": "sub", "values": ["ann"]}]}}}
    ]
    await world.apply(SHOP, security(jwt={"providers": [corp]}, authorization={"rules": rules}))
    one = world.backends["one"]
    assert await status(world) == 401
    assert await status(world, "/", ("authorization", f"Bearer {PROVIDER.token(sub='bob')}")) == 403
    one.requests.clear()
    assert await status(world, "/", ("authorization", f"Bearer {PROVIDER.token()}"), ("x-user", "root")) == 200
    [request] = one.requests
    assert request.all("x-user") == ["ann"]
    # Nobody forges the header at a rule without a policy.
    await world.apply(security("none", RULE))
    one.requests.clear()
    assert await status(world, "/open", ("x-user", "root")) == 200
    assert one.requests[0].all("x-user") == []


async def test_passwords_and_keys(world: World) -> None:
    users = secret("users", _htpasswd=f"ann:{HASH}")
    await world.apply(SHOP, users, secret("clients", ann="key-of-ann"))
    await world.apply(security(basicAuth={"users": {"name": "users"}, "forwardUsernameHeader": "x-user"}))
    assert await status(world) == 401
    password = base64.b64encode(b"ann:1").decode()
    assert await status(world, "/", ("authorization", f"Basic {password}")) == 200
    assert world.backends["one"].requests[-1].all("x-user") == ["ann"]
    keys = {"credentialRefs": [{"name": "clients"}], "extractFrom": [{"headers": ["x-key"], "params": ["key"]}]}
    await world.apply(security(apiKeyAuth=keys))
    assert await status(world) == 401
    assert await status(world, "/", ("x-key", "key-of-ann")) == 200
    assert await status(world, "/?key=key-of-ann") == 200


async def test_origins_of_pages(world: World) -> None:
    await world.apply(SHOP, security(csrf={"additionalOrigins": ["https://*.a.example"]}))
    assert await status(world) == 200
    assert await status(world, "/", ("origin", "https://b.example"), method="POST") == 403
    assert await status(world, "/", ("origin", "https://b.a.example"), method="POST") == 200


async def test_a_server_that_is_asked(world: World) -> None:
    http = {"backendRefs": [{"name": "two", "port": 80}], "path": "/check", "headersToBackend": ["x-user"]}
    await world.apply(SHOP, security(extAuth={"http": http, "headersToExtAuth": ["x-echo-status"]}))
    assert await status(world) == 200
    assert await status(world, "/", ("x-echo-status", "401")) == 401
    assert world.backends["two"].requests[-1].path == "/check/"


@pytest.mark.parametrize(("fails_open", "expected"), [(False, 403), (True, 200)])
async def test_a_server_that_does_not_answer(world: World, *, fails_open: bool, expected: int) -> None:
    asked = {"grpc": {"backendRefs": [{"name": "away", "port": 80}]}, "failOpen": fails_open}
    await world.apply(SHOP, service("away", free_port()), security(extAuth=asked))
    assert await status(world) == expected


BROKEN: tuple[dict[str, Any], ...] = (
    {"extAuth": {"grpc": {"backendRefs": [{"name": "nobody", "port": 80}]}, "failOpen": True}},
    {"basicAuth": {"users": {"name": "nobody"}}},
    {"basicAuth": {"users": {"name": "nobody", "namespace": "infra"}}},
    {"cors": {"allowOrigins": ["*"]}, "newer": {}},
    {"cors": {"allowOrigins": ["*"], "newer": 1}},
    {"authorization": {"defaultAction": "Allow", "rules": [{"action": "Deny", "cel": "true"}]}},
    {"jwt": {"failOpen": True, "providers": [{"name": "a", "issuer": "b", "localJWKS": {"inline": PROVIDER.keys}}]}},
    {"cors": 5},
)


@pytest.mark.parametrize("spec", BROKEN, ids=lambda spec: next(iter(spec)))
async def test_what_cannot_be_had_closes_what_it_is_for_and_nothing_else(world: World, spec: dict[str, Any]) -> None:
    other = http_route("other", "- {backendRefs: [{name: one, port: 80}]}", host="other.example")
    await world.apply(SHOP, other, security(**spec))
    assert await status(world) == 500
    assert (await world.ask("/", host="other.example")).status == 200
    said = accepted(world, "SecurityPolicy shop/a")
    assert (said.status, said.reason) == (False, "Invalid")
    assert said.message.startswith("spec")
    await world.apply(security(cors={"allowOrigins": ["*"]}))
    assert await status(world) == 200
    assert accepted(world, "SecurityPolicy shop/a").status


async def test_ours_stand_beside_theirs(world: World) -> None:
    floor = f"override: {{clients: {{deny: [{{cidr: {THERE}/32}}]}}}}"
    await world.apply(SHOP, policy("AccessPolicy", "floor", EDGE, floor, namespace="infra"))
    await world.apply(security(authorization=only(f"{HERE}/32", f"{THERE}/32")))
    assert await seen(world) == (200, 403)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[int]:
    async with running_provider() as port:
        yield port


async def test_a_login(world: World, provider: int) -> None:
    oidc = {
        "provider": {
            "issuer": f"http://127.0.0.1:{provider}",
            "authorizationEndpoint": f"http://127.0.0.1:{provider}/oauth2/authorize",
            "tokenEndpoint": f"http://127.0.0.1:{provider}/oauth2/token",
            "backendRefs": [{"name": "idp", "port": 80}],
        },
        "clientID": "shop",
        "clientSecret": {"name": "client"},
        "redirectURL": "http://shop.example/back",
    }
    client = secret("client", **{"client-secret": "a-secret-of-the-client"})
    await world.apply(SHOP, client, service("idp", provider), security(oidc=oidc))
    browser = Browser(world.port("http"))
    assert (await browser.get("/app")).status == 302
    assert (await browser.log_in("/app", "ann")).status == 302
    assert (await browser.get("/app")).status == 200
