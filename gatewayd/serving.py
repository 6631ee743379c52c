"""A whole run without a cluster, from start to end: serves, shows, and stops when it is told to.

In: options, and who shows the boards. Out: how it ended. Ctrl-C and SIGTERM drain; a second one ends at once.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from gatewayd.app import Options, Standalone
from gatewayd.onlooker import Onlooker
from gatewayd.standalone.table import Board, Mark

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LONGEST_PAUSE = 0.1
"""Seconds between two boards, so that many changes cost no more drawing than eyes can follow."""


class Ending(Enum):
    """Why a run ended."""

    ASKED = "asked"
    DONE = "done"
    GAVE_UP = "gave up"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, and what was to be seen last."""

    why: Ending
    board: Board
    reason: str


Show = Callable[[Board], None]
Until = Callable[[Onlooker], bool]


def forever(_onlooker: Onlooker) -> bool:
    """Serve until somebody says stop."""
    return False


def settled(onlooker: Onlooker) -> bool:
    """Say whether nothing is on its way any more: each Gateway has a proxy, which ACKed or refused everything."""
    run = onlooker.run
    if run is None or not run.has_read:
        return False
    gateways = tuple(run.reconciler.snapshots)
    reports = [run.fleet.report(gateway) for gateway in gateways]
    if not all(report.connected for report in reports):
        return False
    refused = {gateway for gateway, report in zip(gateways, reports, strict=True) if report.rejections}
    blocked = set(run.claims.refusals)
    idle = all(not row.pending for gateway in gateways for each in run.fleet.proxies(gateway) for row in each.types)
    programmed = {row.name for row in onlooker.board().gateways if row.programmed.mark is Mark.TRUE}
    waiting = {gateway for gateway, _ in run.progress.waiting()} | {name for name in gateways if name not in programmed}
    return idle and not (waiting - refused - blocked)


class Serving:
    """One run: `onlooker` may be asked what is to be seen at any time."""

    def __init__(self, options: Options) -> None:
        self._changed = asyncio.Event()
        self.onlooker = Onlooker(self._changed.set)
        self.onlooker.run = Standalone(options, self.onlooker)
        self._run = self.onlooker.run

    async def run(self, show: Show, until: Until, deadline: float | None) -> Ended:
        """Serve, show each change, and return when `until` holds, when Envoy cannot run, or when asked to stop.

        `deadline` is in seconds. Raises ListenError when the control socket cannot be made.
        """
        serving = asyncio.create_task(self._run.run(), name="serving")
        watching = asyncio.create_task(self._watch(show, until), name="watching")
        stop = asyncio.Event()
        asked = asyncio.create_task(stop.wait(), name="asked to stop")
        loop = asyncio.get_running_loop()

        def on_signal() -> None:
            if stop.is_set():
                serving.cancel()
            stop.set()

        for each in _SIGNALS:
            loop.add_signal_handler(each, on_signal)
        tasks = (serving, watching, asked)
        try:
            done, _ = await asyncio.wait(tasks, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
            last = self.onlooker.board()
            ending = self._ending(done, serving, watching)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in _SIGNALS:
                loop.remove_signal_handler(each)
        return Ended(why=ending, board=last, reason=self.onlooker.gave_up or "")

    def _ending(
        self, done: set[asyncio.Task[None]] | set[asyncio.Task[bool]], serving: object, watching: object
    ) -> Ending:
        if serving in done:
            for task in done:
                task.result()
        if watching in done:
            return Ending.GAVE_UP if self.onlooker.gave_up is not None else Ending.DONE
        return Ending.ASKED if done else Ending.TOO_LATE

    async def _watch(self, show: Show, until: Until) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            show(self.onlooker.board())
            if self.onlooker.gave_up is not None or until(self.onlooker):
                return
            await asyncio.sleep(_LONGEST_PAUSE)
