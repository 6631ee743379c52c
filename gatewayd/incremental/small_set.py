"""Small sets: the engine has hundreds of thousands of them, and most have one member or none.

In and out: a value that represents a set. The owner keeps it in a slot, so that an empty set needs no object, and
replaces it by the value that a change returns. Only this module knows the representations:

    members           representation
    none              NONE, which is the empty tuple
    one               the member itself; a tuple of it if it is a tuple
    up to FEW         a tuple, which is a third of the size of a dict
    more              a `_Many`, changed in place: a dict, and its sorted members once they have been read

A `_Many` becomes a tuple again at half of FEW, so that a set of about FEW members does not change back and forth.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

FEW: Final = 24
NONE: Final = ()
"""The set without members."""


class _Many:
    __slots__ = ("members", "ordered")

    def __init__(self, members: Iterable[Any]) -> None:
        self.members = dict.fromkeys(members)
        self.ordered: tuple[Any, ...] | None = None


def whole(members: tuple[Any, ...]) -> Any:
    """Return a set of these members, all different; for an owner that only replaces it as a whole, it needs no dict."""
    return members[0] if len(members) == 1 and type(members[0]) is not tuple else members


def members(small: Any) -> Collection[Any]:
    """Return the members of a set, in any order; valid until the set is changed."""
    kind = type(small)
    if kind is _Many:
        return small.members  # type: ignore[no-any-return]
    return small if kind is tuple else (small,)


def listed(small: Any) -> tuple[Any, ...]:
    """Return a copy of the members, in the order in which they were added."""
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
    """Return the set with a member, at the end if it is new; the caller replaces `small` by it."""
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
    """Return the set without a member; the caller replaces `small` by it."""
    kind = type(small)
    if kind is _Many:
        small.members.pop(member, None)
        small.ordered = None
        return small if len(small.members) > FEW // 2 else tuple(small.members)
    if kind is not tuple:
        return NONE if small is member or small == member else small
    return whole(tuple([each for each in small if each is not member and each != member]))
