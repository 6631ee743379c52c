"""Routes whose parent is a Service: who calls what gets which route, in the proxy of a node.

https://gateway-api.sigs.k8s.io/geps/gep-1294/
"""

from collections import Counter

import pytest

from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.translator.mesh.consumers import assigned
from tests.feature.harness import grpcs, redirected
from tests.feature.harness.http1 import Answer
from tests.feature.harness.http2 import Http2
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [
    pytest.mark.envoy,
    pytest.mark.usefixtures("node_ports"),
    pytest.mark.asyncio(loop_scope="module"),
]

VIP, VIP6 = "10.96.0.10", "fd00:96::10"
OTHER = "10.96.0.11"
CONSUMER_PORT = assigned(["blog"])["blog"]
FRONT = """
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: shop}
spec:
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10, "fd00:96::10"]
  ports: [{name: http, port: 80}, {name: h2c-calls, port: 7070}, {name: raw, port: 9090}]
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {clusterIP: 10.96.0.11, ports: [{name: web, port: 80, appProtocol: http}]}
"""
BASE = f"""
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XMesh
metadata: {{name: mesh}}
spec: {{controllerName: gatewayd.io/controller}}
---
{FRONT}
"""
ECHO = 'group: "", kind: Service, name: echo'


def of_echo(name: str, rules: str, *, port: int | None = None, **more: str) -> str:
    parent = ECHO if port is None else f"{ECHO}, port: {port}"
    if more.get("namespace", "shop") != "shop":
        parent += ", namespace: shop"
    return http_route(name, rules, parent=parent, **more)


def to(backend: str, name: str, matches: str = "", filters: str = "") -> str:
    match = f"matches: [{matches}], " if matches else ""
    more = f", {filters}" if filters else ""
    backends = f"[{{name: {backend}, namespace: shop, port: 80}}]"
    return f"- {{{match}filters: [<route:{name}>{more}], backendRefs: {backends}}}\n"


async def called(path: str = "/", *headers: tuple[str, str], address: str = VIP, port: int = 80, **more: str) -> Answer:
    return await redirected.ask(PRODUCER_PORT, address, port, path, *headers, **more)


async def called_from_blog(path: str = "/", address: str = VIP, port: int = 80) -> Answer:
    return await redirected.ask(CONSUMER_PORT, address, port, path)


async def test_requests_go_by_where_they_were_sent_to(world: World) -> None:
    await world.apply(
        of_echo("all", to("one", "all")),
        http_route("others", to("two", "others"), parent='group: "", kind: Service, name: other'),
    )
    assert (await called(host="other.shop")).said == (200, "all", "one")
    assert (await called(address=OTHER, host="echo.shop")).said == (200, "others", "two")
    # The other family of the same Service, and another port that says HTTP.
    assert (await called(address=VIP6)).said == (200, "all", "one")
    assert (await called(port=7070)).said == (200, "all", "one")
    # No route is for it: the redirect brings none, and what comes all the same goes nowhere.
    assert (await called(port=9090)).status == 404
    assert (await called(address="10.244.0.9")).status == 404


async def test_what_no_rule_matches_is_refused(world: World) -> None:
    await world.apply(of_echo("some", to("one", "some", "{path: {type: Exact, value: /a}}")))
    assert (await called("/a")).said == (200, "some", "one")
    assert (await called("/b")).status == 404


async def test_a_route_of_a_callers_namespace_takes_the_place_of_the_producers(world: World) -> None:
    await world.apply(
        of_echo("producer", to("one", "producer")),
        of_echo("consumer", to("two", "consumer", "{path: {type: Exact, value: /mine}}"), namespace="blog"),
    )
    # No ReferenceGrant: who may call one Service may call others.
    assert state(world.route("HTTPRoute blog/consumer")["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert (await called_from_blog("/mine")).said == (200, "consumer", "two")
    assert (await called("/mine")).said == (200, "producer", "one")
    # Its rules are all there are for its callers.
    assert (await called_from_blog("/else")).status == 404
    await world.remove("HTTPRoute blog/consumer")
    assert (await called("/mine")).said == (200, "producer", "one")


async def test_the_key_is_not_for_callers_to_choose_nor_for_backends_to_see(world: World) -> None:
    await world.apply(
        of_echo("all", to("one", "all")),
        http_route("others", to("two", "others"), parent='group: "", kind: Service, name: other'),
    )
    lie = ("x-gatewayd-scope", f"{PRODUCER_PORT}|{OTHER}:80")
    answer = await called("/", lie, lie, ("x-request-id", "mine"), ("x-forwarded-for", "192.0.2.7"))
    assert answer.said == (200, "all", "one")
    assert answer.seen("x-gatewayd-scope") == []
    # The proxy is not an edge: what services tell each other stays.
    assert answer.seen("x-request-id") == ["mine"]
    assert answer.seen("x-forwarded-for") == ["192.0.2.7"]
    assert answer.one("server") is None


async def test_weights_count_for_each_request(world: World) -> None:
    rules = "- backendRefs: [{name: one, port: 80, weight: 3}, {name: two, port: 80, weight: 1}]\n"
    await world.apply(of_echo("split", rules))
    connection = await redirected.connect(PRODUCER_PORT, VIP, 80)
    answers = Counter([(await connection.ask(host="echo")).backend for _ in range(400)])
    await connection.close()
    assert plausible(answers["one"], 400, 0.75)
    assert answers["one"] + answers["two"] == 400


REDIRECTS = (
    ("{scheme: https}", "https://echo/x"),
    ("{port: 8443}", "http://echo:8443/x"),
    ("{path: {type: ReplaceFullPath, replaceFullPath: /y}, statusCode: 301}", "http://echo/y"),
    ("{statusCode: 303}", "http://echo/x"),
    ("{statusCode: 307}", "http://echo/x"),
    ("{statusCode: 308}", "http://echo/x"),
)


@pytest.mark.parametrize(("how", "where"), REDIRECTS)
async def test_redirects(world: World, how: str, where: str) -> None:
    await world.apply(of_echo("away", f"- filters: [{{type: RequestRedirect, requestRedirect: {how}}}]\n"))
    answer = await called("/x")
    assert answer.status in (301, 302, 303, 307, 308)
    assert answer.one("location") == where


async def test_rewrites_queries_and_headers_of_a_backend(world: World) -> None:
    rewrite = "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}"
    own = (
        "- {backendRefs: [{name: two, port: 80, filters: [{type: RequestHeaderModifier, "
        "requestHeaderModifier: {add: [{name: x-own, value: b}]}}]}], name: own}\n"
    )
    await world.apply(of_echo("some", to("one", "q", "{queryParams: [{name: a, value: '1'}]}", rewrite) + own))
    answer = await called("/old?a=1")
    assert (answer.said, answer.echo["path"]) == ((200, "q", "one"), "/new?a=1")
    answer = await called("/old?a=2")
    assert (answer.backend, answer.seen("x-own")) == ("two", ["b"])


async def test_calls_of_grpc(world: World) -> None:
    async with grpcs.grpc_backend("calls") as backend:
        await world.apply(service("calls", backend.port, app_protocol="kubernetes.io/h2c"))
        rules = "- {matches: [{method: {service: shop.Cart}}], backendRefs: [{name: calls, port: 80}]}\n"
        await world.apply(of_echo("calls", rules, port=7070, kind="GRPCRoute"))
        connection = await redirected.connect(PRODUCER_PORT, VIP, 7070)
        client = Http2(connection.reader, connection.writer)
        grpc = (("content-type", "application/grpc"), ("te", "trailers"))
        sent = {"host": "echo:7070", "method": "POST", "body": b"\0\0\0\0\0", "scheme": "http"}
        answer = await client.ask("/shop.Cart/Add", *grpc, **sent)
        assert (answer.status, answer.one("x-backend")) == (200, "calls")
        assert (await client.ask("/shop.Till/Open", *grpc, **sent)).one("grpc-status") == "12"
        await connection.close()


async def test_an_edit_moves_no_request(world: World) -> None:
    """Routes come and go while one connection asks on: each answer is right."""
    await world.apply(of_echo("all", to("one", "all")))
    connection = await redirected.connect(PRODUCER_PORT, VIP, 80)
    assert (await connection.ask(host="echo")).said == (200, "all", "one")
    await world.apply(of_echo("all", to("two", "moved")))
    assert (await connection.ask(host="echo")).said == (200, "moved", "two")
    await connection.close()
