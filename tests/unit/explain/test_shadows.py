import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.explain.matching import mismatches
from gatewayd.explain.request import Request
from gatewayd.explain.shadows import Shadow, shadows
from gatewayd.ir.filters import Header
from gatewayd.ir.http import (
    CANNOT,
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RequestMatch,
    Route,
    RouteDiscovery,
    RouteTable,
    RouteTableKey,
    RuleRef,
    VirtualHost,
)

ANY = RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False)


def ref(rule: int, match: int = 0, name: str = "a", preflight: int = 0) -> RuleRef:
    return RuleRef(kind="HTTPRoute", namespace="shop", name=name, rule=rule, match=match, preflight=preflight)


def route(source: RuleRef, match: RequestMatch) -> Route:
    return Route(source=source, rule_name="", match=match, action=CANNOT, filters=())


def matching(path: PathMatch, *, methods: tuple[str, ...] = (), header: str = "", grpc: bool = False) -> RequestMatch:
    headers = (NamedMatch(name="env", value=ExactValue(value=header)),) if header else ()
    return RequestMatch(path=path, methods=methods, headers=headers, queries=(), grpc=grpc)


def table(*hosts: tuple[Route, ...]) -> RouteTable:
    served = tuple(
        VirtualHost(domain=f"h{at}.example", guards=(), routes=routes, fallback=CANNOT)
        for at, routes in enumerate(hosts)
    )
    key = RouteTableKey(port=80, listener="")
    return RouteTable(key=key, discovery=RouteDiscovery.PER_LISTENER, apart=frozenset(), virtual_hosts=served)


PREFIX, EXACT = PrefixPath(value="/cart"), ExactPath(value="/cart")


@pytest.mark.parametrize(
    ("first", "second", "is_taken"),
    [
        (matching(PREFIX), matching(PREFIX), True),
        (matching(PREFIX), matching(PrefixPath(value="/cart/")), True),
        (matching(PREFIX), matching(PrefixPath(value="/cart/a/b")), True),
        (matching(PREFIX), matching(ExactPath(value="/cart/a")), True),
        (matching(PREFIX), matching(EXACT), True),
        (matching(PREFIX), matching(PrefixPath(value="/cartoon")), False),
        (matching(EXACT), matching(PREFIX), False),
        (matching(PREFIX), ANY, False),
        (ANY, matching(RegexPath(pattern="/a.*")), True),
        (matching(PREFIX), matching(RegexPath(pattern="/cart/.*")), False),
        (matching(RegexPath(pattern="/a")), matching(RegexPath(pattern="/a")), True),
        (matching(PREFIX, methods=("GET",)), matching(PREFIX), False),
        (matching(PREFIX), matching(PREFIX, methods=("GET",)), True),
        (matching(PREFIX, header="x"), matching(PREFIX), False),
        (matching(PREFIX, header="x"), matching(PREFIX, header="x"), True),
        (matching(PREFIX, header="x"), matching(PREFIX, header="y"), False),
        (matching(PREFIX, grpc=True), matching(PREFIX), False),
    ],
)
def test_a_match_covers_another(first: RequestMatch, second: RequestMatch, *, is_taken: bool) -> None:
    routes = (route(ref(0), first), route(ref(1), second))
    assert shadows([table(routes)]) == ((Shadow(ref(1), ref(0)),) if is_taken else ())


def test_matches_of_one_rule_do_not_hide_each_other() -> None:
    assert shadows([table((route(ref(0, 0), ANY), route(ref(0, 1), matching(PREFIX))))]) == ()


def test_a_match_that_one_host_gives_requests_is_reached() -> None:
    winner, loser = route(ref(0), ANY), route(ref(0, name="b"), ANY)
    assert shadows([table((winner, loser), (loser,))]) == ()
    assert shadows([table((winner, loser)), table((winner, loser))]) == (Shadow(ref(0, name="b"), ref(0)),)


def test_answers_to_preflights_hide_nothing() -> None:
    assert shadows([table((route(ref(0, preflight=1), ANY), route(ref(1), ANY)))]) == ()


PATHS = st.sampled_from(["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c"])
MATCHES = st.builds(
    matching,
    st.builds(PrefixPath, value=PATHS) | st.builds(ExactPath, value=PATHS),
    methods=st.sampled_from([(), ("GET",), ("GET", "POST")]),
    header=st.sampled_from(["", "x", "y"]),
)


def request(path: str, method: str, env: str) -> Request:
    headers = (Header(name="env", value=env),) if env else ()
    return Request(
        scheme="http",
        method=method,
        authority="h",
        host="h",
        path=path,
        query=None,
        headers=headers,
        remarks=(),
    )


REQUESTS = [
    request(path, method, env)
    for path in ("/", "/a", "/a/", "/a/b", "/ab", "/abc", "/a/b/c", "/x")
    for method in ("GET", "POST", "PUT")
    for env in ("", "x", "y")
]


@given(st.lists(MATCHES, min_size=1, max_size=6))
def test_what_is_hidden_takes_no_request(matches: list[RequestMatch]) -> None:
    routes = tuple(route(ref(number), match) for number, match in enumerate(matches))
    hidden = {each.match for each in shadows([table(routes)])}
    for sent in REQUESTS:
        taken = next((each.source for each in routes if not mismatches(each.match, sent)), None)
        assert taken not in hidden
