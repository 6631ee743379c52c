import pytest

from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Index, Member, Source, View, query, ungrouped
from tests.unit.incremental.toy import NUMBERS, Bad, Label, Number, Place, careful, named, summary, total

A = Place("a", "a")
NUMBERS_THERE = {"one": Number(1, ("a",)), "two": Number(2, ("a", "ab"))}


def view() -> Scratch:
    return Scratch({Number: NUMBERS_THERE, Label: {"a": Label("first", "")}})


def test_rows() -> None:
    assert view().get(Number, "one") == Number(1, ("a",))
    assert view().get(Number, "nobody") is None
    assert view().get(int, "nobody") is None


def test_answers() -> None:
    assert named(view(), "a") == "first"
    assert total(view(), A) == 3
    assert summary(view(), A) == ("first", 3, True)


def test_indexes() -> None:
    made = view()
    assert made.bucket(NUMBERS, A) == (Member(Number, "one"), Member(Number, "two"))
    assert made.count(NUMBERS, A) == 2
    assert made.group(NUMBERS, "a") == (A, Place("a", "ab"))
    assert made.collect(NUMBERS, "a", total) == (3, 2)
    assert made.bucket(NUMBERS, Place("z", "z")) == ()
    assert made.group(NUMBERS, "z") == ()


def test_members_come_by_table_and_key_whichever_came_first() -> None:
    numbers = {f"n{at}": Number(at, ("a",)) for at in reversed(range(10))}
    made = Scratch({Number: numbers})
    assert made.bucket(NUMBERS, A) == tuple(Member(Number, f"n{at}") for at in range(10))


def test_an_answer_is_computed_once() -> None:
    asked = []

    @query
    def noted(_view: View, key: str) -> str:
        asked.append(key)
        return key

    made = view()
    assert noted(made, "x") == noted(made, "x") == "x"
    assert asked == ["x"]


def test_a_failure_goes_to_who_asked_or_is_rescued() -> None:
    made = Scratch({Number: {"bad": Number(13, ("a",))}})
    with pytest.raises(Bad):
        total(made, A)
    assert careful(made, "a") == ("failed", "bad")


def test_a_row_that_cannot_be_filed_is_filed_under_nothing() -> None:
    @query
    def filed(view: View, member: Member) -> frozenset[str]:
        row = view.get(Number, member.key)
        if row is None or row.value == 1:
            raise Bad(str(member.key))
        return frozenset({"g"})

    index = Index(name="i", sources=(Source(table=Number, query=filed),), group=ungrouped)
    assert view().bucket(index, "g") == (Member(Number, "two"),)
