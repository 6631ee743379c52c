"""Responses whose answer lasts too long to wait for: what follows goes out, and a late answer counts all the same.

Envoy says nothing of clusters, of none of them, while one of them warms: as long as the first check of its endpoints
lasts, or the first answer of a name server, which whoever owns that backend decides. Responses are answered in their
order, so that an answer to a later one says that those before it have been.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

MOST: Final = 64
"""Responses of one stream that are remembered: who has so many unanswered is not going to refuse the first of them."""


class Overtaken:
    """The names in the responses that are not answered yet, the oldest response first."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._names)

    def __contains__(self, name: str) -> bool:
        return any(name in names for names in self._names.values())

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._names.values())

    def add(self, nonce: str, names: Iterable[str]) -> None:
        """Remember a response; beyond the most the oldest is forgotten."""
        self._names[nonce] = tuple(names)
        if len(self._names) > MOST:
            del self._names[next(iter(self._names))]

    def answered(self, nonce: str) -> tuple[str, ...]:
        """Return the names of a response that is answered now, none of one that was not overtaken.

        Those before it have been, too.
        """
        if nonce not in self._names:
            return ()
        for earlier in tuple(self._names):
            names = self._names.pop(earlier)
            if earlier == nonce:
                break
        return names
