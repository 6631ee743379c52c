import pytest

from gatewayd.explain.request import Request, Sent, received
from gatewayd.explain.rewriting import location, modified_path
from gatewayd.ir.http import (
    ExactPath,
    FullPath,
    PathModifier,
    PrefixPath,
    PrefixReplacement,
    Redirect,
    RegexReplacement,
)


def prefix(value: str) -> PathModifier:
    return PrefixReplacement(value=value)


@pytest.mark.parametrize(
    ("modifier", "matched", "path", "expected"),
    [
        # https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier, the table of replacePrefixMatch
        (prefix("/xyz"), "/foo", "/foo/bar", "/xyz/bar"),
        (prefix("/xyz/"), "/foo", "/foo/bar", "/xyz/bar"),
        (prefix("/xyz"), "/foo", "/foo", "/xyz"),
        (prefix("/xyz/"), "/foo", "/foo/", "/xyz/"),
        (prefix(""), "/foo", "/foo/bar", "/bar"),
        (prefix(""), "/foo", "/foo/", "/"),
        (prefix(""), "/foo", "/foo", "/"),
        (prefix("/"), "/foo", "/foo/bar", "/bar"),
        (prefix("/xyz"), "/", "/bar", "/xyz/bar"),
        (prefix("/"), "/", "/bar", "/bar"),
        (FullPath(value="/full"), "/foo", "/foo/bar", "/full"),
        (None, "/foo", "/foo/bar", "/foo/bar"),
    ],
)
def test_paths(modifier: PathModifier | None, matched: str, path: str, expected: str) -> None:
    assert modified_path(modifier, PrefixPath(value=matched), path) == expected


@pytest.mark.parametrize(("pattern", "value", "path", "expected"), [
    ("^/app/(v[0-9]+)/(.*)$", r"/\1/of/\2", "/app/v1/cart", "/v1/of/cart"),
    ("^/app/(v[0-9]+)/(.*)$", r"/\1/of/\2", "/app/cart", "/app/cart"),
    ("a", "b", "/app/a", "/bpp/b"),
    (".*", r"/x\0", "/app/y", "/x/app/y"),
    ("^/app$", r"/\\x", "/app", r"/\x"),
    ("^/(a)?b", r"/\1c", "/b", "/c"),
    ("x*", "-", "/ax", "-/-a-"),
])  # fmt: skip
def test_what_an_expression_matches_is_replaced(pattern: str, value: str, path: str, expected: str) -> None:
    modifier = RegexReplacement(pattern=pattern, value=value)
    assert modified_path(modifier, PrefixPath(value="/"), path) == expected


def test_a_prefix_that_was_not_matched_is_the_whole_path() -> None:
    assert modified_path(prefix("/x"), ExactPath(value="/foo"), "/foo") == "/x"
    assert modified_path(prefix("/"), ExactPath(value="/foo"), "/foo") == "/"


def request(host: str = "old.example", target: str = "/a?q=1") -> Request:
    found = received(Sent(scheme="http", method="GET", host=host, target=target, headers=()))
    assert isinstance(found, Request)
    return found


def redirect(
    scheme: str | None = None, host: str | None = None, port: int | None = None, path: PathModifier | None = None
) -> Redirect:
    return Redirect(scheme=scheme, host=host, port=port, path=path, status=302)


@pytest.mark.parametrize(
    ("given", "host", "domain", "expected"),
    [
        (redirect(scheme="https"), "old.example:8080", "old.example", "https://old.example/a?q=1"),
        (redirect(port=8443), "old.example:8080", "*", "http://old.example:8443/a?q=1"),
        (redirect(host="new.example"), "old.example:8080", "*", "http://new.example/a?q=1"),
        (redirect(scheme="https"), "x.old.example:8080", "*.old.example", "https://x.old.example/a?q=1"),
        (redirect(), "[::1]:8080", "*", "http://[::1]/a?q=1"),
        (redirect(scheme="https"), "x.old.example", "*.old.example", "https://x.old.example/a?q=1"),
        (redirect(), "x.old.example:80", "*.old.example", "http://x.old.example/a?q=1"),
        (redirect(path=FullPath(value="/f")), "old.example", "old.example", "http://old.example/f?q=1"),
        (redirect(path=prefix("/n")), "old.example", "old.example", "http://old.example/n?q=1"),
    ],
)
def test_locations(given: Redirect, host: str, domain: str, expected: str) -> None:
    assert location(given, PrefixPath(value="/a"), domain, request(host)) == expected
