"""Results for the values of a sequence, by key, and what of them changed with the sequence.

In: one sequence after another, most of whose values are the very objects of the sequence before. Out: for each update
the results that came and went; those of values that stayed are not looked at.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

from gatewayd.incremental.chunks import differences

V = TypeVar("V")
R = TypeVar("R")


class Replaced(NamedTuple, Generic[R]):
    """A result and what was in its place; None stands for nothing."""

    before: R | None
    after: R | None


class Keyed(Generic[V, R]):
    """`make(value, earlier)` gives a value's result; `earlier` is the one that the last value of its key had."""

    __slots__ = ("_key", "_make", "results", "values")

    def __init__(self, make: Callable[[V, R | None], R], key: Callable[[V], Hashable]) -> None:
        self._make = make
        self._key = key
        self.values: Sequence[V] = ()
        self.results: dict[Hashable, R] = {}

    def update(self, values: Sequence[V]) -> list[Replaced[R]]:
        """Put `values` in the place of the sequence before; return the results that are another object now.

        Raises ValueError when two values share a key.
        """
        old, new = differences(self.values, values)
        self.values = values
        stayed = {id(value) for value in new}
        left = {id(value) for value in old}
        earlier = {key: self.results.pop(key) for key in (self._key(value) for value in old if id(value) not in stayed)}
        replaced: list[Replaced[R]] = []
        for value in new:
            if id(value) not in left:
                replaced.extend(self._put(value, earlier))
        replaced.extend(Replaced(result, None) for result in earlier.values())
        return replaced

    def _put(self, value: V, earlier: dict[Hashable, R]) -> list[Replaced[R]]:
        key = self._key(value)
        if key in self.results:
            raise ValueError(f"{key}: two values share this key; each needs one of its own")
        before = earlier.pop(key, None)
        after = self.results[key] = self._make(value, before)
        return [] if after is before else [Replaced(before, after)]
