"""How long to wait before something that failed is tried again: a request, a key of a queue, a crashed process."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MOST_STEPS: Final = 64
"""A long night of failures must not overflow a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Seconds: the first wait, the longest, and what each wait is multiplied by to give the next.

    What has worked for `stable` seconds has earned a fresh start; most things count their successes instead.
    """

    first: float
    longest: float
    factor: float = 2.0
    stable: float = math.inf

    def delay(self, failures: int, random: Callable[[], float]) -> float:
        """Return the wait after so many failures in a row (from 1); `random` gives [0, 1).

        Half of it is fixed and half is random, so that many do not try again in step, and none at once.
        """
        whole = min(self.longest, self.first * self.factor ** min(failures - 1, _MOST_STEPS))
        return whole / 2 + random() * whole / 2

    def failures_after(self, failures: int, lived: float) -> int:
        """Return how many failures in a row there have been, given `failures` before a life of `lived` seconds."""
        return 1 if lived >= self.stable else failures + 1
