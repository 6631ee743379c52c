"""Rules of which the first that fits counts, as matches of which the most special counts.

In an HTTPRoute the longer path goes first, then who has more conditions, wherever it stands. Where an earlier rule is
less special than a later one, what both are for is written once more, for the earlier one; what an earlier rule takes
whole is not written again. https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches: precedence)
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from gatewayd.convert.matching import as_expression, common, covers
from gatewayd.ir.http import ExactPath, RegexPath, RequestMatch
from gatewayd.translator.rules.http import rank

MOST_MATCHES: Final = 1024
"""Of one host together; each pair of rules can lead to one more, which a hostile list could make a million."""
_PADDING: Final = "(?:)"
"""Makes an expression longer and changes nothing: of two, the longer goes first."""


class PlacedMatch(NamedTuple):
    """A match, the number of the rule that it is for, and that of the match that it was made of."""

    match: RequestMatch
    of: int
    number: int = 0


class Ordered(NamedTuple):
    """All matches; `unordered` are pairs of rules of which the later takes what should be the earlier one's."""

    matches: tuple[PlacedMatch, ...]
    unordered: tuple[tuple[int, int], ...]


def in_order(matches: Sequence[PlacedMatch]) -> Ordered:
    """Return matches with which each request goes to the first that fits it, whatever else they are."""
    later: list[PlacedMatch] = []
    unordered: list[tuple[int, int]] = []
    for first in reversed(matches):
        later = _before(first, later, unordered)
    return Ordered(tuple(later), tuple(dict.fromkeys(unordered)))


def _before(first: PlacedMatch, later: list[PlacedMatch], unordered: list[tuple[int, int]]) -> list[PlacedMatch]:
    kept = [each for each in later if not covers(first.match, each.match)]
    own, shared = first, dict[PlacedMatch, None]()
    for each in kept:
        if each.of == first.of or rank(each.match) <= rank(own.match):
            continue
        both = common(own.match, each.match)
        if both.match is None and both.is_known:
            continue
        if both.match is not None and len(kept) + len(shared) < MOST_MATCHES:
            shared[first._replace(match=_above(both.match, each.match))] = None
        elif not isinstance(each.match.path, ExactPath):
            own = own._replace(match=_above(own.match, each.match))
        else:
            unordered.append((first.of, each.of))
    return [own, *(each for each in shared if each != own), *kept]


def _above(match: RequestMatch, other: RequestMatch) -> RequestMatch:
    """Return a match for the same requests that goes before another one, or as far forward as it."""
    if rank(match) >= rank(other):
        return match
    pattern = as_expression(match.path)
    if isinstance(other.path, RegexPath):
        while len(pattern) <= len(other.path.pattern):
            pattern += _PADDING
    return replace(match, path=RegexPath(pattern=pattern))
