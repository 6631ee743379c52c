"""The statuses of our kinds as the API server has them, kept from the watches, so that a write needs no read before it.

Invariant: what is kept of an object is small. The statuses of a kind say much the same, so each is kept compressed
against one of them (RFC 1950, 2.2, "preset dictionary": https://www.rfc-editor.org/rfc/rfc1950#section-2.2).

https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey

_WORTH_KEEPING: Final = 300
"""Bytes of an object's words, below which they say too little to serve as the example of a kind."""
_WINDOW: Final = 12
_LEVEL: Final = 1
_MEMORY: Final = 4


class _LiveMeta(msgspec.Struct, rename="camel"):
    uid: str = ""
    resource_version: str = ""
    generation: int = 0


class _LiveObject(msgspec.Struct, rename="camel"):
    api_version: str = ""
    metadata: _LiveMeta = msgspec.field(default_factory=_LiveMeta)
    status: msgspec.Raw = msgspec.Raw(b"{}")


_decode = msgspec.json.Decoder(_LiveObject).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """One object's status as it stands; `raw` is JSON. `api_version` is one that the API server serves it in."""

    api_version: str
    uid: str
    resource_version: str
    generation: int
    raw: bytes

    def status(self) -> Mapping[str, Any]:
        """Return the status as plain values."""
        status_json: Mapping[str, Any] | None = msgspec.json.decode(self.raw)
        return status_json or {}


def read_live(raw: bytes) -> LiveStatus:
    """Read the status and its version from an object's JSON."""
    head = _decode(raw)
    return LiveStatus(
        api_version=head.api_version,
        uid=head.metadata.uid,
        resource_version=head.metadata.resource_version,
        generation=head.metadata.generation,
        raw=bytes(head.status),
    )


class _Shelf:
    """What is kept of one kind. `example` is what its objects are compressed against, once there is one."""

    __slots__ = ("_example", "_packed")

    def __init__(self) -> None:
        self._example = b""
        self._packed: dict[ObjectKey, bytes] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def put(self, key: ObjectKey, raw: bytes) -> None:
        """Keep of an object's JSON what `read_live` reads."""
        words = _encode(_decode(raw))
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, self._example)
        self._packed[key] = packer.compress(words) + packer.flush()
        if not self._example and len(words) >= _WORTH_KEEPING:
            self._example = words

    def drop(self, key: ObjectKey) -> None:
        self._packed.pop(key, None)

    def get(self, key: ObjectKey) -> LiveStatus | None:
        """Return an object's status; what was packed before there was an example says that it needs none."""
        packed = self._packed.get(key)
        if packed is None:
            return None
        return read_live(zlib.decompressobj(_WINDOW, self._example).decompress(packed))

    def objects(self) -> tuple[ObjectKey, ...]:
        return tuple(self._packed)


class LiveStatuses:
    """All statuses by kind and key. `on_change` hears of each one that changes."""

    def __init__(self, on_change: Callable[[Kind, ObjectKey], None]) -> None:
        self._on_change = on_change
        self._shelves: dict[str, _Shelf] = {}
        self._kinds: dict[str, Kind] = {}

    def hear(self, kind: Kind, key: ObjectKey, raw: bytes | None) -> None:
        """Take note of an object as it stands now; None: it is gone."""
        if raw is None:
            self._drop(kind.kind, key)
        else:
            self._kinds[kind.kind] = kind
            self._shelves.setdefault(kind.kind, _Shelf()).put(key, raw)
        self._on_change(kind, key)

    def get(self, kind: Kind, key: ObjectKey) -> LiveStatus | None:
        """Return an object's status, None when there is no such object."""
        shelf = self._shelves.get(kind.kind)
        return shelf.get(key) if shelf is not None else None

    def objects(self) -> Iterator[tuple[Kind, ObjectKey]]:
        """Yield every object whose status is kept."""
        for name, shelf in self._shelves.items():
            for key in shelf.objects():
                yield self._kinds[name], key

    def _drop(self, kind: str, key: ObjectKey) -> None:
        shelf = self._shelves.get(kind)
        if shelf is not None:
            shelf.drop(key)
            if not len(shelf):
                del self._shelves[kind]
