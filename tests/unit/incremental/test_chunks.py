import pytest

from gatewayd.incremental.chunks import Chunks, Origin, differences

ONE, TWO, THREE = (1, 2), (3, 4), (5,)
WHOLE = Chunks((ONE, TWO, THREE), 5)


def test_it_reads_as_the_tuple_of_all() -> None:
    assert (len(WHOLE), tuple(WHOLE), list(reversed(WHOLE))) == (5, (1, 2, 3, 4, 5), [5, 4, 3, 2, 1])
    assert (WHOLE[0], WHOLE[-1], WHOLE[1:3]) == (1, 5, (2, 3))
    assert 4 in WHOLE
    assert repr(WHOLE) == "(1, 2, 3, 4, 5)"
    with pytest.raises(IndexError):
        WHOLE[5]


def test_where_chunks_end_does_not_count() -> None:
    other = Chunks(((1, 2, 3), (4, 5)), 5)
    assert WHOLE == other == (1, 2, 3, 4, 5)
    assert WHOLE == (1, 2, 3, 4, 5)
    assert hash(WHOLE) == hash(other) == hash((1, 2, 3, 4, 5))
    assert Chunks(((1, 2, 3), (4, 6)), 5) != WHOLE
    assert WHOLE != (1, 2, 3, 4)
    assert Chunks((ONE,), 2) != [1, 2]


def test_differences_are_of_the_chunks_that_are_others() -> None:
    new = (30, 4)
    assert differences(WHOLE, Chunks((ONE, new, THREE), 5)) == ((3,), (30,))
    assert differences(WHOLE, WHOLE) == ((), ())
    assert differences(WHOLE, Chunks((ONE, THREE), 3)) == ((3, 4), ())
    assert differences((), WHOLE) == ((), (1, 2, 3, 4, 5))


def test_a_copy_knows_which_of_its_chunks_are_others() -> None:
    old = Chunks((ONE, TWO, THREE), 5)
    new = Chunks((ONE, (3, 40), THREE), 5, Origin(old.identity, 1, 1))
    assert differences(old, new) == ((4,), (40,))
    assert differences(new, old) == ((40,), (4,))
    stranger = Chunks((ONE, (3, 41), THREE), 5, Origin(object(), 2, 1))
    assert differences(old, stranger) == ((4,), (41,))
    # It is taken at its word: nothing is searched.
    believed = Chunks((ONE, (3, 42), THREE), 5, Origin(old.identity, 2, 1))
    assert differences(old, believed) == ((), ())


def test_chunks_that_are_shared_are_not_looked_into() -> None:
    class Unequal:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None

    shared = (Unequal(), Unequal())
    assert Chunks((shared, (1,)), 3) != Chunks((shared, (2,)), 3)
    assert Chunks((shared, (1,)), 3) == Chunks((shared, (1,)), 3)
