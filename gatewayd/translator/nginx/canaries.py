"""canary and canary-* of ingress-nginx: who gets the canary in the place of what an older Ingress has for a path.

First counts the header, then the cookie, then the weight. A canary's other annotations did not count.
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gatewayd.api.httproute import HTTPHeaderMatch
from gatewayd.translator.nginx.annotations import JSON, NginxAnnotations
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.translator.nginx.readable import problem_of
from gatewayd.untrusted.regexes import regex_problem

_ALWAYS: Final = "always"
_NEVER: Final = "never"
_TOTAL: Final = 100
_MOST_WEIGHT: Final = 1_000_000
"""https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref"""
_BY: Final = (
    ("canary-by-header", "header"),
    ("canary-by-header-value", "value"),
    ("canary-by-header-pattern", "pattern"),
    ("canary-by-cookie", "cookie"),
)
"""What a request is told by, and the field of a Canary."""
NAMES: Final = (
    "canary",
    "canary-by-header",
    "canary-by-header-value",
    "canary-by-header-pattern",
    "canary-by-cookie",
    "canary-weight",
    "canary-weight-total",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Who gets a canary: `weight` of `total` requests, and who has a `header` or a `cookie`.

    The header has the `value`, or is like the `pattern`; where both are "", and for the cookie, `always` or `never`.
    """

    weight: int = 0
    total: int = _TOTAL
    header: str = ""
    value: str = ""
    pattern: str = ""
    cookie: str = ""


def canary(written: NginxAnnotations) -> Canary | None:
    """Return what makes an Ingress a canary; None for one that is none."""
    if not written.boolean("canary"):
        return None
    total = max(written.integer("canary-weight-total") or _TOTAL, _TOTAL)
    weight = min(max(written.integer("canary-weight") or 0, 0), total)
    # What is more than a route takes is as many parts of a million.
    most = min(total, _MOST_WEIGHT)
    return Canary(
        weight=weight * most // total,
        total=most,
        **{field: written.text(name) for name, field in _BY if not _unmatchable(written, name)},
    )


def _unmatchable(written: NginxAnnotations, name: str) -> str:
    """Return why no header or cookie can be compared with an annotation's value, "" where it can."""
    text = written.text(name)
    if name == "canary-by-header-pattern" and (problem := regex_problem(text)):
        return f"no expression of RE2: {problem}; who sends `{_ALWAYS}` gets it"
    if not text or name not in written:
        return ""
    match = {
        "canary-by-header": lambda: _exact(text, _ALWAYS),
        "canary-by-header-value": lambda: _exact("x", text),
        "canary-by-header-pattern": lambda: _like("x", text),
        "canary-by-cookie": lambda: _cookie(text, _ALWAYS),
    }[name]()
    return problem_of(match, HTTPHeaderMatch)


def canary_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of all annotations of a canary."""
    matching = frozenset(name for name, _ in _BY)
    for name in NAMES:
        if name not in written:
            continue
        problem = _unmatchable(written, name) if name in matching else ""
        if problem:
            yield written.fate(name, Fidelity.LOST, problem)
        else:
            yield written.exact(name, "weights of backendRefs, and a rule for each header and cookie")
    yield from (written.exact(name, "on a canary it had no effect") for name in written.values if name not in NAMES)


def stray_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of these annotations on an Ingress that is no canary."""
    yield from (written.exact(name, "without canary it had no effect") for name in NAMES if name in written)


def choices(canary: Canary) -> Iterator[tuple[JSON, bool]]:
    """Yield matches of a header, the first that holds counts, each with whether who has it gets the canary."""
    if canary.header:
        if canary.value:
            yield _exact(canary.header, canary.value), True
        elif canary.pattern:
            yield _like(canary.header, canary.pattern), True
        else:
            yield _exact(canary.header, _ALWAYS), True
            yield _exact(canary.header, _NEVER), False
    if canary.cookie:
        yield _cookie(canary.cookie, _ALWAYS), True
        yield _cookie(canary.cookie, _NEVER), False


def _exact(name: str, value: str) -> JSON:
    return {"type": "Exact", "name": name, "value": value}


def _regex(name: str, value: str) -> JSON:
    return {"type": "RegularExpression", "name": name, "value": value}


def _like(name: str, pattern: str) -> JSON:
    return _regex(name, f".*(?:{pattern}).*")


def _cookie(name: str, value: str) -> JSON:
    return _regex("Cookie", rf"(?:.*;\s*)?{re.escape(name)}={value}(?:\s*;.*)?")
