import pytest

from gatewayd.supervisor.restart_backoff import RESTART, Backoff

BACKOFF = Backoff(first=0.1, factor=2.0, longest=1.0, stable=10.0)


@pytest.mark.parametrize(
    ("failures", "whole"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.0), (6, 1.0), (10_000, 1.0)]
)
def test_delays_grow_to_a_limit_and_half_of_each_is_random(failures: int, whole: float) -> None:
    assert BACKOFF.delay(failures, lambda: 0.0) == pytest.approx(whole / 2)
    assert BACKOFF.delay(failures, lambda: 0.5) == pytest.approx(whole * 0.75)


def test_a_long_life_earns_a_fresh_start() -> None:
    assert BACKOFF.failures_after(0, 1.0) == 1
    assert BACKOFF.failures_after(4, 9.9) == 5
    assert BACKOFF.failures_after(4, 10.0) == 1


def test_the_first_restart_is_all_but_immediate() -> None:
    assert RESTART.delay(1, lambda: 0.99) < 0.05
    assert RESTART.delay(1, lambda: 0.0) > 0
