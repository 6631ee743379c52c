import pytest

from gatewayd.ir.backoff import Backoff

BACKOFF = Backoff(first=0.2, longest=15.0)
OF_PROCESSES = Backoff(first=0.1, longest=1.0, factor=2.0, stable=10.0)


def test_waits_double_up_to_the_longest() -> None:
    waits = [BACKOFF.delay(failures, lambda: 0.999999) for failures in range(1, 10)]
    assert [round(each, 2) for each in waits] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]


def test_half_of_a_wait_is_random() -> None:
    assert BACKOFF.delay(3, lambda: 0.0) == 0.4
    assert round(BACKOFF.delay(3, lambda: 0.5), 6) == 0.6


def test_a_million_failures_are_no_overflow() -> None:
    assert BACKOFF.delay(1_000_000, lambda: 0.0) == 7.5


@pytest.mark.parametrize(
    ("failures", "whole"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.0), (6, 1.0), (10_000, 1.0)]
)
def test_delays_grow_to_a_limit_and_half_of_each_is_random(failures: int, whole: float) -> None:
    assert OF_PROCESSES.delay(failures, lambda: 0.0) == pytest.approx(whole / 2)
    assert OF_PROCESSES.delay(failures, lambda: 0.5) == pytest.approx(whole * 0.75)


def test_a_long_life_earns_a_fresh_start() -> None:
    assert OF_PROCESSES.failures_after(0, 1.0) == 1
    assert OF_PROCESSES.failures_after(4, 9.9) == 5
    assert OF_PROCESSES.failures_after(4, 10.0) == 1


def test_without_a_stable_time_no_life_is_long_enough() -> None:
    assert BACKOFF.failures_after(4, 1e9) == 5
