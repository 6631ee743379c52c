"""Seeds of the simulation: each is a run of virtual minutes that must end, at every quiet point, where it should."""

import asyncio
import logging
import random

import pytest
import structlog

from tests.fakes.skipping_loop import SkippingLoop
from tests.simulation.plan import rounds
from tests.simulation.world import World


def simulated(seed: int, count: int) -> tuple[list[str], list[str]]:
    """Run a seed; return what is wrong and what happened."""
    random.seed(seed)

    async def run() -> tuple[list[str], list[str]]:
        world = World(seed)
        try:
            return await rounds(world, count), world.trace
        finally:
            await world.end()

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(run())


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Log what is an error only: misfortune is meant here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.mark.parametrize("seed", range(3))
def test_a_seed(seed: int) -> None:
    wrong, trace = simulated(seed, count=4)
    assert not wrong, "\n".join([f"seed {seed}", *wrong, *trace[-40:]])
