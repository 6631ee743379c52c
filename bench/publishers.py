"""Where a reconciler's snapshots go in a measurement: to proxies, or to nobody."""

from gatewayd.ads.fleet import Fleet
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.xds.resource import Snapshot


class ToNobody:
    """Drops every snapshot: what is measured ends with its bytes."""

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Drop a snapshot."""

    def retire(self, fleet: FleetKey) -> None:
        """Drop that a fleet is gone."""


class ToProxies:
    """Hands every snapshot on to a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Publish a snapshot."""
        del config
        self._fleet.publish(snapshot)

    def retire(self, fleet: FleetKey) -> None:
        """Publish nothing for a fleet any more."""
        self._fleet.retire(fleet)
