"""All that a run shows of itself, as values.

In: what the fleet says of each proxy. Out: `Status`, which has no message of Envoy or gRPC in it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gatewayd.ads.proxy_state import ProxyState
from gatewayd.introspection.rows import EMPTY, Board
from gatewayd.ir.fleet import FleetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A NACK, in Envoy's own words."""

    names: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """One xDS type at one proxy; `type` as "CDS", `resources` counts what the proxy shall have."""

    type: str
    resources: int
    pending: tuple[str, ...]
    rejections: tuple[Refused, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRow:
    """One connected proxy; `connected_since` in seconds since 1970, `protocol` "delta" or "sotw"."""

    gateway: str
    node: str
    envoy_version: str
    connected_since: float
    protocol: str
    synced: bool
    types: tuple[TypeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayVersion:
    """The version of a Gateway's published snapshot."""

    gateway: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything there is to see; `folder` as it was named, `version` that of gatewayd."""

    board: Board
    proxies: tuple[ProxyRow, ...]
    snapshots: tuple[GatewayVersion, ...]
    folder: str
    version: str


NOTHING: Final = Status(board=EMPTY, proxies=(), snapshots=(), folder="", version="")
"""Where nothing runs."""

Count = Callable[[FleetKey, str], int]
"""How many resources of a type URL a fleet's published snapshot has."""


def proxy_rows(proxies: Iterable[ProxyState], count: Count) -> Iterator[ProxyRow]:
    """Describe proxies as the fleet knows them."""
    for each in proxies:
        yield ProxyRow(
            gateway=str(each.fleet),
            node=each.node_id,
            envoy_version=each.version,
            connected_since=each.since,
            protocol=each.mode,
            synced=each.is_synced,
            types=tuple(
                TypeRow(
                    type=row.short,
                    resources=count(each.fleet, row.type_url),
                    pending=row.pending,
                    rejections=tuple(Refused(names=found.names, message=found.message) for found in row.rejections),
                )
                for row in each.types
            ),
        )
