from conformance.scenarios.nemesis import LANES, drawn
from conformance.scenarios.steps import DOES


def test_a_seed_draws_the_same_again_and_another_one_something_else() -> None:
    assert drawn(7, 2, 60) == drawn(7, 2, 60)
    assert drawn(7, 2, 60) != drawn(8, 2, 60)


def test_rounds_that_are_added_change_none_of_those_before() -> None:
    assert drawn(7, 3, 60)[:2] == drawn(7, 2, 60)


def test_every_lane_has_a_step_in_every_round() -> None:
    assert all(steps for lanes in drawn(1, 3, 5) for steps in lanes.values())


def test_every_kind_of_step_is_done_by_somebody() -> None:
    assert {(lane, kind) for lane, kinds in LANES.items() for kind in kinds} == set(DOES)


def test_a_few_seeds_draw_every_kind() -> None:
    drawn_kinds = {
        (step.lane, step.kind)
        for seed in range(5)
        for lanes in drawn(seed, 3, 60)
        for steps in lanes.values()
        for step in steps
    }
    assert drawn_kinds == set(DOES)
