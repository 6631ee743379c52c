"""Names that differ between two sets of resources, computed once for all streams.

In: two `Resources` of one type. Out: the names whose version differs, or that only one of them has.
Invariant: the memo is bounded and holds what it was computed from, so an identity is never reused under it.
"""

from collections import OrderedDict

from gatewayd.xds.resource import Resources

_KEPT = 256


class Differences:
    """A bounded memo of comparisons; streams of a Gateway go through the same snapshots, so most calls are hits."""

    __slots__ = ("_memo", "computed")

    def __init__(self) -> None:
        self._memo: OrderedDict[tuple[int, int], tuple[Resources, Resources, tuple[str, ...]]] = OrderedDict()
        self.computed = 0

    def between(self, old: Resources, new: Resources) -> tuple[str, ...]:
        """Return the names that differ, sorted."""
        if old is new:
            return ()
        key = (id(old), id(new))
        found = self._memo.get(key)
        if found is not None:
            return found[2]
        names = differing(old, new)
        self.computed += 1
        self._memo[key] = (old, new, names)
        if len(self._memo) > _KEPT:
            self._memo.popitem(last=False)
        return names


def differing(old: Resources, new: Resources) -> tuple[str, ...]:
    """Compare two sets of resources by name and version."""
    names = [name for name in old if name not in new]
    for name, item in new.items():
        before = old.get(name)
        if before is not item and (before is None or before.version != item.version):
            names.append(name)
    return tuple(sorted(names))
