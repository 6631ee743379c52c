"""Where a reconciler's snapshots go when nothing stands between it and the fleet."""

from gatewayd.ads.fleet import Fleet
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.xds.resource import Snapshot


class Publisher:
    """Gives every snapshot to a fleet as it is."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Publish a snapshot."""
        del config
        self._fleet.publish(snapshot)

    def retire(self, fleet: FleetKey) -> None:
        """Publish nothing for a fleet any more."""
        self._fleet.retire(fleet)
