import pytest

from gatewayd.explain.matching import match_words, mismatches, path_holds
from gatewayd.explain.request import Request, Sent, received
from gatewayd.ir.filters import Header
from gatewayd.ir.http import (
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
)

ROOT = PrefixPath(value="/")


def request(target: str = "/", method: str = "GET", *headers: tuple[str, str]) -> Request:
    named = tuple(Header(name=name, value=value) for name, value in headers)
    found = received(Sent(scheme="http", method=method, host="a", target=target, headers=named))
    assert isinstance(found, Request)
    return found


def match(
    path: PathMatch = ROOT,
    methods: tuple[str, ...] = (),
    headers: tuple[NamedMatch, ...] = (),
    queries: tuple[NamedMatch, ...] = (),
) -> RequestMatch:
    return RequestMatch(path=path, methods=methods, headers=headers, queries=queries, grpc=False)


def named(name: str, value: str) -> NamedMatch:
    return NamedMatch(name=name, value=ExactValue(value=value))


@pytest.mark.parametrize(
    ("pattern", "path", "holds"),
    [
        (ExactPath(value="/a"), "/a", True),
        (ExactPath(value="/a"), "/a/", False),
        (PrefixPath(value="/"), "/x", True),
        (PrefixPath(value="/a"), "/a", True),
        (PrefixPath(value="/a"), "/a/b", True),
        (PrefixPath(value="/a"), "/ab", False),
        (RegexPath(pattern="/a.*"), "/abc", True),
        (RegexPath(pattern="a"), "/a", False),
        (RegexPath(pattern="(?i)/A"), "/a", True),
    ],
)
def test_paths(pattern: PathMatch, path: str, *, holds: bool) -> None:
    assert path_holds(pattern, path) is holds


def test_a_match_holds_when_all_parts_do() -> None:
    wanted = match(ExactPath(value="/a"), ("POST",), (named("env", "canary"),), (named("q", "1"),))

    assert mismatches(wanted, request("/a?q=1", "POST", ("env", "canary"))) == ()


def test_every_part_that_fails_is_named() -> None:
    wanted = match(PrefixPath(value="/b"), ("POST", "PUT"), (named("env", "canary"),), (named("q", "1"),))

    assert mismatches(wanted, request("/a?q=2")) == (
        "path /a is neither /b nor below it",
        "method GET is not POST or PUT",
        "header env (absent) is not 'canary'",
        "query parameter q '2' is not '1'",
    )
    assert mismatches(match(ExactPath(value="/b")), request("/a")) == ("path /a is not /b",)
    assert mismatches(match(RegexPath(pattern="/b+")), request("/a")) == ("path /a does not match /b+",)


def test_of_several_lines_of_a_header_one_is_enough() -> None:
    lines = (("env", "canary"), ("env", "prod"))

    assert mismatches(match(headers=(named("Env", "prod"),)), request("/", "GET", *lines)) == ()
    assert mismatches(match(headers=(named("env", "canary,prod"),)), request("/", "GET", *lines)) != ()


def test_of_several_values_of_a_parameter_the_first_counts() -> None:
    assert mismatches(match(queries=(named("q", "1"),)), request("/?q=1&q=2")) == ()
    assert mismatches(match(queries=(named("q", "2"),)), request("/?q=1&q=2")) != ()


def test_expressions_match_the_whole_value() -> None:
    wanted = match(headers=(NamedMatch(name="env", value=RegexValue(pattern="can")),))

    assert mismatches(wanted, request("/", "GET", ("env", "canary"))) == ("header env 'canary' does not match can",)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (match(), "any path"),
        (match(path=PrefixPath(value="/a")), "/a and below"),
        (match(path=ExactPath(value="/a"), methods=("GET",)), "GET /a"),
        (match(path=RegexPath(pattern="/a.*")), "paths that match /a.*"),
        (match(headers=(named("env", "canary"),)), "any path, header env: canary"),
        (match(queries=(named("q", "1"),)), "any path, query parameter q=1"),
        (RequestMatch(path=ROOT, methods=(), headers=(), queries=(), grpc=True), "any path, gRPC"),
    ],
)
def test_a_match_in_words(wanted: RequestMatch, words: str) -> None:
    assert match_words(wanted) == words


def test_grpc_asks_for_the_content_type() -> None:
    wanted = RequestMatch(path=ROOT, methods=(), headers=(), queries=(), grpc=True)

    assert mismatches(wanted, request()) == ("content-type is not application/grpc",)
    assert mismatches(wanted, request("/", "POST", ("content-type", "application/grpc"))) == ()
