"""A whole run without a cluster, from start to end: serves, shows, and stops when it is told to.

In: options, and who shows the boards. Out: how it ended. Ctrl-C and SIGTERM drain; a second one ends at once.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import Enum

from gatewayd.introspection.rows import Board
from gatewayd.run.observer import Onlooker
from gatewayd.run.standalone import Options, Standalone

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PAUSE = 0.05
"""Seconds between two boards, so that many changes cost no more drawing than eyes can follow."""


class RunEnding(Enum):
    """Why a run ended; of several at once the first."""

    FAILED = "failed"
    GAVE_UP = "gave up"
    ASKED = "asked"
    DONE = "done"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, and what was to be seen last."""

    why: RunEnding
    board: Board
    reason: str


Show = Callable[[Board], None]
Job = Callable[[], Awaitable[None]]


def settled(onlooker: Onlooker) -> bool:
    """Return whether nothing is on its way any more, to be waited for."""
    return onlooker.run is not None and onlooker.run.is_settled()


class Serving:
    """One run, and what is `served`: `onlooker` may be asked what is to be seen at any time."""

    def __init__(self, options: Options) -> None:
        self._changed = asyncio.Event()
        self._shown = asyncio.Event()
        self.onlooker = Onlooker(self._changed.set)
        self.onlooker.run = Standalone(options, self.onlooker)
        self.served = self.onlooker.run

    async def until(self, holds: Callable[[Onlooker], bool]) -> None:
        """Wait until something holds; to be used by the job of `run`."""
        while not holds(self.onlooker):
            self._shown.clear()
            await self._shown.wait()

    async def forever(self) -> None:
        """Be the job of a run that ends only when somebody says stop."""
        await asyncio.Event().wait()

    async def run(self, show: Show, job: Job, deadline: float | None) -> Ended:
        """Serve and show each change, until the job is done, Envoy cannot run, or somebody says stop.

        `deadline` is in seconds. Raises ListenError when the control socket cannot be made.
        """
        stop = asyncio.Event()
        tasks = {
            RunEnding.FAILED: asyncio.create_task(self.served.run(), name="serving"),
            RunEnding.GAVE_UP: asyncio.create_task(self._watch(show), name="watching"),
            RunEnding.DONE: asyncio.ensure_future(job()),
            RunEnding.ASKED: asyncio.create_task(_said(stop), name="asked to stop"),
        }
        loop = asyncio.get_running_loop()

        def on_signal() -> None:
            if stop.is_set():
                tasks[RunEnding.FAILED].cancel()
            elif self.served.options.drain:
                self.onlooker.note(f"draining, up to {self.served.options.drain:g} s; Ctrl-C again ends at once")
            stop.set()

        for each in _SIGNALS:
            loop.add_signal_handler(each, on_signal)
        try:
            done, _ = await asyncio.wait(tasks.values(), timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
            board = self.onlooker.board()
            show(board)
        finally:
            await _end(tasks.values())
            for each in _SIGNALS:
                loop.remove_signal_handler(each)
        for task in done:
            task.result()
        why = next((ending for ending, task in tasks.items() if task in done), RunEnding.TOO_LATE)
        return Ended(why=why, board=board, reason=self.onlooker.gave_up or "")

    async def _watch(self, show: Show) -> None:
        """Show boards until Envoy is given up."""
        while self.onlooker.gave_up is None:
            await self._changed.wait()
            self._changed.clear()
            show(self.onlooker.board())
            self._shown.set()
            await asyncio.sleep(_PAUSE)


async def _said(stop: asyncio.Event) -> None:
    await stop.wait()


async def _end(tasks: Collection[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
