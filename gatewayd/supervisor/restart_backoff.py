"""How long to wait before a crashed Envoy is started again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Delays in seconds: the first, what each next one is multiplied by, the longest.

    A process that lived for `stable` seconds has earned a fresh start.
    """

    first: float
    factor: float
    longest: float
    stable: float

    def failures_after(self, failures: int, lived: float) -> int:
        """Return how many failures in a row there have been, given `failures` before a life of `lived` seconds."""
        return 1 if lived >= self.stable else failures + 1

    def delay(self, failures: int, random: Callable[[], float]) -> float:
        """Return the wait after so many failures in a row; `random` gives numbers in [0, 1).

        Half of it is fixed and half is random, so that many supervisors do not restart in step, and none at once.
        """
        # The exponent is capped: a long night of crashes must not overflow a float.
        whole = min(self.longest, self.first * self.factor ** min(failures - 1, 64))
        return whole / 2 + whole / 2 * random()


RESTART: Final = Backoff(first=0.05, factor=2.0, longest=5.0, stable=30.0)
