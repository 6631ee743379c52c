"""What was made for one stream and may serve another, for as long as others come for it.

In: values by key, each with a weight. Out: the same value to whoever asks soon after. Streams that begin, or follow a
change, do so together: what nobody has asked for between two sweeps serves nobody any more.
Invariants: the weights add up to `most` or less, or there are `fewest` values or less; two sweeps after the last
question nothing is left.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A bounded memo that forgets."""

    __slots__ = ("_era", "_fewest", "_items", "_most", "_weight")

    def __init__(self, *, most: int, fewest: int = 1) -> None:
        """`fewest` values are kept however much they weigh: the newest ones."""
        self._most = most
        self._fewest = fewest
        # The one that was used longest ago is first. With each value: the era of its last use, and its weight.
        self._items: OrderedDict[K, tuple[int, int, V]] = OrderedDict()
        self._weight = 0
        self._era = 0

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._items)

    def get(self, key: K) -> V | None:
        """Return a value, None when it is not there (any more)."""
        entry = self._items.get(key)
        if entry is None:
            return None
        if entry[0] != self._era:
            self._items[key] = (self._era, entry[1], entry[2])
        self._items.move_to_end(key)
        return entry[2]

    def put(self, key: K, value: V, *, weight: int = 1) -> V:
        """Keep a value, which `get` did not have, and return it."""
        self._items[key] = (self._era, weight, value)
        self._weight += weight
        while self._weight > self._most and len(self._items) > self._fewest:
            self._drop_oldest()
        return value

    def sweep(self) -> None:
        """Forget what was not asked for since the last sweep."""
        if not self._items:
            return
        while self._items and next(iter(self._items.values()))[0] != self._era:
            self._drop_oldest()
        if not self._items:
            self._items = OrderedDict()  # an emptied table keeps its size
        self._era += 1

    def _drop_oldest(self) -> None:
        self._weight -= self._items.popitem(last=False)[1][1]
