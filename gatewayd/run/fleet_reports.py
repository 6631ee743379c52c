"""What the proxies of a fleet have, whichever replica they are connected to: a replica's one owner of these reports.

In: what is published and retired, and what our own proxies and the other replicas say. Out: one report for each fleet,
as an input of the store, and each refusal once while it stands, in the log and as an Event of its Gateway.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.stream_ending import OnEnded
from gatewayd.api.gateway import Gateway
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.limits import REFUSED_NAMES
from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.kube.client import KubeClient
from gatewayd.kube.events import Notice
from gatewayd.kube.fleet_reports import FleetShare, Replica
from gatewayd.kube.refusals import Refusals, named
from gatewayd.reconciler import fleet_delta
from gatewayd.store import Event
from gatewayd.telemetry.metrics import Metrics
from gatewayd.xds.resource import Snapshot

_log = structlog.get_logger("gatewayd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearers:
    """Who hears what comes of reports: the store by `submit`, people by `warn`.

    `converged`: all proxies that were connected here when a snapshot came have it. `ended`: one was cut off here.
    `editions`: replicas of another edition have come or gone.
    """

    submit: Callable[[Iterable[Event]], None]
    warn: Callable[[Notice], None]
    converged: Callable[[FleetKey], None]
    ended: OnEnded
    editions: Callable[[], None]


class FleetReports:
    """The reports of all fleets, and where snapshots go. `fleet` holds the streams, `share` what replicas tell."""

    def __init__(
        self,
        *,
        client: KubeClient,
        replica: Replica,
        metrics: Metrics,
        refusals: Refusals,
        hearers: Hearers,
        random: Callable[[], float],
    ) -> None:
        """`random` gives [0, 1), so that replicas whose writes fail do not try again in step."""
        self._metrics = metrics
        self._refusals = refusals
        self._hearers = hearers
        self.fleet = Fleet(
            on_report=self.local,
            on_push=metrics.pushed,
            on_nack=metrics.refused,
            on_converged=hearers.converged,
            on_ended=hearers.ended,
        )
        self.share = FleetShare(
            client=client,
            replica=replica,
            on_report=self._on_report,
            on_write=metrics.fleet_shared,
            on_editions=hearers.editions,
            random=random,
        )

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Serve a snapshot, and merge anew what is said of its fleet."""
        self.share.published(snapshot, config.declared_by)
        self.fleet.publish(snapshot)
        # Other replicas may have told of it before there was anything of it here.
        self.fleet.remember(snapshot.fleet, self.share.report(snapshot.fleet).refused_secrets)

    def retire(self, fleet: FleetKey) -> None:
        """Serve nothing for a fleet any more."""
        self.share.retired(fleet)
        self.fleet.retire(fleet)
        self._refusals.forget(fleet)

    def local(self, fleet: FleetKey, report: FleetReport) -> None:
        """Take what our own proxies say."""
        self._metrics.reported(fleet, report)
        self.share.local(fleet, report)

    def _on_report(self, fleet: FleetKey, report: FleetReport) -> None:
        self._hearers.submit((fleet_delta(fleet, report),))
        self.fleet.remember(fleet, report.refused_secrets)
        for rejection in self._refusals.news(fleet, report):
            self._tell(fleet, rejection)

    def _tell(self, fleet: FleetKey, rejection: Rejection) -> None:
        names = named(rejection.names, REFUSED_NAMES)
        _log.warning("nack", gateway=str(fleet), names=names, message=rejection.message)
        if isinstance(fleet, GatewayFleet):
            key = ObjectKey(fleet.namespace, fleet.name)
            message = f"a proxy refused {names}: {rejection.message}"
            self._hearers.warn(Notice(kind=BY_STRUCT[Gateway], key=key, reason="ProxyRefused", message=message))
