"""How long to wait before asking the API server again."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Seconds: the first wait, then doubled up to the longest; half of each is random, so that replicas spread."""

    first: float
    longest: float

    def delay(self, failures: int, random: Callable[[], float]) -> float:
        """Return the wait after so many failures in a row (from 1); `random` gives [0, 1)."""
        whole = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return whole / 2 + random() * whole / 2
