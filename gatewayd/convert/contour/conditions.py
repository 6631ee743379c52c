"""MatchConditions of HTTPProxies: prefixes of those that include others come before, all other conditions add up.

A condition that cannot be had is lost and protects: without it the route would be for more requests than before.
https://projectcontour.io/docs/main/config/request-routing/
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gatewayd.convert.fields import Fields
from gatewayd.convert.matching import PRESENT, as_expression, escaped
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
from gatewayd.untrusted.regexes import regex_problem

_SLASHES: Final = re.compile(r"/{2,}")
_NOT: Final = ("notpresent", "notcontains", "notexact", "treatMissingAsEmpty")
_FORMS: Final = {"contains": ".*{}.*", "prefix": "{}.*", "suffix": ".*{}"}


class PrefixForm(Enum):
    """How a prefix is written, which is of letters in Contour, and of segments in an HTTPRoute."""

    PATH_PREFIX = auto()
    SEGMENTS = auto()
    """An expression for the same paths as a PathPrefix: it may stand before other expressions."""
    LETTERS = auto()
    """An expression for the same paths as in Contour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourMatch:
    """What requests a route is for; `prefix` is what its paths begin with, "" where they are told otherwise."""

    match: RequestMatch
    prefix: str

    @property
    def special(self) -> tuple[int, int, int, int]:
        """How far in front Contour has the route: exact paths, expressions, prefixes; the longer, and who asks more."""
        path = self.match.path
        asked = (len(self.match.headers), len(self.match.queries))
        if self.prefix:
            return (1, len(self.prefix.rstrip("/")), *asked)
        if isinstance(path, RegexPath):
            return (2, len(path.pattern), *asked)
        return (3, len(path.value), *asked)


def contour_match(conditions: Sequence[Fields], form: PrefixForm) -> ContourMatch:
    """Return all conditions as one."""
    for each in conditions:
        _ = [each.text(name) for name in ("prefix", "exact", "regex")]
    prefix = _SLASHES.sub("/", "".join(each.text("prefix") for each in conditions))
    whole = next((each for each in conditions if "exact" in each or "regex" in each), None)
    path = _path(conditions, prefix, form) if whole is None else _whole(whole, prefix)
    return ContourMatch(
        match=RequestMatch(
            path=path,
            methods=(),
            headers=_named(conditions, "header"),
            queries=_named(conditions, "queryParameter"),
            grpc=False,
        ),
        prefix="" if whole is not None else prefix or "/",
    )


def _path(conditions: Sequence[Fields], prefix: str, form: PrefixForm) -> PathMatch:
    if prefix in ("", "/"):
        return PrefixPath(value="/")
    written = next(each for each in reversed(conditions) if "prefix" in each)
    if form is PrefixForm.LETTERS:
        written.exact("prefix", "an expression, so that it keeps out what it has kept out, by letters")
        return RegexPath(pattern=f"{escaped(prefix)}.*")
    bare = prefix.rstrip("/")
    less = f"{bare} is like it" if bare != prefix else f"{prefix}x is not like it"
    written.approximate("prefix", f"PathPrefix, which goes by segments: {less}")
    path = PrefixPath(value=bare)
    return path if form is PrefixForm.PATH_PREFIX else RegexPath(pattern=as_expression(path))


def _whole(written: Fields, prefix: str) -> PathMatch:
    if "exact" in written:
        return ExactPath(value=_SLASHES.sub("/", f"{prefix}{written.text('exact')}"))
    pattern = f"{escaped(prefix.rstrip('/'))}{written.text('regex')}"
    _check(written, "regex", pattern)
    return RegexPath(pattern=pattern)


def _check(written: Fields, name: str, pattern: str) -> None:
    problem = regex_problem(pattern)
    if problem is not None:
        written.lost(name, problem, protects=True)


def _named(conditions: Sequence[Fields], name: str) -> tuple[NamedMatch, ...]:
    """Return matches of headers or query parameters; two for the same one cannot be had."""
    matches: dict[str, NamedMatch] = {}
    for written in (each.one(name) for each in conditions if name in each):
        own = written.text("name").lower() if name == "header" else written.text("name")
        value = _value(written)
        if matches.setdefault(own, NamedMatch(name=own, value=value)).value != value:
            written.lost("", f"a second condition for {own}; a rule has one for each name", protects=True)
    return tuple(matches.values())


def _value(written: Fields) -> ValueMatch:
    for name in _NOT:
        if name in written:
            written.lost(name, "a rule cannot be for requests without something", protects=True)
    case = "(?i)" if written.boolean("ignoreCase") else ""
    written.ignore("present")
    if "exact" in written:
        text = written.text("exact")
        return RegexValue(pattern=f"{case}{escaped(text)}") if case or not text else ExactValue(value=text)
    if "regex" in written:
        _check(written, "regex", written.text("regex"))
        return RegexValue(pattern=f"{case}{written.text('regex')}")
    for name, form in _FORMS.items():
        if name in written:
            return RegexValue(pattern=case + form.format(escaped(written.text(name))))
    return PRESENT
