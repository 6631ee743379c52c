"""Everything that arrives becomes a Delta; the store keeps the rows and hands out the tracked View.

In: `Delta` (an API object, or what the fleet says) and `Synced`. Out: the engine's View and outputs.
Invariant: what is not a row here cannot influence any result.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Index, Output, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One row set, or removed (`obj` None). `kind` is its type: a struct of `api`, or a dataclass of `ir`."""

    kind: Table
    key: Hashable
    obj: object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """All objects of a kind have arrived once."""

    kind: Table


Event = Delta | Synced


class Store:
    """The rows, their indexes and everything derived from them."""

    def __init__(self, *, indexes: tuple[Index, ...], outputs: tuple[Output, ...], awaited: Iterable[Table]) -> None:
        """`awaited`: the kinds that must be Synced before anything derived may leave the process."""
        self.engine = Engine(indexes, outputs)
        self._awaited: set[Any] = set(awaited)

    @property
    def waiting_for(self) -> frozenset[str]:
        """Names of the kinds that have not synced yet; empty when the store is complete."""
        return frozenset(kind.__name__ for kind in self._awaited)

    def apply(self, events: Iterable[Event]) -> int:
        """Apply a batch as one revision; return how many rows it changed."""
        changed = 0
        for event in events:
            if isinstance(event, Synced):
                self._awaited.discard(event.kind)
            else:
                changed += self.engine.put(event.kind, event.key, event.obj)
        self.engine.settle()
        return changed
