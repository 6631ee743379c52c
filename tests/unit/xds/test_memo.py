from hypothesis import given
from hypothesis import strategies as st

from gatewayd.xds.memo import Memo


class Value:
    """Something that is known by its identity only."""

    def __init__(self, key: int) -> None:
        self.key = key


class Counted:
    """A memo whose results name the value and what was there for its key before."""

    def __init__(self) -> None:
        self.made: list[Value] = []
        self.memo: Memo[Value, tuple[Value, object]] = Memo(self._make, lambda value: value.key)

    def _make(self, value: Value, earlier: tuple[Value, object] | None) -> tuple[Value, object]:
        self.made.append(value)
        return value, earlier[0] if earlier else None


def values(*keys: int) -> list[Value]:
    return [Value(key) for key in keys]


def test_only_what_is_new_is_made() -> None:
    counted = Counted()
    one, two, three = values(1, 2, 3)
    counted.memo.update((one, two, three))
    replaced = Value(2)
    counted.memo.update((one, replaced, three))
    assert counted.made == [one, two, three, replaced]
    assert [each[0] for each in counted.memo.results] == [one, replaced, three]


def test_a_new_value_gets_the_result_of_the_gone_one_with_its_key() -> None:
    counted = Counted()
    one, two = values(1, 2)
    counted.memo.update((one, two))
    replaced, added = values(2, 3)
    counted.memo.update((added, one, replaced))
    assert counted.memo.results == ((added, None), (one, None), (replaced, two))


def test_an_equal_value_has_the_result_of_the_one_with_its_key() -> None:
    made: list[tuple[str, int]] = []

    def make(value: tuple[str, int], _earlier: str | None) -> str:
        made.append(value)
        return f"{value}"

    memo: Memo[tuple[str, int], str] = Memo(make, lambda value: value[0])
    memo.update((("a", 1000), ("b", 2000)))
    before = memo.results
    copies = tuple((name, int(str(number))) for name, number in (("a", 1000), ("b", 2000)))
    memo.update(copies)
    assert (memo.results, memo.values) == (before, copies)
    assert memo.results is before
    memo.update((("a", 1001), copies[1]))
    assert made == [("a", 1000), ("b", 2000), ("a", 1001)]


def test_the_same_objects_keep_the_same_tuples() -> None:
    counted = Counted()
    one, two = values(1, 2)
    counted.memo.update((one, two))
    before = counted.memo.values, counted.memo.results
    other = (one, two)
    assert other is not before[0]
    counted.memo.update(other)
    assert counted.memo.values is before[0]
    assert counted.memo.results is before[1]


def test_an_equal_result_that_is_another_object_counts_as_a_change_and_the_same_object_does_not() -> None:
    kept = object()
    memo: Memo[Value, object] = Memo(lambda _, earlier: earlier or kept, lambda value: value.key)
    memo.update((Value(1),))
    before = memo.results
    memo.update((Value(1),))
    assert memo.results is before


@given(st.lists(st.lists(st.integers(0, 6), max_size=7, unique=True), max_size=6))
def test_results_are_in_the_order_of_the_values_and_of_nothing_else(steps: list[list[int]]) -> None:
    pool = values(*range(7))
    counted = Counted()
    for step in steps:
        wanted = tuple(pool[index] for index in step)
        counted.memo.update(wanted)
        assert tuple(each[0] for each in counted.memo.results) == wanted == counted.memo.values


def test_a_failure_leaves_the_memo_as_it_was() -> None:
    def make(value: Value, _: int | None) -> int:
        return 1 // value.key

    memo: Memo[Value, int] = Memo(make, lambda value: value.key)
    one = Value(1)
    memo.update((one,))
    try:
        memo.update((one, Value(0)))
    except ZeroDivisionError:
        assert (memo.values, memo.results) == ((one,), (1,))
