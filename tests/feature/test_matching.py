"""Which rule gets a request: every kind of match, and who wins when several hold.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches)
"""

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

Headers = tuple[tuple[str, str], ...]

TO_ONE = "backendRefs: [{name: one, port: 80}]"
TO_TWO = "backendRefs: [{name: two, port: 80}]"
TO_THREE = "backendRefs: [{name: three, port: 80}]"


def rule(name: str, matches: str, to: str = TO_ONE) -> str:
    return f"- {{filters: [<route:{name}>], matches: [{matches}], {to}}}\n"


async def asked(world: World, host: str, path: str, *headers: tuple[str, str], method: str = "GET") -> str | int:
    """Return the name of the route that answered, or the status when none did."""
    answer = await world.ask(path, *headers, host=host, method=method)
    return answer.route or answer.status


PATHS = http_route(
    "paths",
    rule("exact", "{path: {type: Exact, value: /exact}}")
    + rule("exact-slash", "{path: {type: Exact, value: /exact/}}", TO_TWO)
    + rule("prefix", "{path: {type: PathPrefix, value: /prefix}}")
    + rule("longer", "{path: {type: PathPrefix, value: /prefix/longer}}", TO_TWO)
    + rule("slashed", "{path: {type: PathPrefix, value: /slashed/}}")
    + rule("regex", "{path: {type: RegularExpression, value: '/re/[a-z]+/\\d{2}'}}")
    + rule("dots", "{path: {type: Exact, value: /a.b}}")
    + rule("escaped", "{path: {type: PathPrefix, value: /caf%C3%A9}}"),
    host="paths.example",
)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/exact", "exact"),
        ("/exact?q=1", "exact"),
        ("/exact/", "exact-slash"),
        ("/exact/more", 404),
        ("/EXACT", 404),
        ("/prefix", "prefix"),
        ("/prefix/", "prefix"),
        ("/prefix?q=/prefix/longer", "prefix"),
        ("/prefix/deep/down", "prefix"),
        ("/prefixes", 404),
        ("/prefix/longer", "longer"),
        ("/prefix/longer/still", "longer"),
        ("/prefix/longest", "prefix"),
        ("/slashed", "slashed"),
        ("/slashed/a", "slashed"),
        ("/slasheda", 404),
        ("/re/abc/42", "regex"),
        ("/re/abc/42?x=y", "regex"),
        ("/re/abc/421", 404),
        ("/x/re/abc/42", 404),
        ("/re/ABC/42", 404),
        ("/a.b", "dots"),
        ("/aXb", 404),
        ("/caf%C3%A9", "escaped"),
        ("/caf%C3%A9/noir", "escaped"),
        ("/", 404),
        # Dot segments are resolved before matching, so that no spelling slips past a rule.
        ("/x/../prefix/a", "prefix"),
        ("/prefix/../exact", "exact"),
    ],
)
async def test_paths(world: World, path: str, route: str | int) -> None:
    await world.apply(PATHS)

    assert await asked(world, "paths.example", path) == route


HEADERS = http_route(
    "headers",
    rule("one", "{headers: [{name: Version, value: one}]}")
    + rule("both", "{headers: [{name: version, value: two}, {name: color, value: blue}]}", TO_TWO)
    + rule("two", "{headers: [{name: VERSION, value: two}]}", TO_TWO)
    + rule("regex", "{headers: [{name: agent, type: RegularExpression, value: 'cu(rl|st)/[0-9.]+'}]}")
    + rule("either-a", "{headers: [{name: either, value: a}]}, {headers: [{name: either, value: b}]}")
    + rule("first-name", "{headers: [{name: twice, value: x}, {name: Twice, value: y}]}")
    + rule("percent", "{headers: [{name: odd, value: '100%REQ(x)%'}]}"),
    host="headers.example",
)


@pytest.mark.parametrize(
    ("headers", "route"),
    [
        ((("version", "one"),), "one"),
        ((("VERSION", "one"),), "one"),
        ((("version", "ONE"),), 404),
        ((("version", "one two"),), 404),
        ((("version", "two"), ("color", "blue")), "both"),
        ((("version", "two"), ("color", "red")), "two"),
        ((("version", "two"),), "two"),
        ((("color", "blue"),), 404),
        ((("agent", "curl/8.0"),), "regex"),
        ((("agent", "cust/1"),), "regex"),
        ((("agent", "xcurl/8.0"),), 404),
        ((("agent", "curl/8.0x"),), 404),
        ((("either", "a"),), "either-a"),
        ((("either", "b"),), "either-a"),
        ((("twice", "x"),), "first-name"),
        ((("twice", "y"),), 404),
        ((("odd", "100%REQ(x)%"),), "percent"),
        ((), 404),
    ],
)
async def test_headers(world: World, headers: Headers, route: str | int) -> None:
    await world.apply(HEADERS)

    assert await asked(world, "headers.example", "/", *headers) == route


QUERIES = http_route(
    "queries",
    rule("animal", "{queryParams: [{name: animal, value: whale}]}")
    + rule("both", "{queryParams: [{name: animal, value: dolphin}, {name: color, value: blue}]}", TO_TWO)
    + rule("dolphin", "{queryParams: [{name: animal, value: dolphin}]}", TO_TWO)
    + rule("regex", "{queryParams: [{name: id, type: RegularExpression, value: '[0-9]+'}]}")
    + rule("upper", "{queryParams: [{name: ANIMAL, value: whale}]}", TO_THREE),
    host="queries.example",
)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/?animal=whale", "animal"),
        ("/any?x=1&animal=whale&y=2", "animal"),
        ("/?animal=Whale", 404),
        ("/?animal=whales", 404),
        ("/?ANIMAL=whale", "upper"),
        ("/?color=blue&animal=dolphin", "both"),
        ("/?animal=dolphin&color=red", "dolphin"),
        ("/?id=42", "regex"),
        ("/?id=42a", 404),
        ("/?id=", 404),
        ("/?animal", 404),
        ("/animal=whale", 404),
        # Of equal parameters the first counts, as most servers see it.
        ("/?animal=whale&animal=dolphin", "animal"),
    ],
)
async def test_query_parameters(world: World, path: str, route: str | int) -> None:
    await world.apply(QUERIES)

    assert await asked(world, "queries.example", path) == route


METHODS = http_route(
    "methods",
    rule("get", "{method: GET}")
    + rule("post", "{method: POST}", TO_TWO)
    + rule("patch-with", "{method: PATCH, headers: [{name: a, value: b}]}")
    + rule("options", "{method: OPTIONS}"),
    host="methods.example",
)


@pytest.mark.parametrize(
    ("method", "headers", "route"),
    [
        ("GET", (), "get"),
        ("POST", (), "post"),
        ("PUT", (), 404),
        ("PATCH", (), 404),
        ("PATCH", (("a", "b"),), "patch-with"),
        ("OPTIONS", (), "options"),
    ],
)
async def test_methods(world: World, method: str, headers: Headers, route: str | int) -> None:
    await world.apply(METHODS)

    assert await asked(world, "methods.example", "/", *headers, method=method) == route


COMBINED = http_route(
    "combined",
    rule(
        "all", "{path: {value: /v2}, method: POST, headers: [{name: a, value: b}], queryParams: [{name: q, value: r}]}"
    )
    + rule("rest", "{path: {value: /v2}}", TO_TWO),
    host="combined.example",
)


@pytest.mark.parametrize(
    ("path", "method", "headers", "route"),
    [
        ("/v2?q=r", "POST", (("a", "b"),), "all"),
        ("/v2?q=x", "POST", (("a", "b"),), "rest"),
        ("/v2?q=r", "GET", (("a", "b"),), "rest"),
        ("/v2?q=r", "POST", (), "rest"),
        ("/v1?q=r", "POST", (("a", "b"),), 404),
    ],
)
async def test_all_parts_of_a_match_must_hold(
    world: World, path: str, method: str, headers: Headers, route: str | int
) -> None:
    await world.apply(COMBINED)

    assert await asked(world, "combined.example", path, *headers, method=method) == route


# Written from the least to the most special, so that the order of rules would give other answers.
PRECEDENCE = http_route(
    "precedence",
    rule("root", "{path: {value: /}}")
    + rule("query", "{path: {value: /p}, queryParams: [{name: q, value: '1'}]}")
    + rule("two-queries", "{path: {value: /p}, queryParams: [{name: q, value: '1'}, {name: r, value: '1'}]}")
    + rule("header", "{path: {value: /p}, headers: [{name: a, value: '1'}]}")
    + rule("two-headers", "{path: {value: /p}, headers: [{name: a, value: '1'}, {name: b, value: '1'}]}")
    + rule("method", "{path: {value: /p}, method: POST}")
    + rule("prefix", "{path: {value: /p}}")
    + rule("longer", "{path: {value: /p/long}}")
    + rule("exact", "{path: {type: Exact, value: /p/long/exact}}"),
    host="precedence.example",
)


@pytest.mark.parametrize(
    ("path", "method", "headers", "route"),
    [
        ("/", "GET", (), "root"),
        ("/other", "POST", (("a", "1"),), "root"),
        ("/p", "GET", (), "prefix"),
        ("/p?q=1", "GET", (), "query"),
        ("/p?q=1&r=1", "GET", (), "two-queries"),
        ("/p?q=1&r=1", "GET", (("a", "1"),), "header"),
        ("/p?q=1", "GET", (("a", "1"), ("b", "1")), "two-headers"),
        ("/p?q=1", "POST", (("a", "1"), ("b", "1")), "method"),
        # A longer path goes before any number of other conditions, and an exact one before all.
        ("/p/long?q=1", "POST", (("a", "1"), ("b", "1")), "longer"),
        ("/p/long/exact?q=1", "POST", (("a", "1"), ("b", "1")), "exact"),
        ("/p/long/exact/more", "POST", (("a", "1"),), "longer"),
    ],
)
async def test_the_most_special_match_wins(world: World, path: str, method: str, headers: Headers, route: str) -> None:
    await world.apply(PRECEDENCE)

    assert await asked(world, "precedence.example", path, *headers, method=method) == route


async def test_equal_matches_of_one_route_go_by_the_order_of_rules(world: World) -> None:
    same = "{headers: [{name: x, value: '1'}]}"
    other = "{headers: [{name: y, value: '1'}]}"
    both = (("x", "1"), ("y", "1"))

    await world.apply(http_route("order", rule("first", same) + rule("second", other, TO_TWO), host="order.example"))
    assert (await world.ask("/", *both, host="order.example")).said == (200, "first", "one")

    await world.apply(http_route("order", rule("second", other, TO_TWO) + rule("first", same), host="order.example"))
    assert (await world.ask("/", *both, host="order.example")).said == (200, "second", "two")


async def test_of_equal_matches_the_oldest_route_wins(world: World) -> None:
    slow = http_route("a", rule("young", "{}"), host="age.example", created="2024-02-01T00:00:00Z")
    old = http_route("z", rule("old", "{}", TO_TWO), host="age.example", created="2024-01-01T00:00:00Z")

    await world.apply(slow)
    assert (await world.ask(host="age.example")).said == (200, "young", "one")
    await world.apply(old)
    assert (await world.ask(host="age.example")).said == (200, "old", "two")
    await world.remove("HTTPRoute shop/z")
    assert (await world.ask(host="age.example")).said == (200, "young", "one")


async def test_of_routes_as_old_the_first_by_namespace_and_name_wins(world: World) -> None:
    since = "2024-01-01T00:00:00Z"
    abroad = "backendRefs: [{name: three, namespace: shop, port: 80}]"
    await world.apply(
        http_route("b", rule("shop-b", "{}"), host="tie.example", created=since),
        http_route("a", rule("shop-a", "{}", TO_TWO), host="tie.example", created=since),
    )
    assert (await world.ask(host="tie.example")).said == (200, "shop-a", "two")

    # The namespace goes before the name: "alpha/z" before "shop/a". It may not reach across, so it answers 500 itself.
    await world.apply(
        http_route("z", rule("alpha-z", "{}", abroad), host="tie.example", created=since, namespace="alpha")
    )
    assert (await world.ask(host="tie.example")).said == (500, None, None)


async def test_age_does_not_go_before_specificity(world: World) -> None:
    await world.apply(
        http_route("old", rule("old", "{path: {value: /a}}"), host="special.example", created="2020-01-01T00:00:00Z"),
        http_route(
            "young",
            rule("young", "{path: {value: /a/b}}", TO_TWO),
            host="special.example",
            created="2024-01-01T00:00:00Z",
        ),
    )

    assert (await world.ask("/a/b", host="special.example")).said == (200, "young", "two")
    assert (await world.ask("/a", host="special.example")).said == (200, "old", "one")


async def test_a_route_without_matches_takes_every_path(world: World) -> None:
    await world.apply(http_route("any", f"- {{filters: [<route:any>], {TO_ONE}}}", host="any.example"))

    for path in ("/", "/a/b?c", "/%41", "//", "/a//b"):
        assert await asked(world, "any.example", path) == "any"


async def test_slashes_are_merged_and_unescaped_before_matching(world: World) -> None:
    await world.apply(PATHS)

    assert await asked(world, "paths.example", "//prefix//longer") == "longer"
    escaped = await world.ask("/x%2F..%2Fprefix", host="paths.example")
    assert (escaped.status, escaped.one("location")) == (307, "/prefix")


async def test_an_expression_that_cannot_be_compiled_is_refused_and_the_rest_serves(world: World) -> None:
    await world.apply(
        http_route(
            "broken",
            rule("bad", "{path: {type: RegularExpression, value: '/(unclosed'}}")
            + rule("good", "{path: {value: /ok}}"),
            host="regex.example",
        )
    )

    said = world.route("HTTPRoute shop/broken")
    assert state(said["Accepted"]) == (True, "Accepted")
    assert state(said["PartiallyInvalid"]) == (True, "UnsupportedValue")
    assert "spec.rules[0].matches[0].path.value" in said["PartiallyInvalid"].message
    assert await asked(world, "regex.example", "/ok") == "good"
    assert await asked(world, "regex.example", "/unclosed") == 404
