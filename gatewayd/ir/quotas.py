"""How much of a proxy routes take up, and how much they may."""

from dataclasses import dataclass
from typing import NamedTuple


class Usage(NamedTuple):
    """What routes take up: each counted once for each hostname, as a proxy has it.

    `rules` counts matches, `regexes` regular expressions in them, `size` bytes of what is written in rules.
    """

    rules: int
    regexes: int
    size: int


NOTHING = Usage(0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What one route may take up, and all routes of a namespace on one Gateway."""

    route: Usage
    namespace: Usage


_ENDLESS = Usage(2**63, 2**63, 2**63)
UNBOUNDED = Quotas(route=_ENDLESS, namespace=_ENDLESS)


def total(one: Usage, other: Usage) -> Usage:
    """Return what two take up together."""
    return Usage(one.rules + other.rules, one.regexes + other.regexes, one.size + other.size)


def excess(found: Usage, allowed: Usage) -> tuple[str, int, int] | None:
    """Return of what there is too much, how much there is and what is allowed; None when all is within."""
    if found.rules <= allowed.rules and found.regexes <= allowed.regexes and found.size <= allowed.size:
        return None
    named = zip(("matches", "regular expressions", "bytes"), found, allowed, strict=True)
    return next(((name, is_, most) for name, is_, most in named if is_ > most), None)
