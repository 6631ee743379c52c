"""RouteFilter, by extensionRef of HTTPRoute and GRPCRoute rules, with a real Envoy."""

import json

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


def route_filter(name: str, **spec: object) -> str:
    return f"""
apiVersion: gatewayd.io/v1alpha1
kind: RouteFilter
metadata: {{name: {name}, namespace: shop}}
spec: {json.dumps(spec)}
"""


def named(name: str) -> str:
    return f"{{type: ExtensionRef, extensionRef: {{group: gatewayd.io, kind: RouteFilter, name: {name}}}}}"


def routed(filters: str, *, share: str = "") -> str:
    rules = f"""
- matches: [{{path: {{value: /app}}}}]
  filters: [{filters}]
  backendRefs: [{{name: one, port: 80, filters: [{share}]}}]
- backendRefs: [{{name: one, port: 80}}]
"""
    return http_route("r", rules, host="a.example")


async def path(world: World, asked: str) -> str:
    answer = await world.ask(asked, host="a.example")
    assert answer.status == 200
    return str(answer.echo["path"])


@pytest.mark.parametrize(("pattern", "substitution", "asked", "expected"), [
    ("^/app/(v[0-9]+)/(.*)$", r"/\1/of/\2", "/app/v1/cart?k=/app/v2/x", "/v1/of/cart?k=/app/v2/x"),
    ("^/app/(v[0-9]+)/(.*)$", r"/\1/of/\2", "/app/cart", "/app/cart"),
    ("/app", "", "/app/cart", "/cart"),
    ("a", "b%2Fb", "/app/a", "/b%2Fbpp/b%2Fb"),
    ("^/app$", r"/\\x", "/app", r"/\x"),
    (".*", r"/x\0", "/app/y", "/x/app/y"),
    ("x*", "-", "/app/x", "-/-a-p-p-/-"),
])  # fmt: skip
async def test_a_path_is_rewritten(world: World, pattern: str, substitution: str, asked: str, expected: str) -> None:
    await world.apply(
        routed(named("f")), route_filter("f", pathRewrite={"pattern": pattern, "substitution": substitution})
    )
    assert await path(world, asked) == expected
    assert await path(world, "/other/app") == "/other/app"


async def test_a_filter_comes_changes_and_goes_without_a_drain(world: World) -> None:
    await world.apply(routed(named("f")))
    before = await drains(world)
    assert (await world.ask("/app", host="a.example")).status == 500
    assert (await world.ask("/other", host="a.example")).status == 200
    verdict = world.route("HTTPRoute shop/r")["ResolvedRefs"]
    assert state(verdict) == (False, "InvalidFilter")
    assert verdict.message == 'spec.rules[0].filters[0].extensionRef: RouteFilter "shop/f" does not exist'
    await world.apply(route_filter("f", directResponse={"status": 418, "body": "tea", "contentType": "text/x-tea"}))
    answer = await world.ask("/app", host="a.example")
    assert (answer.status, answer.body, answer.one("content-type")) == (418, b"tea", "text/x-tea")
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (True, "ResolvedRefs")
    await world.apply(route_filter("f", headers={"request": {"set": [{"name": "x-a", "value": "100%"}]}}))
    assert (await world.ask("/app", host="a.example")).seen("x-a") == ["100%"]
    await world.remove("RouteFilter shop/f")
    assert (await world.ask("/app", host="a.example")).status == 500
    assert await drains(world) == before


BROKEN = [
    ({"pathRewrite": {"pattern": "(", "substitution": "/"}}, "spec.pathRewrite.pattern"),
    ({"pathRewrite": {"pattern": "^/(a)", "substitution": r"/\2"}}, "spec.pathRewrite.substitution"),
    ({"pathRewrite": {"pattern": "^/(a)", "substitution": "/\\"}}, "spec.pathRewrite.substitution"),
    ({"headers": {"request": {"remove": ["Content-Length"]}}}, "spec.headers.request.remove[0]"),
    ({"directResponse": {"status": 200, "body": "ä" * 4000}}, "spec.directResponse.body"),
]


@pytest.mark.parametrize(("spec", "field"), BROKEN)
async def test_what_cannot_be_had_fails_its_rule_and_no_other(
    world: World, spec: dict[str, object], field: str
) -> None:
    await world.apply(routed(named("f")), route_filter("f", **spec))
    assert (await world.ask("/app", host="a.example")).status == 500
    assert (await world.ask("/other", host="a.example")).status == 200
    messages = [each.message for each in world.route("HTTPRoute shop/r").values()]
    assert any(f'RouteFilter "shop/f": {field}: ' in each for each in messages), messages


async def test_of_a_backend_and_beside_other_filters(world: World) -> None:
    rewrite = {"pattern": "^/app", "substitution": "/b"}
    await world.apply(routed("", share=named("f")), route_filter("f", pathRewrite=rewrite))
    assert await path(world, "/app/x") == "/b/x"
    own = "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /c}}}"
    await world.apply(routed(f"{own}, {named('f')}"))
    assert (await world.ask("/app", host="a.example")).status == 500
    await world.apply(routed("", share=named("f")), route_filter("f", directResponse={"status": 200}))
    assert (await world.ask("/app", host="a.example")).status == 500
