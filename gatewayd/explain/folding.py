"""Findings that only follow from others, folded into those.

In: findings, and the identities of objects that were refused. Out: the findings that name a cause, each with what
follows from it. A Gateway that is refused takes all of its routes with it, and a Secret that cannot be read is missing
to whoever refers to it: that is one mistake, to be mended in one place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from gatewayd.explain.findings import Finding

_MISSING: Final = re.compile(r'\b([A-Z][A-Za-z]+) "([^"]+)" does not exist')
"""How every message names an object that it does not find."""


def missing_object(message: str) -> str | None:
    """Return the object that a message does not find, such as `Secret shop/cert`; None for other messages."""
    match = _MISSING.search(message)
    return None if match is None else f"{match[1]} {match[2]}"


def folded(findings: Iterable[Finding], causes: Mapping[Finding, str]) -> tuple[Finding, ...]:
    """Fold what follows from refused objects into what says why; `causes`: which object a finding follows from."""
    listed = tuple(findings)
    heads: dict[str, Finding] = {}
    for each in listed:
        if each.object and each not in causes:
            heads.setdefault(each.object, each)
    followers: dict[Finding, list[str]] = {}
    kept: list[Finding] = []
    for each in listed:
        head = heads.get(causes.get(each, ""))
        if head is None:
            kept.append(each)
        elif each.object not in followers.setdefault(head, []):
            followers[head].append(each.object)
    return tuple(replace(each, followers=tuple(followers[each])) if each in followers else each for each in kept)


def waiting_words(finding: Finding) -> str:
    """Say what follows from a finding, "" for nothing: `and 5 routes wait for it`."""
    count = len(finding.followers)
    if not count:
        return ""
    names = ", ".join(finding.followers[:3]) + (", ..." if count > 3 else "")
    return f"and {count} {'object waits' if count == 1 else 'objects wait'} for it: {names}"
