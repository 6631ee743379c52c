"""MatchConditions of HTTPProxies: prefixes of those that include others come before, all other conditions add up.

A condition that cannot be had is lost and protects: without it the route would be for more requests than before.
https://projectcontour.io/docs/main/config/request-routing/
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gatewayd.convert.conditions import PrefixForm, check_expression, prefix_path
from gatewayd.convert.fields import Fields
from gatewayd.convert.matching import PRESENT, escaped
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

_SLASHES: Final = re.compile(r"/{2,}")
_NOT: Final = ("notpresent", "notcontains", "notexact", "treatMissingAsEmpty")
_FORMS: Final = {"contains": ".*{}.*", "prefix": "{}.*", "suffix": ".*{}"}


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
    written = next((each for each in reversed(conditions) if "prefix" in each), None)
    return PrefixPath(value="/") if written is None else prefix_path(written, prefix, form)


def _whole(written: Fields, prefix: str) -> PathMatch:
    if "exact" in written:
        return ExactPath(value=_SLASHES.sub("/", f"{prefix}{written.text('exact')}"))
    pattern = f"{escaped(prefix.rstrip('/'))}{written.text('regex')}"
    check_expression(written, "regex", pattern)
    return RegexPath(pattern=pattern)


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
        check_expression(written, "regex", written.text("regex"))
        return RegexValue(pattern=f"{case}{written.text('regex')}")
    for name, form in _FORMS.items():
        if name in written:
            return RegexValue(pattern=case + form.format(escaped(written.text(name))))
    return PRESENT
