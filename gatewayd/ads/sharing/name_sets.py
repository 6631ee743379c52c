"""Sets of names that many streams have in common.

In: names that come and go. Out: whether a name is in. A stream has a set that all others with the same names share, and
what differs from it: so a thousand proxies that ask for the same ten thousand routes cost one set, not a thousand.
Invariant: what a stream has of its own is at most a 64th of the whole, or 8 names; and a change costs the names that
change, but for one copy in every such number of them.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from operator import mul
from weakref import WeakValueDictionary

_FEW = 8
_PART = 64
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Mark:
    """What stands for a set: its size, and two sums over the hashes of its names.

    The hashes have 64 bits each and a key that is new in every process, so nobody can look for two sets of one mark.
    """

    count: int
    hashes: int
    squares: int

    def changed(self, more: Iterable[str], less: Iterable[str]) -> "_Mark":
        """Return the mark of the set with some names more and some less."""
        added, dropped = [*map(hash, more)], [*map(hash, less)]
        return _Mark(
            self.count + len(added) - len(dropped),
            self.hashes + sum(added) - sum(dropped),
            self.squares + sum(map(mul, added, added)) - sum(map(mul, dropped, dropped)),
        )


_EMPTY = _Mark(0, 0, 0)


class NamePool:
    """The sets that some stream has, each once."""

    __slots__ = ("_sets",)

    def __init__(self) -> None:
        self._sets: WeakValueDictionary[_Mark, frozenset[str]] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many sets there are."""
        return len(self._sets)

    def find(self, mark: _Mark) -> frozenset[str] | None:
        """Return the set of this mark, if a stream has it."""
        return self._sets.get(mark)

    def keep(self, mark: _Mark, names: frozenset[str]) -> frozenset[str]:
        """Share a set from now on."""
        self._sets[mark] = names
        return names

    def one(self, names: frozenset[str]) -> frozenset[str]:
        """Return the one copy of a set."""
        mark = _EMPTY.changed(names, ())
        return self.find(mark) or self.keep(mark, names)

    def union(self, some: frozenset[str], more: frozenset[str]) -> frozenset[str]:
        """Return the union, as a set that is not of one stream alone."""
        return self.one(some | more) if some and more else some or more


class Names:
    """A set of names that can change; what it shares with others cannot."""

    __slots__ = ("_mark", "_minus", "_plus", "_pool", "_shared")

    def __init__(self, pool: NamePool) -> None:
        self._pool = pool
        self._mark = _EMPTY
        self._shared = _NONE
        # Of these, `_plus` is never in `_shared` and `_minus` always is.
        self._plus = _NONE
        self._minus = _NONE

    def __contains__(self, name: object) -> bool:
        """Return whether a name is in."""
        return name in self._plus or (name in self._shared and name not in self._minus)

    def __len__(self) -> int:
        """Return how many names there are."""
        return self._mark.count

    @property
    def mark(self) -> Hashable:
        """What two of them have in common exactly when they are of the same names."""
        return self._mark

    def lacking(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of the names that are not in."""
        wanted = frozenset(names)
        lacking = wanted - self._shared if self._shared else wanted
        if self._plus:
            lacking -= self._plus
        return lacking | (wanted & self._minus) if self._minus else lacking

    def having(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of the names that are in."""
        wanted = frozenset(names)
        return wanted - self.lacking(wanted)

    def whole(self) -> frozenset[str]:
        """Return all names."""
        return (self._shared - self._minus) | self._plus if self._plus or self._minus else self._shared

    def change(self, more: frozenset[str], less: frozenset[str]) -> None:
        """Add names that are not in, and drop names that are."""
        self._mark = self._mark.changed(more, less)
        shared = self._pool.find(self._mark)
        if shared is not None:
            self._share(shared)
            return
        self._plus = (self._plus - less) | (more - self._shared)
        self._minus = (self._minus - more) | (less & self._shared)
        if len(self._plus) + len(self._minus) > max(_FEW, self._mark.count // _PART):
            self._share(self._pool.keep(self._mark, self.whole()))

    def become(self, names: frozenset[str]) -> None:
        """Have these names and no others."""
        self._mark = _EMPTY.changed(names, ())
        self._share(self._pool.find(self._mark) or self._pool.keep(self._mark, names))

    def _share(self, names: frozenset[str]) -> None:
        """Have what others have, and nothing of one's own."""
        self._shared = names
        self._plus = self._minus = _NONE
