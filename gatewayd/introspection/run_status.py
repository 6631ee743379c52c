"""What a run says of itself to whoever asks over its socket, be it `gatewayd up` or a replica in a cluster.

In: a board, the fleet, what is published. Out: a `Status`; nothing is kept for it.
"""

from collections.abc import Mapping

from gatewayd.ads.fleet import Fleet
from gatewayd.introspection.rows import Board
from gatewayd.introspection.status import GatewayVersion, ProxyRow, Status, proxy_rows
from gatewayd.ir.fleet import FleetKey
from gatewayd.telemetry.version import installed_version
from gatewayd.xds.resource import Snapshot, TypeUrl


def run_status(board: Board, fleet: Fleet, snapshots: Mapping[FleetKey, Snapshot], folder: str) -> Status:
    """Return what there is to see, the proxies, and the versions that are published."""
    return Status(
        board=board,
        proxies=connected_proxies(fleet, snapshots),
        snapshots=tuple(GatewayVersion(gateway=str(key), version=each.version) for key, each in snapshots.items()),
        folder=folder,
        version=installed_version(),
    )


def connected_proxies(fleet: Fleet, snapshots: Mapping[FleetKey, Snapshot]) -> tuple[ProxyRow, ...]:
    """Return what each proxy that is connected has of what is published for it."""

    def count(key: FleetKey, type_url: str) -> int:
        snapshot = snapshots.get(key)
        return 0 if snapshot is None else len(snapshot.of(TypeUrl(type_url)))

    return tuple(proxy_rows((proxy for key in fleet.known() for proxy in fleet.proxies(key)), count))
