import re

import pytest

from gatewayd.ir.http import (
    GRPC_CONTENT_TYPE,
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
)
from gatewayd.xds.messages.match import fraction, regex, route_match
from tests.unit.xds.shorthand import matching


def exact(name: str, value: str) -> NamedMatch:
    return NamedMatch(name=name, value=ExactValue(value=value))


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (ExactPath(value="/a"), "path", "/a"),
        (PrefixPath(value="/"), "prefix", "/"),
        (PrefixPath(value="/a.b"), "path_separated_prefix", "/a.b"),
    ],
)
def test_literal_paths(path: PathMatch, field: str, value: str) -> None:
    match = route_match(matching(path))
    assert match.WhichOneof("path_specifier") == field
    assert getattr(match, field) == value


def test_a_regular_expression_is_the_users() -> None:
    assert route_match(matching(RegexPath(pattern="/a|/b"))).safe_regex.regex == "/a|/b"


def test_a_prefix_that_envoy_would_refuse_matches_nothing_but_itself() -> None:
    pattern = route_match(matching(PrefixPath(value="/a?b.c"))).safe_regex.regex
    assert re.fullmatch(pattern, "/a?b.c/d")
    assert not re.fullmatch(pattern, "/a")
    assert not re.fullmatch(pattern, "/a?bxc")


def test_methods() -> None:
    assert list(route_match(matching()).headers) == []
    (one,) = route_match(matching(methods=("GET",))).headers
    assert (one.name, one.string_match.exact) == (":method", "GET")
    (several,) = route_match(matching(methods=("GET", "M-SEARCH"))).headers
    assert re.fullmatch(several.string_match.safe_regex.regex, "M-SEARCH")
    assert not re.fullmatch(several.string_match.safe_regex.regex, "GETS")


def test_the_first_of_headers_with_one_name_counts() -> None:
    headers = (exact("X-One", "1"), NamedMatch(name="two", value=RegexValue(pattern="2+")), exact("x-one", "other"))
    found = route_match(matching(headers=headers)).headers
    assert [(each.name, each.string_match.exact or each.string_match.safe_regex.regex) for each in found] == [
        ("X-One", "1"),
        ("two", "2+"),
    ]
    assert not any(each.invert_match or each.treat_missing_header_as_empty for each in found)


def test_query_parameters_have_a_case() -> None:
    found = route_match(matching(queries=(exact("a", "1"), exact("A", "2"), exact("a", "3")))).query_parameters
    assert [(each.name, each.string_match.exact) for each in found] == [("a", "1"), ("A", "2")]


def test_grpc() -> None:
    (calls,) = route_match(matching(grpc=True)).headers
    assert (calls.name, calls.string_match.safe_regex.regex) == ("content-type", GRPC_CONTENT_TYPE)
    assert not route_match(matching()).headers


def test_fraction_and_regex() -> None:
    share = fraction(250_000)
    assert (share.default_value.numerator, share.default_value.denominator, share.runtime_key) == (250_000, 2, "")
    assert regex("a+").regex == "a+"
