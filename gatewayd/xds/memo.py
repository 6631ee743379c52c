"""Results for a sequence of values, kept by the identity of each value.

In: one sequence after another, most of whose values are the very objects of the sequence before (an unchanged IR value
is the same object after a change). Out: the results, in the order of the values; only for values that were not there
before anything is made. A value that is another object and equal to the one of its key has that one's result: who puts
thousands of values together anew has them serialised once. Nothing is kept for values that are gone.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import repeat
from typing import Any, Final, Generic, TypeVar

from gatewayd.incremental.chunks import shared_ends

V = TypeVar("V")
R = TypeVar("R")

_NEW: Final = object()
"""Stands for the result of a value that was not there before."""


class Memo(Generic[V, R]):
    """`make(value, earlier)` gives a value's result; `earlier` is the one that a gone value of the same `key` had."""

    __slots__ = ("_key", "_make", "results", "values")

    def __init__(self, make: Callable[[V, R | None], R], key: Callable[[V], Hashable]) -> None:
        self._make = make
        self._key = key
        self.values: tuple[V, ...] = ()
        self.results: tuple[R, ...] = ()

    def update(self, values: tuple[V, ...]) -> None:
        """Put `values` in the place of the sequence before.

        `values` and `results` stay the same tuples when nothing in them is another object.
        """
        head, tail = shared_ends(self.values, values)
        if head == len(values) == len(self.values):
            return
        gone = slice(head, len(self.values) - tail)
        middle = self._middle(self.values[gone], self.results[gone], values[head : len(values) - tail])
        results = (*self.results[:head], *middle, *self.results[len(self.results) - tail :])
        same = len(results) == len(self.results) == shared_ends(results, self.results)[0]
        self.values, self.results = values, self.results if same else results

    def _middle(self, old: Sequence[V], results: Sequence[R], new: Sequence[V]) -> list[R]:
        # Whole sequences at a time: a value that moves within thousands has all between its places looked up here.
        known = dict(zip(map(id, old), results, strict=True))
        here = set(map(id, new))
        gone = {id(value): value for value in old if id(value) not in here} if known.keys() - here else {}
        earlier = {self._key(value): (value, known[at]) for at, value in gone.items()}
        kept: list[Any] = list(map(known.get, map(id, new), repeat(_NEW)))
        return [
            self._made(value, earlier.get(self._key(value))) if result is _NEW else result
            for value, result in zip(new, kept, strict=True)
        ]

    def _made(self, value: V, earlier: tuple[V, R] | None) -> R:
        """Return the result of a value that is another object; where it is an equal one, that of the one before."""
        if earlier is None:
            return self._make(value, None)
        before, result = earlier
        return result if before == value else self._make(value, result)
