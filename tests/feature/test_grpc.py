"""GRPCRoute: every kind of match, filters, weights, and what callers get that no route wants.

https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute
"""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness import grpcs
from tests.feature.harness.grpcs import Reply
from tests.feature.harness.manifests import GATEWAY, grant, http_route, service
from tests.feature.harness.policies import policy, target
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("web",)
BASE = GATEWAY
Metadata = tuple[tuple[str, str], ...]


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def grpc_backends(shared_world: World) -> AsyncIterator[None]:
    for name in ("one", "two"):
        backend = await shared_world.stack.enter_async_context(grpcs.grpc_backend(name))
        shared_world.backends[name] = backend
        await shared_world.apply(service(name, backend.port))
    yield


def rule(name: str, matches: str = "", to: str = "one", more: str = "") -> str:
    match = f"matches: [{matches}], " if matches else ""
    extra = f", {more}" if more else ""
    return f"- {{{match}filters: [<route:{name}>{extra}], backendRefs: [{{name: {to}, port: 80}}]}}\n"


def route(rules: str, name: str = "calls", host: str = "grpc.example", **more: str) -> str:
    return http_route(name, rules, host=host, kind="GRPCRoute", **more)


async def called(world: World, method: str, *metadata: tuple[str, str], authority: str = "grpc.example") -> Reply:
    return await grpcs.call(world.port("http"), method, *metadata, authority=authority)


MATCHES = route(
    rule("exact", "{method: {service: shop.Cart, method: Add}}")
    + rule("service", "{method: {service: shop.Cart}}", "two")
    + rule("method", "{method: {method: Ping}}")
    + rule("regex", "{method: {type: RegularExpression, service: 'stock\\.[A-Z][a-z]+', method: 'Get.*'}}")
    + rule("regex-service", "{method: {type: RegularExpression, service: 'pay\\..*'}}", "two")
    + rule("regex-method", "{method: {type: RegularExpression, method: 'Old[A-Z].*'}}", "two")
    + rule("header", "{method: {service: shop.Head, method: Get}, headers: [{name: Color, value: blue}]}")
    + rule(
        "header-regex",
        "{method: {service: shop.Head}, headers: [{name: color, type: RegularExpression, value: 'gr.*'}]}",
        "two",
    )
    + rule("any-header", "{headers: [{name: version, value: two}]}", "two")
)


@pytest.mark.parametrize(
    ("method", "metadata", "expected"),
    [
        ("/shop.Cart/Add", (), ("exact", "one")),
        ("/shop.Cart/Remove", (), ("service", "two")),
        ("/shop.Cart/add", (), ("service", "two")),
        ("/shop.CartX/Add", (), None),
        ("/shop.cart/Add", (), None),
        ("/any.Service/Ping", (), ("method", "one")),
        ("/any.Service/Pings", (), None),
        ("/stock.Item/GetOne", (), ("regex", "one")),
        ("/stock.item/GetOne", (), None),
        ("/stock.Item/PutOne", (), None),
        ("/pay.v1.Card/Charge", (), ("regex-service", "two")),
        ("/legacy.X/OldThing", (), ("regex-method", "two")),
        ("/shop.Head/Get", (("color", "blue"),), ("header", "one")),
        ("/shop.Head/Get", (("color", "green"),), ("header-regex", "two")),
        ("/shop.Head/Get", (("color", "red"),), None),
        ("/who.Ever/What", (("version", "two"),), ("any-header", "two")),
        ("/who.Ever/What", (("version", "three"),), None),
    ],
)
async def test_matches(world: World, method: str, metadata: Metadata, expected: tuple[str, str] | None) -> None:
    await world.apply(MATCHES)

    reply = await called(world, method, *metadata)

    if expected is None:
        assert reply.said == ("UNIMPLEMENTED", None, None)
    else:
        assert reply.said == ("OK", *expected)
        assert (reply.echo["path"], reply.echo["body"]) == (method, "question")


# From the least to the most special, so that the order of rules would give other answers.
PRECEDENCE = route(
    rule("all")
    + rule("headers", "{headers: [{name: a, value: '1'}]}")
    + rule("method", "{method: {method: Get}}")
    + rule("service", "{method: {service: shop.Cart}}")
    + rule("longer-service", "{method: {service: shop.CartLong}}")
    + rule("both", "{method: {service: shop.Cart, method: Get}}")
    + rule("both-header", "{method: {service: shop.Cart, method: Get}, headers: [{name: a, value: '1'}]}")
)


@pytest.mark.parametrize(
    ("method", "metadata", "expected"),
    [
        ("/x.Y/Z", (), "all"),
        ("/x.Y/Z", (("a", "1"),), "headers"),
        ("/x.Y/Get", (("a", "1"),), "method"),
        ("/shop.Cart/Put", (("a", "1"),), "service"),
        ("/shop.CartLong/Put", (), "longer-service"),
        # A longer service goes before a method.
        ("/shop.CartLong/Get", (), "longer-service"),
        ("/shop.Cart/Get", (), "both"),
        ("/shop.Cart/Get", (("a", "1"),), "both-header"),
    ],
)
async def test_the_most_special_match_wins(world: World, method: str, metadata: Metadata, expected: str) -> None:
    await world.apply(PRECEDENCE)

    assert (await called(world, method, *metadata)).said == ("OK", expected, "one")


async def test_of_equal_matches_the_oldest_route_wins(world: World) -> None:
    await world.apply(
        route(rule("young"), "a", created="2024-02-01T00:00:00Z"),
        route(rule("old", to="two"), "z", created="2024-01-01T00:00:00Z"),
    )

    assert (await called(world, "/a.B/C")).said == ("OK", "old", "two")


async def test_hosts(world: World) -> None:
    await world.apply(route(rule("exact"), "e"), route(rule("wild", to="two"), "w", host="*.wild.example"))

    assert (await called(world, "/a.B/C")).said == ("OK", "exact", "one")
    assert (await called(world, "/a.B/C", authority="x.wild.example")).said == ("OK", "wild", "two")
    assert (await called(world, "/a.B/C", authority="x.wild.example:1234")).said == ("OK", "wild", "two")
    assert (await called(world, "/a.B/C", authority="other.example")).said == ("UNIMPLEMENTED", None, None)


async def test_modifiers(world: World) -> None:
    request = "{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-back, value: '100%'}]}}"
    own = """- filters:
  - type: RequestHeaderModifier
    requestHeaderModifier: {set: [{name: x-route, value: own}, {name: x-set, value: '50%'}], add: [{name: x-add, value: more}], remove: [x-gone]}
  backendRefs: [{name: one, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-only, value: one}]}}]}]
"""  # noqa: E501
    await world.apply(route(own, "own", "own.example"), route(rule("back", more=request), "back", "back.example"))

    reply = await called(world, "/a.B/C", ("x-set", "old"), ("x-gone", "1"), authority="own.example")
    assert reply.said == ("OK", "own", "one")
    assert (reply.seen("x-set"), reply.seen("x-add"), reply.seen("x-gone")) == (["50%"], ["more"], [])
    assert reply.seen("x-only") == ["one"]

    reply = await called(world, "/a.B/C", authority="back.example")
    assert reply.said == ("OK", "back", "one")
    assert reply.all("x-back") == ["100%"]


async def test_mirrors(world: World) -> None:
    mirror = "{type: RequestMirror, requestMirror: {backendRef: {name: two, port: 80}}}"
    await world.apply(route(rule("mirror", more=mirror)))

    assert (await called(world, "/a.B/C", ("x-mine", "1"))).said == ("OK", "mirror", "one")

    await world.backends["two"].received(lambda seen: len(seen) == 1)
    (seen,) = world.backends["two"].requests
    assert (seen.path, seen.body, seen.all("x-mine")) == ("/a.B/C", b"question", ["1"])


async def test_weights(world: World) -> None:
    await world.apply(
        route(
            "- {filters: [<route:split>], backendRefs: "
            "[{name: one, port: 80, weight: 80}, {name: two, port: 80, weight: 20}]}"
        )
    )
    counts: Counter[str | None] = Counter()

    async with grpcs.channel(world.port("http"), "grpc.example") as opened:
        for _ in range(600):
            code, name, backend = (await grpcs.call_on(opened, "/a.B/C")).said
            assert (code, name) == ("OK", "split")
            counts[backend] += 1

    assert plausible(counts["one"], 600, 0.8), counts


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("{name: missing, port: 80}", "BackendNotFound"),
        ("{name: one, port: 1}", "BackendNotFound"),
        ("{name: one, port: 80, kind: Pod}", "InvalidKind"),
        ("{name: one, port: 80, namespace: other}", "RefNotPermitted"),
    ],
)
async def test_backends_that_lead_nowhere(world: World, backend: str, reason: str) -> None:
    good = rule("good", "{method: {service: good.Service}}")
    bad = f"- {{matches: [{{method: {{service: bad.Service}}}}], backendRefs: [{backend}]}}\n"
    await world.apply(route(bad + good))

    # "Requests to an invalid GRPCBackendRef MUST receive an UNAVAILABLE status":
    # https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule (backendRefs)
    assert (await called(world, "/bad.Service/X")).said == ("UNAVAILABLE", None, None)
    assert (await called(world, "/good.Service/X")).said == ("OK", "good", "one")
    said = world.route("GRPCRoute shop/calls")
    assert state(said["Accepted"]) == (True, "Accepted")
    assert state(said["ResolvedRefs"]) == (False, reason)


async def test_a_service_without_endpoints_is_unavailable(world: World) -> None:
    await world.apply(service("empty"), route(rule("r", to="empty")))

    assert (await called(world, "/a.B/C")).said == ("UNAVAILABLE", None, None)


async def test_status_codes_of_the_backend_arrive(world: World) -> None:
    await world.apply(route(rule("r")))

    for code in ("NOT_FOUND", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"):
        reply = await called(world, "/a.B/C", ("x-echo-code", code))
        assert (reply.code, reply.details) == (code, "asked for")


async def test_streams_in_both_directions(world: World) -> None:
    await world.apply(route(rule("r", "{method: {service: a.B}}")))

    async with grpcs.channel(world.port("http"), "grpc.example") as opened:
        assert await grpcs.chat(opened, "/a.B/Chat", b"1", b"2", b"3") == [b"one 1", b"one 2", b"one 3"]


async def test_another_namespace_needs_a_grant(world: World) -> None:
    abroad = "- {filters: [<route:abroad>], backendRefs: [{name: one, namespace: shop, port: 80}]}"
    await world.apply(route(abroad, namespace="team"))
    assert (await called(world, "/a.B/C")).said == ("UNAVAILABLE", None, None)

    await world.apply(grant("g", namespace="shop", of="team", kind="GRPCRoute"))
    assert (await called(world, "/a.B/C")).said == ("OK", "abroad", "one")


async def test_a_named_rule(world: World) -> None:
    await world.apply(route("- {name: first, filters: [<route:named>], backendRefs: [{name: one, port: 80}]}"))

    assert (await called(world, "/a.B/C")).said == ("OK", "named", "one")


async def test_http_and_grpc_routes_side_by_side_on_one_host(world: World) -> None:
    web = "- {filters: [<route:web>], backendRefs: [{name: web, port: 80}]}"
    await world.apply(route(rule("calls", "{method: {service: a.B}}")), http_route("web", web, host="grpc.example"))

    assert (await called(world, "/a.B/C")).said == ("OK", "calls", "one")
    answer = await world.ask("/page", host="grpc.example")
    assert answer.said == (200, "web", "web")
    # A page under the path of a service is not a call.
    assert (await world.ask("/a.B/C", host="grpc.example")).said == (200, "web", "web")


async def test_one_service_for_calls_and_for_pages(world: World) -> None:
    """The same Service is spoken to in HTTP/2 for the GRPCRoute and in HTTP/1.1 for the HTTPRoute."""
    await world.apply(
        service("dual", world.backends["one"].port, world.backends["web"].port),
        route("- {filters: [<route:calls>], backendRefs: [{name: dual, port: 80}]}"),
        http_route("web", "- {filters: [<route:web>], backendRefs: [{name: dual, port: 81}]}", host="pages.example"),
    )

    assert (await called(world, "/a.B/C")).said == ("OK", "calls", "one")
    assert (await world.ask(host="pages.example")).said == (200, "web", "web")


async def test_a_call_too_many_is_told_in_the_words_of_grpc_and_a_short_one_is_held_back_as_a_whole(
    world: World,
) -> None:
    sections = "default: {rateLimit: {limits: [{requests: 2, unit: Hour}]}, body: {maxBytes: 1000}, compression: {}}"
    await world.apply(
        route(rule("all")), policy("RoutePolicy", "crowd", target("GRPCRoute", "calls"), sections, namespace="shop")
    )
    assert [(await called(world, "/shop.Cart/Add")).code for _ in range(3)] == ["OK", "OK", "RESOURCE_EXHAUSTED"]
