"""What strangers make us do is taken off an account."""

from gatewayd.untrusted.pace_account import PaceAccount


def test_what_is_there_costs_no_time_and_what_is_not_waits() -> None:
    account = PaceAccount(0.0, full=10.0, a_second=2.0)
    assert account.charge(10.0, 0.0) == 0.0
    assert account.charge(1.0, 0.0) == 0.5
    assert account.charge(1.0, 0.0) == 1.0
    assert account.charge(0.0, 1.0) == 0.0


def test_it_is_never_more_than_full() -> None:
    account = PaceAccount(0.0, full=10.0, a_second=2.0)
    assert account.charge(12.0, 1_000.0) == 1.0
