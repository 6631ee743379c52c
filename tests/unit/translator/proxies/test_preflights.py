import pytest
import re2

from gatewayd.explain.matching import mismatches
from gatewayd.explain.request import Request
from gatewayd.ir.filters import Cors, Header, ResponseHeaders
from gatewayd.ir.http import (
    CANNOT,
    PREFLIGHT,
    Action,
    ExactPath,
    ExactValue,
    Forward,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    Route,
)
from gatewayd.translator.proxies.preflights import Placed, shares_across_origins, with_preflights
from tests.unit.xds.shorthand import NOWHERE, changes, forward, matching, redirect, route, share

API = PrefixPath(value="/api")
POLICY = Cors(
    origins=("https://a",), methods=("GET",), allow_headers=(), expose_headers=(), max_age=5, credentials=False
)


def rule(
    name: str, path: PathMatch = API, *, method: str = "", headers: tuple[str, ...] = (), cors: bool = False
) -> Route:
    wanted = tuple(NamedMatch(name=each, value=ExactValue(value="1")) for each in headers)
    match = matching(path, methods=(method,) if method else (), headers=wanted)
    return route(forward("a"), name=name, match=match, filters=(POLICY,) if cors else ())


def order(*routes: Route, special: tuple[int, int] = (1, 1)) -> list[Route]:
    return list(with_preflights([Placed(special, each) for each in routes]))


def request(path: str = "/api/x", *, asks: str = "GET", headers: str = "", origin: str = "https://a") -> Request:
    sent = [("origin", origin), ("access-control-request-method", asks), ("access-control-request-headers", headers)]
    found = tuple(Header(name=name, value=value) for name, value in sent if value)
    return Request(
        scheme="http",
        method="OPTIONS",
        authority="a.example",
        host="a.example",
        path=path,
        query=None,
        headers=found,
        remarks=(),
    )


def taken(routes: list[Route], of: Request) -> str:
    """Return which rule takes a request, and how: "name", "name allows" or "name refuses"."""
    found = next((each for each in routes if not mismatches(each.match, of)), None)
    if found is None:
        return ""
    if found.action != PREFLIGHT:
        return found.source.name
    return f"{found.source.name} {'allows' if found.filters else 'refuses'}"


def test_without_cors_or_without_conditions_nothing_is_added() -> None:
    plain = [rule("a", method="GET"), rule("b")]
    assert order(*plain) == plain
    everything = [rule("a", cors=True), rule("b", PrefixPath(value="/"))]
    assert order(*everything) == everything


@pytest.mark.parametrize(
    "action", [redirect(scheme="https"), CANNOT, forward(), forward(share(NOWHERE)), forward("a", share(NOWHERE))]
)
def test_a_rule_that_sends_requests_nowhere_answers_preflights(action: Action) -> None:
    found = order(route(action, name="r", match=matching(API), filters=(POLICY,)))
    assert taken(found, request()) == "r allows"


def test_a_rule_for_a_method_answers_preflights() -> None:
    found = order(rule("get", method="GET", cors=True), rule("rest", PrefixPath(value="/")))
    assert taken(found, request()) == "get allows"
    # What nobody at the path asks for is told what may be asked for.
    assert taken(found, request(asks="DELETE")) == "get allows"
    assert taken(found, request("/other")) == "rest"
    # No preflight without both.
    assert taken(found, request(asks="")) == taken(found, request(origin="")) == "rest"


def test_a_rule_for_headers_answers_preflights() -> None:
    found = order(rule("v2", headers=("X-Version", "x-beta"), cors=True), rule("rest", PrefixPath(value="/")))
    for headers in ("", "x-version", "x-beta,x-version", "x-a, X-Beta , x-version, x-z"):
        assert taken(found, request(headers=headers)) == "v2 allows"


def test_of_rules_of_one_path_the_one_answers_that_would_get_the_request() -> None:
    found = order(
        rule("get", method="GET", cors=True),
        rule("post", method="POST", cors=True),
        rule("put", method="PUT"),
        rule("beta", headers=("x-beta",), cors=True),
        rule("any", cors=True),
        rule("rest", PrefixPath(value="/")),
    )
    assert taken(found, request(asks="GET")) == "get allows"
    assert taken(found, request(asks="POST")) == "post allows"
    assert taken(found, request(asks="PUT")) == "put refuses"
    assert taken(found, request(asks="DELETE")) == "any allows"
    assert taken(found, request(asks="DELETE", headers="x-a,x-beta,x-c")) == "beta allows"
    assert taken(found, request(asks="DELETE", headers="x-beta2")) == "any allows"


def test_the_method_goes_before_headers_that_are_not_told() -> None:
    found = order(
        rule("get", method="GET", headers=("x-v",), cors=True), rule("post", method="POST", headers=("x-v",), cors=True)
    )
    assert taken(found, request(asks="POST")) == "post allows"
    assert taken(found, request(asks="PUT")) == "get allows"


def test_a_path_with_a_policy_leaves_no_preflight_to_a_backend() -> None:
    found = order(rule("get", method="GET", cors=True), rule("options", method="OPTIONS"), rule("any"))
    assert taken(found, request(asks="GET")) == "get allows"
    assert taken(found, request(asks="PUT")) == "any refuses"
    assert taken(found, request(asks="PUT", origin="")) == "options"


def test_a_rule_without_a_policy_whose_headers_are_not_known_does_not_refuse_for_others() -> None:
    found = order(rule("tenant", headers=("x-tenant",)), rule("any", cors=True))
    assert taken(found, request(headers="x-tenant")) == "any allows"


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (PrefixPath(value="/api/x"), True),
        (ExactPath(value="/api/x"), True),
        (RegexPath(pattern="/api/[a-z]"), True),
        (PrefixPath(value="/apix"), False),
        (ExactPath(value="/other"), False),
    ],
)
def test_the_policy_of_a_wide_path_does_not_speak_for_rules_of_others(path: PathMatch, *, refused: bool) -> None:
    found = order(rule("post", path, method="POST"), rule("any", cors=True))
    assert len(found) == 2 + refused
    if refused:
        assert taken(found, request(asks="POST")) == "post refuses"
        assert taken(found, request(asks="GET")) == "any"


def test_who_takes_options_at_a_path_without_a_policy_gets_preflights() -> None:
    deep = PrefixPath(value="/api/x")
    found = order(rule("post", deep, method="POST"), rule("own", deep, method="OPTIONS"), rule("any", cors=True))
    assert taken(found, request(asks="POST")) == "own"


def test_a_narrow_policy_below_a_wide_rule() -> None:
    found = order(rule("wide", method="POST"), rule("deep", PrefixPath(value="/api/x"), cors=True))
    assert taken(found, request(asks="POST")) == "wide refuses"


def test_the_query_and_the_host_stay_conditions() -> None:
    query = NamedMatch(name="v", value=ExactValue(value="1"))
    host = NamedMatch(name="Host", value=RegexValue(pattern="b.*"))
    asked = matching(API, methods=("GET",), headers=(host,), queries=(query,))
    found = order(route(forward("a"), match=asked, filters=(POLICY,)))
    assert all(each.match.queries == (query,) and host in each.match.headers for each in found)


def test_routes_of_other_hostnames_and_grpc_are_left_alone() -> None:
    calls = route(forward("a"), name="calls", match=matching(API, grpc=True))
    special, other = rule("get", method="GET", cors=True), rule("put", method="PUT")
    found = list(with_preflights([Placed((0, 0), calls), Placed((2, 2), special), Placed((1, 1), other)]))
    assert found[0] is calls
    assert [each.source.name for each in found] == ["calls", "get", "get", "get", "put", "put"]


def test_each_has_a_name_and_only_what_answers() -> None:
    own = rule("get", method="GET", cors=True)
    headers = ResponseHeaders(changes=changes(put=(("x", "1"),)))
    moved = route(redirect(scheme="https"), name="m", match=own.match, filters=(headers, POLICY))
    first, second, last = order(moved)
    assert last is moved
    assert [str(each.source) for each in (first, second)] == [
        "httproute/shop/m/rule/0/match/0/preflight/1",
        "httproute/shop/m/rule/0/match/0/preflight/3",
    ]
    assert first.filters == (POLICY,)


def test_the_policy_of_a_backend_counts_and_answers_where_it_stands() -> None:
    of_backend = route(forward(share("a", filters=(POLICY,))), name="b", match=matching(API, methods=("GET",)))
    assert shares_across_origins(of_backend)
    assert not shares_across_origins(rule("r"))
    first, *_ = order(of_backend)
    assert isinstance(first.action, Forward)
    assert taken(order(of_backend), request()) == "b"


@pytest.mark.parametrize("text", ["x-a,x-b", "X-B , x-c, x-a", "x-ab,x-a", "x-b", ""])
def test_lists_of_header_names(text: str) -> None:
    """Sorted, as browsers send them."""
    found, *_ = order(rule("r", headers=("x-a", "x-b"), cors=True))
    pattern = next(each.value for each in found.match.headers if each.name == "access-control-request-headers")
    assert isinstance(pattern, RegexValue)
    assert (re2.fullmatch(pattern.pattern, text) is not None) == (text == "x-a,x-b")
