"""How Python's collector is set for a process that keeps hundreds of thousands of immutable values."""

import gc
from typing import Final

YOUNG: Final = 200_000
"""Values are freed by their reference counts; cycles are rare, and a search every 700 objects only costs time."""


def tune_collector() -> None:
    """Make the cycle collector run seldom. To be called once, by a composition root."""
    gc.set_threshold(YOUNG, 20, 100)
