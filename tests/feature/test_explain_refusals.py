"""What `gatewayd explain` says of odd requests is what a real Envoy does: refused, redirected, or taken by which rule.

Requests are written to a socket as they are. `EXPLAIN_REQUESTS` tries so many others than those of every run.
"""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd.explain.action import Forwarded, Redirected
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.trace import Taken, Translated, Untaken, traces
from gatewayd.ir.filters import Header
from tests.feature.harness.http1 import DEADLINE, Answer, Connection
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
MORE = int(os.environ.get("EXPLAIN_REQUESTS", "0"))
TO_ONE = "backendRefs: [{name: one, port: 80}]"


def rule(name: str, match: str, what: str = TO_ONE, more: str = "") -> str:
    return f"- {{filters: [<tag:{name}>{more}], matches: [{match}], {what}}}\n"


ROUTES = (
    http_route(
        "named",
        rule("forwarded", "{path: {value: /a}, headers: [{name: x-forwarded-host, value: a}]}")
        + rule(
            "proto", "{path: {value: /a}, headers: [{name: x-forwarded-proto, value: http}, {name: x-a, value: '1'}]}"
        )
        + rule("trace", "{path: {value: /a}, method: TRACE}")
        + rule("upgraded", "{path: {value: /a}, headers: [{name: upgrade, value: websocket}]}")
        + rule("query", "{path: {value: /a}, queryParams: [{name: q, value: '1'}]}")
        + rule("deep", "{path: {value: /a/b}}")
        + rule("a", "{path: {value: /a}}")
        + rule("exact", "{path: {type: Exact, value: /}}"),
        host="named.example",
    ),
    http_route("wild", rule("w", "{path: {value: /}}"), host="*.named.example"),
    http_route(
        "moved",
        "- {filters: [<tag:moved>, {type: RequestRedirect, requestRedirect: {scheme: https}}]}",
        host="moved.example",
    ),
    http_route("all", rule("all", "{path: {value: /}}"), host="*.other.example"),
)

HOSTS = (
    "named.example", "Named.Example", "named.example.", "named.example:80", "named.example.:65535", "x.named.example",
    "x.y.named.example.", "moved.example", "moved.example.", "moved.example:8080", "x.other.example", "none.test",
    "[::1]", "127.0.0.1:80", "my_name", "",
)  # fmt: skip
PIECES = (
    "named.example",
    "x.",
    ".",
    ":",
    "80",
    "99999",
    "@",
    "[",
    "]",
    "::1",
    ",",
    "*",
    "%41",
    "-",
    "_",
    "/",
    " ",
    "é",
)
METHODS = (
    "GET", "GET", "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "PURGE", "FOO",
    "get", "G(T", "M-SEARCH", "QUERY", "PRI",
)  # fmt: skip
STEPS = (
    "/", "/", "/a", "/a", "b", "/b", "..", ".", "%2e", "%2F", "%5c", "\\", "//", ";x", "%61", "%00", "#", "?", "?q=1",
    "&r", "%", "%zz", " ", "é", "|", '"', "\x7f", "\x01", "*", "a" * 300,
)  # fmt: skip
WHOLE = (
    "*", "", "x", "http://named.example/a", "http://named.example", "HTTP://x.named.example/a?q=1", "ftp://named.example/",
    "https://named.example/a", "http://moved.example./", "http://u@named.example/a", "http://named.example:x/a", "http://",
    "http:///a", "http://named.example/a%2fb", "http://named.example/a#b", "x.named.example:443", "named.example:x",
    "named.example:80", "http://none.test/",
)  # fmt: skip
HEADERS = (
    ("x-a", "1"), ("X-A", "1"), ("x-b", ""), ("x_c", "1"), ("x(d", "1"), ("", "1"), ("x e", "1"), ("x-f", "\x01"),
    ("x-g", "é"), ("x-h", "\t1 "), ("x-i", "\x7f"), ("x-forwarded-host", "a"), ("x-forwarded-proto", "https"),
    ("x-gatewayd-scope", "1"), ("x-envoy-retry-on", "5xx"), ("host", "other.test"), ("Host", "named.example"),
    ("connection", "close"), ("connection", "keep-alive, x-a"), ("connection", "x-forwarded-for"),
    ("connection", ":path"), ("connection", "upgrade"), ("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"),
    ("upgrade", "TLS/1.2"), ("upgrade", "foo, bar"), ("http2-settings", "AAMAAABkAAQAAP__"), ("connection", "host"),
    ("connection", "a,b,c,d,e,f,g,h,i"), ("connection", "a,b,c,d,e,f,g,h,i,j"), ("te", "trailers"), ("te", "gzip"),
    ("transfer-encoding", "gzip"), ("transfer-encoding", "identity"), ("transfer-encoding", "gzip, chunked"),
    ("content-length", "0"), ("content-length", "x"), ("content-length", "-1"), ("content-length", "0, 0"),
    ("expect", "100-continue"), ("keep-alive", "5"), ("proxy-connection", "close"), ("x-large", "a" * 30_000),
    ("x-larger", "a" * 62_000), (":path", "/b"), (":authority", "named.example"),
)  # fmt: skip

hosts = st.one_of(
    st.sampled_from(HOSTS[:3]), st.sampled_from(HOSTS), st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
)
targets = st.one_of(
    st.sampled_from(("/a", "/a/b", "/")),
    st.lists(st.sampled_from(STEPS), max_size=6).map(lambda steps: "/" + "".join(steps)),
    st.sampled_from(WHOLE),
)
header_lists = st.one_of(
    st.lists(st.sampled_from(HEADERS), max_size=3),
    st.lists(st.sampled_from(HEADERS), max_size=1),
    st.integers(min_value=95, max_value=105).map(lambda count: [(f"x-{at}", "1") for at in range(count)]),
)


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    headers = draw(header_lists)
    return Sent(
        scheme="http",
        method=draw(st.sampled_from(METHODS)),
        host=draw(hosts),
        target=draw(targets),
        headers=tuple(Header(name=name, value=value) for name, value in headers),
    )


async def answer(port: int, sent: Sent) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{sent.method} {sent.target} HTTP/1.1", f"Host: {sent.host}"]
    lines += [f"{each.name}: {each.value}" for each in sent.headers]
    try:
        async with asyncio.timeout(DEADLINE):
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            return await Connection(reader, writer).answer()
    finally:
        writer.close()


def said(world: World, sent: Sent) -> dict[str, object]:
    """Return what explain says."""
    configs = tuple(world.reconciler.configs.values())
    (trace,) = traces(Translated(engine=world.reconciler.store.engine, configs=configs), sent, world.port("http"))
    end = trace.end
    match end:
        case Taken(happening=Redirected() as redirected):
            return {"status": redirected.status, "location": redirected.location}
        case Taken(happening=Forwarded() as forwarded):
            (share,) = forwarded.shares
            name = f"{end.rule.name}/{end.rule.rule}"
            return {"status": 200, "rule": name, "backend": "one", "path": share.path, "host": share.host}
        case Answered() if end.location:
            return {"status": end.status, "location": end.location}
        case Untaken() | Answered():
            return {"status": end.status}
        case _:
            return {"end": end}


RULES = {
    "forwarded": "named/0", "proto": "named/1", "trace": "named/2", "upgraded": "named/3", "query": "named/4",
    "deep": "named/5", "a": "named/6", "exact": "named/7", "w": "wild/0", "all": "all/0",
}  # fmt: skip


def happened(found: Answer) -> dict[str, object]:
    """Return what Envoy did, in the same terms."""
    done: dict[str, object] = {"status": found.status}
    if found.one("location") is not None:
        done["location"] = found.one("location")
    if found.backend is not None:
        path = found.echo["path"].partition("?")[0]
        done |= {
            "rule": RULES[found.one("x-route") or ""],
            "backend": found.backend,
            "path": path,
            "host": found.seen("host")[0],
        }  # fmt: skip
    return done


@given(sent=requests())
@settings(
    max_examples=MORE or 300,
    derandomize=not MORE,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_envoy_does_what_explain_says_of_odd_requests(world: World, sent: Sent) -> None:
    if world.applied.keys().isdisjoint({"HTTPRoute shop/named"}):
        await world.apply(*ROUTES)

    assert said(world, sent) == happened(await answer(world.port("http"), sent))
