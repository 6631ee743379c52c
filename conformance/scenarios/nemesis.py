"""What is done to a cluster in a history: drawn by a seed beforehand, so that the same can be done again.

Lanes go side by side; steps of one lane go one after the other, since they would spoil each other's expectations.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

LANES: Mapping[str, tuple[str, ...]] = {
    "misfortune": (
        "kill one",
        "kill all",
        "end one in order",
        "pause the leader",
        "cut the API server off",
        "cut streams",
    ),
    "routes": ("switch", "reorder", "wander", "remake", "service", "renumber"),
    "listeners": ("a port more", "a host of its own", "none of them"),
    "grants": ("revoke",),
    "certificates": ("rotate",),
    "backends": ("roll",),
    "mistakes": ("a Service that is not there", "a filter that is not there", "a listener that is not there"),
    "strangers": ("a status of another controller", "an annotation"),
}
"""Each lane with its kinds of steps."""

_EVERY_SECONDS: Mapping[str, tuple[float, float]] = {
    "misfortune": (8.0, 16.0),
    "routes": (0.2, 2.0),
    "listeners": (5.0, 12.0),
    "grants": (3.0, 9.0),
    "certificates": (2.0, 8.0),
    "backends": (15.0, 30.0),
    "mistakes": (5.0, 15.0),
    "strangers": (4.0, 12.0),
}
"""How long a lane waits before a step: at least, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: `after` so many seconds of waiting, for `seconds`, to the `whom`-th, counted round and round."""

    lane: str
    kind: str
    after: float
    seconds: float
    whom: int

    def __str__(self) -> str:
        return f"{self.lane}: {self.kind} ({self.whom}, {self.seconds:.1f} s)"


Round = Mapping[str, tuple[Step, ...]]
"""Each lane with its steps."""


def drawn(seed: int, rounds: int, seconds: float) -> tuple[Round, ...]:
    """Return rounds of so many seconds each; at least one step of each lane is in each."""
    return tuple({lane: _steps(f"{seed} {number} {lane}", lane, seconds) for lane in LANES} for number in range(rounds))


def _steps(dice_name: str, lane: str, seconds: float) -> tuple[Step, ...]:
    dice = random.Random(dice_name)  # noqa: S311 - it must repeat
    shortest, longest = _EVERY_SECONDS[lane]
    steps: list[Step] = []
    spent = 0.0
    while spent < seconds:
        step = Step(
            lane=lane,
            kind=dice.choice(LANES[lane]),
            after=dice.uniform(shortest, longest),
            seconds=dice.uniform(2.0, 12.0),
            whom=dice.randrange(12),
        )
        spent += step.after
        steps.append(step)
    return tuple(steps)
