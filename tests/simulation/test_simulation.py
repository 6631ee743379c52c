"""Seeds of the simulation: each is a run of virtual minutes that must end, at every quiet point, where it should."""

import pytest

from tests.simulation.faults import FAULTS, MOST_AT_ONCE, Fault, drawn
from tests.simulation.regressions import REGRESSIONS
from tests.simulation.seeds import ROUNDS, shrunk, simulated, whole

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed(seed: int) -> None:
    run = whole(seed)
    assert not run.wrong, "\n".join([f"seed {seed}", *run.wrong, *run.trace[-60:]])


@pytest.mark.parametrize("name", REGRESSIONS)
def test_what_once_went_wrong(name: str) -> None:
    seed, faults = REGRESSIONS[name]
    assert simulated(seed, faults, 1 + max((fault.round for fault in faults), default=0)).wrong == ()


def test_lists_and_watches_come_again_when_they_are_told_to() -> None:
    whole_time = {"round": 0, "whom": 0, "turns": 0, "what": 60}
    refuses = Fault(number=0, kind="errors", after=0.0, seconds=60.0, **whole_time)
    ended = (Fault(number=at, kind="ended watches", after=3.0 * at, seconds=0.0, **whole_time) for at in range(1, 5))
    assert simulated(3, (refuses, *ended), 1).wrong == ()


def test_without_faults_every_complaint_has_its_event() -> None:
    assert simulated(0, (), 1).wrong == ()


def test_a_seed_repeats() -> None:
    assert whole(0).trace == whole(0).trace


def test_seeds_draw_every_fault() -> None:
    kinds = {fault.kind for seed in range(40) for fault in drawn(seed, ROUNDS)}
    assert kinds == set(FAULTS)


def test_what_fails_is_cut_down_to_the_faults_that_matter() -> None:
    faults = next(found for seed in range(40) if len(found := drawn(seed, ROUNDS)) > 2 * MOST_AT_ONCE)
    culprits = {faults[1], faults[-2]}
    assert set(shrunk(faults, lambda fewer: culprits <= set(fewer))) == culprits
    assert shrunk(faults, lambda _: True) == ()
