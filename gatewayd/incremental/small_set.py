"""Sets of which there are hundreds of thousands, and most have one member or none.

In and out: a value that stands for a set. Its owner keeps it in a slot of its own, so that the set itself costs
nothing, and puts in its place what a change returns. Only this module looks into it.

    members           what stands for them
    none              NONE, which is the empty tuple
    one               the member itself; a tuple of it if it is a tuple
    up to FEW         a tuple, which is a third of the size of a dict
    more              a `_Many`, changed in place: a dict, and its members sorted once somebody has asked for that

At half of FEW a `_Many` becomes a tuple again, so that a set at the edge does not go back and forth.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

FEW: Final = 8
NONE: Final = ()
"""The set without members."""


class _Many:
    __slots__ = ("members", "ordered")

    def __init__(self, members: Iterable[Any]) -> None:
        self.members = dict.fromkeys(members)
        self.ordered: tuple[Any, ...] | None = None


def whole(members: tuple[Any, ...]) -> Any:
    """Return a set of different members that is only replaced as a whole: it needs no dict, however large it is."""
    return members[0] if len(members) == 1 and type(members[0]) is not tuple else members


def members(small: Any) -> Collection[Any]:
    """Return the members of a set, in any order; not to be kept while the set is changed."""
    kind = type(small)
    if kind is _Many:
        return small.members  # type: ignore[no-any-return]
    return small if kind is tuple else (small,)


def listed(small: Any) -> tuple[Any, ...]:
    """Return the members as they are now, in the order in which they came."""
    kind = type(small)
    if kind is _Many:
        return tuple(small.members)
    return small if kind is tuple else (small,)


def ordered(small: Any, order: Callable[[Any], Any] | None) -> tuple[Any, ...]:
    """Return the members, sorted; by the same `order` each time."""
    if type(small) is not _Many:
        return tuple(sorted(listed(small), key=order))
    if small.ordered is None:
        small.ordered = tuple(sorted(small.members, key=order))
    return small.ordered


def with_member(small: Any, member: Any) -> Any:
    """Return the set with a member, at the end if it is new; it takes the place of `small`."""
    kind = type(small)
    if kind is _Many:
        small.members[member] = None
        small.ordered = None
        return small
    if small is NONE:
        return whole((member,)) if type(member) is tuple else member
    if kind is not tuple:
        return small if small is member or small == member else (small, member)
    if member in small:
        return small
    return (*small, member) if len(small) < FEW else _Many((*small, member))


def without(small: Any, member: Any) -> Any:
    """Return the set without a member; it takes the place of `small`."""
    kind = type(small)
    if kind is _Many:
        small.members.pop(member, None)
        small.ordered = None
        return small if len(small.members) > FEW // 2 else tuple(small.members)
    if kind is not tuple:
        return NONE if small is member or small == member else small
    return whole(tuple([each for each in small if each is not member and each != member]))
