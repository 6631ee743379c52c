"""Which of the streams that were cut are told of in the log: the first of a Gateway and a cause, then none for a while.

In: streams that have ended for a cause. Out: a count for each, and a line for some of them.
"""

from collections.abc import Callable

import structlog

from gatewayd.ads.stream_ending import Cause, EndedStream
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import ENDED_STREAMS_SECONDS
from gatewayd.telemetry.metrics import Metrics

_log = structlog.get_logger("gatewayd")


class EndedStreams:
    """Until when nothing more is told of a Gateway and a cause; `clock` gives seconds and does not go back."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._quiet_until: dict[tuple[FleetKey, Cause], float] = {}

    def __len__(self) -> int:
        """Return of how many Gateways and causes something is remembered."""
        return len(self._quiet_until)

    def hear(self, ended: EndedStream) -> None:
        """Count a stream, and log it unless one like it was logged a moment ago."""
        self._metrics.ended(ended.gateway, ended.cause)
        key, now = (ended.gateway, ended.cause), self._clock()
        if now < self._quiet_until.get(key, now):
            return
        self._quiet_until = {each: until for each, until in self._quiet_until.items() if now < until}
        self._quiet_until[key] = now + ENDED_STREAMS_SECONDS
        _log.warning("stream ended", gateway=str(ended.gateway), node=ended.node, cause=ended.cause.value)
