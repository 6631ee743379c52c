"""How often statuses hear that proxies of a Gateway refuse something else than before.

Each change may be one of a hundred routes. A proxy that refuses and takes without end would have them all written again
and again: so the first change is told at once, and while changes go on each waits twice as long as the one before it.

In: what stands refused, at any change of a report. Out: the same, or what was told last as long as that waits.
"""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import StandingRefusal
from gatewayd.kube.status_pacing import Pace

FIRST_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 60.0
"""Between two changes: whoever mends a route once in ten seconds does not wait, and a proxy that does it on purpose has
twenty statuses written a second at most."""

Standing: TypeAlias = tuple[StandingRefusal, ...]


class _Said(NamedTuple):
    """What a status says of a refusal: it says no numbers."""

    type_url: str
    name: str
    message: str
    is_one: bool
    is_all: bool


class PacedRefusals:
    """What was told last; `on_due` hears of a fleet of which something else may be told. Use it from the event loop."""

    def __init__(self, on_due: Callable[[FleetKey], None]) -> None:
        self._on_due = on_due
        self._pace = Pace(first=FIRST_SECONDS, longest=LONGEST_SECONDS)
        self._told: dict[FleetKey, Standing] = {}
        self._waiting: dict[FleetKey, asyncio.TimerHandle] = {}

    def to_tell(self, fleet: FleetKey, standing: Standing) -> Standing:
        """Return what may be told now of a fleet."""
        told = self._told.get(fleet, ())
        if _said(told) == _said(standing):
            return self._tell(fleet, standing)
        loop = asyncio.get_running_loop()
        rest = self._pace.rest(fleet, loop.time())
        if rest > 0:
            if fleet not in self._waiting:
                self._waiting[fleet] = loop.call_later(rest, self._due, fleet)
            return told
        self._pace.wrote(fleet, loop.time())
        return self._tell(fleet, standing)

    def forget(self, fleet: FleetKey) -> None:
        """Forget a fleet that is gone."""
        self._told.pop(fleet, None)
        self._pace.forget(fleet)

    def _tell(self, fleet: FleetKey, standing: Standing) -> Standing:
        if standing:
            self._told[fleet] = standing
        else:
            self._told.pop(fleet, None)
        return standing

    def _due(self, fleet: FleetKey) -> None:
        del self._waiting[fleet]
        self._on_due(fleet)


def _said(standing: Standing) -> frozenset[_Said]:
    return frozenset(
        _Said(each.type_url, each.name, each.message, each.proxies == 1, each.proxies == each.of) for each in standing
    )
