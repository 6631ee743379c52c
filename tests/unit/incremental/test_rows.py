import random

from gatewayd.incremental.chunks import Chunks, differences
from gatewayd.incremental.rows import SortedRows


def test_rows_are_a_sorted_dictionary() -> None:
    dice = random.Random(1)  # noqa: S311
    rows, oracle = SortedRows(), dict[int, int]()
    for step in range(5_000):
        key = dice.randrange(600)
        if dice.random() < 0.4:
            rows.drop(key)
            oracle.pop(key, None)
        else:
            changed = oracle.get(key) != step % 3
            assert rows.put(key, step % 3) is changed
            oracle[key] = step % 3
        assert len(rows) == len(oracle)
        if step % 50 == 0:
            assert rows.values() == tuple(oracle[key] for key in sorted(oracle))
            assert all(rows.values().chunks)


def test_a_change_makes_one_chunk() -> None:
    rows = SortedRows()
    rows.fill(list(range(1_000)), list(range(1_000)))
    before = rows.values()
    assert rows.values() is before
    rows.put(500, -1)
    shared = set(map(id, before.chunks)) & set(map(id, rows.values().chunks))
    assert len(shared) == len(before.chunks) - 1


def test_what_is_shown_tells_what_is_another_since_the_last_time() -> None:
    dice = random.Random(2)  # noqa: S311
    rows = SortedRows()
    rows.fill(list(range(0, 2_000, 2)), list(range(1_000)))
    before = rows.values()
    for step in range(500):
        for _ in range(dice.randrange(1, 4)):
            key = dice.randrange(2_000)
            if dice.random() < 0.5:
                rows.drop(key)
            else:
                rows.put(key, -step)
        after = rows.values()
        told = differences(before, after)
        assert told == differences(Chunks(before.chunks, len(before)), Chunks(after.chunks, len(after)))
        assert told == tuple(reversed(differences(after, before)))
        before = after


def test_a_full_chunk_is_split_and_an_empty_one_goes() -> None:
    rows = SortedRows()
    for key in range(200):
        rows.put(key, key)
    assert len(rows.values().chunks) > 1
    for key in range(200):
        rows.drop(key)
    assert rows.values() == ()
    rows.put(1, 1)
    assert rows.values() == (1,)


def test_an_equal_value_changes_nothing_although_it_is_another_object() -> None:
    rows = SortedRows()
    first, again = ("a", "b"), tuple("ab")
    assert first is not again
    assert rows.put(1, first)
    shown = rows.values()
    assert not rows.put(1, again)
    assert rows.values() is shown
