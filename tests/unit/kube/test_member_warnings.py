"""Warnings of members: each once while it lasts, and not again soon."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.member_limits import MEMBER_QUIET_SECONDS, MEMBER_WARNED_SECONDS
from gatewayd.ir.members import Standing
from gatewayd.kube.member import MemberState
from gatewayd.kube.member_warnings import MemberWarning, MemberWarnings, WarningReason

WELL = MemberState(cluster="west", standing=Standing.CURRENT, exports=2, endpoints=7, silent=3.0, trouble="")
OVER = replace(WELL, excess="it has 9 endpoints; at most 2 are allowed")
STALE = replace(WELL, standing=Standing.STALE, silent=301.2, trouble="3 of 3 watches failed: Service of shop")


def reasons(due: tuple[tuple[str, MemberWarning], ...]) -> list[tuple[str, str]]:
    return [(cluster, warning.reason.value) for cluster, warning in due]


def test_of_who_is_well_nothing_is_said() -> None:
    assert MemberWarnings().due([WELL, replace(WELL, standing=Standing.KEPT)], 0.0) == ()


def test_one_that_is_quiet_is_said_after_a_while_but_not_where_it_is_too_much() -> None:
    quiet = replace(STALE, standing=Standing.KEPT, silent=MEMBER_QUIET_SECONDS)
    said = "it has not been heard of for 30 s: 3 of 3 watches failed: Service of shop; what it said before stands"
    assert MemberWarnings().due([quiet], 0.0) == (("west", MemberWarning(WarningReason.NOT_CURRENT, said)),)
    assert MemberWarnings().due([replace(quiet, silent=MEMBER_QUIET_SECONDS - 0.1)], 0.0) == ()
    assert reasons(MemberWarnings().due([replace(quiet, excess="it is too much")], 0.0)) == [("west", "OverLimit")]
    assert MemberWarnings().due([replace(quiet, standing=Standing.LEAVING)], 0.0) == ()


def test_what_is_wrong_is_said_in_words_once_while_it_lasts() -> None:
    warnings = MemberWarnings()
    over = "it has 9 endpoints; at most 2 are allowed; what it said before stands"
    assert warnings.due([OVER], 0.0) == (("west", MemberWarning(WarningReason.OVER_LIMIT, over)),)
    assert warnings.due([OVER, replace(STALE, cluster="east")], 1.0) == (
        (
            "east",
            MemberWarning(
                WarningReason.STALE,
                "it has not been heard of for 301 s: 3 of 3 watches failed: Service of shop",
            ),
        ),
    )
    assert warnings.due([replace(OVER, excess="it has 10 endpoints; at most 2 are allowed")], 5_000.0) == ()


def test_what_comes_and_goes_is_said_again_when_its_time_has_come() -> None:
    warnings = MemberWarnings()
    assert reasons(warnings.due([OVER], 0.0)) == [("west", "OverLimit")]
    assert warnings.due([WELL], 1.0) == ()
    assert warnings.due([OVER], 2.0) == ()
    assert warnings.due([OVER], MEMBER_WARNED_SECONDS - 1) == ()
    assert reasons(warnings.due([OVER], MEMBER_WARNED_SECONDS)) == [("west", "OverLimit")]
    assert warnings.due([OVER], 3 * MEMBER_WARNED_SECONDS) == ()


def test_members_that_are_gone_are_forgotten() -> None:
    warnings = MemberWarnings()
    warnings.due([OVER], 0.0)
    assert warnings.due([], 2 * MEMBER_WARNED_SECONDS) == ()
    assert reasons(warnings.due([OVER], 2 * MEMBER_WARNED_SECONDS + 1)) == [("west", "OverLimit")]


@given(st.lists(st.booleans(), max_size=60))
def test_nobody_is_warned_of_more_often_than_that(is_over: list[bool]) -> None:
    warnings, step = MemberWarnings(), MEMBER_WARNED_SECONDS / 4
    at = [turn for turn, over in enumerate(is_over) if warnings.due([OVER if over else WELL], turn * step)]
    assert all(later - earlier >= 4 for earlier, later in pairwise(at))
