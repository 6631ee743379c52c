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
