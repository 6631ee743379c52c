import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.incremental.small_set import FEW, NONE, listed, members, ordered, whole, with_member, without

MEMBERS = st.one_of(st.integers(0, 2 * FEW), st.tuples(st.integers(0, FEW)), st.just(()), st.none())
CHANGES = st.lists(st.tuples(MEMBERS, st.booleans()), max_size=8 * FEW)


@given(CHANGES, st.sampled_from((0, FEW - 1, FEW, 2 * FEW)))
def test_it_has_what_a_set_has_in_the_order_in_which_that_came(changes: list[tuple[object, bool]], size: int) -> None:
    """Few changes are drawn at a time, so it starts with sets of all sizes."""
    small: object = NONE
    model = dict[object, None].fromkeys(reversed(range(size)))
    for member in model:
        small = with_member(small, member)
    for member, present in changes:
        small = with_member(small, member) if present else without(small, member)
        if present:
            model[member] = None
        else:
            model.pop(member, None)
        assert listed(small) == tuple(members(small)) == tuple(model)
        assert (small is NONE) is (not model)
        assert ordered(small, repr) == tuple(sorted(model, key=repr))


@given(st.lists(MEMBERS, unique=True, max_size=2 * FEW))
def test_a_set_that_is_made_as_a_whole_has_the_same_members(some: list[object]) -> None:
    assert listed(whole(tuple(some))) == tuple(some)


def test_a_large_set_that_shrinks_goes_on_as_a_small_one() -> None:
    small: object = NONE
    for member in reversed(range(2 * FEW)):
        small = with_member(small, member)
    for member in range(2 * FEW):
        assert ordered(small, None) == tuple(range(member, 2 * FEW))
        assert listed(small) == tuple(reversed(range(member, 2 * FEW)))
        small = without(small, member)
    assert small is NONE


def test_a_lone_member_stands_for_its_set() -> None:
    assert with_member(NONE, "a") == whole(("a",)) == "a"


@pytest.mark.parametrize("lone", [(), ("a",)])
def test_a_lone_tuple_is_not_taken_for_the_members(lone: tuple[str, ...]) -> None:
    assert listed(with_member(NONE, lone)) == (lone,)
    assert without(with_member(NONE, lone), lone) is NONE
