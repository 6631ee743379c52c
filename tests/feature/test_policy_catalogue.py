"""Policies, what the other files do not ask of them: rows of docs/policies-catalogue.md that had no test."""

import json
import time

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World
from tests.feature.test_policy_keys import secret

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RULES = """
- {name: app, matches: [{path: {value: /app}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
"""
SHOP = http_route("shop", RULES, host="shop.example")
NAMESPACE = target("Namespace")
APP = target("HTTPRoute", "shop", "app")


def said(kind: str, sections: str, at: str = NAMESPACE, name: str = "p") -> str:
    return policy(kind, name, at, f"default: {{{sections}}}", namespace="shop")


async def status(world: World, path: str = "/", *headers: tuple[str, str], port: str = "http") -> int:
    return (await world.ask(path, *headers, port=port, host="shop.example")).status


async def test_a_good_bearer_token_stands_for_a_session(world: World) -> None:
    corp = Provider()
    login = {
        "issuer": ISSUER,
        "authorizationEndpoint": f"{ISSUER}/auth",
        "tokenEndpoint": "http://idp.example/token",
        "backendRef": {"name": "one", "port": 80},
        "clientID": "shop",
        "clientSecretRef": {"name": "client"},
    }
    tokens = {"providers": [{"name": "corp", "issuer": ISSUER, "audiences": ["shop"], "keys": {"inline": corp.keys}}]}
    client = secret("client", **{"client-secret": "a-secret-of-the-client"})
    await world.apply(SHOP, client, said("AccessPolicy", f"oidc: {json.dumps(login)}, jwt: {json.dumps(tokens)}", APP))
    assert await status(world, "/app") == 302
    assert await status(world, "/app", ("authorization", f"Bearer {corp.token()}")) == 200
    assert await status(world, "/app", ("authorization", f"Bearer {corp.token(aud='other')}")) == 403
    assert await status(world, "/app", ("authorization", f"Bearer {Provider().token()}")) == 401


@pytest.mark.parametrize(
    ("algorithms", "accepted", "expected"),
    [
        ("[br]", "br", "br"),
        ("[gzip]", "gzip", "gzip"),
        ("[zstd]", "zstd", "zstd"),
        ("[zstd, br, gzip]", "gzip, br, zstd", "zstd"),
        ("[gzip]", "br", None),
        ("[gzip, br]", "identity", None),
    ],
)
async def test_each_way_to_compress(world: World, algorithms: str, accepted: str, expected: str | None) -> None:
    await world.apply(SHOP, said("RoutePolicy", f"compression: {{algorithms: {algorithms}}}"))
    answer = await world.ask("/", ("accept-encoding", accepted), host="shop.example")
    assert (answer.status, answer.one("content-encoding")) == (200, expected)


async def test_a_delay_is_waited_for_and_only_where_it_is(world: World) -> None:
    await world.apply(SHOP, said("RoutePolicy", "fault: {delay: {duration: 300ms}}", APP))
    began = time.perf_counter()
    assert await status(world, "/app") == 200
    assert time.perf_counter() - began > 0.29
    # Half of them, over many: one in a million that all or none is.
    await world.apply(said("RoutePolicy", "fault: {abort: {status: 503, percent: 50}}", APP))
    got = {await status(world, "/app") for _ in range(20)}
    assert got == {200, 503}


async def test_of_a_route_policy_what_cannot_be_had_is_left_out_and_the_rest_is_done(world: World) -> None:
    sections = (
        "headers: {request: {set: [{name: transfer-encoding, value: x}]}, "
        "response: {set: [{name: x-done, value: yes-it-is}]}}, body: {maxBytes: 5}"
    )
    await world.apply(SHOP, said("RoutePolicy", sections))
    answer = await world.ask("/", host="shop.example")
    assert (answer.status, answer.one("x-done")) == (200, "yes-it-is")
    assert (await world.ask("/", method="PUT", body=b"123456", host="shop.example")).status == 413


SET = """
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec:
  parentRef: {name: edge, namespace: infra}
  listeners:
  - {name: one, port: <set-one>, protocol: HTTP}
  - {name: two, port: <set-two>, protocol: HTTP}
"""
OPEN_GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
"""
PARENT = "{group: gateway.networking.k8s.io, kind: ListenerSet, name: more}"


async def test_a_listenerset_and_its_listeners_have_policies_of_their_own(world: World) -> None:
    route = http_route("shop", RULES, host="shop.example", parent="name: edge, namespace: infra}, " + PARENT[:-1])
    await world.apply(OPEN_GATEWAY, SET, route)
    ports = ("http", "set-one", "set-two")
    answer = "directResponse: {status: %d}"

    async def all_ports() -> list[int]:
        return [await status(world, port=each) for each in ports]

    assert await all_ports() == [200, 200, 200]
    await world.apply(said("RoutePolicy", answer % 418, target("ListenerSet", "more"), "of-set"))
    assert await all_ports() == [200, 418, 418]
    await world.apply(said("RoutePolicy", answer % 410, target("ListenerSet", "more", "two"), "of-listener"))
    assert await all_ports() == [200, 418, 410]
    # A policy of the Gateway is above the set; one of the route is below.
    floor = policy("RoutePolicy", "floor", target("Gateway", "edge"), f"default: {{{answer % 503}}}", namespace="infra")
    await world.apply(floor)
    assert await all_ports() == [503, 418, 410]
    await world.apply(said("RoutePolicy", answer % 451, target("HTTPRoute", "shop"), "of-route"))
    assert await all_ports() == [451, 451, 451]
    await world.apply(floor.replace("default:", "override:"))
    assert await all_ports() == [503, 503, 503]
