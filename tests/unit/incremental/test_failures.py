"""Failures of queries: of a part of one, of its rescue, and for how long they last."""

import pytest

from gatewayd.incremental.engine import CycleError
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Attempt, View, query, rescued_query
from tests.unit.incremental.test_engine import A, drained, engine, numbers, put
from tests.unit.incremental.toy import NUMBERS, Bad, Label, Number, Place, named, total, value


@query
def sum_of_good(view: View, group: Place) -> int:
    """Return the sum of a group, in which a number that cannot be had counts as 1000."""
    return sum(
        view.attempt(Attempt("a number", member.key), lambda key=str(member.key): value(view, key), lambda _: 1000)
        for member in view.bucket(NUMBERS, group)
    )


def test_a_part_of_a_query_fails_by_itself_and_is_told() -> None:
    made = numbers()
    assert sum_of_good(made, A) == 6
    put(made, "one", Number(13, ("a",)))
    assert sum_of_good(made, A) == 1005
    assert [(each.query, each.key, str(each.error)) for each in made.failures] == [("a number", "one", "one")]
    put(made, "one", Number(2, ("a",)))
    assert sum_of_good(made, A) == 7, "what was read until it failed is noted"
    view = Scratch({Number: {"one": Number(13, ("a",)), "two": Number(2, ("a",))}})
    assert sum_of_good(view, A) == 1002


def test_a_rescue_may_read_and_what_it_reads_counts() -> None:
    @rescued_query(lambda view, key, _error, _before: named(view, key))
    def risky(_view: View, key: str) -> str:
        raise Bad(key)

    made = numbers()
    assert risky(made, "a") == "first"
    made.put(Label, "a", Label("second", ""))
    made.settle()
    assert risky(made, "a") == "second"
    assert risky(Scratch({Label: {"a": Label("third", "")}}), "a") == "third"


def test_a_rescue_that_fails_leaves_the_failure_to_who_asked() -> None:
    def stumble(_view: View, _key: str, _error: Exception, _before: int | None) -> int:
        raise KeyError

    @rescued_query(stumble)
    def hopeless(view: View, key: str) -> int:
        return value(view, key)

    made = numbers()
    put(made, "one", Number(13, ()))
    for _ in range(2):
        with pytest.raises(Bad):
            hopeless(made, "one")
    put(made, "one", Number(4, ()))
    assert hopeless(made, "one") == 4
    with pytest.raises(Bad):
        hopeless(Scratch({Number: {"one": Number(13, ())}}), "one")


def test_a_failure_that_is_asked_for_again_and_again_does_not_grow() -> None:
    def depth(error: BaseException) -> int:
        trace, found = error.__traceback__, 0
        while trace is not None:
            trace, found = trace.tb_next, found + 1
        return found

    made = numbers()
    put(made, "one", Number(13, ()))
    depths = []
    for _ in range(5):
        with pytest.raises(Bad) as raised:
            value(made, "one")
        depths.append(depth(raised.value))
    assert depths[1:] == depths[:1] * 4


def test_a_cycle_is_no_failure_of_a_part() -> None:
    @query
    def round_and_round(view: View, key: str) -> int:
        return view.attempt(Attempt("again", key), lambda: round_and_round(view, key), lambda _: 0)

    with pytest.raises(CycleError):
        round_and_round(numbers(), "a")


def test_of_several_members_that_fail_the_first_is_told_whichever_failed_first() -> None:
    rows = {name: Number(1, (group,)) for name, group in (("m", "a1"), ("n", "a2"), ("o", "a3"))}
    made = engine(rows, {"a": Label("a", "")})
    drained(made)
    for name, group in (("o", "a3"), ("m", "a1"), ("n", "a2")):
        put(made, name, Number(13, (group,)))
        with pytest.raises(Bad, match="o" if name == "o" else "m"):
            made.collect(NUMBERS, "a", total)
