import random

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
