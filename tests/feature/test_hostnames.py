"""Hostnames of listeners and routes: intersection, wildcards, isolation between listeners, and precedence.

https://gateway-api.sigs.k8s.io/reference/spec/#listener (hostname), #httproutespec (hostnames)
"""

import pytest

from tests.feature.harness.http1 import connect
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ALL = "allowedRoutes: {namespaces: {from: All}}"


def gateway(name: str, *listeners: tuple[str, str]) -> str:
    """Return a Gateway with HTTP listeners (name, hostname) on the port of its own name."""
    text = "".join(
        f"  - {{name: {each}, port: <{name}>, protocol: HTTP, {ALL}{f', hostname: {host!r}' if host else ''}}}\n"
        for each, host in listeners
    )
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
{text}"""


BASE = "\n---\n".join(
    (
        gateway("edge", ("http", "")),
        gateway(
            "isolated",
            ("any", ""),
            ("wild", "*.example.com"),
            ("deeper", "*.foo.example.com"),
            ("exact", "abc.foo.example.com"),
        ),
        gateway("narrow", ("exact", "very.specific.com"), ("wild", "*.wildcard.io"), ("other", "*.anotherwildcard.io")),
    )
)


def to(gateway: str, section: str = "") -> str:
    return f"name: {gateway}, namespace: infra" + (f", sectionName: {section}" if section else "")


def route(name: str, parent: str, host: str = "", backend: str = "one") -> str:
    rules = f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: 80}}]}}"
    return http_route(name, rules, parent=parent, host=host)


async def who(world: World, gateway: str, host: str, path: str = "/") -> str | int:
    answer = await world.ask(path, host=host, port=gateway)
    return answer.route or answer.status


ISOLATED = "".join(
    (
        route("any", to("isolated", "any")),
        route("wild", to("isolated", "wild"), backend="two"),
        route("deeper", to("isolated", "deeper"), backend="three"),
        route("exact", to("isolated", "exact")),
    )
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("bar.com", "any"),
        ("example.com", "any"),
        ("foo.example.com", "wild"),
        ("bar.example.com", "wild"),
        ("a.b.example.com", "wild"),
        ("bar.foo.example.com", "deeper"),
        ("a.b.foo.example.com", "deeper"),
        ("abc.foo.example.com", "exact"),
        ("ABC.Foo.Example.COM", "exact"),
        ("abc.foo.example.com:8080", "exact"),
        ("notexample.com", "any"),
    ],
)
async def test_every_host_belongs_to_the_most_special_listener(world: World, host: str, expected: str) -> None:
    await world.apply(ISOLATED)

    assert await who(world, "isolated", host) == expected


@pytest.mark.parametrize(
    ("gone", "host"),
    [
        ("exact", "abc.foo.example.com"),
        ("deeper", "bar.foo.example.com"),
        ("wild", "bar.example.com"),
    ],
)
async def test_a_listener_without_routes_does_not_leave_its_hosts_to_others(world: World, gone: str, host: str) -> None:
    await world.apply(ISOLATED)
    assert await who(world, "isolated", host) == gone

    await world.remove(f"HTTPRoute shop/{gone}")

    assert await who(world, "isolated", host) == 404


async def test_a_route_on_a_broad_listener_cannot_take_the_host_of_a_special_one(world: World) -> None:
    await world.apply(
        route("thief", to("isolated", "wild"), "abc.foo.example.com bar.foo.example.com bar.example.com"),
        route("owner", to("isolated", "exact"), backend="two"),
    )

    assert await who(world, "isolated", "abc.foo.example.com") == "owner"
    assert await who(world, "isolated", "bar.foo.example.com") == 404
    assert await who(world, "isolated", "bar.example.com") == "thief"


async def test_a_route_on_all_listeners_answers_everywhere(world: World) -> None:
    await world.apply(route("everywhere", to("isolated")))

    for host in ("bar.com", "bar.example.com", "bar.foo.example.com", "abc.foo.example.com"):
        assert await who(world, "isolated", host) == "everywhere"
    for section in ("any", "wild", "deeper", "exact"):
        assert world.attached("Gateway infra/isolated", section) == 1


@pytest.mark.parametrize(
    ("hosts", "asked", "expected"),
    [
        # listener "very.specific.com"
        ("non.matching.com *.nonmatchingwildcard.io very.specific.com", "very.specific.com", "r"),
        ("non.matching.com very.specific.com", "non.matching.com", 404),
        ("*.specific.com", "very.specific.com", "r"),
        ("*.specific.com", "non.specific.com", 404),
        # listener "*.wildcard.io"
        ("foo.bar.wildcard.io foo.wildcard.io", "foo.bar.wildcard.io", "r"),
        ("foo.bar.wildcard.io foo.wildcard.io", "foo.wildcard.io", "r"),
        ("foo.bar.wildcard.io foo.wildcard.io", "bar.wildcard.io", 404),
        ("*.wildcard.io", "deep.down.wildcard.io", "r"),
        ("*.wildcard.io", "wildcard.io", 404),
        ("*.io", "a.wildcard.io", "r"),
        ("*.io", "a.other.io", 404),
        # listener "*.anotherwildcard.io"
        ("*.anotherwildcard.io", "one.anotherwildcard.io:1234", "r"),
        ("*.anotherwildcard.io", "One.AnotherWildcard.io", "r"),
        ("*.anotherwildcard.io", "anotherwildcard.io", 404),
        ("", "one.anotherwildcard.io", "r"),
        ("", "very.specific.com", "r"),
        ("", "elsewhere.org", 404),
    ],
)
async def test_intersections(world: World, hosts: str, asked: str, expected: str | int) -> None:
    await world.apply(route("r", to("narrow"), hosts))

    assert await who(world, "narrow", asked) == expected
    assert state(world.route("HTTPRoute shop/r")["Accepted"]) == (True, "Accepted")


async def test_a_route_that_has_no_host_in_common_is_told_so(world: World) -> None:
    await world.apply(route("apart", to("narrow"), "specific.com wildcard.io *.nothing.org"))

    said = world.route("HTTPRoute shop/apart")
    assert state(said["Accepted"]) == (False, "NoMatchingListenerHostname")
    assert state(said["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert "spec.hostnames" in said["Accepted"].message
    for section in ("exact", "wild", "other"):
        assert world.attached("Gateway infra/narrow", section) == 0
    assert await who(world, "narrow", "specific.com") == 404


def by_path(name: str, host: str, path: str, backend: str, created: str = "2024-01-01T00:00:00Z") -> str:
    to_backend = f"backendRefs: [{{name: {backend}, port: 80}}]"
    rules = f"- {{matches: [{{path: {{value: {path}}}}}], filters: [<route:{name}>], {to_backend}}}"
    return http_route(name, rules, parent=to("edge"), host=host, created=created)


async def test_the_special_hostname_wins_and_the_broad_one_gets_the_rest(world: World) -> None:
    await world.apply(
        by_path("exact", "a.shop.example", "/one", "one", "2025-01-01T00:00:00Z"),
        by_path("wild", "*.shop.example", "/one", "two"),
        by_path("rest", "*.shop.example", "/two", "two"),
        by_path("all", "*.example", "/three", "three"),
        by_path("none", "", "/four", "three"),
    )

    assert await who(world, "edge", "a.shop.example", "/one") == "exact"
    assert await who(world, "edge", "a.shop.example", "/two") == "rest"
    assert await who(world, "edge", "a.shop.example", "/three") == "all"
    assert await who(world, "edge", "a.shop.example", "/four") == "none"
    assert await who(world, "edge", "a.shop.example", "/five") == 404
    assert await who(world, "edge", "b.shop.example", "/one") == "wild"
    assert await who(world, "edge", "b.c.shop.example", "/one") == "wild"
    assert await who(world, "edge", "shop.example", "/three") == "all"
    assert await who(world, "edge", "shop.example", "/one") == 404
    assert await who(world, "edge", "elsewhere.org", "/four") == "none"


async def test_of_routes_cut_down_to_one_hostname_the_more_special_original_wins(world: World) -> None:
    """All three have "very.specific.com" in common with the listener."""
    young = "2025-01-01T00:00:00Z"
    rules = "- {{filters: [<route:{0}>], backendRefs: [{{name: one, port: 80}}]}}"
    narrow = to("narrow", "exact")
    await world.apply(
        http_route("none", rules.format("none"), parent=narrow),
        http_route("wild", rules.format("wild"), parent=narrow, host="*.specific.com", created=young),
        http_route("same", rules.format("same"), parent=narrow, host="very.specific.com", created=young),
    )
    assert await who(world, "narrow", "very.specific.com") == "same"

    await world.remove("HTTPRoute shop/same")
    assert await who(world, "narrow", "very.specific.com") == "wild"

    await world.remove("HTTPRoute shop/wild")
    assert await who(world, "narrow", "very.specific.com") == "none"


async def test_a_special_hostname_goes_before_a_special_path(world: World) -> None:
    await world.apply(
        by_path("exact-host", "a.shop.example", "/", "one"),
        by_path("exact-path", "*.shop.example", "/deep/path", "two"),
    )

    assert await who(world, "edge", "a.shop.example", "/deep/path") == "exact-host"
    assert await who(world, "edge", "b.shop.example", "/deep/path") == "exact-path"


async def test_the_port_and_the_case_of_the_host_do_not_matter(world: World) -> None:
    await world.apply(route("case", to("edge"), "case.example"))
    port = world.port("edge")

    for host in ("case.example", f"case.example:{port}", "case.example:1", "CASE.Example", f"Case.EXAMPLE:{port}"):
        answer = await world.ask("/", host=host, port="edge")
        assert answer.said == (200, "case", "one"), host
        # The backend sees what the client wrote.
        assert answer.seen("host") == [host]


async def test_a_request_without_a_host_is_refused(world: World) -> None:
    await world.apply(route("any", to("edge")))

    connection = await connect(world.port("edge"))
    answer = await connection.ask("/")
    await connection.close()

    assert (answer.status, answer.backend) == (400, None)


async def test_a_hostname_that_moves_between_routes(world: World) -> None:
    await world.apply(route("first", to("edge"), "moving.example"), route("second", to("edge"), "other.example", "two"))
    assert await who(world, "edge", "moving.example") == "first"

    await world.apply(route("first", to("edge"), "third.example"), route("second", to("edge"), "moving.example", "two"))

    assert (await world.ask(host="moving.example", port="edge")).said == (200, "second", "two")
    assert await who(world, "edge", "other.example") == 404
    assert await who(world, "edge", "third.example") == "first"
