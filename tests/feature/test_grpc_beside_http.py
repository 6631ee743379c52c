"""GRPCRoutes and HTTPRoutes with intersecting hostnames: gRPC requests are offered to GRPCRoutes first.

What no GRPCRoute matches, and every other request, is for HTTPRoutes. Both kinds stay accepted.
https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutespec (hostnames)
"""

import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Taken, Translated, traces
from gatewayd.ir.filters import Header
from tests.feature.harness import grpcs
from tests.feature.harness.http1 import ask
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("web",)
BASE = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: any, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - name: api
    port: <http>
    protocol: HTTP
    hostname: api.app.example
    allowedRoutes: {namespaces: {from: All}}
"""
OLD, YOUNG = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
HOSTNAMES = ("", "app.example", "*.app.example", "*.example", "a.app.example", "api.app.example")
HOSTS = ("app.example", "a.app.example", "api.app.example", "b.app.example:8080", "other.test")
METHODS = ("/a.B/C", "/a.B/D", "/a.BC/C", "/x/y/z")
CONTENT_TYPES = (
    "application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8", "Application/gRPC+json",
    "application/grpc-web", "application/grpcx", "text/html", "",
)  # fmt: skip
ROUNDS = 12


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def grpc_backends(shared_world: World) -> AsyncIterator[None]:
    for name in ("rpc", "other"):
        backend = await shared_world.stack.enter_async_context(grpcs.grpc_backend(name))
        shared_world.backends[name] = backend
        await shared_world.apply(service(name, backend.port, app_protocol="kubernetes.io/h2c"))
    yield


def rule(name: str, matches: str = "", to: str = "rpc") -> str:
    match = f"matches: [{matches}], " if matches else ""
    return f"- {{{match}filters: [<route:{name}>, <tag:{name}>], backendRefs: [{{name: {to}, port: 80}}]}}\n"


def call(name: str, matches: str = "") -> str:
    """Return a rule whose answer is the proxy's own, UNAVAILABLE, and names it."""
    return rule(name, matches, "gone")


def web(rules: str, host: str = "app.example", *, name: str = "web", created: str = OLD) -> str:
    return http_route(name, rules, host=host, created=created)


def rpc(rules: str, host: str = "app.example", *, name: str = "rpc", created: str = YOUNG) -> str:
    return http_route(name, rules, host=host, created=created, kind="GRPCRoute")


async def tagged(world: World, content_type: str, target: str = "/a.B/C", host: str = "app.example") -> str | None:
    """Return which rule a request of HTTP/1.1 is taken by, as it says to the client."""
    headers = (("content-type", content_type), ("te", "trailers")) if content_type else ()
    answer = await ask(world.port("http"), target, *headers, host=host, method="POST")
    return answer.one("x-route")


@pytest.mark.parametrize(("web_created", "rpc_created"), [(OLD, YOUNG), (YOUNG, OLD)])
async def test_both_are_accepted_and_get_what_is_theirs(world: World, web_created: str, rpc_created: str) -> None:
    await world.apply(web(rule("page", to="web"), created=web_created), rpc(rule("call"), created=rpc_created))

    assert (await grpcs.call(world.port("http"), "/a.B/C", authority="app.example")).said == ("OK", "call", "rpc")
    assert (await world.ask("/a.B/C", host="app.example")).said == (200, "page", "web")
    for identity in ("HTTPRoute shop/web", "GRPCRoute shop/rpc"):
        assert state(world.route(identity)["Accepted"]) == (True, "Accepted")


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
async def test_what_a_grpc_request_is(world: World, content_type: str) -> None:
    await world.apply(web(rule("page", to="web")), rpc(call("call")))

    is_grpc = content_type in CONTENT_TYPES[:4]
    assert await tagged(world, content_type) == ("call" if is_grpc else "page")


@pytest.mark.parametrize("rpc_host", HOSTNAMES[:-1])
@pytest.mark.parametrize("web_host", ["", "*.app.example", "a.app.example"])
async def test_hostnames_that_intersect(world: World, web_host: str, rpc_host: str) -> None:
    """The GRPCRoute goes first whatever is more specific, and a longer path of the other kind."""
    exact = "{path: {type: Exact, value: /a.B/C}}"
    await world.apply(web(rule("page", exact, "web"), web_host), rpc(call("call"), rpc_host))

    answered = rpc_host != "app.example"
    assert await tagged(world, "application/grpc", host="a.app.example") == ("call" if answered else "page")
    assert await tagged(world, "text/html", host="a.app.example") == "page"


async def test_what_no_grpc_route_matches_goes_on(world: World) -> None:
    await world.apply(web(rule("rest", to="other")), rpc(rule("call", "{method: {service: a.B, method: C}}")))

    assert (await grpcs.call(world.port("http"), "/a.B/C", authority="app.example")).said == ("OK", "call", "rpc")
    assert (await grpcs.call(world.port("http"), "/a.B/D", authority="app.example")).said == ("OK", "rest", "other")


async def test_a_grpc_route_alone_leaves_other_requests_alone(world: World) -> None:
    await world.apply(rpc(rule("call")))

    assert (await grpcs.call(world.port("http"), "/a.B/C", authority="app.example")).said == ("OK", "call", "rpc")
    assert (await world.ask("/a.B/C", host="app.example")).status == 404


async def test_a_host_with_so_many_rules_that_they_are_a_tree(world: World) -> None:
    def page(part: int, at: int) -> str:
        return rule(f"p{part}.{at}", f"{{path: {{type: Exact, value: /s{part}.S/M{at}}}}}", "web")

    def method(part: int, at: int) -> str:
        return call(f"c{part}.{at}", f"{{method: {{service: s{part}.S, method: M{at * 2}}}}}")

    pages = [web("".join(page(part, at) for at in range(16)), name=f"web{part}") for part in range(10)]
    calls = [rpc("".join(method(part, at) for at in range(8)), name=f"rpc{part}") for part in range(10)]
    await world.apply(*pages, *calls)

    for part, at in ((0, 0), (3, 6), (9, 14)):
        target = f"/s{part}.S/M{at}"
        assert await tagged(world, "application/grpc+proto", target) == f"c{part}.{at // 2}"
        assert await tagged(world, "text/html", target) == f"p{part}.{at}"
        assert await tagged(world, "application/grpc", f"/s{part}.S/M{at + 1}") == f"p{part}.{at + 1}"


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_explain_says_so(world: World, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    methods = ("{method: {service: a.B}}", "{method: {method: C}}", "{method: {service: a.B, method: C}}", "")
    paths = ("{path: {value: /}}", "{path: {value: /a.B}}", "{path: {type: Exact, value: /a.B/C}}", "{method: POST}")
    routes = []
    for number in range(6):
        kind, matches, to = (web, paths, "web") if number % 2 else (rpc, methods, "gone")
        name, created = f"r{number}", dice.choice((OLD, YOUNG))
        routes.append(kind(rule(name, dice.choice(matches), to), dice.choice(HOSTNAMES), name=name, created=created))
    await world.apply(*routes)
    configs = tuple(world.reconciler.configs.values())
    translated = Translated(engine=world.reconciler.store.engine, configs=configs)

    for _ in range(30):
        content_type, host, target = dice.choice(CONTENT_TYPES), dice.choice(HOSTS), dice.choice(METHODS)
        headers = (Header(name="content-type", value=content_type),) if content_type else ()
        sent = Sent(scheme="http", method="POST", host=host, target=target, headers=headers)
        (trace,) = traces(translated, sent, world.port("http"))
        said = trace.end.rule.name if isinstance(trace.end, Taken) else None
        assert await tagged(world, content_type, target, host) == said, sent
