"""How long something may take: its bound, and as long again after whatever hindered it had ended."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.history.events import Happened, Hindrance, of

CATCH_UP_SECONDS = 2.0
"""Watches of different kinds go on independently of each other; seen: 75 ms between a route and its Service."""


class Patience:
    """Says until when something must have happened."""

    def __init__(self, events: Iterable[Happened]) -> None:
        self._hindrances = of(tuple(events), Hindrance)

    def until(self, moment: float, bound: float) -> float:
        """Return when what began at a moment must be done.

        A hindrance that begins before that is over starts the time anew when it ends: what a change needs then, a
        replica that starts or a stream that opens, is not faster for having been waited for.
        """
        last = moment + bound
        for hindrance in self._hindrances:
            if hindrance.at <= last and hindrance.ended >= moment:
                last = max(last, hindrance.ended + bound)
        return last

    def is_catching_up(self, moment: float) -> bool:
        """Return whether a replica may be hearing what it has missed, of one kind of objects before another."""
        return any(each.deaf and each.at <= moment <= each.ended + CATCH_UP_SECONDS for each in self._hindrances)

    def is_hindered(self, began: float, ended: float) -> bool:
        """Return whether something was done that overlaps with a period."""
        return any(each.at <= ended and each.ended >= began for each in self._hindrances)
