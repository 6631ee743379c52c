"""A real Envoy takes what `xds` makes, and does what the IR says."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gatewayd.ir.backend import Cluster, Endpoint
from gatewayd.ir.filters import RequestHeaders, ResponseHeaders
from gatewayd.ir.http import (
    ExactPath,
    ExactValue,
    FullPath,
    Mirror,
    NamedMatch,
    PrefixPath,
    PrefixReplacement,
    RegexPath,
    RegexValue,
    RequestMatch,
    Retry,
    Timeouts,
)
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import SHARES, near
from tests.feature.xds_rig import Edge, http_edge, until
from tests.unit.xds.shorthand import (
    NOWHERE,
    changes,
    cluster,
    endpoint,
    forward,
    host,
    matching,
    redirect,
    rewritten,
    route,
    service,
    share,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

LITERAL = "%REQ(:path)% 100% \\1 $0 }} <é>"


def named(name: str, value: str) -> NamedMatch:
    return NamedMatch(name=name, value=ExactValue(value=value))


def below(prefix: str) -> RequestMatch:
    return matching(PrefixPath(value=prefix))


def pattern(name: str, value: str) -> NamedMatch:
    return NamedMatch(name=name, value=RegexValue(pattern=value))


MATCHES = host(
    "match.example",
    route(forward("a"), name="exact", match=matching(ExactPath(value="/exact"))),
    route(forward("a"), name="regex", match=matching(RegexPath(pattern="/re/[0-9]+"))),
    route(
        forward("a"),
        name="all",
        match=matching(
            PrefixPath(value="/all"),
            methods=("PUT", "POST"),
            headers=(named("X-Env", "canary"), pattern("x-build", "v[0-9]+"), named("x-env", "other")),
            queries=(named("q", "1"), pattern("r", "a+")),
        ),
    ),
    route(forward("b"), name="prefix", match=below("/pre")),
    route(forward("b"), name="one-method", match=matching(PrefixPath(value="/one"), methods=("DELETE",))),
    route(forward("a"), name="odd", match=below("/a?b#c")),
)


async def test_matches(edge: Edge) -> None:
    async def taken(path: str, *headers: tuple[str, str], method: str = "GET") -> int:
        answer = await edge.ask(path, *headers, host="match.example", method=method)
        return answer.status

    assert await taken("/exact?x=1") == 200
    assert await taken("/exact/") == 404
    assert await taken("/re/12?x=/") == 200
    assert await taken("/re/12/x") == 404
    assert await taken("/pre") == 200
    assert await taken("/pre/") == 200
    assert await taken("/prefix") == 404
    assert await taken("/one", method="DELETE") == 200
    assert await taken("/one") == 404
    wanted = (("x-env", "canary"), ("x-build", "v12"))
    assert await taken("/all?q=1&r=aaa", *wanted, method="POST") == 200
    assert await taken("/all?q=1&r=aaa", *wanted, method="PUT") == 200
    assert await taken("/all?q=1&r=aaa", *wanted) == 404
    assert await taken("/all?q=1&r=aab", *wanted, method="PUT") == 404
    assert await taken("/all?q=1&r=aaa", ("x-env", "canary"), ("x-build", "xv12"), method="PUT") == 404


REWRITES = host(
    "rewrite.example",
    *(
        route(
            forward("a", rewrite=rewritten(path=PrefixReplacement(value=value))),
            match=below(prefix),
        )
        for prefix, value in (("/one", "/xyz"), ("/slash", "/xyz/"), ("/gone", "/"), ("/empty", ""), ("/a.b", ""))
    ),
    route(
        forward("a", rewrite=rewritten(host="inner.example", path=FullPath(value="/full\\1"))),
        match=below("/full"),
    ),
    route(forward("a", rewrite=rewritten(path=PrefixReplacement(value="/root")))),
)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/one", "/xyz"),
        ("/one/", "/xyz/"),
        ("/one/two?q=1", "/xyz/two?q=1"),
        ("/slash/two", "/xyz/two"),
        ("/slash", "/xyz"),
        ("/gone/bar?q=/gone/", "/bar?q=/gone/"),
        ("/gone", "/"),
        ("/gone/", "/"),
        ("/gone/gone/x", "/gone/x"),
        ("/empty/bar", "/bar"),
        ("/empty", "/"),
        ("/a.b/c", "/c"),
        ("/axb/c", "/root/axb/c"),
        ("/full/x?q=1", "/full\\1?q=1"),
        ("/", "/root/"),
        ("/else?q", "/root/else?q"),
    ],
)
async def test_path_rewrites(edge: Edge, path: str, seen: str) -> None:
    assert (await edge.ask(path, host="rewrite.example")).echo["path"] == seen


async def test_host_rewrite(edge: Edge) -> None:
    answer = await edge.ask("/full", host="rewrite.example:8080")
    assert answer.seen("host") == ["inner.example"]
    assert answer.seen("x-forwarded-host") == ["rewrite.example:8080"]
    kept = await edge.ask("/", host="rewrite.example:8080")
    assert kept.seen("host") == ["rewrite.example:8080"]


OWN_REWRITES = host(
    "split.example",
    route(
        forward(
            share("a", weight=10, rewrite=rewritten(path=FullPath(value="/for-a"))),
            share("b", weight=60, rewrite=rewritten(path=PrefixReplacement(value="/b"), host="b.internal")),
            share(NOWHERE, weight=30),
            share("c", weight=0),
            rewrite=rewritten(path=FullPath(value="/for-all")),
        ),
        match=below("/different"),
    ),
    route(
        forward(share("a", weight=3, filters=()), share("b", weight=1), share("c", weight=0)),
        match=below("/alike"),
    ),
    route(
        forward(share("a", weight=1), share(NOWHERE, weight=1), share("empty", weight=2)),
        match=below("/broken"),
    ),
    route(forward(share("a", weight=0)), match=below("/zero")),
    route(forward(share(NOWHERE)), match=below("/invalid")),
    route(forward(), match=below("/none")),
)


async def test_backends_with_rewrites_of_their_own(edge: Edge) -> None:
    answers = await edge.many("/different/x", host="split.example")
    seen = Counter((a.echo["backend"], a.echo["path"]) if a.status == 200 else a.status for a in answers)
    assert set(seen) == {("a", "/for-a"), ("b", "/b/x"), 500}
    assert near(seen["a", "/for-a"], 10)
    assert near(seen["b", "/b/x"], 60)
    assert {a.seen("host")[0] for a in answers if a.status == 200 and a.echo["backend"] == "b"} == {"b.internal"}


async def test_shares(edge: Edge) -> None:
    alike = Counter(a.one("x-from") for a in await edge.many("/alike", host="split.example"))
    assert set(alike) == {"a", "b"}
    assert near(alike["a"], 75)
    broken = Counter(a.status for a in await edge.many("/broken", host="split.example"))
    assert set(broken) == {200, 500, 503}
    assert near(broken[503], 50)
    assert near(broken[500], 25)


@pytest.mark.parametrize("path", ["/zero", "/invalid", "/none"])
async def test_no_backend_is_500(edge: Edge, path: str) -> None:
    assert (await edge.ask(path, host="split.example")).status == 500


HEADERS = host(
    "headers.example",
    route(
        forward(
            share(
                "a",
                filters=(
                    RequestHeaders(changes=changes(put=(("x-both", "backend"),), add=(("x-added", "backend"),))),
                    ResponseHeaders(changes=changes(put=(("x-answer", LITERAL),), remove=("x-from",))),
                ),
            )
        ),
        filters=(
            RequestHeaders(
                changes=changes(
                    put=(("X-Set", LITERAL), ("x-both", "rule"), ("Host", "set.example"), ("x-empty", "")),
                    add=(("X-Added", "rule"),),
                    remove=("x-secret",),
                )
            ),
        ),
    ),
)


async def test_headers(edge: Edge) -> None:
    sent = (("x-set", "old"), ("x-added", "client"), ("x-secret", "s"), ("x-envoy-upstream-rq-timeout-ms", "1"))
    answer = await edge.ask("/", *sent, ("x-forwarded-proto", "https"), host="headers.example")
    literal = LITERAL.encode().decode("latin-1")
    assert answer.seen("x-set") == [literal]
    assert answer.seen("x-added") == ["client", "rule", "backend"]
    assert answer.seen("x-both") == ["backend"]
    assert answer.seen("x-secret") == []
    assert answer.seen("x-empty") == [""]
    assert answer.seen("host") == ["set.example"]
    assert answer.one("x-answer") == literal
    assert answer.one("x-from") is None
    assert answer.one("server") == "echo"
    envoys = {name for name, _ in (*answer.headers, *answer.echo["headers"]) if name.startswith("x-envoy")}
    assert envoys == {"x-envoy-external-address"}
    assert answer.seen("x-forwarded-proto") == ["http"]
    underscore = await edge.ask("/", ("x_set", "1"), host="headers.example")
    assert underscore.status == 400


REDIRECTS = host(
    "redirect.example",
    route(redirect(scheme="https", status=301), match=below("/scheme")),
    route(redirect(host="other.example", status=302), match=below("/host")),
    route(redirect(port=8443, scheme="https", status=303), match=below("/port")),
    route(redirect(path=FullPath(value="/full%REQ(a)%"), status=307), match=below("/path")),
    route(redirect(path=PrefixReplacement(value="/"), status=308), match=below("/old")),
    route(redirect(path=PrefixReplacement(value="/new"), port=8080), match=below("/moved")),
)
WILDCARD = host("*.wild.example", route(redirect(scheme="https", port=9443), match=matching()))


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/scheme/x?q=1", 301, "https://redirect.example/scheme/x?q=1"),
        ("/host", 302, "http://other.example/host"),
        ("/port", 303, "https://redirect.example:8443/port"),
        ("/path?q=1", 307, "http://redirect.example/full%REQ(a)%?q=1"),
        ("/old/x?q", 308, "http://redirect.example/x?q"),
        ("/old", 308, "http://redirect.example/"),
        ("/moved/x", 302, "http://redirect.example:8080/new/x"),
    ],
)
async def test_redirects(edge: Edge, path: str, status: int, location: str) -> None:
    for asked in ("redirect.example", f"redirect.example:{edge.port}"):
        answer = await edge.ask(path, host=asked)
        assert (answer.status, answer.one("location")) == (status, location)


async def test_redirect_of_a_wildcard(edge: Edge) -> None:
    answer = await edge.ask("/", host="a.wild.example:8080")
    assert answer.one("location") == "https://a.wild.example:9443/"


RESILIENCE = host(
    "retry.example",
    *(
        route(
            forward("a", retry=Retry(codes=codes, attempts=attempts, backoff_ms=1)),
            match=below(at),
        )
        for at, codes, attempts in (("/codes", (500, 503), 3), ("/never", (503,), 0), ("/refused", (), 9))
    ),
    route(forward("refusing", retry=Retry(codes=(), attempts=20, backoff_ms=1)), match=below("/dead")),
    route(
        forward("a", timeouts=Timeouts(request_ms=200, backend_request_ms=0)),
        match=below("/whole"),
    ),
    route(forward("a", timeouts=Timeouts(request_ms=0, backend_request_ms=200)), match=below("/try")),
    route(
        forward(
            "a",
            timeouts=Timeouts(request_ms=0, backend_request_ms=200),
            retry=Retry(codes=(504,), attempts=2, backoff_ms=1),
        ),
        match=below("/again"),
    ),
    route(forward("a"), match=below("/plain")),
)


async def test_retries(edge: Edge) -> None:
    async def status(path: str, *headers: tuple[str, str]) -> int:
        return (await edge.ask(path, *headers, host="retry.example")).status

    assert await status("/codes/1", ("x-fail", "3")) == 200
    assert await status("/codes/2", ("x-fail", "4"), ("x-status", "500")) == 500
    assert await status("/codes/3", ("x-fail", "1"), ("x-status", "502")) == 502
    assert await status("/never", ("x-fail", "1")) == 503
    assert await status("/refused", ("x-fail", "1")) == 503
    assert await status("/plain", ("x-fail", "1")) == 503
    assert [await status("/dead") for _ in range(10)] == [200] * 10


async def test_timeouts(edge: Edge) -> None:
    async def status(path: str, hang: int) -> int:
        return (await edge.ask(path, ("x-hang", str(hang)), host="retry.example")).status

    assert await status("/whole", 1) == 504
    assert await status("/try", 1) == 504
    assert await status("/again/1", 2) == 200
    assert await status("/again/2", 3) == 504


MIRRORS = host(
    "mirror.example",
    route(
        forward(
            "a",
            mirrors=(
                Mirror(backend=service("b"), parts_per_million=1_000_000),
                Mirror(backend=NOWHERE, parts_per_million=1_000_000),
                Mirror(backend=service("c"), parts_per_million=250_000),
                Mirror(backend=service("a"), parts_per_million=0),
            ),
        )
    ),
)


async def test_mirrors(edge: Edge) -> None:
    answers = await edge.many("/mirrored", host="mirror.example")
    assert {a.one("x-from") for a in answers} == {"a"}

    async def arrived() -> bool:
        counts = {name: each.mirrored.count("/mirrored") for name, each in edge.backends.items()}
        return counts["a"] == counts["b"] == SHARES and near(counts["c"], 25)

    await until(arrived)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    hosts = (MATCHES, REWRITES, OWN_REWRITES, HEADERS, REDIRECTS, WILDCARD, RESILIENCE, MIRRORS)

    def clusters(at: dict[str, Endpoint]) -> tuple[Cluster, ...]:
        return cluster("empty"), cluster("refusing", endpoint(free_port()), at["a"])

    async with http_edge(tmp_path_factory.mktemp("envoy"), hosts, clusters) as made:
        yield made
