"""Requests and errors of each rule within the last minute, from the access logs of a run: counted once for who looks.

In: where the logs are. Out: counts by rule, and a call whenever they are others. Nothing is read while nobody watches.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from gatewayd.access_log.entry import RuleName, read_entry
from gatewayd.access_log.minute import Requests, RollingMinute
from gatewayd.access_log.tail import Tail
from gatewayd.ir.limits import TRAFFIC_SECONDS

_SLICE = 500
"""Lines of a log that are read before others have their turn: some milliseconds."""


class LastMinute:
    """See the module's text. `runtime` tells the private folder of the run, None before there is one."""

    def __init__(self, runtime: Callable[[], Path | None]) -> None:
        self._runtime = runtime
        self._counts: Mapping[RuleName, Requests] = {}
        self._watching: list[Callable[[], None]] = []
        self._follows: asyncio.Task[None] | None = None

    def counts(self) -> Mapping[RuleName, Requests]:
        """Return what each rule had; nothing where nobody watches."""
        return self._counts

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Have `on_change` called when counts are others than a second ago; return what ends that."""
        self._watching.append(on_change)
        if self._follows is None:
            self._follows = asyncio.get_running_loop().create_task(self._follow(), name="requests of the last minute")

        def end() -> None:
            self._watching.remove(on_change)
            if not self._watching and self._follows is not None:
                self._follows.cancel()
                self._follows, self._counts = None, {}

        return end

    async def _follow(self) -> None:
        clock, minute = asyncio.get_running_loop().time, RollingMinute()
        tail = self._tail()
        if tail is not None:
            tail.skip()
        try:
            while True:
                # Of a run that begins only now everything is of the last minute.
                tail = tail or self._tail()
                if tail is not None:
                    await _read(tail, minute)
                counts = minute.counts(clock())
                if counts != self._counts:
                    self._counts = counts
                    for on_change in self._watching:
                        on_change()
                await asyncio.sleep(TRAFFIC_SECONDS)
        finally:
            if tail is not None:
                tail.close()

    def _tail(self) -> Tail | None:
        folder = self._runtime()
        return None if folder is None else Tail(folder)


async def _read(tail: Tail, minute: RollingMinute) -> None:
    """Count what has come since the last time."""
    clock = asyncio.get_running_loop().time
    for at, line in enumerate(tail.lines()):
        entry = read_entry(line)
        if entry is not None:
            minute.note(entry, clock())
        if at % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
