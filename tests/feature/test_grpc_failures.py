"""What cannot be done is UNAVAILABLE to gRPC clients, which may try again, and 500 to all others.

https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule and #httprouterule (backendRefs)
"""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness import grpcs
from tests.feature.harness.manifests import GATEWAY, http_route, service
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("web",)
BASE = GATEWAY
KINDS = ("GRPCRoute", "HTTPRoute")
UNAVAILABLE = ("UNAVAILABLE", None, None)
GONE = "{name: gone, port: 80}"
LENGTH = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Content-Length, value: '5'}]}}"
EXTENSION = "{type: ExtensionRef, extensionRef: {group: x.example, kind: Rate, name: r}}"
GOOD = "\n- {matches: [{headers: [{name: good, value: '1'}]}], backendRefs: [{name: rpc, port: 80}]}"
LOST = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lost, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - name: http
    port: <lost>
    protocol: HTTP
    filters:
      requests:
      - type: ExternalAuth
        externalAuth: {protocol: GRPC, backendRef: {name: gone, port: 80}, grpc: {}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def grpc_backend(shared_world: World) -> AsyncIterator[None]:
    backend = await shared_world.stack.enter_async_context(grpcs.grpc_backend("rpc"))
    shared_world.backends["rpc"] = backend
    await shared_world.apply(service("rpc", backend.port, app_protocol="kubernetes.io/h2c"))
    yield


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "rule",
    [
        f"- {{backendRefs: [{GONE}]}}",
        f"- {{backendRefs: [{GONE}, {{name: rpc, port: 80, weight: 0}}]}}",
        f"- {{backendRefs: [{GONE}, {{name: rpc, port: 1}}]}}",
        "- {backendRefs: []}",
        "- {backendRefs: [{name: rpc, port: 80, weight: 0}]}",
        "- {backendRefs: [{name: rpc, port: 80, kind: Pod}]}",
        f"- {{filters: [{LENGTH}], backendRefs: [{{name: rpc, port: 80}}]}}",
        f"- {{filters: [{EXTENSION}], backendRefs: [{{name: rpc, port: 80}}]}}",
        f"- {{backendRefs: [{{name: rpc, port: 80, filters: [{EXTENSION}]}}]}}",
    ],
)
async def test_what_cannot_be_done(world: World, kind: str, rule: str) -> None:
    await world.apply(http_route("bad", rule + GOOD, host="bad.example", kind=kind))

    assert (await grpcs.call(world.port("http"), "/a.B/C", authority="bad.example")).said == UNAVAILABLE
    good = await grpcs.call(world.port("http"), "/a.B/C", ("good", "1"), authority="bad.example")
    assert good.said == ("OK", None, "rpc")
    for content_type in ("text/plain", "application/grpc-web", "application/grpcx"):
        answer = await world.ask("/a.B/C", ("content-type", content_type), host="bad.example", method="POST")
        assert (answer.status, answer.one("grpc-status")) == (500 if kind == "HTTPRoute" else 404, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "more",
    [
        "",
        # Other ways to write shares for Envoy: one route for each backend, filters at each.
        ", filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web, port: 80}}}]",
        ", filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}]",
    ],
)
async def test_the_share_of_a_backend_that_is_not_there(world: World, kind: str, more: str) -> None:
    shares = f"[{{name: rpc, port: 80, weight: 3{more}}}, {{name: gone, port: 80, weight: 1}}]"
    await world.apply(http_route("split", f"- {{backendRefs: {shares}}}", host="split.example", kind=kind))
    counts: Counter[str] = Counter()

    async with grpcs.channel(world.port("http"), "split.example") as opened:
        for _ in range(400):
            counts[(await grpcs.call_on(opened, "/a.B/C")).code] += 1

    assert counts.keys() == {"OK", "UNAVAILABLE"}
    assert plausible(counts["OK"], 400, 0.75), counts


async def test_the_share_of_other_requests_stays_a_500(world: World) -> None:
    shares = "[{name: web, port: 80, weight: 1}, {name: gone, port: 80, weight: 1}]"
    await world.apply(http_route("split", f"- {{backendRefs: {shares}}}", host="split.example"))
    counts: Counter[int] = Counter()

    connection = await world.connect()
    for _ in range(200):
        counts[(await connection.ask("/", host="split.example")).status] += 1

    assert counts.keys() == {200, 500}
    assert plausible(counts[200], 200, 0.5), counts


async def test_a_filter_of_the_listener_that_leads_nowhere(world: World) -> None:
    await world.apply(LOST)

    assert (await grpcs.call(world.port("lost"), "/a.B/C", authority="any.example")).said == UNAVAILABLE
    assert (await world.ask("/", host="any.example", port="lost")).status == 500
