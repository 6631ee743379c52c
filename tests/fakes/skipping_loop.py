"""An event loop that does not wait: when nothing can happen before the next timer, the clock jumps there.

Real sockets, real timeouts and real back-offs run on it, an hour in a moment. `passes` lets time go by.
"""

import asyncio
import selectors
from collections.abc import Callable
from typing import Final

LULL: Final = 0.004
"""Real seconds without any I/O after which nothing more is expected: loopback delivers at once."""
DEADLINE: Final = 3600.0
"""Seconds of the skipping clock after which a test has failed; some milliseconds when everything waits."""


class _SkippingSelector(selectors.DefaultSelector):  # type: ignore[valid-type,misc] # an alias made at run time
    """Waits for I/O, but not for time. `skipped` counts the seconds that nobody waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; after a lull count the rest of the wait as over."""
        if timeout is None or timeout <= LULL:
            return super().select(timeout)  # type: ignore[no-any-return]
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(LULL)
        if not ready:
            self.skipped += timeout
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time` is real time and what was skipped of it."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return seconds from an unknown start, as `asyncio` counts them."""
        return super().time() + self._skipping.skipped


async def passes(seconds: float) -> None:
    """Let time go by: everything that can happen within it has happened when this returns."""
    await asyncio.sleep(seconds)


def clock() -> Callable[[], float]:
    """Return the clock of the running loop."""
    return asyncio.get_running_loop().time
