"""What a member said last, as bytes that outlive a replica: a few parts, each small enough for a ConfigMap.

In: rows. Out: parts by number, and rows of them. What was written by somebody else, or by a version that wrote it
otherwise, is no rows, and never an exception.
"""

import zlib
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_BYTES, MEMBER_KEPT_BYTES, MEMBER_KEPT_PARTS
from gatewayd.ir.members import Exported, ExportedEndpoint, ExportedPort

_LEVEL: Final = 6


class _KeptPort(msgspec.Struct, array_like=True, frozen=True):
    number: int
    transport: str
    app_protocol: str
    endpoints: tuple[tuple[str, int, bool], ...]
    # By themselves and last, so that a version that knows none reads the rest. None at all: nobody has one.
    zones: tuple[str, ...] = ()


class _KeptExport(msgspec.Struct, array_like=True, frozen=True):
    namespace: str
    name: str
    created: str
    ports: tuple[_KeptPort, ...]


class _KeptPart(msgspec.Struct, frozen=True):
    stale: bool
    exports: tuple[_KeptExport, ...]


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_KeptPart).decode


def part_of(key: ObjectKey) -> int:
    """Return which part a Service is in: always the same one, so that a change is one of one part."""
    return int.from_bytes(blake2b(str(key).encode(), digest_size=4).digest(), "big") % MEMBER_KEPT_PARTS


def packed(rows: Mapping[ObjectKey, Exported], part: int, *, stale: bool) -> bytes | None:
    """Return a part of the rows; None when there is more in it than can be kept."""
    exports = tuple(_export(rows[key]) for key in sorted(rows) if part_of(key) == part)
    data = zlib.compress(_encode(_KeptPart(stale=stale, exports=exports)), _LEVEL)
    return data if len(data) <= MEMBER_KEPT_BYTES else None


def unpacked(cluster: str, parts: Iterable[bytes]) -> tuple[dict[ObjectKey, Exported], bool]:
    """Return the rows of parts, and whether they were stale; what cannot be read is left out."""
    rows: dict[ObjectKey, Exported] = {}
    stale = False
    for data in parts:
        part = _part(data)
        stale = stale or part.stale
        rows |= {ObjectKey(each.namespace, each.name): _row(cluster, each) for each in part.exports}
    return rows, stale


def _part(data: bytes) -> _KeptPart:
    try:
        opened = zlib.decompressobj()
        return _decode(opened.decompress(data, MEMBER_BYTES))
    except (zlib.error, msgspec.MsgspecError, RecursionError):
        return _KeptPart(stale=False, exports=())


def _export(row: Exported) -> _KeptExport:
    return _KeptExport(row.namespace, row.name, row.created, tuple(map(_kept_port, row.ports)))


def _kept_port(port: ExportedPort) -> _KeptPort:
    zones = tuple(each.zone for each in port.endpoints)
    return _KeptPort(
        port.number,
        port.transport,
        port.app_protocol,
        tuple((each.address, each.port, each.ready) for each in port.endpoints),
        zones if any(zones) else (),
    )


def _row(cluster: str, kept: _KeptExport) -> Exported:
    return Exported(
        cluster=cluster,
        namespace=kept.namespace,
        name=kept.name,
        created=kept.created,
        ports=tuple(map(_port, kept.ports)),
    )


def _port(kept: _KeptPort) -> ExportedPort:
    has_zones = len(kept.zones) == len(kept.endpoints)
    zones = kept.zones if has_zones else ("",) * len(kept.endpoints)
    return ExportedPort(
        number=kept.number,
        transport=kept.transport,
        app_protocol=kept.app_protocol,
        endpoints=tuple(ExportedEndpoint(*each, zone=zone) for each, zone in zip(kept.endpoints, zones, strict=True)),
    )
