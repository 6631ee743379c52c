"""Names that streams share."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ads.sharing.name_sets import NamePool, Names

MANY = frozenset(f"host-{number}" for number in range(1_000))
NONE: frozenset[str] = frozenset()


def having(pool: NamePool, names: frozenset[str]) -> Names:
    it = Names(pool)
    it.change(names, NONE)
    return it


def test_equal_sets_are_one_object_whatever_the_way_to_them() -> None:
    pool = NamePool()
    at_once = having(pool, MANY)
    in_parts = having(pool, frozenset(sorted(MANY)[:600]))
    in_parts.change(frozenset(sorted(MANY)[600:]), NONE)
    by_list = Names(pool)
    by_list.become(MANY)
    assert in_parts.whole() is at_once.whole() is by_list.whole()
    assert len(pool) == 1


def test_a_set_that_differs_a_little_is_not_copied() -> None:
    pool = NamePool()
    first, second = having(pool, MANY), having(pool, MANY)
    second.change(frozenset({"other"}), frozenset({"host-1"}))
    assert len(pool) == 1
    assert ("other" in second, "host-1" in second, "host-2" in second, len(second)) == (True, False, True, 1_000)
    assert ("other" in first, "host-1" in first) == (False, True)
    second.change(frozenset({"host-1"}), frozenset({"other"}))
    assert second.whole() is first.whole()


def test_a_set_that_nobody_has_any_more_is_forgotten() -> None:
    pool = NamePool()
    it = having(pool, MANY)
    it.become(frozenset({"one"}))
    gc.collect()
    assert (len(it), len(pool)) == (1, 1)


def test_names_are_told_apart_from_those_that_are_in() -> None:
    it = having(NamePool(), MANY)
    it.change(frozenset({"new"}), frozenset({"host-1"}))
    assert it.lacking(("new", "host-1", "host-2", "never")) == {"host-1", "never"}
    assert it.having(("new", "host-1", "host-2", "never")) == {"new", "host-2"}


NAMES = st.frozensets(st.sampled_from([f"n{number}" for number in range(40)]))


@given(st.lists(st.tuples(st.integers(0, 2), NAMES, NAMES), max_size=30))
def test_a_set_says_what_a_plain_set_says(steps: list[tuple[int, frozenset[str], frozenset[str]]]) -> None:
    pool = NamePool()
    streams, plain = [Names(pool) for _ in range(3)], [NONE] * 3
    for number, more, less in steps:
        it = streams[number]
        it.change(it.lacking(more), NONE)
        it.change(NONE, it.having(less))
        plain[number] = (plain[number] | more) - less
    for it, expected in zip(streams, plain, strict=True):
        assert (it.whole(), len(it)) == (expected, len(expected))
        assert all((name in it) == (name in expected) for name in (f"n{number}" for number in range(40)))
