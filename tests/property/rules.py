"""Random rules and requests over so few paths that they meet, and what a rule answers tells which one it was."""

from dataclasses import dataclass
from typing import Any

import re2
from hypothesis import strategies as st

from gatewayd.ir.filters import ResponseHeaders
from gatewayd.ir.http import (
    Action,
    DirectResponse,
    ExactPath,
    ExactValue,
    FullPath,
    NamedMatch,
    PathMatch,
    PathModifier,
    PrefixPath,
    PrefixReplacement,
    RegexPath,
    RegexValue,
    RequestMatch,
    Route,
)
from tests.unit.xds.shorthand import NOWHERE, changes, forward, matching, redirect, rewritten, route, share

RULE = "x-rule"
"""Says in an answer which rule was taken."""

CHANCE = "x-chance"
"""Says that a rule leaves it to chance which backend is asked."""

SEGMENTS = ("a", "ab", "abc", "A", "b", "a.b", "x1", "x1y", "%7Ea")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]


def _is_expression(pattern: str) -> bool:
    try:
        re2.compile(pattern)
    except re2.error:
        return False
    return True


def _one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


WHERE = st.lists(st.sampled_from(SEGMENTS), max_size=3).map(lambda parts: "/" + "/".join(parts))
PATTERNS = st.builds(
    "".join,
    st.tuples(
        _one_of("", "", "", "^", "(?i)", ".*", "(?:/b)?"),
        WHERE,
        _one_of(
            "", ".*", "/.*", "?", "+", "*", "{2}", "{0,2}", "|/b", "|b.*", "(?:b|/a).*", "[^/]*", r"\?.*", "$", "#"
        ),
        _one_of("", "", "", "/b"),
    ),
).filter(_is_expression)
PATHS: st.SearchStrategy[PathMatch] = st.one_of(
    WHERE.map(lambda value: PrefixPath(value=value)),
    WHERE.map(lambda value: PrefixPath(value=value)),
    st.builds(lambda value, end: ExactPath(value=value + end), WHERE, _one_of("", "", "", "/", "?q=1", "#b")),
    PATTERNS.map(lambda pattern: RegexPath(pattern=pattern)),
    _one_of(PrefixPath(value="/a?b"), PrefixPath(value="/a#b"), PrefixPath(value="/"), RegexPath(pattern=r"\*")),
)
HEADERS = _one_of(
    (),
    (),
    (NamedMatch(name="X-Kind", value=ExactValue(value="one")),),
    (NamedMatch(name="x-kind", value=RegexValue(pattern="t.*")),),
)
QUERIES = _one_of((), (), (NamedMatch(name="q", value=ExactValue(value="1")),))
METHODS = _one_of((), (), (), ("GET",), ("POST", "OPTIONS"))
MATCHES: st.SearchStrategy[RequestMatch] = st.builds(
    lambda path, methods, headers, queries, grpc: matching(
        path, methods=methods, headers=headers, queries=queries, grpc=grpc
    ),
    *(PATHS, METHODS, HEADERS, QUERIES, _one_of(*[False] * 7, True)),
)
MODIFIERS: st.SearchStrategy[PathModifier | None] = _one_of(
    None, FullPath(value="/whole"), PrefixReplacement(value="/new"), PrefixReplacement(value="/")
)
SPLIT = forward(
    share("a", rewrite=rewritten(path=FullPath(value="/one"))),
    share("a", weight=2, rewrite=rewritten(path=FullPath(value="/two"))),
    share(NOWHERE),
)
SPLIT_ANSWERS = {(200, "/one"): 25, (200, "/two"): 50, (500, None): 25}
"""What SPLIT answers, as status and path that the backend was asked for, and how often of 100 times."""

ACTIONS: st.SearchStrategy[Action] = st.one_of(
    _one_of(DirectResponse(status=200), DirectResponse(status=403), forward("a"), forward(), SPLIT, SPLIT),
    MODIFIERS.map(lambda path: forward("a", rewrite=rewritten(path=path))),
    st.builds(lambda path, scheme: redirect(path=path, scheme=scheme), MODIFIERS, _one_of(None, "http")),
)


def numbered(number: int, match: RequestMatch, action: Action) -> Route:
    """Return a rule whose answers bear its number."""
    put = ((RULE, str(number)), *(((CHANCE, "yes"),) if action is SPLIT else ()))
    return route(action, name=f"r{number}", match=match, filters=(ResponseHeaders(changes=changes(put=put)),))


RULES = st.lists(st.tuples(MATCHES, ACTIONS), min_size=10, max_size=60).map(
    lambda rules: tuple(numbered(number, *rule) for number, rule in enumerate(rules))
)
TARGETS = st.builds(
    "".join,
    st.tuples(
        WHERE,
        _one_of("", "", "", "/", "zz", "//", "/./", "%2F", "#b"),
        _one_of("", "", "", "?", "?q=1", "?q=2&b=/a/b", "?/b", "?q=1#b"),
    ),
)
SENT = _one_of(
    (), (), (("x-kind", "one"),), (("x-kind", "two"),), (("content-type", "application/grpc"), ("te", "trailers"))
)
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(
        lambda method, target, headers: Request(method=method, target=target, headers=headers),
        *(_one_of("GET", "GET", "POST", "OPTIONS", "HEAD"), TARGETS, SENT),
    ),
    _one_of(
        Request(method="OPTIONS", target="*", headers=()),
        Request(method="CONNECT", target="shop.example:80", headers=()),
        Request(method="CONNECT", target="/a", headers=()),
        Request(method="GET", target="http://shop.example/a/b?q=1", headers=()),
    ),
)
