"""URL rewrites of rules and of single backendRefs: host, full path, prefix, and the traps around the slash.

https://gateway-api.sigs.k8s.io/reference/spec/#httpurlrewritefilter
"""

from collections import Counter

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


def rewriting(settings: str, prefix: str = "/") -> str:
    return (
        f"- {{matches: [{{path: {{value: '{prefix}'}}}}], "
        f"filters: [<route:rw>, {{type: URLRewrite, urlRewrite: {settings}}}], "
        f"backendRefs: [{{name: one, port: 80}}]}}\n"
    )


async def test_the_host(world: World) -> None:
    await world.apply(http_route("host", rewriting("{hostname: inner.example}"), host="host.example"))

    answer = await world.ask("/a?b=c", host="host.example")

    assert answer.said == (200, "rw", "one")
    assert answer.seen("host") == ["inner.example"]
    assert answer.seen("x-forwarded-host") == ["host.example"]
    assert answer.echo["path"] == "/a?b=c"


PREFIXES = [
    # prefix, replacement, asked, seen by the backend
    ("/a", "/x", "/a", "/x"),
    ("/a", "/x", "/a/", "/x/"),
    ("/a", "/x", "/a/b", "/x/b"),
    ("/a", "/x", "/a/b/?q=/a", "/x/b/?q=/a"),
    ("/a/", "/x", "/a/b", "/x/b"),
    ("/a", "/x/", "/a/b", "/x/b"),
    ("/a", "/x/", "/a", "/x"),
    ("/a", "/", "/a", "/"),
    ("/a", "/", "/a/", "/"),
    ("/a", "/", "/a/b", "/b"),
    ("/a", "/", "/a?q=1", "/?q=1"),
    ("/a", "/", "/a/?q=1", "/?q=1"),
    ("/", "/x", "/", "/x/"),
    ("/", "/x", "/b", "/x/b"),
    ("/", "/x/", "/b?q", "/x/b?q"),
    ("/", "/", "/b", "/b"),
    ("/a/b", "/x", "/a/b/c", "/x/c"),
    ("/a", "/a/b", "/a/c", "/a/b/c"),
    ("/a.b", "/", "/a.b/c", "/c"),
    ("/a+(b)", "/", "/a+(b)/c", "/c"),
    # A path has no backslash: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    ("/a", "/x$1\\1", "/a/b", "/x$1%5C1/b"),
    ("/a", "/my file", "/a/b", "/my%20file/b"),
    ("/a", "/", "/a//b", "/b"),
]


@pytest.mark.parametrize(("prefix", "replacement", "asked", "seen"), PREFIXES)
async def test_the_prefix(world: World, prefix: str, replacement: str, asked: str, seen: str) -> None:
    settings = f"{{path: {{type: ReplacePrefixMatch, replacePrefixMatch: '{replacement}'}}}}"
    await world.apply(http_route("prefix", rewriting(settings, prefix), host="prefix.example"))

    answer = await world.ask(asked, host="prefix.example")

    assert answer.said == (200, "rw", "one")
    assert answer.echo["path"] == seen


@pytest.mark.parametrize(
    ("value", "asked", "seen"),
    [
        ("/one", "/a/b", "/one"),
        ("/one", "/a/b?q=1&r=/a", "/one?q=1&r=/a"),
        ("/", "/a?q", "/?q"),
        ("/one/", "/a", "/one/"),
        ("/$1\\1", "/a", "/$1%5C1"),
        ("/my file", "/a", "/my%20file"),
        ("/my file", "/a?q=1", "/my%20file?q=1"),
        ('/"<>|^{}[]', "/a", "/%22%3C%3E%7C%5E%7B%7D%5B%5D"),
        ("/caf\u00e9", "/a", "/caf%C3%A9"),
        ("/%25REQ(:path)%25", "/a", "/%25REQ(:path)%25"),
        ("", "/a/b?q", "/?q"),
    ],
)
async def test_the_full_path(world: World, value: str, asked: str, seen: str) -> None:
    settings = f"{{path: {{type: ReplaceFullPath, replaceFullPath: '{value}'}}}}"
    await world.apply(http_route("full", rewriting(settings, "/a"), host="full.example"))

    answer = await world.ask(asked, host="full.example")

    assert answer.said == (200, "rw", "one")
    assert answer.echo["path"] == seen


async def test_host_and_path_together(world: World) -> None:
    settings = "{hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /api}}"
    await world.apply(http_route("both", rewriting(settings, "/shop"), host="both.example"))

    answer = await world.ask("/shop/cart?id=7", host="both.example")

    assert answer.said == (200, "rw", "one")
    assert (answer.echo["path"], answer.seen("host")) == ("/api/cart?id=7", ["inner.example"])


async def test_the_only_backendref(world: World) -> None:
    await world.apply(
        http_route(
            "only",
            """
- matches: [{path: {value: /shop}}]
  filters: [<route:only>]
  backendRefs:
  - name: one
    port: 80
    filters:
    - type: URLRewrite
      urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}
""",
            host="only.example",
        )
    )

    answer = await world.ask("/shop/cart?id=7", host="only.example")

    assert answer.said == (200, "only", "one")
    assert (answer.echo["path"], answer.seen("host")) == ("/cart?id=7", ["inner.example"])


SEVERAL = http_route(
    "several",
    """
- matches: [{path: {value: /shop}}]
  filters: [<route:several>]
  backendRefs:
  - {name: one, port: 80, weight: 5, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /v1}}}]}
  - {name: two, port: 80, weight: 3, filters: [{type: URLRewrite, urlRewrite: {hostname: two.example, path: {type: ReplaceFullPath, replaceFullPath: /v2}}}]}
  - {name: three, port: 80, weight: 2}
""",  # noqa: E501
    host="several.example",
)


async def test_several_backendrefs_each_with_its_own(world: World) -> None:
    await world.apply(SEVERAL)
    expected = {
        "one": ("/v1/cart?id=7", "several.example"),
        "two": ("/v2?id=7", "two.example"),
        "three": ("/shop/cart?id=7", "several.example"),
    }
    counts: Counter[str] = Counter()

    connection = await world.connect()
    for _ in range(1000):
        answer = await connection.ask("/shop/cart?id=7", host="several.example")
        assert answer.route == "several"
        assert answer.backend is not None
        assert (answer.echo["path"], answer.seen("host")[0]) == expected[answer.backend]
        counts[answer.backend] += 1
    await connection.close()

    for name, share in (("one", 0.5), ("two", 0.3), ("three", 0.2)):
        assert plausible(counts[name], 1000, share), counts


async def test_an_invalid_backendref_among_them_gets_its_share(world: World) -> None:
    await world.apply(
        SEVERAL.replace("{name: three, port: 80, weight: 2}", "{name: missing, port: 80, weight: 2}"),
    )
    counts: Counter[str] = Counter()

    connection = await world.connect()
    for _ in range(1000):
        answer = await connection.ask("/shop", host="several.example")
        counts[answer.backend or str(answer.status)] += 1
    await connection.close()

    assert counts.keys() == {"one", "two", "500"}
    for name, share in (("one", 0.5), ("two", 0.3), ("500", 0.2)):
        assert plausible(counts[name], 1000, share), counts
    assert state(world.route("HTTPRoute shop/several")["ResolvedRefs"]) == (False, "BackendNotFound")


@pytest.mark.parametrize(
    "path", ["/a?b=c", "/a#b", "/%zz", "/%REQ(:path)%", "//evil.example", "/a/../b", "x", "/a\\tb"]
)
@pytest.mark.parametrize("kind", ["ReplaceFullPath", "ReplacePrefixMatch"])
async def test_what_is_no_path_is_refused_by_its_field(world: World, kind: str, path: str) -> None:
    field = kind[0].lower() + kind[1:]
    settings = f'{{path: {{type: {kind}, {field}: "{path}"}}}}'
    working = "- {matches: [{path: {value: /good}}], filters: [<route:good>], backendRefs: [{name: one, port: 80}]}"
    await world.apply(http_route("no-path", rewriting(settings, "/bad") + working, host="no-path.example"))

    assert (await world.ask("/bad", host="no-path.example")).status == 500
    assert (await world.ask("/good", host="no-path.example")).said == (200, "good", "one")
    said = world.route("HTTPRoute shop/no-path")["PartiallyInvalid"]
    assert f"spec.rules[0].filters[1].urlRewrite.path.{field}: " in said.message
