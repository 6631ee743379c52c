"""How often counts are written while they change all the time."""

from gatewayd.kube.status_pacing import FIRST_SECONDS, LONGEST_SECONDS, Pace, without_counts


def test_the_first_write_does_not_wait() -> None:
    assert Pace().rest("gateway", 5.0) <= 0


def test_waits_double_while_changes_go_on_up_to_the_longest() -> None:
    pace, now, waits = Pace(), 100.0, []
    for _ in range(8):
        pace.wrote("gateway", now)
        waits.append(round(pace.rest("gateway", now), 6))
        now += waits[-1]
        assert pace.rest("gateway", now) <= 1e-9
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 4.0, 4.0]
    assert waits[0] == FIRST_SECONDS
    assert waits[-1] == LONGEST_SECONDS


def test_after_a_quiet_time_it_starts_anew() -> None:
    pace = Pace()
    for now in (0.0, 0.1, 0.3, 0.7):
        pace.wrote("gateway", now)
    pace.wrote("gateway", 64.0)
    assert round(pace.rest("gateway", 64.0), 6) == FIRST_SECONDS


def test_objects_do_not_wait_for_each_other() -> None:
    pace = Pace()
    pace.wrote("one", 0.0)
    assert pace.rest("other", 0.0) <= 0


def test_what_is_gone_is_forgotten() -> None:
    pace = Pace()
    pace.wrote("gateway", 0.0)
    pace.forget("gateway")
    assert pace.rest("gateway", 0.0) <= 0


def test_only_counts_are_left_out() -> None:
    one = {"conditions": [1], "listeners": [{"name": "http", "attachedRoutes": 3, "conditions": [2]}]}
    more = {"conditions": [1], "listeners": [{"name": "http", "attachedRoutes": 4, "conditions": [2]}]}
    other = {"conditions": [1], "listeners": [{"name": "http", "attachedRoutes": 3, "conditions": [3]}]}
    assert without_counts(one) == without_counts(more)
    assert without_counts(one) != without_counts(other)
    assert without_counts({"parents": []}) == without_counts({"parents": []})
