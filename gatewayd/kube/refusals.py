"""Which refusals of proxies have to be told, in the log and as Events: each once while it stands.

In: reports of all proxies of a Gateway, one for each change of anything. Out: what is refused that was not before, in
the words of the first proxy that refuses it. A thousand proxies that come and refuse the same are one refusal; one that
goes and returns is told again. A proxy that refuses and takes back without end is told of so often, and no more.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import REFUSALS_TOLD, REFUSALS_TOLD_SECONDS
from gatewayd.ir.outcome import FleetReport, Rejection

_Refused: TypeAlias = tuple[str, str]
"""A type and a name."""


@dataclass(slots=True)
class _Told:
    """Of one Gateway: what stands, and how much was told since when, in seconds."""

    standing: frozenset[_Refused]
    count: int
    since: float


class Refusals:
    """What was told last, by fleet."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[FleetKey, _Told] = {}

    def __len__(self) -> int:
        """Return of how many Gateways something is remembered."""
        return len(self._told)

    def news(self, fleet: FleetKey, report: FleetReport) -> tuple[Rejection, ...]:
        """Return what a report says that the one before did not."""
        standing = frozenset((each.type_url, name) for each in report.rejections for name in each.names)
        told = self._told.get(fleet)
        if told is None:
            if not standing:
                return ()
            told = self._told[fleet] = _Told(standing=frozenset(), count=0, since=self._clock())
        before, told.standing = told.standing, standing
        news = tuple(_new(report.rejections, before))
        if not news:
            self._forget_if_quiet(fleet, told)
            return ()
        return self._bounded(told, news)

    def forget(self, fleet: FleetKey) -> None:
        """Forget a Gateway that is gone."""
        self._told.pop(fleet, None)

    def _bounded(self, told: _Told, news: tuple[Rejection, ...]) -> tuple[Rejection, ...]:
        """Return as much of the news as may be told now."""
        if self._is_quiet(told):
            told.count, told.since = 0, self._clock()
        room = max(0, REFUSALS_TOLD - told.count)
        told.count += len(news[:room])
        return news[:room]

    def _is_quiet(self, told: _Told) -> bool:
        return self._clock() >= told.since + REFUSALS_TOLD_SECONDS

    def _forget_if_quiet(self, fleet: FleetKey, told: _Told) -> None:
        if not told.standing and self._is_quiet(told):
            del self._told[fleet]


def _new(rejections: tuple[Rejection, ...], before: frozenset[_Refused]) -> list[Rejection]:
    """Return the rejections without the names that stood before, and each name with its first words."""
    seen, news = set(before), list[Rejection]()
    for rejection in rejections:
        names = tuple(name for name in rejection.names if (rejection.type_url, name) not in seen)
        seen.update((rejection.type_url, name) for name in names)
        if names:
            news.append(replace(rejection, names=names))
    return news


def named(names: tuple[str, ...], most: int) -> str:
    """Return a list of names, the first ones of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
