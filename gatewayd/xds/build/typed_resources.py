"""The resources of one type, as the snapshots of a Gateway show them one after another.

In: what is removed and added. Out: an immutable mapping by name, and a digest of names and versions that is the same
whatever the order in which they came: a sum of hashes, so that a change costs what it changes.
"""

from hashlib import blake2b

from gatewayd.xds.resource import Resource
from gatewayd.xds.resource_map import NOTHING, ResourceMap

_BYTES = 16
_MASK = (1 << 8 * _BYTES) - 1


class ResourceType:
    """See the module's text. `settle` after the changes of a build."""

    __slots__ = ("_added", "_removed", "_sum", "resources")

    def __init__(self) -> None:
        self.resources: ResourceMap = NOTHING
        self._added: dict[str, Resource] = {}
        self._removed: dict[str, Resource] = {}
        self._sum = 0

    @property
    def digest(self) -> bytes:
        """Return what stands for the names and versions."""
        return self._sum.to_bytes(_BYTES, "big")

    def remove(self, item: Resource) -> None:
        """Show a resource no longer."""
        self._removed[item.name] = item

    def add(self, item: Resource) -> None:
        """Show a resource; raises ValueError when another one was added under its name."""
        if item.name in self._added:
            raise ValueError(f"{item!r}: two resources share this name; each needs one of its own")
        self._added[item.name] = item

    def settle(self) -> None:
        """Take in what was removed and added; raises ValueError when two resources share a name."""
        if not self._added and not self._removed:
            return
        changes: dict[str, Resource | None] = dict.fromkeys(self._removed)
        for name, item in self._added.items():
            if name not in changes and name in self.resources:
                raise ValueError(f"{item!r}: two resources share this name; each needs one of its own")
            changes[name] = item
        total = self._sum - sum(map(_hash, self._removed.values())) + sum(map(_hash, self._added.values()))
        self._sum = total & _MASK
        self.resources = self.resources.replaced(changes)
        self._added, self._removed = {}, {}


def _hash(item: Resource) -> int:
    text = f"{item.name}\0{item.version}".encode()
    return int.from_bytes(blake2b(text, digest_size=_BYTES).digest(), "big")
