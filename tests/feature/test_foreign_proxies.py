"""EnvoyProxy of Envoy Gateway with a real Envoy: what a Gateway's proxies tell, and what is said of the rest."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.ir.outcome import ParametersOutcome
from tests.feature.harness.collectors import Collector, collector
from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.policies import foreign, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
GROUP = "gateway.envoyproxy.io"
BASE = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  infrastructure: {{parametersRef: {{group: {GROUP}, kind: EnvoyProxy, name: told}}}}
  listeners:
  - {{name: http, port: <http>, protocol: HTTP, allowedRoutes: {{namespaces: {{from: All}}}}}}
"""
CLASS = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: gatewayd}}
spec:
  controllerName: gatewayd.io/controller
  parametersRef: {{group: {GROUP}, kind: EnvoyProxy, name: wide, namespace: fleet}}
"""
SHOP = http_route(
    "shop",
    """
- {name: gone, matches: [{path: {value: /gone}}], backendRefs: [{name: nobody, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
SERVER = {"backendRefs": [{"name": "collector", "port": 80}]}
OTLP = {"type": "OpenTelemetry", "openTelemetry": SERVER}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def proxy(name: str = "told", namespace: str = "infra", **spec: Any) -> str:
    return f"""
apiVersion: {GROUP}/v1alpha1
kind: EnvoyProxy
metadata: {{name: {name}, namespace: {namespace}}}
spec: {json.dumps(spec)}
"""


def logged(*settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"telemetry": {"accessLog": {"settings": [*settings]}}, **more}


def accepted(world: World) -> Any:
    return world.gateway("Gateway infra/edge")["Accepted"]


@pytest_asyncio.fixture(loop_scope="module")
async def server(world: World) -> AsyncIterator[Collector]:
    async with collector() as collecting:
        await world.apply(SHOP, service("collector", collecting.port, namespace="infra"))
        yield collecting


async def test_lines_go_where_it_says(world: World, server: Collector) -> None:
    assert (accepted(world).status, accepted(world).reason) == (False, "InvalidParameters")
    wrong = "response.code >= 500"
    await world.apply(proxy(**logged({"sinks": [OTLP], "matches": [wrong], "type": "Route"})))
    assert accepted(world).status
    for path in ("/", "/gone"):
        await world.ask(path, host="shop.example")
    await server.until(lambda: bool(server.records))
    (record,) = server.records
    assert (record.attributes["path"], record.attributes["gateway"]) == ("/gone", "infra/edge")


async def test_spans_go_where_it_says_and_a_route_has_a_share_of_its_own(world: World, server: Collector) -> None:
    tracing = {
        "samplingRate": 100,
        "customTags": {"team": {"type": "Literal", "literal": {"value": "web"}}},
        "tags": {"tenant": "%REQ(X-TENANT)%"},
        "provider": {**SERVER, "serviceName": "edge-of-shop"},
    }
    await world.apply(proxy(telemetry={"tracing": tracing}))
    await world.ask(
        "/cart", ("x-tenant", "gold"), ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"), host="shop.example"
    )
    await server.until(lambda: bool(server.spans))
    (span,) = server.spans
    assert span.resource["service.name"] == "edge-of-shop"
    assert (span.attributes["team"], span.attributes["tenant"]) == ("web", "gold")
    assert span.message.trace_id.hex() == TRACE
    none = {"tracing": {"samplingFraction": {"numerator": 0}}}
    await world.apply(foreign("BackendTrafficPolicy", "few", target("HTTPRoute", "shop", "rest"), telemetry=none))
    server.spans.clear()
    await world.ask("/", host="shop.example")
    await world.ask("/gone", host="shop.example")
    await server.until(lambda: bool(server.spans))
    assert [each.attributes["gatewayd.rule"] for each in server.spans] == ["gone"]


async def test_a_server_of_another_namespace_needs_a_grant(world: World, server: Collector) -> None:
    away = {"backendRefs": [{"name": "away", "namespace": "shop", "port": 80}]}
    spec = logged({"sinks": [{"type": "ALS", "als": {**away, "type": "HTTP"}}]})
    await world.apply(service("away", server.port), proxy(**spec))
    await world.ask("/", host="shop.example")
    assert 'EnvoyProxy "infra/told": spec.telemetry.accessLog: sinks[0].backendRef: Service "shop/away"' in (
        accepted(world).message
    )
    assert "for EnvoyProxy of namespace 'infra'; left out" in accepted(world).message
    await world.apply(grant("let", namespace="shop", of="infra", kind="EnvoyProxy"))
    assert accepted(world).message == ""
    await world.ask("/", host="shop.example")
    await server.until(lambda: bool(server.requests))
    assert len(server.requests) == 1


async def test_a_class_has_one_and_a_gateway_takes_its_place_or_is_merged(world: World, server: Collector) -> None:
    await world.apply(service("collector", server.port, namespace="fleet"))
    await world.apply(CLASS, proxy("wide", "fleet", **logged({"sinks": [OTLP]})), proxy(**logged()))
    await world.ask("/", host="shop.example")
    assert server.records == []
    await world.apply(proxy(mergeType="StrategicMerge"))
    await world.ask("/", host="shop.example")
    await server.until(lambda: bool(server.records))
    # Policies of gatewayd go before either.
    nothing = policy(
        "ReportPolicy", "quiet", target("Gateway", "edge"), "default: {accessLog: {write: Nothing}}", namespace="infra"
    )
    await world.apply(nothing)
    server.records.clear()
    await world.ask("/", host="shop.example")
    await world.remove("ReportPolicy infra/quiet")
    await world.ask("/gone", host="shop.example")
    await server.until(lambda: bool(server.records))
    assert [each.attributes["path"] for each in server.records] == ["/gone"]


async def test_what_cannot_be_had_is_said_of_the_gateway_that_is_served(world: World) -> None:
    await world.apply(SHOP)
    await world.apply(proxy(concurrency=2, shutdown={"drainTimeout": "5s"}, filterOrder=[{"name": "a", "after": "b"}]))
    said = accepted(world)
    assert (said.status, said.reason) == (True, "Accepted")
    for field in ("concurrency", "shutdown", "filterOrder"):
        assert f'spec.infrastructure.parametersRef: EnvoyProxy "infra/told": spec.{field}: allowed: ' in said.message
    outcome = world.outcome("EnvoyProxy infra/told")
    assert isinstance(outcome, ParametersOutcome)
    ((ref, (verdict,)),) = [(each.ref, each.verdicts) for each in outcome.ancestors]
    assert (ref.kind, ref.name, verdict.status, verdict.reason) == ("Gateway", "edge", False, "InvalidParameters")
    assert verdict.message.startswith("spec.concurrency: allowed: ")
    assert (await world.ask("/", host="shop.example")).status == 200
    await world.apply(proxy(provider={"type": "Kubernetes"}, frob=1))
    assert 'spec: has no field "frob"' in accepted(world).message
    assert (await world.ask("/", host="shop.example")).status == 200
