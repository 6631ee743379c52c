"""canary and canary-* of ingress-nginx: who gets the canary in the place of what an older Ingress has for a path.

First counts the header, then the cookie, then the weight. A canary's other annotations did not count.
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gatewayd.translator.nginx.annotations import JSON, NginxAnnotations
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.untrusted.regexes import regex_problem

_ALWAYS: Final = "always"
_NEVER: Final = "never"
_TOTAL: Final = 100
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
    pattern = written.text("canary-by-header-pattern")
    return Canary(
        weight=min(max(written.integer("canary-weight") or 0, 0), total),
        total=total,
        header=written.text("canary-by-header"),
        value=written.text("canary-by-header-value"),
        pattern="" if regex_problem(pattern) else pattern,
        cookie=written.text("canary-by-cookie"),
    )


def canary_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of all annotations of a canary."""
    pattern = written.text("canary-by-header-pattern")
    problem = regex_problem(pattern) if pattern else None
    for name in NAMES:
        if name not in written:
            continue
        if name == "canary-by-header-pattern" and problem:
            yield written.fate(name, Fidelity.LOST, f"no expression of RE2: {problem}; who sends `{_ALWAYS}` gets it")
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
            yield _regex(canary.header, f".*(?:{canary.pattern}).*"), True
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


def _cookie(name: str, value: str) -> JSON:
    return _regex("Cookie", rf"(?:.*;\s*)?{re.escape(name)}={value}(?:\s*;.*)?")
