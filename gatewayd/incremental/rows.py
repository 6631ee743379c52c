"""Rows sorted by key, which change one by one and are read as an immutable sequence of their values.

In: keys and values. Out: `Chunks` of the values in the order of the keys. A change costs one chunk.
"""

from bisect import bisect_left, bisect_right
from typing import Any

from gatewayd.incremental.chunks import Chunks, Origin

_FULL = 128
"""A chunk of more values is split in two."""
_EMPTY: Chunks[Any] = Chunks((), 0)


class SortedRows:
    """Rows sorted by key."""

    __slots__ = ("_chunks", "_firsts", "_head", "_is_shown", "_keys", "_length", "_shown", "_tail")

    def __init__(self) -> None:
        # Chunks of keys and of values, and the first key of each.
        self._keys: list[list[Any]] = []
        self._chunks: list[tuple[Any, ...]] = []
        self._firsts: list[Any] = []
        self._length = 0
        self._shown: Chunks[Any] = _EMPTY
        self._is_shown = True
        # How many chunks at either end are unchanged since `values` was last called.
        self._head = self._tail = 0

    def __len__(self) -> int:
        return self._length

    def values(self) -> Chunks[Any]:
        """Return the values: the same object as before when nothing has changed."""
        if not self._is_shown:
            origin = Origin(self._shown.identity, self._head, self._tail)
            self._shown = Chunks(tuple(self._chunks), self._length, origin)
            self._is_shown = True
            self._head = self._tail = len(self._chunks)
        return self._shown

    def fill(self, keys: list[Any], values: list[Any]) -> None:
        """Replace all rows by these; the keys are sorted."""
        half = _FULL // 2
        starts = range(0, len(keys), half)
        self._keys = [keys[at : at + half] for at in starts]
        self._chunks = [tuple(values[at : at + half]) for at in starts]
        self._firsts = [keys[at] for at in starts]
        self._length = len(keys)
        self._head = self._tail = 0
        self._is_shown = False

    def put(self, key: Any, value: Any) -> bool:
        """Set the value of a key; return whether that changed anything."""
        if not self._keys:
            self.fill([key], [value])
            return True
        at = max(bisect_right(self._firsts, key) - 1, 0)
        keys, chunk = self._keys[at], self._chunks[at]
        place = bisect_left(keys, key)
        if place < len(keys) and keys[place] == key:
            if chunk[place] is value or chunk[place] == value:
                return False
            self._set(at, keys, (*chunk[:place], value, *chunk[place + 1 :]))
            return True
        keys.insert(place, key)
        self._length += 1
        self._set(at, keys, (*chunk[:place], value, *chunk[place:]))
        return True

    def drop(self, key: Any) -> None:
        """Remove a key."""
        at = max(bisect_right(self._firsts, key) - 1, 0)
        keys = self._keys[at] if self._keys else []
        place = bisect_left(keys, key)
        if place < len(keys) and keys[place] == key:
            del keys[place]
            self._length -= 1
            chunk = self._chunks[at]
            self._set(at, keys, (*chunk[:place], *chunk[place + 1 :]))

    def _set(self, at: int, keys: list[Any], chunk: tuple[Any, ...]) -> None:
        """Replace a chunk: by two when the new one is too long, by none when it is empty."""
        middle = len(keys) // 2 if len(keys) > _FULL else len(keys)
        self._head = min(self._head, at)
        self._tail = min(self._tail, len(self._keys) - at - 1)
        self._is_shown = False
        parts = [part for part in (slice(middle), slice(middle, None)) if keys[part]]
        self._keys[at : at + 1] = [keys[part] for part in parts]
        self._chunks[at : at + 1] = [chunk[part] for part in parts]
        self._firsts[at : at + 1] = [keys[part][0] for part in parts]
