from gatewayd.kube.backoff import Backoff

BACKOFF = Backoff(first=0.2, longest=15.0)


def test_waits_double_up_to_the_longest() -> None:
    waits = [BACKOFF.delay(failures, lambda: 0.999999) for failures in range(1, 10)]
    assert [round(each, 2) for each in waits] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]


def test_half_of_a_wait_is_random() -> None:
    assert BACKOFF.delay(3, lambda: 0.0) == 0.4
    assert round(BACKOFF.delay(3, lambda: 0.5), 6) == 0.6


def test_a_million_failures_are_no_overflow() -> None:
    assert BACKOFF.delay(1_000_000, lambda: 0.0) == 7.5
