"""What the control plane measures of itself: every metric's name, its labels, and how it is recorded.

In: facts, told by whoever has them. Out: the Prometheus text format. Series are labelled by Gateway, never by proxy or
stream, so that their number does not grow with the fleet; those of a Gateway that is gone vanish.
https://prometheus.io/docs/practices/naming/
"""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import FleetReport
from gatewayd.xds.resource import TYPE_BY_URL, XDS_TYPES, Snapshot

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""Of `Metrics.text`."""

_CONVERGENCE_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_BATCH_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFacts:
    """One batch: how long it took (seconds), rows of the store that changed, queries that ran."""

    seconds: float
    changed_rows: int
    queries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """One member cluster: whether it is watched, what it offers, and for how many seconds it has not been heard of."""

    cluster: str
    synced: bool
    exports: int
    endpoints: int
    silent: float


class Metrics:
    """All of them, in a registry of their own. Every method costs O(1); sizes are counted when somebody asks."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        self._snapshots = _Snapshots()
        self._reports: dict[FleetKey, FleetReport] = {}
        self._batches(self.registry)
        self._proxies(self.registry)
        self._cluster(self.registry)
        self._members(self.registry)
        self.registry.register(self._snapshots)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = Info("gatewayd_build", "what runs", registry=self.registry)
        build.info({"version": version, "python": platform.python_version()})

    def _batches(self, registry: CollectorRegistry) -> None:
        self._batch_seconds = Histogram(
            "gatewayd_batch_seconds", "time of one batch of changes", buckets=_BATCH_BUCKETS, registry=registry
        )
        self._changed_rows = Counter("gatewayd_changed_rows", "objects that changed", registry=registry)
        self._queries = Counter("gatewayd_queries", "queries that ran", registry=registry)
        self._query_failures = Counter("gatewayd_query_failures", "queries that failed: bugs", registry=registry)

    def _proxies(self, registry: CollectorRegistry) -> None:
        gateway, both = ("gateway",), ("gateway", "type")
        self._convergence = Histogram(
            "gatewayd_proxy_convergence_seconds",
            "time from hearing of a change until every connected proxy has ACKed it",
            buckets=_CONVERGENCE_BUCKETS,
            registry=registry,
        )
        self._connected = Gauge("gatewayd_connected_proxies", "proxies that are connected", gateway, registry=registry)
        self._rejected = Gauge("gatewayd_rejected_resources", "resources refused by a proxy", both, registry=registry)
        self._pushes = Counter("gatewayd_xds_pushes", "responses sent to proxies", both, registry=registry)
        self._nacks = Counter("gatewayd_xds_nacks", "responses that proxies refused", both, registry=registry)
        self._ended = Counter(
            "gatewayd_xds_streams_ended", "streams of proxies that were cut", ("gateway", "cause"), registry=registry
        )

    def _cluster(self, registry: CollectorRegistry) -> None:
        results = ("kind", "result")
        self._writes = Counter("gatewayd_status_writes", "writes of statuses", results, registry=registry)
        self._applies = Counter(
            "gatewayd_infrastructure_writes", "writes of infrastructure", results, registry=registry
        )
        self._shares = Counter(
            "gatewayd_fleet_share_writes", "writes of what replicas tell each other", ("result",), registry=registry
        )
        self._work_failures = Counter(
            "gatewayd_work_failures",
            "objects that could not be seen to, and are tried again",
            ("queue",),
            registry=registry,
        )
        self._restarts = Counter("gatewayd_watch_restarts", "watches that ended badly", ("kind",), registry=registry)
        self._leader = Gauge("gatewayd_leader", "1 when this replica writes statuses", registry=registry)
        self._ready = Gauge("gatewayd_ready", "1 when everything has been listed once", registry=registry)

    def _members(self, registry: CollectorRegistry) -> None:
        cluster = ("cluster",)
        self._member_restarts = Counter(
            "gatewayd_member_watch_restarts", "requests to a member cluster that failed", cluster, registry=registry
        )
        self._member_gauges = {
            "synced": Gauge(
                "gatewayd_member_synced", "1 when a member is watched and has been listed", cluster, registry=registry
            ),
            "exports": Gauge("gatewayd_member_exports", "Services that a member offers", cluster, registry=registry),
            "endpoints": Gauge(
                "gatewayd_member_endpoints", "endpoints that a member offers", cluster, registry=registry
            ),
            "silent": Gauge(
                "gatewayd_member_silent_seconds", "time since a member was heard of", cluster, registry=registry
            ),
        }
        self._known_members: frozenset[str] = frozenset()

    # --- the core ----------------------------------------------------------------------------------------------

    def batch(self, facts: BatchFacts) -> None:
        """Count a batch."""
        self._batch_seconds.observe(facts.seconds)
        self._changed_rows.inc(facts.changed_rows)
        self._queries.inc(facts.queries)

    def query_failed(self) -> None:
        """Count a query that raised."""
        self._query_failures.inc()

    def published(self, snapshot: Snapshot) -> None:
        """Note what the proxies of a Gateway shall have now."""
        self._snapshots.by_fleet[snapshot.fleet] = snapshot

    def retired(self, fleet: FleetKey) -> None:
        """Forget a fleet, with all its series."""
        self._snapshots.by_fleet.pop(fleet, None)
        self._reports.pop(fleet, None)
        labels = {"gateway": str(fleet)}
        self._connected.remove_by_labels(labels)
        for family in (self._rejected, self._pushes, self._nacks, self._ended):
            family.remove_by_labels(labels)

    # --- proxies -----------------------------------------------------------------------------------------------

    def reported(self, fleet: FleetKey, report: FleetReport) -> None:
        """Note how many proxies of a Gateway are connected, and how many resources they refuse."""
        if not report.connected and fleet not in self._snapshots.by_fleet:
            self.retired(fleet)  # the last proxy of a fleet that is gone
            return
        self._connected.labels(str(fleet)).set(report.connected)
        before = self._reports.get(fleet)
        self._reports[fleet] = report
        if before is None or before.rejections != report.rejections:
            for row in XDS_TYPES:
                refused = {name for each in report.rejections if each.type_url == row.url for name in each.names}
                self._rejected.labels(str(fleet), row.short).set(len(refused))

    def pushed(self, fleet: FleetKey, type_url: str) -> None:
        """Count a response to a proxy."""
        self._pushes.labels(str(fleet), _short(type_url)).inc()

    def refused(self, fleet: FleetKey, type_url: str) -> None:
        """Count a NACK."""
        self._nacks.labels(str(fleet), _short(type_url)).inc()

    def ended(self, fleet: FleetKey, cause: str) -> None:
        """Count a stream that was ended for a cause; of a fleet that is gone nothing is counted any more."""
        if fleet in self._snapshots.by_fleet:
            self._ended.labels(str(fleet), cause).inc()

    def converged(self, seconds: float) -> None:
        """Note how long a change took until all had it."""
        self._convergence.observe(seconds)

    # --- the cluster -------------------------------------------------------------------------------------------

    def status_written(self, kind: str, result: str) -> None:
        """Count a write of a status; `result` is "written", "conflict" or "failed"."""
        self._writes.labels(kind, result).inc()

    def infrastructure_written(self, kind: str, result: str) -> None:
        """Count a write of an object that a Gateway needs; `result` is "written", "taken" or "failed"."""
        self._applies.labels(kind, result).inc()

    def fleet_shared(self, result: str) -> None:
        """Count a write of what replicas tell each other; `result` is "written" or "failed"."""
        self._shares.labels(result).inc()

    def work_failed(self, queue: str) -> None:
        """Count an attempt that failed for one object; `queue` is what was to be done."""
        self._work_failures.labels(queue).inc()

    def watch_restarted(self, kind: str) -> None:
        """Count a watch that ended badly."""
        self._restarts.labels(kind).inc()

    def member_restarted(self, cluster: str) -> None:
        """Count a request to a member that failed."""
        self._member_restarts.labels(cluster).inc()

    def members(self, facts: tuple[MemberFacts, ...]) -> None:
        """Note how all members are; the series of others vanish."""
        for each in facts:
            for name, gauge in self._member_gauges.items():
                gauge.labels(each.cluster).set(getattr(each, name))
        known = frozenset(each.cluster for each in facts)
        for gone in self._known_members - known:
            for family in (self._member_restarts, *self._member_gauges.values()):
                family.remove_by_labels({"cluster": gone})
        self._known_members = known

    def leads(self, *, leader: bool) -> None:
        """Note whether this replica holds the lease."""
        self._leader.set(leader)

    def is_ready(self, *, ready: bool) -> None:
        """Note whether everything has been listed once."""
        self._ready.set(ready)

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)


class _Snapshots(Collector):
    """What is served to each Gateway, counted when it is asked for."""

    def __init__(self) -> None:
        self.by_fleet: dict[FleetKey, Snapshot] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        resources = GaugeMetricFamily(
            "gatewayd_snapshot_resources", "resources that a Gateway's proxies shall have", labels=("gateway", "type")
        )
        size = GaugeMetricFamily(
            "gatewayd_snapshot_bytes", "size of these resources, serialised", labels=("gateway", "type")
        )
        config_hash = GaugeMetricFamily(
            "gatewayd_config_hash", "the same in all replicas that serve the same", labels=("gateway",)
        )
        for fleet, snapshot in tuple(self.by_fleet.items()):
            gateway = str(fleet)
            for row in XDS_TYPES:
                found = snapshot.of(row.url).values()
                resources.add_metric((gateway, row.short), len(found))
                size.add_metric((gateway, row.short), sum(each.size for each in found))
            config_hash.add_metric((gateway,), _number(snapshot.version))
        yield from (resources, size, config_hash)


def _number(version: str) -> int:
    """Return a version as a number that a Prometheus value, a double, holds exactly."""
    return int.from_bytes(blake2b(version.encode(), digest_size=6).digest(), "big")


def _short(type_url: str) -> str:
    row = TYPE_BY_URL.get(type_url)
    return row.short if row is not None else "unknown"
