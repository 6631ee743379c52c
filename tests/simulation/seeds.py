"""A seed, run whole or with a part of its faults, and the fewest faults that still make it fail."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from tests.fakes.skipping_loop import SkippingLoop
from tests.simulation.faults import Fault, drawn
from tests.simulation.plan import rounds
from tests.simulation.world import World

ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`wrong` is empty when all was well; `trace` is what happened."""

    wrong: tuple[str, ...]
    trace: tuple[str, ...]


def simulated(seed: int, faults: Sequence[Fault], count: int = ROUNDS) -> Run:
    """Run a seed with these faults."""
    random.seed(seed)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    async def run() -> Run:
        world = World(seed)
        try:
            wrong = await rounds(world, count, faults)
        finally:
            await world.end()
        return Run(wrong=tuple(wrong), trace=tuple(world.trace))

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(run())


def whole(seed: int) -> Run:
    """Run a seed with all of its faults."""
    return simulated(seed, drawn(seed, ROUNDS))


def shrunk(faults: Sequence[Fault], fails: Callable[[Sequence[Fault]], bool]) -> tuple[Fault, ...]:
    """Return a part of the faults that fails as well and of which none can be left out.

    Halves are left out first, then smaller parts: a few dozen runs for a dozen faults.
    """
    left = tuple(faults)
    size = len(left)
    while size:
        at = 0
        while at < len(left):
            fewer = (*left[:at], *left[at + size :])
            if fails(fewer):
                left = fewer
            else:
                at += size
        size //= 2
    return left
