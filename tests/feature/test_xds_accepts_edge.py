"""What a real Envoy does around the routes: CORS, sessions, fallbacks, the defaults of an edge, probes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Cluster, Endpoint, Resolved
from gatewayd.ir.filters import Cors
from gatewayd.ir.http import DirectResponse, PersistenceKind, PrefixPath, RequestMatch, StatefulSession
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import Answer, ask
from tests.feature.xds_rig import Edge, http_edge, rig, until
from tests.unit.xds.shorthand import cluster, config, forward, host, matching, route, share, upstream


def below(prefix: str) -> RequestMatch:
    return matching(PrefixPath(value=prefix))


pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


CORS = host(
    "cors.example",
    route(
        forward("a"),
        match=below("/some"),
        filters=(
            Cors(
                origins=("https://www.foo.com", "https://*.bar.com", "https://port.com:443"),
                methods=("GET", "PUT"),
                allow_headers=("x-one", "x-two"),
                expose_headers=("x-three",),
                max_age=1728,
                credentials=False,
            ),
        ),
    ),
    route(
        forward(share("b")),
        match=below("/any"),
        filters=(
            Cors(
                origins=("*",),
                methods=("*",),
                allow_headers=("x-one", "*"),
                expose_headers=("*",),
                max_age=5,
                credentials=True,
            ),
        ),
    ),
)


async def test_cors(edge: Edge) -> None:
    async def preflight(path: str, origin: str) -> Answer:
        asked = (("access-control-request-method", "PUT"), ("access-control-request-headers", "x-one"))
        return await edge.ask(path, ("origin", origin), *asked, host="cors.example", method="OPTIONS")

    allowed = await preflight("/some", "https://www.foo.com")
    assert allowed.status == 200
    assert allowed.one("access-control-allow-origin") == "https://www.foo.com"
    assert allowed.one("access-control-allow-methods") == "GET, PUT"
    assert allowed.one("access-control-allow-headers") == "x-one, x-two"
    assert allowed.one("access-control-max-age") == "1728"
    assert allowed.one("access-control-allow-credentials") is None
    for origin in ("https://a.b.bar.com", "https://port.com", "https://WWW.foo.com"):
        assert (await preflight("/some", origin)).one("access-control-allow-origin") == origin
    for origin in (
        "https://foobar.com",
        "https://bar.com",
        "http://a.bar.com",
        "https://a.bar.com:81",
        "https://x/a.bar.com",
    ):
        refused = await preflight("/some", origin)
        assert (refused.status, refused.all("access-control-allow-origin")) == (200, [])
    any_origin = await preflight("/any", "http://localhost:3000")
    assert any_origin.one("access-control-allow-origin") == "http://localhost:3000"
    assert any_origin.one("access-control-allow-methods") == "PUT"
    assert any_origin.one("access-control-allow-headers") == "x-one"
    assert any_origin.one("access-control-allow-credentials") == "true"
    real = await edge.ask("/some", ("origin", "https://www.foo.com"), host="cors.example")
    assert real.one("access-control-expose-headers") == "x-three"
    assert real.one("x-from") == "a"
    plain = await edge.ask("/", ("origin", "https://www.foo.com"), host="plain.example")
    assert plain.all("access-control-allow-origin") == []


def session(kind: PersistenceKind, ttl_s: int | None) -> StatefulSession:
    return StatefulSession(kind=kind, name="sticky", path="/s", ttl_s=ttl_s)


SESSIONS = host(
    "session.example",
    route(forward("many", persistence=session(PersistenceKind.COOKIE, 60)), match=below("/s")),
    route(forward("many", persistence=session(PersistenceKind.HEADER, None)), match=below("/h")),
    route(forward("draining", persistence=session(PersistenceKind.HEADER, None)), match=below("/d")),
)


async def test_sessions(edge: Edge) -> None:
    first = await edge.ask("/s", host="session.example")
    cookie = first.one("set-cookie") or ""
    assert "Max-Age=60" in cookie
    assert "Path=/s" in cookie
    again = [await edge.ask("/s", ("cookie", cookie.split(";")[0]), host="session.example") for _ in range(8)]
    assert {each.one("x-from") for each in again} == {first.one("x-from")}
    header = await edge.ask("/h", host="session.example")
    again = [await edge.ask("/h", ("sticky", header.one("sticky") or ""), host="session.example") for _ in range(8)]
    assert {each.one("x-from") for each in again} == {header.one("x-from")}
    assert (await edge.ask("/", host="plain.example")).one("set-cookie") is None


async def test_draining_endpoints_keep_their_sessions_only(edge: Edge) -> None:
    fresh = [await edge.ask("/d", host="session.example") for _ in range(8)]
    assert {each.one("x-from") for each in fresh} == {"b"}
    found = [await edge.ask("/h", host="session.example") for _ in range(40)]
    at_a = next(each for each in found if each.one("x-from") == "a")
    kept = await edge.ask("/d", ("sticky", at_a.one("sticky") or ""), host="session.example")
    assert kept.one("x-from") == "a"


PLAIN = host("plain.example", route(forward("a"), rule_name="named", filters=()))
MISDIRECTED = host("wrong.example", route(forward("a"), match=below("/a")), fallback=DirectResponse(status=421))
NAMED = host("named.example", route(forward("external")))
REFUSED = host("status.example", route(DirectResponse(status=418)))


async def test_fallbacks(edge: Edge) -> None:
    assert (await edge.ask("/a", host="wrong.example")).status == 200
    assert (await edge.ask("/b", host="wrong.example")).status == 421
    assert (await edge.ask("/b", host="cors.example")).status == 404
    assert (await edge.ask("/b", host="unknown.example")).status == 404
    assert (await edge.ask("/b", host="status.example")).status == 418
    assert (await edge.ask("/", host="PLAIN.example:99")).status == 200


async def test_edge_of_http(edge: Edge) -> None:
    assert (await edge.ask("/", host="plain.example", version="1.0")).status == 200
    assert (await edge.ask("/", host="", version="1.0")).status == 400
    assert (await edge.ask("/a/../b//c/./d", host="plain.example")).echo["path"] == "/b/c/d"
    escaped = await edge.ask("/x%2Fy", host="plain.example")
    assert (escaped.status, escaped.one("location")) == (307, "/x/y")
    ordinary = await edge.ask("/", ("x-a-b.c~1", "1"), ("accept-language", "de"), host="plain.example")
    assert ordinary.seen("x-a-b.c~1") == ["1"]


async def test_websocket(edge: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    writer.write(f"GET / HTTP/1.1\r\nhost: plain.example\r\n{upgrade}\r\n".encode())
    assert b" 101 " in (await reader.readuntil(b"\r\n\r\n"))
    writer.write(b"ping")
    assert await reader.readexactly(4) == b"ping"
    writer.close()


async def test_names_are_resolved_by_envoy(edge: Edge) -> None:
    assert (await edge.ask("/", host="named.example")).one("x-from") == "a"


async def test_probes(tmp_path: Path) -> None:
    port = free_port()
    async with rig(tmp_path, probes_port=port) as made:
        await made.apply(config())

        async def ready() -> bool:
            try:
                return (await ask(port, "/ready")).status == 200
            except ConnectionError:
                return False

        await until(ready)
        for path, status in (
            ("/ready", 200),
            ("/stats/prometheus", 200),
            ("/quitquitquit", 404),
            ("/ready/../stats", 404),
        ):
            assert (await ask(port, path)).status == status
        assert (await ask(port, "/ready", method="POST")).status == 404


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    hosts = (CORS, SESSIONS, PLAIN, MISDIRECTED, REFUSED, NAMED)

    def clusters(at: dict[str, Endpoint]) -> tuple[Cluster, ...]:
        leaving = Endpoint(address=at["a"].address, port=at["a"].port, draining=True)
        by_name = Resolved(hostname="localhost", port=at["a"].port, absolute=False)
        return (
            cluster("many", *at.values()),
            cluster("draining", leaving, at["b"]),
            Cluster(upstream=upstream("external"), endpoints=by_name, tls=None, retry_budget=DEFAULT_RETRY_BUDGET),
        )

    async with http_edge(tmp_path_factory.mktemp("envoy"), hosts, clusters) as made:
        yield made
