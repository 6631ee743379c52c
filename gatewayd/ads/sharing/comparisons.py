"""Sets of resources compared and joined, once for all streams.

In: two `Resources` of one type. Out: the names whose version differs, or that only one of them has; or both as one set.
Invariant: a memo is bounded, forgets, and holds what it was computed from, so an identity is never reused under it. The
bound is of resources, since what it holds keeps old snapshots alive.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from gatewayd.ads.sharing.swept_cache import Recent
from gatewayd.ir.limits import COMPARED_NAMES, COMPARED_VERSIONS
from gatewayd.xds.resource import Resources
from gatewayd.xds.resource_map import ResourceMap, differing_names

_PAIR = 200
"""What a pair weighs beside its names."""
_FEWEST = 4
_FEW = 32
_PART = 8
"""A table of all names is worth making for more than a few questions, and for those about one name of so many."""

T = TypeVar("T")


class PairMemo(Generic[T]):
    """A memo of a function of two sets of resources, by identity.

    The streams of a Gateway go through the same snapshots, so most calls are hits.
    """

    __slots__ = ("_function", "_memo", "computed")

    def __init__(self, function: Callable[[Resources, Resources], T]) -> None:
        self._function = function
        self._memo: Recent[tuple[int, int], tuple[Resources, Resources, T]] = Recent(
            most=COMPARED_NAMES, fewest=_FEWEST
        )
        self.computed = 0

    def __call__(self, old: Resources, new: Resources) -> T:
        """Return the function's value for the two."""
        key = (id(old), id(new))
        known = self._memo.get(key)
        if known is None:
            known = self._memo.put(key, (old, new, self._function(old, new)), weight=_PAIR + len(old) + len(new))
            self.computed += 1
        return known[2]

    def sweep(self) -> None:
        """Forget the pairs that nobody has compared since the last sweep."""
        self._memo.sweep()


class Versions:
    """The versions of a few sets of resources by name, as clients declare them."""

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: Recent[int, tuple[Resources, dict[str, str]]] = Recent(most=COMPARED_VERSIONS, fewest=_FEWEST)

    def __call__(self, resources: Resources) -> Mapping[str, str]:
        """Return them; a storm of clients that come back compares with the same few."""
        known = self._memo.get(id(resources))
        if known is None:
            versions = {name: item.version for name, item in resources.items()}
            known = self._memo.put(id(resources), (resources, versions), weight=1 + len(versions))
        return known[1]

    def table(self, resources: Resources, questions: int) -> Mapping[str, object]:
        """Return what says fastest which names there are, when it is asked so many questions."""
        return self(resources) if questions > _FEW and questions * _PART > len(resources) else resources

    def sweep(self) -> None:
        """Forget the sets that nobody has asked about since the last sweep."""
        self._memo.sweep()


def differing(old: Resources, new: Resources) -> tuple[str, ...]:
    """Return the names that differ, sorted."""
    if old is new:
        return ()
    if isinstance(old, ResourceMap) and isinstance(new, ResourceMap):
        return tuple(sorted(old.differing(new)))
    return tuple(sorted(differing_names(old, new)))


def joined(old: Resources, new: Resources) -> Resources:
    """Return the new set, and of the old one what the new one lacks."""
    lacking = {name: old[name] for name in differing(old, new) if name not in new}
    if not lacking:
        return new
    return new.replaced(lacking) if isinstance(new, ResourceMap) else MappingProxyType({**new, **lacking})
