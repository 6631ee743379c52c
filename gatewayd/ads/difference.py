"""Sets of resources compared and joined, once for all streams.

In: two `Resources` of one type. Out: the names whose version differs, or that only one of them has; or both as one set.
Invariant: a memo is bounded and holds what it was computed from, so an identity is never reused under it. The bound is
of resources, since what it holds keeps old snapshots alive.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from gatewayd.xds.resource import Resources
from gatewayd.xds.resources import ResourceMap, differing_names

_KEPT = 256
_KEPT_NAMES = 50_000
_FEWEST = 4

T = TypeVar("T")


class PairMemo(Generic[T]):
    """A bounded memo of a function of two sets of resources, by identity.

    The streams of a Gateway go through the same snapshots, so most calls are hits.
    """

    __slots__ = ("_function", "_memo", "_names", "computed")

    def __init__(self, function: Callable[[Resources, Resources], T]) -> None:
        self._function = function
        self._memo: OrderedDict[tuple[int, int], tuple[Resources, Resources, T]] = OrderedDict()
        self._names = 0
        self.computed = 0

    def __call__(self, old: Resources, new: Resources) -> T:
        """Return the function's value for the two."""
        key = (id(old), id(new))
        found = self._memo.get(key)
        if found is not None:
            self._memo.move_to_end(key)
            return found[2]
        value = self._function(old, new)
        self.computed += 1
        self._memo[key] = (old, new, value)
        self._names += len(old) + len(new)
        while self._is_full():
            gone = self._memo.popitem(last=False)[1]
            self._names -= len(gone[0]) + len(gone[1])
        return value

    def _is_full(self) -> bool:
        """Say whether the one used longest ago must go."""
        return len(self._memo) > _KEPT or (self._names > _KEPT_NAMES and len(self._memo) > _FEWEST)


class Versions:
    """The versions of a few sets of resources by name, as clients declare them."""

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: OrderedDict[int, tuple[Resources, dict[str, str]]] = OrderedDict()

    def __call__(self, resources: Resources) -> Mapping[str, str]:
        """Return them; a storm of clients that come back compares with the same few."""
        found = self._memo.get(id(resources))
        if found is None:
            found = (resources, {name: item.version for name, item in resources.items()})
            self._memo[id(resources)] = found
            if len(self._memo) > _FEWEST:
                self._memo.popitem(last=False)
        return found[1]


def differing(old: Resources, new: Resources) -> tuple[str, ...]:
    """Return the names that differ, sorted."""
    if old is new:
        return ()
    if isinstance(old, ResourceMap) and isinstance(new, ResourceMap):
        return tuple(sorted(old.differing(new)))
    return tuple(sorted(differing_names(old, new)))


def joined(old: Resources, new: Resources) -> Resources:
    """Return the new set, and of the old one what the new one lacks."""
    if old is new:
        return new
    lacking = {name: old[name] for name in differing(old, new) if name not in new}
    if not lacking:
        return new
    return new.replaced(lacking) if isinstance(new, ResourceMap) else MappingProxyType({**new, **lacking})
