import pytest

from gatewayd.incremental.engine import Change, CycleError, Engine
from gatewayd.incremental.view import Index, Member, Output, Query, Source, View, query, rescued_query, rows, ungrouped
from tests.unit.incremental.toy import NUMBERS, REPORTS, Bad, Label, Number, Place, engine, named, summary, total, value

A, B = Place("a", "a"), Place("b", "b")


def numbers() -> Engine:
    """Return an engine with one, two and three in group a, and three in b as well."""
    rows_of = {"one": Number(1, ("a",)), "two": Number(2, ("a",)), "three": Number(3, ("a", "b"))}
    return engine(rows_of, {"a": Label("first", "")})


def put(made: Engine, key: str, number: Number | None) -> None:
    made.put(Number, key, number)
    made.settle()
    made.runs.clear()


def drained(made: Engine) -> dict[object, object]:
    return {change.member.key: change.value for change in made.drain(REPORTS)}


# --- rows ------------------------------------------------------------------------------------------------------


def test_an_equal_row_is_no_change() -> None:
    made = numbers()
    assert not made.put(Number, "one", Number(1, ("a",)))
    assert made.put(Number, "one", Number(4, ("a",)))
    assert made.put(Number, "one", None)
    assert not made.put(Number, "one", None)
    assert not made.put(Number, "never", None)


def test_rows_of_a_table() -> None:
    assert dict(numbers().rows(Label)) == {"a": Label("first", "")}
    assert list(numbers().rows(int)) == []


# --- memo and cutoff -------------------------------------------------------------------------------------------


def test_an_answer_is_computed_once() -> None:
    made = numbers()
    assert total(made, A) == total(made, A) == 6
    assert made.runs["total"] == 1


def test_a_change_recomputes_what_read_it_and_nothing_else() -> None:
    made = numbers()
    made.put(Label, "b", Label("second", ""))
    made.settle()
    drained(made)
    put(made, "one", Number(6, ("a",)))
    assert drained(made)["a"] == ("first", (("first", 11, True),), ("first",), 3)
    assert made.runs == {"value": 1, "parity": 1, "odd": 1, "total": 1, "summary": 1, "careful": 1, "report": 1}


def test_an_equal_answer_stops_a_change() -> None:
    made = numbers()
    drained(made)
    put(made, "one", Number(3, ("a",)))
    drained(made)
    # The parity of 1 and of 3 is the same, so `odd` is not asked again.
    assert made.runs == {"value": 1, "parity": 1, "total": 1, "summary": 1, "careful": 1, "report": 1}


def test_an_answer_that_depends_on_a_row_that_is_not_there_is_recomputed_when_it_comes() -> None:
    made = numbers()
    assert named(made, "b") == "b"
    made.put(Label, "b", Label("second", ""))
    made.settle()
    assert named(made, "b") == "second"


def test_what_is_not_read_any_more_is_not_depended_on() -> None:
    made = numbers()
    made.put(Label, "a", Label("first", "b"))
    made.put(Label, "b", Label("second", ""))
    made.settle()
    assert named(made, "a") == "first=second"
    made.put(Label, "a", Label("first", ""))
    made.settle()
    assert named(made, "a") == "first"
    made.runs.clear()
    made.put(Label, "b", Label("changed", ""))
    made.settle()
    assert named(made, "a") == "first"
    assert made.runs["named"] == 0


# --- indexes ---------------------------------------------------------------------------------------------------


def test_buckets_are_sorted_and_counted() -> None:
    made = numbers()
    assert [member.key for member in made.bucket(NUMBERS, A)] == ["one", "three", "two"]
    assert made.count(NUMBERS, A) == 3
    assert made.bucket(NUMBERS, Place("x", "x")) == ()
    assert made.count(NUMBERS, Place("x", "x")) == 0


def test_groups_name_their_buckets_that_are_not_empty() -> None:
    made = numbers()
    assert made.group(NUMBERS, "a") == (A,)
    put(made, "new", Number(1, ("abc",)))
    assert made.group(NUMBERS, "a") == (A, Place("a", "abc"))
    put(made, "new", None)
    assert made.group(NUMBERS, "a") == (A,)


def test_an_index_files_nothing_before_the_first_row_that_makes_somebody_read_it() -> None:
    index = Index(name="n", sources=(rows(Number, lambda row: row.groups),), group=ungrouped, readers=(Label,))
    made = Engine(indexes=(index,), outputs=())
    made.put(Number, "one", Number(1, ("a",)))
    made.put(Number, "two", Number(2, ("a",)))
    made.put(Number, "two", None)
    made.settle()
    assert not made.runs
    made.put(Label, "x", Label("first", ""))
    made.settle()
    assert made.bucket(index, "a") == (Member(Number, "one"),)
    made.put(Label, "x", None)
    made.put(Number, "three", Number(3, ("a",)))
    made.put(Number, "one", None)
    made.settle()
    assert made.bucket(index, "a") == (Member(Number, "three"),)


def test_an_index_may_file_the_rows_that_make_somebody_read_it() -> None:
    index = Index(name="n", sources=(rows(Number, lambda row: row.groups),), group=ungrouped, readers=(Number,))
    made = Engine(indexes=(index,), outputs=())
    made.put(Number, "one", Number(1, ("a",)))
    made.settle()
    assert made.bucket(index, "a") == (Member(Number, "one"),)
    made.put(Number, "one", None)
    made.settle()
    assert made.bucket(index, "a") == ()


def test_a_collection_is_the_answers_for_a_group_in_order() -> None:
    made = numbers()
    put(made, "new", Number(9, ("abc",)))
    assert made.collect(NUMBERS, "a", total) == (6, 9)


def test_a_change_of_one_member_costs_that_member() -> None:
    made = engine({f"n{at}": Number(100 + at, (f"a{at:03}",)) for at in range(100)}, {"a": Label("a", "")})
    drained(made)
    assert sum(made.collect(NUMBERS, "a", total)) == 14950
    put(made, "n7", Number(1107, ("a007",)))
    drained(made)
    assert made.runs == {"value": 1, "parity": 1, "total": 1, "summary": 1, "careful": 1, "report": 1}


def test_a_collection_is_the_same_object_as_long_as_it_is_equal() -> None:
    made = numbers()
    drained(made)
    before = made.collect(NUMBERS, "a", summary)
    put(made, "one", Number(2, ("a",)))
    put(made, "one", Number(1, ("a",)))
    assert made.collect(NUMBERS, "a", summary) is before


def test_a_member_that_moves() -> None:
    made = numbers()
    assert made.collect(NUMBERS, "a", total) == (6,)
    put(made, "two", Number(2, ("b",)))
    assert made.collect(NUMBERS, "a", total) == (4,)
    assert made.collect(NUMBERS, "b", total) == (5,)


# --- outputs ---------------------------------------------------------------------------------------------------


def test_outputs_are_drained_once() -> None:
    made = numbers()
    assert drained(made) == {"a": ("first", (("first", 6, True),), ("first",), 3)}
    assert drained(made) == {}


def test_a_row_that_is_gone_is_drained_as_none() -> None:
    made = numbers()
    drained(made)
    made.put(Label, "a", None)
    made.settle()
    assert list(made.drain(REPORTS)) == [Change(member=Member(Label, "a"), value=None)]


def test_rows_that_no_change_reaches_are_not_drained() -> None:
    made = numbers()
    made.put(Label, "z", Label("last", ""))
    made.settle()
    drained(made)
    put(made, "one", Number(7, ("a",)))
    assert set(drained(made)) == {"a"}


# --- failures --------------------------------------------------------------------------------------------------


def test_a_failure_goes_to_who_asked_until_what_it_read_changes() -> None:
    made = numbers()
    put(made, "one", Number(13, ("a",)))
    for _ in range(2):
        with pytest.raises(Bad, match="one"):
            total(made, A)
    assert made.runs["value"] == 1
    put(made, "one", Number(1, ("a",)))
    assert total(made, A) == 6


def test_a_rescued_failure_is_an_answer_and_is_told() -> None:
    made = numbers()
    drained(made)
    put(made, "one", Number(13, ("a",)))
    assert drained(made) == {"a": ("first", ("failed", "one"), ("first",), 3)}
    assert [(each.query, each.key, str(each.error)) for each in made.failures] == [("careful", "a", "one")]
    put(made, "one", Number(1, ("a",)))
    assert drained(made) == {"a": ("first", (("first", 6, True),), ("first",), 3)}


def test_a_collection_is_right_again_after_one_of_its_members_had_failed() -> None:
    made = engine({"m": Number(1, ("a1",)), "n": Number(1, ("a2",))}, {"a": Label("a", "")})
    drained(made)
    assert made.collect(NUMBERS, "a", total) == (1, 1)
    made.put(Number, "m", Number(5, ("a1",)))
    put(made, "n", Number(13, ("a2",)))
    with pytest.raises(Bad):
        made.collect(NUMBERS, "a", total)
    put(made, "n", Number(1, ("a2",)))
    assert made.collect(NUMBERS, "a", total) == (5, 1)


def test_a_collection_is_right_again_after_a_new_member_had_failed() -> None:
    made = engine({"m": Number(1, ("a1",)), "gone": Number(1, ("a2",))}, {"a": Label("a", "")})
    drained(made)
    assert made.collect(NUMBERS, "a", total) == (1, 1)
    made.put(Number, "gone", None)
    put(made, "n", Number(13, ("a3",)))
    with pytest.raises(Bad):
        made.collect(NUMBERS, "a", total)
    put(made, "n", Number(2, ("a3",)))
    assert made.collect(NUMBERS, "a", total) == (1, 2)


def test_a_query_that_asks_for_itself() -> None:
    @query
    def around(view: View, key: int) -> int:
        return around(view, (key + 1) % 3)

    with pytest.raises(CycleError, match=r"^around\(0\) depends on itself$"):
        around(Engine((), ()), 0)


def failing(kind: type[Number]) -> Query[Member, frozenset[str]]:
    @query
    def filed(view: View, member: Member) -> frozenset[str]:
        row = view.get(kind, member.key)
        if row is None or row.value == 13:
            raise Bad(str(member.key))
        return frozenset(row.groups)

    return filed


def test_an_index_goes_on_when_it_cannot_file_a_row() -> None:
    index = Index(name="i", sources=(Source(table=Number, query=failing(Number)),), group=ungrouped)
    made = Engine((index,), ())
    for name, number in (("a", 1), ("b", 13), ("c", 2)):
        made.put(Number, name, Number(number, ("g",)))
    made.settle()
    assert [member.key for member in made.bucket(index, "g")] == ["a", "c"]
    assert [(each.query, each.key) for each in made.failures] == [("filed", Member(Number, "b"))]
    put(made, "b", Number(3, ("g",)))
    assert [member.key for member in made.bucket(index, "g")] == ["a", "b", "c"]


def test_indexes_share_a_query_and_one_that_cannot_make_keys_of_it_goes_on() -> None:
    asked = failing(Number)
    plain = Index(name="plain", sources=(Source(table=Number, query=asked),), group=ungrouped)
    lengths = Source(table=Number, query=asked, keys=lambda groups: tuple(10 // (len(each) - 1) for each in groups))
    other = Index(name="other", sources=(lengths,), group=ungrouped)
    made = Engine((plain, other), ())
    for name, group in (("a", "gg"), ("b", "g")):
        made.put(Number, name, Number(1, (group,)))
    made.settle()
    assert made.runs["filed"] == 2
    assert [member.key for member in made.bucket(plain, "g")] == ["b"]
    assert [member.key for member in made.bucket(other, 10)] == ["a"]
    assert [(each.query, each.key) for each in made.failures] == [("other", Member(Number, "b"))]
    put(made, "b", Number(1, ("gg",)))
    assert [member.key for member in made.bucket(other, 10)] == ["a", "b"]


def test_an_output_goes_on_when_it_cannot_show_a_row() -> None:
    output = Output(name="o", sources=(Source(table=Number, query=failing(Number)),))
    made = Engine((), (output,))
    for name, number in (("a", 1), ("b", 13), ("c", 2)):
        made.put(Number, name, Number(number, ("g",)))
    made.settle()
    assert [change.member.key for change in made.drain(output)] == ["a", "c"]
    assert [(each.query, each.key) for each in made.failures] == [("filed", Member(Number, "b"))]
    put(made, "b", Number(3, ("g",)))
    assert [change.member.key for change in made.drain(output)] == ["b"]


def test_shrinking_changes_nothing_that_can_be_asked() -> None:
    made = numbers()
    before = [(key, row) for key, row in made.rows(Number)], made.bucket(NUMBERS, Place("n", "g")), made.runs.total()
    made.shrink()
    assert ([*made.rows(Number)], made.bucket(NUMBERS, Place("n", "g")), made.runs.total()) == before


def test_the_size_is_the_number_of_rows() -> None:
    made = numbers()
    assert made.size == 4
    put(made, "one", None)
    assert made.size == 3


# --- memory ----------------------------------------------------------------------------------------------------


def kept(made: Engine) -> int:
    kinds = (made._inputs, made._nodes, made._buckets, made._groups)
    return len(made._collections) + sum(len(kept) for kind in kinds for kept in kind.values())


def test_nothing_is_kept_of_what_is_gone() -> None:
    made = numbers()
    drained(made)
    for name in ("one", "two", "three"):
        made.put(Number, name, None)
    made.put(Label, "a", None)
    made.settle()
    drained(made)
    assert kept(made) == 0


def test_each_row_has_as_many_nodes_as_queries_are_asked_for_it() -> None:
    def size(rows: int) -> int:
        made = engine({f"n{at}": Number(100, ("a",)) for at in range(rows)}, {"a": Label("a", "")})
        drained(made)
        return kept(made)

    # The row, its place in the index, `value` and `parity`; what files it by what it says leaves nothing else.
    assert size(20) - size(10) == 10 * 4


def test_questions_from_outside_leave_nothing_behind() -> None:
    made = numbers()
    drained(made)
    before = kept(made)
    value(made, "nobody")
    made.get(Number, "nobody")
    made.bucket(NUMBERS, Place("n", "nobody"))
    made.group(NUMBERS, "n")
    made.collect(NUMBERS, "n", total)
    made.settle()
    assert kept(made) == before


def test_an_answer_that_only_an_outsider_wanted_is_forgotten_when_rows_change() -> None:
    made = numbers()
    total(made, B)
    put(made, "one", Number(4, ("a",)))
    total(made, B)
    assert made.runs["total"] == 1


def test_an_answer_with_a_rescue_from_outside() -> None:
    def zero(_view: View, _key: str, _error: Exception, before: int | None) -> int:
        return before or 0

    @rescued_query(zero)
    def safe(view: View, key: str) -> int:
        return value(view, key)

    made = numbers()
    assert safe(made, "three") == 3
    made.put(Number, "three", Number(13, ()))
    assert safe(made, "three") == 3, "the answer before is handed to the rescue"


def test_a_row_may_be_filed_under_nothing() -> None:
    index = Index(name="i", sources=(rows(Number, lambda row: row.groups),), group=ungrouped)
    made = Engine((index,), ())
    made.put(Number, "a", Number(1, ()))
    made.settle()
    assert made.group(index, None) == ()
