"""CORS: preflights and simple requests, origins with wildcards, credentials.

https://gateway-api.sigs.k8s.io/reference/spec/#httpcorsfilter
"""

import pytest

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


async def preflight(
    world: World, settings: str, origin: str, method: str = "PUT", headers: str = "x-header-1"
) -> Answer:
    await configure(world, settings)
    asked = (("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", headers))
    return await world.ask("/", *asked, host="cors.example", method="OPTIONS")


async def simple(world: World, settings: str, origin: str) -> Answer:
    await configure(world, settings)
    return await world.ask("/", ("origin", origin), host="cors.example")


async def configure(world: World, settings: str) -> None:
    await world.apply(
        http_route(
            "cors",
            f"""
- filters:
  - <route:cors>
  - {{type: CORS, cors: {{{settings}}}}}
  backendRefs: [{{name: one, port: 80}}]
""",
            host="cors.example",
        )
    )


def listed(answer: Answer, name: str) -> set[str]:
    return {each.strip().lower() for each in (answer.one(name) or "").split(",") if each.strip()}


FULL = (
    "allowOrigins: ['https://www.foo.com', 'https://*.bar.com', 'http://ports.com:8080'], allowMethods: [GET, PUT], "
    "allowHeaders: [x-header-1, X-Header-2], exposeHeaders: [x-header-3, x-header-4], "
    "allowCredentials: true, maxAge: 3600"
)


async def test_a_preflight_is_answered_by_the_proxy(world: World) -> None:
    answer = await preflight(world, FULL, "https://www.foo.com")

    assert (answer.status, answer.backend) == (200, None)
    assert answer.one("access-control-allow-origin") == "https://www.foo.com"
    assert listed(answer, "access-control-allow-methods") == {"get", "put"}
    assert listed(answer, "access-control-allow-headers") == {"x-header-1", "x-header-2"}
    assert answer.one("access-control-allow-credentials") == "true"
    assert answer.one("access-control-max-age") == "3600"
    assert world.backends["one"].requests == []


async def test_a_simple_request_goes_to_the_backend(world: World) -> None:
    answer = await simple(world, FULL, "https://www.foo.com")

    assert answer.said == (200, "cors", "one")
    assert answer.one("access-control-allow-origin") == "https://www.foo.com"
    assert answer.one("access-control-allow-credentials") == "true"
    assert listed(answer, "access-control-expose-headers") == {"x-header-3", "x-header-4"}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://www.foo.com", True),
        ("https://WWW.foo.com", True),
        ("http://www.foo.com", False),
        ("https://foo.com", False),
        ("https://www.foo.com:8443", False),
        ("https://www.foo.com.evil.org", False),
        ("https://evilwww.foo.com", False),
        ("https://a.bar.com", True),
        ("https://a.b.bar.com", True),
        ("https://bar.com", False),
        ("https://foobar.com", False),
        ("https://a.bar.com.evil.org", False),
        ("https://evil.org/.bar.com", False),
        ("https://evil.org?.bar.com", False),
        ("https://evil.org#.bar.com", False),
        ("http://a.bar.com", False),
        ("http://ports.com:8080", True),
        ("http://ports.com", False),
        ("null", False),
    ],
)
async def test_origins(world: World, origin: str, *, allowed: bool) -> None:
    before, request = await preflight(world, FULL, origin), await simple(world, FULL, origin)

    assert request.said == (200, "cors", "one")
    for answer in (before, request):
        assert answer.one("access-control-allow-origin") == (origin if allowed else None)
    assert request.one("access-control-allow-credentials") == ("true" if allowed else None)
    assert before.backend is None


async def test_any_origin_without_credentials(world: World) -> None:
    settings = "allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'], exposeHeaders: ['*']"

    before = await preflight(world, settings, "https://any.org", "PATCH", "x-any, x-other")
    request = await simple(world, settings, "https://any.org")

    for answer in (before, request):
        assert answer.one("access-control-allow-origin") in ("*", "https://any.org")
        assert answer.one("access-control-allow-credentials") is None
    assert listed(before, "access-control-allow-methods") in ({"*"}, {"patch"})
    assert listed(before, "access-control-allow-headers") in ({"*"}, {"x-any", "x-other"})
    assert request.said == (200, "cors", "one")
    assert listed(request, "access-control-expose-headers") == {"*"}


async def test_any_origin_with_credentials_is_never_a_literal_star(world: World) -> None:
    settings = "allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'], allowCredentials: true"

    before = await preflight(world, settings, "https://any.org", "PATCH", "x-any, x-other")
    request = await simple(world, settings, "https://any.org")

    for answer in (before, request):
        assert answer.one("access-control-allow-origin") == "https://any.org"
        assert answer.one("access-control-allow-credentials") == "true"
    assert listed(before, "access-control-allow-methods") == {"patch"}
    assert listed(before, "access-control-allow-headers") == {"x-any", "x-other"}
    assert request.said == (200, "cors", "one")


async def test_the_age_of_a_preflight_has_a_default(world: World) -> None:
    answer = await preflight(world, "allowOrigins: ['https://a.org']", "https://a.org", "GET")

    assert answer.one("access-control-max-age") == "5"


async def test_requests_without_an_origin_are_none_of_its_business(world: World) -> None:
    await configure(world, FULL)

    for method in ("GET", "OPTIONS"):
        answer = await world.ask("/", host="cors.example", method=method)
        assert answer.said == (200, "cors", "one")
        assert answer.one("access-control-allow-origin") is None


async def test_other_rules_do_not_get_it(world: World) -> None:
    await world.apply(
        http_route(
            "some",
            """
- matches: [{path: {value: /with}}]
  filters: [<route:with>, {type: CORS, cors: {allowOrigins: ['https://a.org']}}]
  backendRefs: [{name: one, port: 80}]
- matches: [{path: {value: /without}}]
  filters: [<route:without>]
  backendRefs: [{name: two, port: 80}]
""",
            host="some.example",
        )
    )
    asked = (("origin", "https://a.org"), ("access-control-request-method", "GET"))

    assert (await world.ask("/with", *asked, host="some.example", method="OPTIONS")).backend is None
    assert (await world.ask("/without", *asked, host="some.example", method="OPTIONS")).said == (200, "without", "two")


async def test_a_backend_may_have_its_own(world: World) -> None:
    rules = """
- filters: [<route:cors>, {type: CORS, cors: {allowOrigins: ['https://a.org']}}]
  backendRefs: [{name: one, port: 80, filters: [{type: CORS, cors: {allowOrigins: ['https://b.org']}}]}]
"""
    await world.apply(http_route("cors", rules, host="cors.example"))

    ours = await world.ask("/", ("origin", "https://b.org"), host="cors.example")
    theirs = await world.ask("/", ("origin", "https://a.org"), host="cors.example")

    assert ours.said == theirs.said == (200, "cors", "one")
    assert ours.one("access-control-allow-origin") == "https://b.org"
    assert theirs.one("access-control-allow-origin") is None


async def asks(
    world: World,
    path: str,
    method: str,
    headers: str = "",
    *,
    origin: str = "https://a.org",
    host: str = "cors.example",
) -> Answer:
    """Send a preflight as browsers do."""
    asked = [("origin", origin), ("access-control-request-method", method)]
    if headers:
        asked.append(("access-control-request-headers", headers))
    return await world.ask(path, *asked, host=host, method="OPTIONS")


def policy(origin: str = "https://a.org", methods: str = "GET", headers: str = "x-token") -> str:
    settings = f"allowOrigins: ['{origin}'], allowMethods: [{methods}], allowHeaders: [{headers}]"
    return f"{{type: CORS, cors: {{{settings}}}}}"


def at(name: str, match: str, filters: str = "", to: str = "one") -> str:
    own = f", {filters}" if filters else ""
    return f"- {{matches: [{{{match}}}], filters: [<route:{name}>{own}], backendRefs: [{{name: {to}, port: 80}}]}}\n"


API = "path: {value: /api}"
REST = "- {filters: [<route:rest>], backendRefs: [{name: two, port: 80}]}\n"


def allowed(answer: Answer) -> tuple[int, str | None, str | None, set[str]]:
    """Return status, backend, and the origin and methods that a preflight is told."""
    origin = answer.one("access-control-allow-origin")
    return answer.status, answer.backend, origin, listed(answer, "access-control-allow-methods")


@pytest.mark.parametrize("rest", ["", REST])
@pytest.mark.parametrize(
    "match",
    [
        f"{API}, method: GET",
        f"{API}, headers: [{{name: x-token, value: '1'}}]",
        f"{API}, method: GET, headers: [{{name: x-token, type: RegularExpression, value: '.+'}}]",
        "path: {type: Exact, value: /api/x}, method: GET",
        "path: {type: RegularExpression, value: '/api/.*'}, method: GET",
        f"{API}, method: GET, queryParams: [{{name: v, value: '1'}}]",
    ],
)
async def test_preflights_are_answered_whatever_the_rule_asks_of_requests(world: World, match: str, rest: str) -> None:
    await world.apply(http_route("cors", at("api", match, policy()) + rest, host="cors.example"))

    for headers in ("", "x-token", "x-other"):
        answer = await asks(world, "/api/x?v=1", "GET", headers)
        assert allowed(answer) == (200, None, "https://a.org", {"get"})
        assert listed(answer, "access-control-allow-headers") == {"x-token"}
    elsewhere = await asks(world, "/other", "GET")
    assert (elsewhere.status, elsewhere.backend) == ((200, "two") if rest else (404, None))
    assert world.backends["one"].requests == []
    real = await world.ask("/api/x?v=1", ("origin", "https://a.org"), ("x-token", "1"), host="cors.example")
    assert (real.said, real.one("access-control-allow-origin")) == ((200, "api", "one"), "https://a.org")


async def test_options_that_is_no_preflight_goes_where_it_went(world: World) -> None:
    rules = at("api", f"{API}, method: GET", policy()) + REST
    await world.apply(http_route("cors", rules, host="cors.example"))

    for headers in ((), (("origin", "https://a.org"),), (("access-control-request-method", "GET"),)):
        answer = await world.ask("/api/x", *headers, host="cors.example", method="OPTIONS")
        assert answer.said == (200, "rest", "two")


async def test_the_rule_that_would_get_the_request_answers(world: World) -> None:
    rules = (
        at("get", f"{API}, method: GET", policy())
        + at("post", f"{API}, method: POST", policy("https://b.org", "POST"))
        + at("put", f"{API}, method: PUT")
        + at("beta", f"{API}, headers: [{{name: x-beta, value: '1'}}]", policy("https://c.org", "DELETE"))
        + REST
    )
    await world.apply(http_route("cors", rules, host="cors.example"))

    assert allowed(await asks(world, "/api", "GET")) == (200, None, "https://a.org", {"get"})
    assert allowed(await asks(world, "/api", "GET", origin="https://b.org"))[:3] == (200, None, None)
    assert allowed(await asks(world, "/api", "POST", origin="https://b.org")) == (200, None, "https://b.org", {"post"})
    assert allowed(await asks(world, "/api", "POST"))[:3] == (200, None, None)
    # A rule without a policy allows nothing, and no other rule's policy speaks for it.
    for origin in ("https://a.org", "https://b.org", "https://c.org"):
        assert allowed(await asks(world, "/api", "PUT", origin=origin)) == (200, None, None, set())
    told = await asks(world, "/api", "DELETE", "x-beta", origin="https://c.org")
    assert allowed(told) == (200, None, "https://c.org", {"delete"})
    assert world.backends["one"].requests == world.backends["two"].requests == []


async def test_in_a_host_with_so_many_rules_that_they_are_a_tree(world: World) -> None:
    routes = [
        http_route(
            f"cors{part}",
            "".join(
                at(f"r{part}.{number}", f"path: {{value: /s{part}/m{number}}}, method: PUT", policy(methods="PUT"))
                for number in range(16)
            ),
            host="cors.example",
        )
        for part in range(7)
    ]
    await world.apply(*routes, http_route("rest", REST, host="cors.example"))

    for part, number in ((0, 0), (3, 7), (6, 15)):
        path = f"/s{part}/m{number}"
        assert allowed(await asks(world, path, "PUT")) == (200, None, "https://a.org", {"put"})
        assert (await world.ask(path, host="cors.example", method="OPTIONS")).said == (200, "rest", "two")
        assert (await world.ask(path, host="cors.example", method="PUT")).said == (200, f"r{part}.{number}", "one")


async def test_redirects_and_policies_of_backends(world: World) -> None:
    def away(match: str) -> str:
        moved = "{type: RequestRedirect, requestRedirect: {scheme: https}}"
        return f"- {{matches: [{{{match}}}], filters: [{moved}, {policy()}]}}\n"

    own = f"backendRefs: [{{name: one, port: 80, filters: [{policy('https://b.org', 'PUT')}]}}]"
    rules = away(f"{API}, method: GET") + away("path: {value: /moved}")
    rules += f"- {{matches: [{{path: {{value: /own}}, method: PUT}}], {own}}}\n"
    await world.apply(http_route("cors", rules + REST, host="cors.example"))

    assert allowed(await asks(world, "/api", "GET")) == (200, None, "https://a.org", {"get"})
    assert allowed(await asks(world, "/moved", "GET")) == (200, None, "https://a.org", {"get"})
    assert (await world.ask("/moved", host="cors.example")).status == 302
    assert allowed(await asks(world, "/own", "PUT", origin="https://b.org")) == (200, None, "https://b.org", {"put"})
    assert world.backends["one"].requests == world.backends["two"].requests == []


async def test_a_listener_that_asks_first_is_asked_about_preflights_too(world: World) -> None:
    asking = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: three, port: 80}, http: {allowedHeaders: [x-echo-status]}}}"  # noqa: E501
    await world.apply(f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec:
  gatewayClassName: gatewayd
  listeners:
  - name: http
    port: <guarded>
    protocol: HTTP
    filters: {{requests: [{asking}]}}
""")
    rules = at("api", f"{API}, method: GET", policy()) + REST
    await world.apply(http_route("cors", rules, host="cors.example", parent="name: edge"))
    sent = (("origin", "https://a.org"), ("access-control-request-method", "GET"))

    answer = await world.ask("/api", *sent, host="cors.example", method="OPTIONS", port="guarded")
    assert allowed(answer) == (200, None, "https://a.org", {"get"})
    refused = await world.ask(
        "/api", *sent, ("x-echo-status", "403"), host="cors.example", method="OPTIONS", port="guarded"
    )
    assert refused.status == 403
    assert world.backends["one"].requests == world.backends["two"].requests == []
