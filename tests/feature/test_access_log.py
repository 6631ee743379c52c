"""What Envoy writes down of requests and connections: one JSON object a line, whatever clients send.

https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.access_log.entry import LogEntry, RuleName, read_entry
from gatewayd.access_log.tail import Tail
from gatewayd.ir.access_log import FIELDS
from tests.feature.harness import grpcs, http2, policies
from tests.feature.harness.echo import tcp_backend
from tests.feature.harness.l4 import greeting
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.world import DEADLINE, World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
ALL = "allowedRoutes: {namespaces: {from: All}}"
BASE = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  infrastructure: {{parametersRef: {{group: "", kind: ConfigMap, name: log}}}}
  listeners:
  - {{name: http, port: <http>, protocol: HTTP, {ALL}}}
  - {{name: tcp, port: <tcp>, protocol: TCP, {ALL}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: log, namespace: infra}}
data: {{accessLog: "on"}}
"""
SHOP = http_route(
    "shop",
    """
- {matches: [{path: {value: /go}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]}
- {matches: [{path: {value: /gone}}], backendRefs: [{name: nobody, port: 80}]}
- {matches: [{path: {value: /empty}}], backendRefs: [{name: empty, port: 80}]}
- matches: [{path: {value: /old}}]
  filters:
  - type: URLRewrite
    urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}
  backendRefs: [{name: one, port: 80}]
- {backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)


def chosen(text: str) -> str:
    return BASE.partition("---")[2].replace('"on"', json.dumps(text))


class Log:
    """The lines of the Gateway's Envoy, since the last time that somebody asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tail = Tail(world.socket.parent.parent)
        self.lines: list[bytes] = []

    async def catch_up(self) -> None:
        """Pass over what was written before: a line comes a moment after its answer."""
        mark = f"/{time.monotonic_ns()}"
        await self._world.ask(mark, host="none.example")
        async with asyncio.timeout(DEADLINE):
            while not any(mark.encode() in line for line in self.lines):
                await asyncio.sleep(0.02)
                self._read()
        self.lines.clear()

    def close(self) -> None:
        self._tail.close()

    def _read(self) -> None:
        self.lines += self._tail.lines()

    async def entries(self, count: int) -> list[LogEntry]:
        """Wait for so many lines, every one of which must be one; no more may be there."""
        async with asyncio.timeout(DEADLINE):
            while len(self.lines) < count:
                await asyncio.sleep(0.02)
                self._read()
        found = [read_entry(line) for line in self.lines]
        assert all(entry is not None for entry in found), self.lines
        assert len(found) == count, self.lines
        self.lines.clear()
        return [entry for entry in found if entry is not None]

    async def entry(self) -> LogEntry:
        (found,) = await self.entries(1)
        return found


@pytest_asyncio.fixture(loop_scope="module")
async def log(world: World) -> AsyncIterator[Log]:
    await world.apply(SHOP, service("empty"))
    found = Log(world)
    await found.catch_up()
    yield found
    found.close()


def rule(number: int) -> RuleName:
    return RuleName("httproute", "shop", "shop", number)


async def test_a_request(world: World, log: Log) -> None:
    answer = await world.ask("/cart?card=4111", host="shop.example", method="POST", body=b"12345")
    assert answer.status == 200
    entry = await log.entry()
    assert entry.route == rule(4)
    wanted = {
        "method": "POST",
        "host": "shop.example",
        "path": "/cart",
        "protocol": "HTTP/1.1",
        "status": 200,
        "flags": "-",
        "details": "via_upstream",
        "bytes_in": 5,
        "bytes_out": len(answer.body),
        "cluster": "shop/one/80/http1",
        "upstream": f"127.0.0.1:{world.backends['one'].port}",
        "gateway": "infra/edge",
        "listener": "http",
        "port": world.port("http"),
    }
    assert {name: entry.fields.get(name) for name in wanted} == wanted
    assert entry.text("client").startswith("127.0.0.1:")
    assert entry.text("request_id") == answer.seen("x-request-id")[0]
    assert isinstance(entry.fields["duration_ms"], int)
    assert isinstance(entry.fields["upstream_ms"], int)
    assert b"4111" not in json.dumps(dict(entry.fields)).encode()
    assert entry.fields["grpc_status"] is None


@pytest.mark.parametrize(
    ("url", "status", "number", "words"),
    [
        ("none.example/", 404, None, "NR route_not_found"),
        ("shop.example/go", 302, 0, "- direct_response"),
        ("shop.example/gone", 500, 1, "- direct_response"),
        ("shop.example/empty", 503, 2, "UH no_healthy_upstream"),
    ],
)
async def test_answers_that_no_backend_gave(
    world: World, log: Log, url: str, status: int, number: int | None, words: str
) -> None:
    host, _, path = url.partition("/")
    assert (await world.ask(f"/{path}", host=host)).status == status
    entry = await log.entry()
    assert (entry.status, f"{entry.text('flags')} {entry.text('details')}") == (status, words)
    assert entry.route == (None if number is None else rule(number))


async def test_a_rewritten_request_has_the_host_of_the_client_and_the_path_of_the_backend(
    world: World, log: Log
) -> None:
    await world.ask("/old/a?q=1", ("x-forwarded-host", "evil.example"), host="shop.example")
    entry = await log.entry()
    assert (entry.text("host"), entry.text("path"), entry.route) == ("shop.example", "/new/a", rule(3))


async def test_grpc(world: World, log: Log) -> None:
    backend = await world.stack.enter_async_context(grpcs.grpc_backend("calls"))
    rules = "- {matches: [{method: {service: shop.Cart}}], backendRefs: [{name: calls, port: 80}]}"
    await world.apply(service("calls", backend.port), http_route("calls", rules, host="grpc.example", kind="GRPCRoute"))
    await grpcs.call(world.port("http"), "/shop.Cart/Add", ("x-echo-code", "NOT_FOUND"))
    entry = await log.entry()
    assert (entry.text("grpc_status"), entry.status, entry.text("protocol")) == ("NOT_FOUND", 200, "HTTP/2")
    assert entry.text("path") == "/shop.Cart/Add"
    assert entry.route == RuleName("grpcroute", "shop", "calls", 0)


async def test_tcp(world: World, log: Log) -> None:
    backend = await world.stack.enter_async_context(tcp_backend("db"))
    await world.apply(
        service("db", backend.port),
        http_route(
            "db",
            "- {backendRefs: [{name: db, port: 80}]}",
            kind="TCPRoute",
            parent="name: edge, namespace: infra, sectionName: tcp",
        ),
    )
    assert await greeting(world.port("tcp")) == "db"
    entry = await log.entry()
    assert entry.route == RuleName("tcproute", "shop", "db", None)
    assert (entry.text("protocol"), entry.text("cluster"), entry.text("listener")) == ("TCP", "shop/db/80/tcp", "tcp")
    assert entry.text("upstream") == f"127.0.0.1:{backend.port}"
    assert entry.fields["bytes_out"]
    assert not {"method", "path", "host", "status"} & entry.fields.keys()


HOSTILE = (
    b'GET /a"b\\c HTTP/1.1\r\nhost: shop.example\r\n',
    b'GET /%0a%22{"status":200} HTTP/1.1\r\nhost: shop.example\r\n',
    b"GET /caf\xc3\xa9 HTTP/1.1\r\nhost: shop.example\r\n",
    b"GET /\xff\xfe\x80 HTTP/1.1\r\nhost: shop.example\r\n",
    b"GET /\x1b[31m HTTP/1.1\r\nhost: shop.example\r\n",
    b"GET / HTTP/1.1\r\nhost: shop.example\r\nuser-agent: \xff\xc3(\x80 \xf0\x9f\r\n",
    b'GET / HTTP/1.1\r\nhost: shop.example\r\nuser-agent: "}\t{"status":200}\r\n',
    b"GET / HTTP/1.1\r\nhost: shop.example\r\nuser-agent: \xe2\x80\xa8\xe2\x80\xae\xef\xbb\xbf\r\n",
    b"GET / HTTP/1.1\r\nhost: shop.example\r\nuser-agent: a\x00b\r\n",
    b'GET / HTTP/1.1\r\nhost: "shop.example\r\n',
    b"GET / HTTP/1.1\r\nhost: \xff\r\n",
    b"G\xffT / HTTP/1.1\r\nhost: shop.example\r\n",
    b'"GET / HTTP/1.1\r\nhost: shop.example\r\n',
    b"GET /?" + b"\xff\"'" * 5000 + b" HTTP/1.1\r\nhost: shop.example\r\n",
    b"GET / HTTP/1.1\r\nhost: shop.example\r\nreferer: %REQ(COOKIE)% %START_TIME%\r\ncookie: secret\r\n",
)


@pytest.mark.parametrize("head", HOSTILE)
async def test_a_client_writes_no_line_of_its_own(world: World, log: Log, head: bytes) -> None:
    await world.apply(chosen("{fields: [usual, query, user_agent, referer]}"))
    connection = await world.connect()
    connection.writer.write(head + b"connection: close\r\n\r\n")
    async with asyncio.timeout(DEADLINE):
        assert await connection.reader.read()
    entry = await log.entry()
    assert set(entry.fields) <= set(FIELDS)
    assert entry.text("gateway") == "infra/edge"
    assert "secret" not in json.dumps(dict(entry.fields))


@pytest.mark.parametrize("value", ["/a\nb", "/\x00", "/\x7f\x1b", '/"\\', "/\xff\xfe", "/\u2028\u202e"])
async def test_nor_over_http2(world: World, log: Log, value: str) -> None:
    connection = await http2.connect(world.port("http"))
    try:
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(connection.ask(value, host="shop.example"), return_exceptions=True)
    finally:
        await connection.close()
    for entry in await log.entries(1):
        assert set(entry.fields) <= set(FIELDS)


@pytest.mark.parametrize(
    ("text", "is_logged"),
    [
        ("{minStatus: 500}", lambda status: status >= 500),
        ("{minStatus: 404}", lambda status: status >= 404),
        ("{minDuration: 1h}", lambda _: False),
        ("{minDuration: 1h, minStatus: 500}", lambda status: status >= 500),
    ],
)
async def test_only_what_is_asked_for(world: World, log: Log, text: str, is_logged: Callable[[int], bool]) -> None:
    await world.apply(chosen(text))
    statuses = [(await world.ask(path, host="shop.example")).status for path in ("/", "/go", "/gone", "/empty")]
    assert statuses == [200, 302, 500, 503]
    await world.apply(chosen("on"))
    await world.ask("/last", host="shop.example")
    *entries, last = await log.entries(1 + sum(map(is_logged, statuses)))
    assert [entry.status for entry in entries] == [status for status in statuses if is_logged(status)]
    assert last.text("path") == "/last"


async def test_a_policy_goes_before_the_parameters(world: World, log: Log) -> None:
    edge = policies.target("Gateway", "edge")
    section = "default: {accessLog: {minStatus: 500, fields: [path]}}"
    await world.apply(policies.policy("ReportPolicy", "errors", edge, section, namespace="infra"))
    for path in ("/", "/gone"):
        await world.ask(path, host="shop.example")
    assert dict((await log.entry()).fields) == {"path": "/gone"}
    await world.apply(
        policies.policy("ReportPolicy", "errors", edge, "default: {accessLog: {write: Nothing}}", namespace="infra")
    )
    await world.ask("/gone", host="shop.example")
    await world.remove("ReportPolicy infra/errors")
    await world.ask("/last", host="shop.example")
    assert (await log.entry()).text("path") == "/last"


async def test_off(world: World, log: Log) -> None:
    await world.apply(chosen("off"))
    await world.ask("/unseen", host="shop.example")
    await world.apply(chosen("on"))
    await world.ask("/seen", host="shop.example")
    assert (await log.entry()).text("path") == "/seen"


async def test_every_field_is_taken_by_envoy(world: World, log: Log) -> None:
    await world.apply(chosen(json.dumps({"fields": list(FIELDS)})))
    headers = (("user-agent", "me"), ("referer", "there"))
    await world.ask("/?a=b&c", *headers, host="shop.example")
    fields: Any = (await log.entry()).fields
    assert (fields["query"], fields["user_agent"], fields["referer"], fields["attempts"]) == ("a=b&c", "me", "there", 1)
