"""Backend and HTTPRouteFilter of Envoy Gateway with a real Envoy: what rules refer to."""

import json
from typing import Any

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import foreign, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
GROUP = "gateway.envoyproxy.io"


def of_kind(kind: str, name: str, **spec: Any) -> str:
    return f"""
apiVersion: {GROUP}/v1alpha1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec: {json.dumps(spec)}
"""


def backend(**spec: Any) -> str:
    return of_kind("Backend", "away", **spec)


TO_BACKEND = http_route("shop", f"- {{backendRefs: [{{group: {GROUP}, kind: Backend, name: away}}]}}", host=HOST)
FILTER = f"{{type: ExtensionRef, extensionRef: {{group: {GROUP}, kind: HTTPRouteFilter, name: f}}}}"
FILTERED = http_route("shop", f"- {{filters: [{FILTER}], backendRefs: [{{name: one, port: 80}}]}}", host=HOST)


async def test_a_backend_by_address_and_by_name(world: World) -> None:
    one, two = world.backends["one"].port, world.backends["two"].port
    await world.apply(TO_BACKEND)
    assert (await world.ask("/", host=HOST)).status == 500
    assert not world.route("HTTPRoute shop/shop")["ResolvedRefs"].status
    await world.apply(backend(endpoints=[{"ip": {"address": "127.0.0.1", "port": one}}]))
    assert (await world.ask("/", host=HOST)).backend == "one"
    await world.apply(backend(endpoints=[{"fqdn": {"hostname": "localhost", "port": two}}]))
    assert (await world.ask("/", host=HOST)).backend == "two"
    assert world.route("HTTPRoute shop/shop")["ResolvedRefs"].status
    await world.apply(backend(endpoints=[{"unix": {"path": "/run/x"}}]))
    assert (await world.ask("/", host=HOST)).status == 500
    said = world.route("HTTPRoute shop/shop")["ResolvedRefs"]
    assert 'Backend "shop/away": spec.endpoints' in said.message


async def test_a_policy_may_have_a_backend_asked(world: World) -> None:
    two = world.backends["two"].port
    route = http_route("shop", "- {backendRefs: [{name: one, port: 80}]}", host=HOST)
    asked = {"http": {"backendRefs": [{"group": GROUP, "kind": "Backend", "name": "away"}]}}
    await world.apply(route, foreign("SecurityPolicy", "a", target("HTTPRoute", "shop"), extAuth=asked))
    assert (await world.ask("/", host=HOST)).status == 500
    await world.apply(backend(endpoints=[{"ip": {"address": "127.0.0.1", "port": two}}]))
    assert (await world.ask("/", host=HOST)).status == 200
    assert world.backends["two"].requests


async def test_a_filter_of_theirs(world: World) -> None:
    await world.apply(FILTERED)
    assert (await world.ask("/", host=HOST)).status == 500
    await world.apply(of_kind("HTTPRouteFilter", "f", directResponse={"statusCode": 418, "body": {"inline": "no"}}))
    answer = await world.ask("/", host=HOST)
    assert (answer.status, answer.body) == (418, b"no")
    replaced = {"pattern": "^/old/(.*)$", "substitution": r"/new/\1"}
    path = {"type": "ReplaceRegexMatch", "replaceRegexMatch": replaced}
    await world.apply(of_kind("HTTPRouteFilter", "f", urlRewrite={"path": path}))
    assert (await world.ask("/old/x", host=HOST)).status == 200
    assert world.backends["one"].requests[-1].path == "/new/x"
    await world.apply(of_kind("HTTPRouteFilter", "f", credentialInjection={}))
    assert (await world.ask("/", host=HOST)).status == 500
    said = world.route("HTTPRoute shop/shop")
    assert any("spec.credentialInjection" in each.message for each in said.values())
