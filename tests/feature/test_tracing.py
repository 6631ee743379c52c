"""Traces: what is told of requests as spans, of how many, and whom."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gatewayd.ir.outcome import PolicyOutcome
from tests.feature.harness import policies
from tests.feature.harness.collectors import Collector, Record, collector
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
BASE = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
"""
SHOP = http_route(
    "shop",
    """
- {name: gone, matches: [{path: {value: /gone}}], backendRefs: [{name: nobody, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
CHANGED = "listener_manager.listener_modified"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")
UNSAMPLED = ("traceparent", f"00-{TRACE}-b7ad6b7169203331-00")


def traced(more: str = "", *, name: str = "traces", where: str = "name: collector, port: 80", created: str = "") -> str:
    stamp = f', creationTimestamp: "{created}"' if created else ""
    return f"""
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XTelemetryPolicy
metadata: {{name: {name}, namespace: infra{stamp}}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: edge}}]
  tracing: {{mode: Enabled, provider: {{backendRef: {{{where}}}, headers: [{{name: X-Key, value: secret}}]}}{more}}}
"""


def told(world: World, name: str = "traces") -> list[tuple[str, bool, str, str]]:
    outcome = world.outcome(f"XTelemetryPolicy infra/{name}")
    assert isinstance(outcome, PolicyOutcome)
    (ancestor,) = outcome.ancestors
    return [(each.type, each.status, each.reason, each.message) for each in ancestor.verdicts]


@pytest_asyncio.fixture(loop_scope="module")
async def server(world: World) -> AsyncIterator[Collector]:
    async with collector() as collecting:
        await world.apply(SHOP, service("collector", collecting.port, namespace="infra"))
        yield collecting


async def test_a_span_of_a_request(world: World, server: Collector) -> None:
    attributes = """, serviceName: edge-of-shop, attributes: [
    {name: team, sourceType: Literal, literalValue: web},
    {name: tenant, sourceType: Header, headerName: X-Tenant},
    {name: status, sourceType: Attribute, attributeKey: http.response.status_code}]"""
    await world.apply(traced(attributes))
    headers = (("x-tenant", "gold"), ("user-agent", "curl/8"), SAMPLED)
    answer = await world.ask("/cart?card=4111", *headers, host="shop.example")
    await server.until(lambda: bool(server.spans))
    (span,) = server.spans
    wanted = {
        "gatewayd.gateway": "infra/edge",
        "gatewayd.route": "httproute/shop/shop/rule/1/match/0",
        "gatewayd.rule": "rest",
        "gatewayd.listener": "http",
        "team": "web",
        "tenant": "gold",
        "status": "200",
        "http.url": "http://shop.example/cart",
        "peer.address": "-",
    }
    assert {name: span.attributes.get(name) for name in wanted} == wanted
    assert span.message.name == "httproute/shop/shop/rule/1/match/0"
    assert span.resource["service.name"] == "edge-of-shop"
    assert not {"4111", "curl/8"} & {word for word in ("4111", "curl/8") if word in str(span)}
    # A stranger's trace is not gone on with; the backend is told of ours.
    (passed_on,) = answer.seen("traceparent")
    assert passed_on.split("-")[1] == span.message.trace_id.hex() != TRACE
    assert ("x-key", "secret") in server.metadata


def rate(numerator: int, parent: str = "ImplementationDefault") -> str:
    return f", samplingRate: {{numerator: {numerator}}}, parentBasedSampling: {{mode: {parent}}}"


@pytest.mark.parametrize(
    ("sampling", "paths", "going_on"),
    [
        (rate(0), [], []),
        (rate(100), ["/new", "/sampled", "/unsampled"], []),
        (rate(0, "Enabled"), ["/sampled"], ["/sampled"]),
        (", samplingRate: {numerator: 0}, parentBasedSampling: {mode: Enabled, samplingRate: {numerator: 0}}", [], []),
        (rate(100, "Enabled"), ["/new", "/sampled"], ["/sampled"]),
        (rate(0, "Disabled"), [], []),
        (rate(100, "Disabled"), ["/new", "/sampled", "/unsampled"], ["/sampled", "/unsampled"]),
    ],
)
async def test_which_requests_become_traces(
    world: World, server: Collector, sampling: str, paths: list[str], going_on: list[str]
) -> None:
    await world.apply(traced(sampling))
    for path, *headers in (("/new",), ("/sampled", SAMPLED), ("/unsampled", UNSAMPLED)):
        # No header but those of a trace makes one of a request.
        forced = (("x-envoy-force-trace", "1"), ("x-client-trace-id", "1"))
        await world.ask(path, *headers, *forced, host="shop.example")
    await server.until(lambda: len(server.spans) >= len(paths))
    await world.apply(traced(", serviceName: last"))
    await world.ask("/last", host="shop.example")
    await server.until(lambda: any(url(each) == "/last" for each in server.spans))
    assert sorted(map(url, server.spans)) == sorted([*paths, "/last"])
    assert sorted(url(each) for each in server.spans if each.message.trace_id.hex() == TRACE) == going_on


def url(span: Record) -> str:
    return span.attributes["http.url"].removeprefix("http://shop.example")


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("name: nobody, port: 80", "BackendNotFound"),
        ("name: one, namespace: shop, port: 80", "RefNotPermitted"),
        ("kind: Pod, name: collector, port: 80", "InvalidKind"),
    ],
)
async def test_a_provider_that_cannot_be_had(world: World, where: str, reason: str) -> None:
    await world.apply(SHOP, traced(where=where))
    accepted, resolved = told(world)
    assert accepted[:2] == ("Accepted", True)
    assert resolved[:3] == ("ResolvedRefs", False, reason)
    assert resolved[3].startswith("spec.tracing.provider.backendRef: ")
    answer = await world.ask("/", host="shop.example")
    assert (answer.status, answer.seen("traceparent")) == (200, [])


async def test_the_oldest_policy_has_a_gateway(world: World, server: Collector) -> None:
    await world.apply(
        traced(", serviceName: younger", name="a", created="2026-02-01T00:00:00Z"),
        traced(", serviceName: older", name="b", created="2026-01-01T00:00:00Z"),
    )
    assert told(world, "b")[0][:2] == ("Accepted", True)
    assert told(world, "a")[0][:3] == ("Accepted", False, "Conflicted")
    await world.ask("/", host="shop.example")
    await server.until(lambda: bool(server.spans))
    assert server.spans[0].resource["service.name"] == "older"


async def test_a_collector_that_is_gone_holds_nothing_up(world: World, server: Collector) -> None:
    await world.apply(traced(), service("collector", namespace="infra"))
    before = (await policies.drains(world))[CHANGED]
    for _ in range(20):
        assert (await world.ask("/", host="shop.example")).status == 200
    await world.apply(service("collector", server.port, namespace="infra"))
    await world.ask("/back", host="shop.example")
    await server.until(lambda: any(url(each) == "/back" for each in server.spans))
    assert (await policies.drains(world))[CHANGED] == before


def told_of(sections: str, section: str = "") -> str:
    at = policies.target("HTTPRoute", "shop", section)
    return policies.policy("ReportPolicy", "few", at, f"default: {{{sections}}}", namespace="shop")


@pytest.mark.parametrize(
    ("gateway", "rule", "paths"),
    [
        (rate(0), "numerator: 100", ["/gone"]),
        (rate(100), "numerator: 0", ["/rest"]),
        (rate(0, "Disabled"), "numerator: 100", ["/gone"]),
        (rate(100, "Enabled"), "numerator: 0", ["/rest"]),
    ],
)
async def test_a_rule_has_a_rate_of_its_own(
    world: World, server: Collector, gateway: str, rule: str, paths: list[str]
) -> None:
    await world.apply(traced(gateway), told_of(f"sampling: {{rate: {{{rule}}}}}", "gone"))
    before = (await policies.drains(world))[CHANGED]
    for path in ("/gone", "/rest"):
        await world.ask(path, SAMPLED, host="shop.example")
    await server.until(lambda: len(server.spans) >= len(paths))
    # Nobody's connections end when it comes and goes.
    await world.remove("ReportPolicy shop/few")
    assert (await policies.drains(world))[CHANGED] == before
    assert sorted(map(url, server.spans)) == paths


async def test_requests_are_counted_under_the_name_of_their_route(world: World) -> None:
    await world.apply(SHOP, told_of("metrics: {}"))
    for _ in range(3):
        await world.ask("/cart", host="shop.example")
    stats = await world.envoys[policies.EDGE].stats("^vhost.*upstream_rq_(total|2xx)$")
    assert sorted(count for name, count in stats.items() if "httproute/shop/shop" in name) == [3, 3]
    await world.remove("ReportPolicy shop/few")
    await world.ask("/cart", host="shop.example")
    assert not any(await world.envoys[policies.EDGE].stats("^vhost.*httproute/shop/shop.*_total$"))
