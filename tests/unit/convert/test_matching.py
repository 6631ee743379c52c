from typing import Any

import pytest

from gatewayd.convert.matching import (
    EVERYTHING,
    PRESENT,
    as_expression,
    beginning,
    common,
    covers,
    escaped,
    holds,
    written,
)
from gatewayd.ir.http import (
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
    ValueMatch,
)


def paths(path: PathMatch, *methods: str, **headers: ValueMatch) -> RequestMatch:
    named = tuple(NamedMatch(name=name, value=value) for name, value in headers.items())
    return RequestMatch(path=path, methods=methods, headers=named, queries=(), grpc=False)


A, AB, AX = PrefixPath(value="/a"), PrefixPath(value="/a/b"), ExactPath(value="/a/x")
NUMBERS = RegexPath(pattern="/a/[0-9]+")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (A, AB, AB),
        (A, AX, AX),
        (A, NUMBERS, NUMBERS),
        (NUMBERS, ExactPath(value="/a/7"), ExactPath(value="/a/7")),
        (RegexPath(pattern="/a.*"), RegexPath(pattern="/ab.*"), RegexPath(pattern="/ab.*")),
        (NUMBERS, NUMBERS, NUMBERS),
    ],
)
def test_paths_that_two_matches_have_in_common(one: PathMatch, other: PathMatch, both: PathMatch) -> None:
    assert common(paths(one), paths(other)) == common(paths(other), paths(one)) == (paths(both), True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A, PrefixPath(value="/ab")),
        (AX, AB),
        (NUMBERS, AX),
        (NUMBERS, PrefixPath(value="/b")),
        (NUMBERS, RegexPath(pattern="/b.*")),
    ],
)
def test_paths_that_have_nothing_in_common(one: PathMatch, other: PathMatch) -> None:
    assert common(paths(one), paths(other)) == (None, True)


@pytest.mark.parametrize("other", [PrefixPath(value="/a/7"), RegexPath(pattern="/[a-z]/.*")])
def test_expressions_of_which_nobody_knows(other: PathMatch) -> None:
    assert common(paths(NUMBERS), paths(other)) == (None, False)


def test_values_and_methods() -> None:
    one, like_one, two = ExactValue(value="one"), RegexValue(pattern="o.*"), ExactValue(value="two")
    assert common(paths(A, env=like_one), paths(A, env=one)).match == paths(A, env=one)
    assert common(paths(A, env=PRESENT), paths(A, env=two)).match == paths(A, env=two)
    assert common(paths(A, env=one), paths(A, env=two)).match is None
    assert not common(paths(A, env=like_one), paths(A, env=RegexValue(pattern="t.*"))).is_known
    assert common(paths(A, "GET", "PUT"), paths(AB, "PUT")).match == paths(AB, "PUT")
    assert common(paths(A, "GET"), paths(A, "PUT")).match is None


def test_who_covers_whom() -> None:
    narrow = paths(AB, env=PRESENT)
    assert (covers(EVERYTHING, narrow), covers(paths(A), narrow), covers(narrow, paths(A))) == (True, True, False)


@pytest.mark.parametrize("path", [A, AX, NUMBERS, PrefixPath(value="/")])
@pytest.mark.parametrize("text", ["/a", "/a/x", "/ab", "/a/7", "/"])
def test_an_expression_is_for_the_same_paths(path: PathMatch, text: str) -> None:
    assert holds(path, text) == holds(RegexPath(pattern=as_expression(path)), text)


@pytest.mark.parametrize(
    ("pattern", "start"),
    [("/a.b", "/a"), (r"/a\.b", "/a.b"), ("/ab?", "/a"), (r"/a\.?", "/a"), ("(?i)/a", ""), ("/a|/b", ""), ("/a", "/a")],
)
def test_what_all_paths_of_an_expression_begin_with(pattern: str, start: str) -> None:
    assert beginning(pattern) == start


def test_texts_as_expressions() -> None:
    assert escaped("/a-b.c+") == r"/a-b\.c\+"


def test_as_an_http_route_has_it() -> None:
    match: Any = paths(AX, "GET", "PUT", env=PRESENT)
    assert [each["method"] for each in written(match)] == ["GET", "PUT"]
    assert written(match)[0]["path"] == {"type": "Exact", "value": "/a/x"}
    assert written(match)[0]["headers"] == [{"type": "RegularExpression", "name": "env", "value": ".*"}]
    assert written(EVERYTHING) == ({},)
