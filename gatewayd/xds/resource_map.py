"""An immutable mapping of resources by name, in shards: a changed copy shares all but those that changed.

In: what changed. Out: the new mapping; and what differs between two of them, at the cost of the shards that do.
Iteration has no order: who needs one sorts the names.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from gatewayd.xds.resource import Resource

_EACH = 32
"""Names in a shard, on average, of a mapping that has just grown into more shards."""


class ResourceMap(Mapping[str, Resource]):
    """See the module's text."""

    __slots__ = ("_length", "_mask", "shards")

    def __init__(self, shards: tuple[dict[str, Resource], ...], length: int) -> None:
        """Join shards, whose number is a power of two; a name stands where its hash says."""
        self.shards = shards
        self._mask = len(shards) - 1
        self._length = length

    def __getitem__(self, name: str) -> Resource:
        return self.shards[hash(name) & self._mask][name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the resource of a name, or the default."""
        return self.shards[hash(name) & self._mask].get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self.shards[hash(name) & self._mask]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.shards)

    def replaced(self, changes: Mapping[str, Resource | None]) -> "ResourceMap":
        """Return the mapping with other resources for some names; None removes a name."""
        shards = list(self.shards)
        length, copied = self._length, set[int]()
        for name, item in changes.items():
            at = hash(name) & self._mask
            if at not in copied:
                copied.add(at)
                shards[at] = dict(shards[at])
            length -= name in shards[at]
            if item is None:
                shards[at].pop(name, None)
            else:
                shards[at][name] = item
                length += 1
        return ResourceMap(_resized(tuple(shards), length), length)

    def differing(self, other: "ResourceMap") -> list[str]:
        """Return the names whose resource has another version, or that only one of both has."""
        if len(self.shards) != len(other.shards):
            return list(differing_names(self, other))
        pairs = zip(self.shards, other.shards, strict=True)
        return [name for one, two in pairs if one is not two for name in differing_names(one, two)]


def _resized(shards: tuple[dict[str, Resource], ...], length: int) -> tuple[dict[str, Resource], ...]:
    """Share the names out anew when shards have become too full, or too many."""
    if length <= 4 * _EACH * len(shards) and (len(shards) == 1 or length >= len(shards) * _EACH // 4):
        return shards
    number = 1 << max(length // _EACH, 1).bit_length() - 1
    made: tuple[dict[str, Resource], ...] = tuple({} for _ in range(number))
    for name, item in chain.from_iterable(shard.items() for shard in shards):
        made[hash(name) & (number - 1)][name] = item
    return made


def differing_names(one: Mapping[str, Resource], two: Mapping[str, Resource]) -> Iterator[str]:
    """Yield the names whose resource has another version, or that only one of both has, name by name."""
    for name, item in one.items():
        after = two.get(name)
        if after is not item and (after is None or after.version != item.version):
            yield name
    yield from (name for name in two if name not in one)


NOTHING: Final = ResourceMap(({},), 0)
