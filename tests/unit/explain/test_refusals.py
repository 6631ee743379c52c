"""Refusals one by one; that Envoy refuses the same is tests/feature/test_explain_refusals.py."""

import pytest

from gatewayd.explain.refusals import FIRST, LAST, Line, refusal, taken_apart, without_dot
from gatewayd.ir.filters import Header


def line(
    target: str = "/", *headers: tuple[str, str], host: str = "a.example", method: str = "GET", over: str = "http"
) -> Line:
    return taken_apart(over, method, target, host, tuple(Header(name=name, value=value) for name, value in headers))


def status(of: Line) -> int | None:
    found = refusal(of, FIRST) or refusal(of, LAST)
    return None if found is None else found.status


@pytest.mark.parametrize("method", ["GET", "TRACE", "PROPFIND", "OPTIONS"])
def test_methods_that_are_known(method: str) -> None:
    assert status(line(method=method)) is None


@pytest.mark.parametrize("method", ["get", "FOO", "", "G ET", "QUERY", "PRI"])
def test_methods_that_are_not(method: str) -> None:
    assert status(line(method=method)) == 400


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b=%2F", None), (" /a ", None), ("http://b.example/a", None), ("HTTP://b.example", None),
        ("http://u@b.example/", None), ("", 400), ("a", 400), ("/a b", 400), ("/\xe9", 400), ("/a#b", 400),
        ("/%00", 400), ("/?%00", None), ("*", 400), ("ftp://b.example/", 400), ("http:///", 400),
        ("http://b.example:x/", 400), ("https://b.example/", 403),
    ],
)  # fmt: skip
def test_targets(target: str, expected: int | None) -> None:
    assert status(line(target)) == expected


def test_a_target_may_be_for_the_scheme_that_it_came_by() -> None:
    assert status(line("https://b.example/", over="https")) is None


@pytest.mark.parametrize(
    ("target", "expected"), [("a.example:443", 404), ("a.example", 400), ("/", 400), ("a.example:x", 400)]
)
def test_connect_is_never_served(target: str, expected: int) -> None:
    assert status(line(target, method="CONNECT")) == expected


def test_options_of_everything_has_no_rule() -> None:
    assert status(line("*", method="OPTIONS")) == 404


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("x-a", "\xe9\t"), None), (("x_a", "1"), 400), (("x(a", "1"), 400), (("", "1"), 400), (("x-a", "\x01"), 400),
        (("x-a", "a" * 62_000), 431), (("content-length", "1"), None), (("content-length", "x"), 400),
        (("content-length", "0, 0"), 400), (("transfer-encoding", "Chunked"), None),
        (("transfer-encoding", "gzip"), 501), (("connection", "close, x-a"), None),
        (("connection", "X-Forwarded-For"), 400), (("connection", ":path"), 400), (("connection", "host"), 400),
        (("connection", "a,b,c,d,e,f,g,h,i"), None), (("connection", "a,b,c,d,e,f,g,h,i,j"), 400),
        (("host", "b.example"), 400),
    ],
)  # fmt: skip
def test_headers(header: tuple[str, str], expected: int | None) -> None:
    assert status(line("/", header)) == expected


def test_headers_that_do_not_go_together() -> None:
    assert status(line("/", ("content-length", "0"), ("content-length", "0"))) == 400
    assert status(line("/", ("content-length", "0"), ("transfer-encoding", "chunked"))) == 400
    assert status(line("/", ("connection", "te"), ("te", "a" * 300))) == 400


def test_a_hundred_headers_with_the_host() -> None:
    many = [(f"x-{at}", "1") for at in range(99)]
    assert status(line("/", *many)) is None
    assert status(line("/", *many, ("x", "1"))) == 431


@pytest.mark.parametrize(
    ("host", "expected"),
    [("a.example.", None), ("[::1]:80", None), ("", 400), ("a b", 400), ("a.example:evil", 400), ("\xe9", 400)],
)
def test_hosts(host: str, expected: int | None) -> None:
    assert status(line(host=host)) == expected


def test_the_host_of_the_target_goes_first() -> None:
    assert line("http://b.example.:80/x?y").authority == "b.example:80"
    assert line("http://b.example?y").path == "?y"
    assert line("/", ("Host", "b.example")).authority == "a.example,b.example"
    assert line("/", ("host", "b.example"), host="").authority == "b.example"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [("a.", "a"), ("a.:80", "a:80"), ("a", "a"), ("a:80", "a:80"), ("a..", "a."), (".", ""), ("[::1]:80", "[::1]:80")],
)
def test_the_dot_of_the_root_is_taken_off(sent: str, seen: str) -> None:
    assert without_dot(sent) == seen


def test_why_is_said() -> None:
    found = refusal(line("/", ("x_a", "1")), FIRST)
    assert found is not None
    assert found.why == "header x_a has an underscore in its name"
