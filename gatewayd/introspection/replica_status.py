"""What a control-plane pod can say of itself to whoever may run a command in it: `gatewayd status` and `gatewayd why`.

In: the reconciler and the fleet. Out: a Status made when it is asked for; nothing is kept for it meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gatewayd.ads.fleet import Fleet
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.route_chain import Step, why
from gatewayd.introspection.board import Sight, board
from gatewayd.introspection.route_progress import Progress
from gatewayd.introspection.status import GatewayVersion, Status, proxy_rows
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import NO_FLEET, FleetReport
from gatewayd.reconciler import Reconciler
from gatewayd.telemetry.metrics import installed_version
from gatewayd.xds.resource import TypeUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """One replica. What proxies hold is what those connected to this replica do; `where` names the replica."""

    reconciler: Reconciler
    fleet: Fleet
    where: str
    notices: Callable[[], tuple[str, ...]]

    def status(self) -> Status:
        """Return Gateways, routes and proxies as they are now."""
        progress = Progress(self.fleet.holders)
        for fleet, config in self.reconciler.configs.items():
            progress.published(config, 0.0)
            progress.answered(fleet, 0.0)
        sight = Sight(
            engine=self.reconciler.store.engine,
            outcomes=self.reconciler.outcomes,
            progress=progress,
            report=self.report,
            acked_at={},
            problems=(),
            notices=self.notices(),
        )
        snapshots = self.reconciler.snapshots
        proxies = (each for key in self.fleet.known() for each in self.fleet.proxies(key))
        return Status(
            board=board(sight),
            proxies=tuple(proxy_rows(proxies, self._count)),
            snapshots=tuple(GatewayVersion(gateway=str(key), version=each.version) for key, each in snapshots.items()),
            folder=self.where,
            version=installed_version(),
        )

    def why(self, kind: str, key: ObjectKey) -> tuple[Step, ...]:
        """Return the chain of a route; raises UnknownKindError."""
        return why(self.reconciler.store.engine, self.report, kind, key)

    def report(self, fleet: FleetKey) -> FleetReport:
        """Return what a fleet's proxies have, whichever replica they are connected to."""
        return self.reconciler.store.engine.get(FleetReport, fleet) or NO_FLEET

    def _count(self, fleet: FleetKey, type_url: str) -> int:
        found = self.reconciler.snapshots.get(fleet)
        return 0 if found is None else len(found.of(TypeUrl(type_url)))
