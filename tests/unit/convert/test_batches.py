from gatewayd.convert.batches import batches


def test_all_parts_but_the_last_are_full() -> None:
    assert list(batches((1, 2, 3, 4, 5), 2)) == [(1, 2), (3, 4), (5,)]
    assert list(batches((), 2)) == []
