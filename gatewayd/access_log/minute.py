"""Entries of access logs -> requests and errors of each rule within the last minute.

In: entries, and the seconds of a clock. Out: counts by rule. Pure: time is an argument.
"""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gatewayd.access_log.entry import LogEntry, RuleName

WINDOW_SECONDS: Final = 60
"""What "now" means to somebody who looks: long enough that one request is seen, short enough that old trouble goes."""


class Requests(NamedTuple):
    """How many requests there were, by what was answered. `other` are redirects, and what had no answer."""

    good: int
    other: int
    client_errors: int
    server_errors: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


NO_REQUESTS: Final = Requests(0, 0, 0, 0)

_CLASS: Final = {2: 0, 4: 2, 5: 3}
"""The first digit of a status, and its place in Requests; 1 is `other`."""


def by_object(requests: Mapping[RuleName, Requests]) -> dict[str, Requests]:
    """Return what all rules of each route had together, by the name of the route: "httproute/shop/cart"."""
    of_objects: dict[str, list[Requests]] = {}
    for rule, of_rule in requests.items():
        of_objects.setdefault(rule.object, []).append(of_rule)
    return {name: together(of_rules) for name, of_rules in of_objects.items()}


def together(requests: Collection[Requests]) -> Requests:
    """Return the sum."""
    return Requests(*map(sum, zip(*requests, strict=True))) if requests else NO_REQUESTS


@dataclass(slots=True)
class _Second:
    """What came in one second."""

    at: int
    counts: dict[RuleName, Counter[int]] = field(default_factory=dict)


@dataclass(slots=True)
class RollingMinute:
    """Counts what comes, and forgets what is older than a minute."""

    _seconds: deque[_Second] = field(default_factory=deque)

    def note(self, entry: LogEntry, now: float) -> None:
        """Count a request that was answered about `now`; one that no route took is counted nowhere."""
        if entry.route is None:
            return
        if not self._seconds or self._seconds[-1].at != int(now):
            self._seconds.append(_Second(int(now)))
        by_class = self._seconds[-1].counts.setdefault(entry.route, Counter())
        by_class[_CLASS.get(entry.status // 100, 1)] += 1

    def counts(self, now: float) -> dict[RuleName, Requests]:
        """Return what each rule had within the minute before `now`."""
        while self._seconds and self._seconds[0].at <= now - WINDOW_SECONDS:
            self._seconds.popleft()
        totals: dict[RuleName, Counter[int]] = {}
        for second in self._seconds:
            for rule, by_class in second.counts.items():
                totals.setdefault(rule, Counter()).update(by_class)
        return {rule: Requests(*(by_class[place] for place in range(4))) for rule, by_class in totals.items()}
