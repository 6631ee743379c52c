"""How soon a status is written again when nothing but its counts of routes has changed.

A Gateway's `attachedRoutes` changes with every route that comes or goes. The first change is written at once; while
changes go on, each write waits twice as long as the one before it, up to the longest wait. Conditions never wait.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Final

FIRST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 4.0

Json = Mapping[str, Any]


def without_counts(status: Json) -> Json:
    """Return a status without what its listeners count (`listeners[].attachedRoutes`).

    https://gateway-api.sigs.k8s.io/reference/spec/#listenerstatus
    """
    listeners = [{**each, "attachedRoutes": 0} for each in status.get("listeners", ())]
    return {**status, "listeners": listeners}


class Pace:
    """The waits of all objects. Times are seconds of one clock that does not go back."""

    def __init__(self, *, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        self._first, self._longest = first, longest
        self._written: dict[Hashable, tuple[float, float]] = {}

    def rest(self, at: Hashable, now: float) -> float:
        """Return how long the next write of an object has to wait still; 0 or less: not at all."""
        written, wait = self._written.get(at, (now, 0.0))
        return written + wait - now

    def wrote(self, at: Hashable, now: float) -> None:
        """Take note of a write of counts; after twice its wait without another, an object starts anew."""
        written, wait = self._written.get(at, (now, 0.0))
        soon = wait and now < written + 2 * wait
        self._written[at] = (now, min(self._longest, 2 * wait) if soon else self._first)

    def forget(self, at: Hashable) -> None:
        """Forget an object that is gone."""
        self._written.pop(at, None)
