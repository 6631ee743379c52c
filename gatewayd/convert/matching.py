"""What requests a rule is for, as values that can be compared: all of another's, some of them, or none.

Paths are `RequestMatch`es as gatewayd itself has them, so that who goes first is decided in one place.
"""

import re
from typing import Final, Generic, NamedTuple, TypeVar

import re2

from gatewayd.convert.draft import JSON
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

EVERYTHING: Final = RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False)
PRESENT: Final = RegexValue(pattern=".*")
_OPERATOR: Final = re.compile(r"[\\^$.*+?()\[\]{}|]")
_LETTERS: Final = re.compile(r"(?:[^\\^$.*+?()\[\]{}|]|\\[^A-Za-z0-9])*")
_OPTIONAL: Final = "*?{"


class Both(NamedTuple):
    """What requests two matches have in common: all that `match` is for, none where it is None.

    Without `is_known` it cannot be said: two expressions may have requests in common.
    """

    match: RequestMatch | None
    is_known: bool = True


Condition = TypeVar("Condition")


class _Common(NamedTuple, Generic[Condition]):
    """The common part of two conditions, None for none."""

    value: Condition | None
    is_known: bool = True


def escaped(text: str) -> str:
    """Return an expression for a text."""
    return _OPERATOR.sub(lambda letter: f"\\{letter[0]}", text)


def beginning(pattern: str) -> str:
    """Return the text that everything which an expression matches begins with."""
    if "|" in pattern or pattern.startswith("(?"):
        return ""
    found = _LETTERS.match(pattern)
    letters = found[0] if found is not None else ""
    following = pattern[len(letters) : len(letters) + 1]
    if following and following in _OPTIONAL and letters:
        letters = letters[:-2] if letters[-2:-1] == "\\" else letters[:-1]
    return re.sub(r"\\(.)", r"\1", letters)


def covers(one: RequestMatch, other: RequestMatch) -> bool:
    """Return whether a match is for all requests that another is for; False where that cannot be said."""
    both = common(one, other)
    return both.is_known and both.match == other


def common(one: RequestMatch, other: RequestMatch) -> Both:
    """Return the requests that two matches are both for."""
    path = _path(one.path, other.path)
    methods = tuple(each for each in other.methods if each in one.methods or not one.methods) or (
        one.methods if not other.methods else ()
    )
    headers, queries = _named(one.headers, other.headers), _named(one.queries, other.queries)
    if path.value is None or headers is None or queries is None or (not methods and one.methods and other.methods):
        return Both(None, is_known=path.is_known)
    if not (path.is_known and headers.is_known and queries.is_known):
        return Both(None, is_known=False)
    match = RequestMatch(
        path=path.value, methods=methods, headers=headers.matches, queries=queries.matches, grpc=one.grpc or other.grpc
    )
    return Both(match)


def as_expression(path: PathMatch) -> str:
    """Return an expression for the same paths."""
    match path:
        case ExactPath(value=value):
            return escaped(value)
        case PrefixPath(value="/"):
            return "/.*"
        case PrefixPath(value=value):
            return f"{escaped(value)}(/.*)?"
        case RegexPath(pattern=pattern):
            return pattern


def written(match: RequestMatch) -> tuple[JSON, ...]:
    """Return a match as an HTTPRoute has it, one for each of its methods."""
    path = match.path
    written_path: JSON = {}
    if isinstance(path, ExactPath):
        written_path = {"path": {"type": "Exact", "value": path.value}}
    elif isinstance(path, RegexPath):
        written_path = {"path": {"type": "RegularExpression", "value": path.pattern}}
    elif path.value != "/":
        written_path = {"path": {"type": "PathPrefix", "value": path.value}}
    rest = {
        **written_path,
        **({"headers": [_written_value(each) for each in match.headers]} if match.headers else {}),
        **({"queryParams": [_written_value(each) for each in match.queries]} if match.queries else {}),
    }
    return tuple({**rest, "method": method} for method in match.methods) or (rest,)


def _written_value(each: NamedMatch) -> JSON:
    if isinstance(each.value, ExactValue):
        return {"type": "Exact", "name": each.name, "value": each.value.value}
    return {"type": "RegularExpression", "name": each.name, "value": each.value.pattern}


class _Named(NamedTuple):
    matches: tuple[NamedMatch, ...]
    is_known: bool


def _named(one: tuple[NamedMatch, ...], other: tuple[NamedMatch, ...]) -> _Named | None:
    """Return all conditions of both lists, the other's first; None where no request meets all of them."""
    matches = {each.name: each for each in other}
    is_known = True
    for each in one:
        if each.name not in matches:
            matches[each.name] = each
            continue
        shared = _value(each.value, matches[each.name].value)
        if shared.value is None:
            return None
        is_known = is_known and shared.is_known
        matches[each.name] = NamedMatch(name=each.name, value=shared.value)
    return _Named(tuple(matches.values()), is_known)


def _value(one: ValueMatch, other: ValueMatch) -> _Common[ValueMatch]:
    if one in (other, PRESENT):
        return _Common(other)
    if other == PRESENT:
        return _Common(one)
    if isinstance(one, ExactValue) and isinstance(other, ExactValue):
        return _Common(None)
    if isinstance(one, ExactValue) and isinstance(other, RegexValue):
        return _Common(one if _fits(other.pattern, one.value) else None)
    if isinstance(other, ExactValue) and isinstance(one, RegexValue):
        return _Common(other if _fits(one.pattern, other.value) else None)
    return _Common(other, is_known=False)


def _path(one: PathMatch, other: PathMatch) -> _Common[PathMatch]:
    if isinstance(one, ExactPath):
        return _Common(one if holds(other, one.value) else None)
    if isinstance(other, ExactPath):
        return _Common(other if holds(one, other.value) else None)
    if isinstance(one, PrefixPath) and isinstance(other, PrefixPath):
        longer, shorter = sorted((one, other), key=lambda each: len(each.value), reverse=True)
        return _Common(longer if holds(shorter, longer.value) else None)
    if isinstance(one, RegexPath) and isinstance(other, RegexPath):
        return _expressions(one.pattern, other.pattern)
    if isinstance(one, PrefixPath) and isinstance(other, RegexPath):
        return _below(one, other)
    return _below(other, one) if isinstance(one, RegexPath) and isinstance(other, PrefixPath) else _Common(None)


def _below(prefix: PrefixPath, regex: RegexPath) -> _Common[PathMatch]:
    start = beginning(regex.pattern)
    if holds(prefix, "/") or start.startswith(f"{prefix.value}/"):
        return _Common(regex)
    if not _may_meet(start, prefix.value):
        return _Common(None)
    return _Common(regex, is_known=False)


def _expressions(one: str, other: str) -> _Common[PathMatch]:
    if one == other:
        return _Common(RegexPath(pattern=one))
    for wide, narrow in ((one, other), (other, one)):
        # What is as before a ".*" holds for all that begins so.
        start = beginning(wide)
        if wide == f"{escaped(start)}.*" and beginning(narrow).startswith(start):
            return _Common(RegexPath(pattern=narrow))
    if not _may_meet(beginning(one), beginning(other)):
        return _Common(None)
    return _Common(RegexPath(pattern=other), is_known=False)


def _may_meet(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def holds(path: PathMatch, text: str) -> bool:
    """Return whether a path is one that a condition is for."""
    match path:
        case ExactPath(value=value):
            return text == value
        case PrefixPath(value="/"):
            return True
        case PrefixPath(value=value):
            return text == value or text.startswith(f"{value}/")
        case RegexPath(pattern=pattern):
            return _fits(pattern, text)


def _fits(pattern: str, text: str) -> bool:
    return re2.fullmatch(pattern, text) is not None
