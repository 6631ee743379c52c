"""Where what Envoy writes down is sent: to collectors by OTLP, to servers of Envoy's own log service, or nowhere."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.ir.outcome import PolicyOutcome, Verdict
from tests.feature.harness import policies
from tests.feature.harness.collectors import Collector, collector
from tests.feature.harness.echo import tcp_backend
from tests.feature.harness.l4 import greeting
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
ALL = "allowedRoutes: {namespaces: {from: All}}"
BASE = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {{name: http, port: <http>, protocol: HTTP, {ALL}}}
  - {{name: tcp, port: <tcp>, protocol: TCP, {ALL}}}
"""
SHOP = http_route(
    "shop",
    """
- {matches: [{path: {value: /gone}}], backendRefs: [{name: nobody, port: 80}]}
- {backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
EDGE = policies.target("Gateway", "edge")
CHANGED = "listener_manager.listener_modified"
EVERYTHING = "fields: [usual, query, user_agent, referer]"


def log(section: str) -> str:
    return policies.policy("ReportPolicy", "log", EDGE, f"default: {{accessLog: {{{section}}}}}", namespace="infra")


def sink(kind: str, where: str = "name: collector, port: 80") -> str:
    return f"{{type: {kind}, backendRef: {{{where}}}}}"


def told(world: World, identity: str) -> tuple[Verdict, ...]:
    outcome = world.outcome(identity)
    assert isinstance(outcome, PolicyOutcome)
    (ancestor,) = outcome.ancestors
    return ancestor.verdicts


@pytest_asyncio.fixture(loop_scope="module")
async def server(world: World) -> AsyncIterator[Collector]:
    async with collector() as collecting:
        await world.apply(SHOP, service("collector", collecting.port, namespace="infra"))
        yield collecting


async def test_records_by_otlp(world: World, server: Collector) -> None:
    await world.apply(log(f"sinks: [{sink('OTLP')}]"))
    answer = await world.ask("/cart?card=4111", host="shop.example")
    await server.until(lambda: bool(server.records))
    (record,) = server.records
    wanted = {
        "status": "200",
        "host": "shop.example",
        "path": "/cart",
        "route": "httproute/shop/shop/rule/1/match/0",
        "gateway": "infra/edge",
        "request_id": answer.seen("x-request-id")[0],
    }
    assert {name: record.attributes.get(name) for name in wanted} == wanted
    assert record.resource["service.name"] == "gatewayd"
    assert record.message.body.string_value == "GET shop.example /cart 200"
    assert "4111" not in str(record)


async def test_requests_and_connections_by_als(world: World, server: Collector) -> None:
    backend = await world.stack.enter_async_context(tcp_backend("db"))
    await world.apply(
        log(f"{EVERYTHING}, sinks: [{sink('ALS')}]"),
        service("db", backend.port),
        http_route(
            "db",
            "- {backendRefs: [{name: db, port: 80}]}",
            kind="TCPRoute",
            parent="name: edge, namespace: infra, sectionName: tcp",
        ),
    )
    await world.ask("/gone", host="shop.example")
    assert await greeting(world.port("tcp")) == "db"
    await server.until(lambda: bool(server.requests and server.connections))
    ((request,), (connection,)) = server.requests, server.connections
    assert request.response.response_code.value == 500
    assert request.common_properties.route_name == "httproute/shop/shop/rule/0/match/0"
    assert dict(request.common_properties.custom_tags) == {"gateway": "infra/edge"}
    assert dict(connection.common_properties.custom_tags) == {"gateway": "infra/edge", "route": "tcproute/shop/db"}


@pytest.mark.parametrize(
    ("choice", "paths"),
    [
        ("minStatus: 500", ["/gone"]),
        ("withHeaders: [{name: X-Debug}]", ["/any", "/on"]),
        ("withHeaders: [{name: x-debug, values: ['1', '2']}]", ["/on"]),
        ("withHeaders: [{name: x-debug, values: ['1']}], minStatus: 500", ["/gone", "/on"]),
    ],
)
async def test_only_what_is_asked_for(world: World, server: Collector, choice: str, paths: list[str]) -> None:
    await world.apply(log(f"{choice}, sinks: [{sink('OTLP')}]"))
    for path, *headers in (("/",), ("/gone",), ("/any", ("x-debug", "3")), ("/on", ("x-debug", "1"))):
        await world.ask(path, *headers, host="shop.example")
    # What has not been sent when the log is changed is lost.
    await server.until(lambda: len(server.records) >= len(paths))
    await world.apply(log(f"fields: [path], sinks: [{sink('OTLP')}]"))
    await world.ask("/last", host="shop.example")
    await server.until(lambda: any(each.attributes["path"] == "/last" for each in server.records))
    assert sorted(each.attributes["path"] for each in server.records) == sorted([*paths, "/last"])


async def test_a_collector_that_is_gone_holds_nothing_up(world: World, server: Collector) -> None:
    await world.apply(log(f"sinks: [{sink('OTLP')}]"), service("collector", namespace="infra"))
    for _ in range(20):
        assert (await world.ask("/", host="shop.example")).status == 200
    await world.apply(service("collector", server.port, namespace="infra"))
    before = (await policies.drains(world))[CHANGED]
    await world.ask("/back", host="shop.example")
    await server.until(lambda: any(each.attributes["path"] == "/back" for each in server.records))
    assert (await policies.drains(world))[CHANGED] == before


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("name: nobody, port: 80", 'Service "infra/nobody" does not exist'),
        ("name: one, namespace: shop, port: 80", "no ReferenceGrant there allows it for ReportPolicy"),
        ("name: collector, port: 4317", "has no port 4317 (TCP); ports: 80/TCP"),
    ],
)
async def test_a_sink_that_cannot_be_had_is_left_out_and_said(
    world: World, server: Collector, where: str, words: str
) -> None:
    await world.apply(log(f"sinks: [{sink('OTLP')}, {sink('OTLP', where)}]"))
    (accepted,) = told(world, "ReportPolicy infra/log")
    assert accepted.message.startswith("spec.default.accessLog.sinks[1].backendRef: ")
    assert words in accepted.message
    assert (await world.ask("/", host="shop.example")).status == 200
    await server.until(lambda: bool(server.records))


async def test_what_is_removed_is_sent_nothing_more(world: World, server: Collector) -> None:
    await world.apply(log(f"sinks: [{sink('OTLP')}]"))
    await world.ask("/first", host="shop.example")
    await server.until(lambda: bool(server.records))
    await world.remove("ReportPolicy infra/log")
    await world.ask("/unseen", host="shop.example")
    await world.apply(log(f"sinks: [{sink('OTLP')}]"))
    await world.ask("/last", host="shop.example")
    await server.until(lambda: any(each.attributes["path"] == "/last" for each in server.records))
    seen: list[Any] = [each.attributes["path"] for each in server.records]
    assert seen == ["/first", "/last"]
