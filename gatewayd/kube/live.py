"""The statuses of our kinds as the API server has them, kept from the watches, so that a write needs no read before it.

https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey


class _LiveMeta(msgspec.Struct, rename="camel"):
    uid: str = ""
    resource_version: str = ""
    generation: int = 0


class _LiveObject(msgspec.Struct, rename="camel"):
    api_version: str = ""
    metadata: _LiveMeta = msgspec.field(default_factory=_LiveMeta)
    status: msgspec.Raw = msgspec.Raw(b"{}")


_decode = msgspec.json.Decoder(_LiveObject).decode


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
        found: Mapping[str, Any] | None = msgspec.json.decode(self.raw)
        return found or {}


def read_live(raw: bytes) -> LiveStatus:
    """Read the status and its version from an object's JSON."""
    found = _decode(raw)
    return LiveStatus(
        api_version=found.api_version,
        uid=found.metadata.uid,
        resource_version=found.metadata.resource_version,
        generation=found.metadata.generation,
        raw=bytes(found.status),
    )


class LiveStatuses:
    """All statuses by kind and key. `on_change` hears of each one that changes."""

    def __init__(self, on_change: Callable[[Kind, ObjectKey], None]) -> None:
        self._on_change = on_change
        self._found: dict[tuple[str, ObjectKey], LiveStatus] = {}

    def hear(self, kind: Kind, key: ObjectKey, raw: bytes | None) -> None:
        """Take note of an object as it stands now; None: it is gone."""
        if raw is None:
            self._found.pop((kind.kind, key), None)
        else:
            self._found[kind.kind, key] = read_live(raw)
        self._on_change(kind, key)

    def get(self, kind: Kind, key: ObjectKey) -> LiveStatus | None:
        """Return an object's status, None when there is no such object."""
        return self._found.get((kind.kind, key))
