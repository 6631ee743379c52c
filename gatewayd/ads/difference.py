"""Sets of resources compared and joined, once for all streams.

In: two `Resources` of one type. Out: the names whose version differs, or that only one of them has; or both as one set.
Invariant: a memo is bounded and holds what it was computed from, so an identity is never reused under it.
"""

from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Generic, TypeVar

from gatewayd.xds.resource import Resources

_KEPT = 256

T = TypeVar("T")


class PairMemo(Generic[T]):
    """A bounded memo of a function of two sets of resources, by identity.

    The streams of a Gateway go through the same snapshots, so most calls are hits.
    """

    __slots__ = ("_function", "_memo", "computed")

    def __init__(self, function: Callable[[Resources, Resources], T]) -> None:
        self._function = function
        self._memo: OrderedDict[tuple[int, int], tuple[Resources, Resources, T]] = OrderedDict()
        self.computed = 0

    def __call__(self, old: Resources, new: Resources) -> T:
        """Return the function's value for the two."""
        key = (id(old), id(new))
        found = self._memo.get(key)
        if found is not None:
            return found[2]
        value = self._function(old, new)
        self.computed += 1
        self._memo[key] = (old, new, value)
        if len(self._memo) > _KEPT:
            self._memo.popitem(last=False)
        return value


def differing(old: Resources, new: Resources) -> tuple[str, ...]:
    """Return the names that differ, sorted."""
    if old is new:
        return ()
    names = [name for name in old if name not in new]
    for name, item in new.items():
        before = old.get(name)
        if before is not item and (before is None or before.version != item.version):
            names.append(name)
    return tuple(sorted(names))


def joined(old: Resources, new: Resources) -> Resources:
    """Return the new set, and of the old one what the new one lacks."""
    if old is new or old.keys() <= new.keys():
        return new
    return MappingProxyType(dict(sorted({**old, **new}.items())))
