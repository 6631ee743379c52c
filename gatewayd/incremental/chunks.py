"""An immutable sequence in chunks: a changed copy shares all chunks but one with its original.

In: tuples. Out: a sequence that reads, compares and hashes as the tuple of all of them would. A comparison of two
sequences looks only into chunks that are different objects. A copy knows which chunks differ from its original's, so
that a comparison with the original does not even search for them: a change costs the same in a long sequence.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, count, islice
from operator import is_not
from typing import Any, NamedTuple, TypeVar, overload

T = TypeVar("T")


class Origin(NamedTuple):
    """The original of a copy: its `identity`, and how many chunks both have in common at the beginning and the end."""

    identity: object
    head: int
    tail: int


class Chunks(Sequence[T]):
    """The sequence. No chunk is empty. `identity` identifies the sequence without keeping its values in memory."""

    __slots__ = ("_length", "chunks", "identity", "origin")

    def __init__(self, chunks: tuple[tuple[T, ...], ...], length: int, origin: Origin | None = None) -> None:
        """Join the chunks, which hold `length` values."""
        self.chunks = chunks
        self.identity = object()
        self._length = length
        self.origin = origin

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self.chunks)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...
    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        return tuple(self)[at]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chunks | tuple):
            return NotImplemented
        if self is other:
            return True
        if len(self) != len(other):
            return False
        gone, new = differences(self, other)
        return gone == new

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def differences(old: Sequence[T], new: Sequence[T]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Return the values of `old` and of `new` between the chunks that both begin and end with, by identity.

    Within these, values that both begin or end with are left out as well.
    """
    if old is new:
        return (), ()
    if isinstance(old, Chunks) and isinstance(new, Chunks):
        before, after = _other_chunks(old, new)
    else:
        before, after = _between(_chunks(old), _chunks(new))
    return _between(tuple(chain.from_iterable(before)), tuple(chain.from_iterable(after)))


def _chunks(values: Sequence[T]) -> tuple[tuple[T, ...], ...]:
    return values.chunks if isinstance(values, Chunks) else (tuple(values),)


def _other_chunks(old: Chunks[T], new: Chunks[T]) -> tuple[tuple[tuple[T, ...], ...], tuple[tuple[T, ...], ...]]:
    """Return the chunks of both without those that both begin and end with."""
    for origin, source in ((new.origin, old), (old.origin, new)):
        if origin is not None and origin.identity is source.identity:
            _, head, tail = origin
            return old.chunks[head : len(old.chunks) - tail], new.chunks[head : len(new.chunks) - tail]
    return _between(old.chunks, new.chunks)


def _between(old: tuple[T, ...], new: tuple[T, ...]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Leave out the objects that both begin with, and those that both end with."""
    head, tail = shared_ends(old, new)
    return old[head : len(old) - tail], new[head : len(new) - tail]


def shared_ends(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    """Count the objects that both begin with, and those of the others that both end with."""
    shorter = min(len(old), len(new))
    head = _same(old, new, shorter)
    return head, _same(reversed(old), reversed(new), shorter - head)


def _same(one: Iterable[Any], other: Iterable[Any], most: int) -> int:
    """Count the objects that both begin with, up to a number."""
    return next(compress(count(), map(is_not, islice(one, most), other)), most)
