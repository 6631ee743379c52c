"""The batch loop: where the core meets the shell.

In: events, from wherever they come. Out: snapshots to the fleet, outcomes to those who show or write them.
A batch is whatever arrived while the last one ran: there is no timer. Statuses are computed after the snapshots of the
same batch were published, so that `Programmed` speaks of these and not of earlier ones.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, TypeVar

import structlog

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, Output
from gatewayd.ir.fleet import MESH_FLEET, FleetKey, GatewayFleet
from gatewayd.ir.infrastructure import Provision
from gatewayd.ir.outcome import FleetReport, Outcome
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.store import Delta, Event, Store
from gatewayd.translator.contents import Content
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.derived import DERIVED
from gatewayd.translator.infrastructure.gateway import INFRASTRUCTURE
from gatewayd.translator.mesh.proxy import MESH_PROXIES
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.translator.proxies.proxy_config import PROXIES
from gatewayd.translator.referred import CONTENTS
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.resource import Snapshot

log = structlog.get_logger()

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Publisher(Protocol):
    """Where snapshots go. Reports of what became of them come back through `Reconciler.submit`."""

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Make this the snapshot of its fleet; `config` is what it was built from.

        What has the same version comes again when it is made of other generations, which changed nothing in it.
        """

    def retire(self, fleet: FleetKey) -> None:
        """Serve nothing for a fleet any more."""


class Follower(Protocol):
    """Who fetches what is referred to, and submits it."""

    def want(self, changes: Mapping[Member, frozenset[Content]], waiting_for: frozenset[str]) -> None:
        """Take what objects refer to now, where that differs; called in each batch, before anything is published.

        `waiting_for` are the kinds that have not synced.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one batch led to in `seconds`; None stands for what is gone.

    `failures`: queries that raised, and parts of snapshots, or whole ones, that could not be made.
    """

    seconds: float
    failures: int
    changed_rows: int
    queries: int
    published: tuple[Snapshot, ...]
    retired: tuple[FleetKey, ...]
    outcomes: Mapping[Member, Outcome | None]
    infrastructure: Mapping[ObjectKey, Provision | None]


OnBatch = Callable[[Batch], None]


def fleet_delta(fleet: FleetKey, report: FleetReport | None) -> Delta:
    """Return a fleet's report as what it is to the store: an input; None where the fleet is gone."""
    return Delta(kind=FleetReport, key=fleet, obj=report)


def _gateway_key(member: Member) -> ObjectKey:
    """Return the key of a row of the Gateway table."""
    return ObjectKey(*member.key)  # type: ignore[misc]


def _fleet(member: Member) -> FleetKey:
    """Return the fleet that a configuration is for: that of a Gateway, or of the mesh, which is not a row's."""
    if member.table is not Gateway:
        return MESH_FLEET
    key = _gateway_key(member)
    return GatewayFleet(namespace=key.namespace, name=key.name)


class Reconciler:
    """Owns the store. `submit` from the event loop's thread; `run` forever, or `step` by hand."""

    def __init__(
        self, *, publisher: Publisher, on_batch: OnBatch, awaited: Iterable[type], follower: Follower | None = None
    ) -> None:
        """`follower` None: whatever is referred to is submitted anyway, as out of a folder."""
        self._follower = follower
        self.store = Store(indexes=INDEXES, outputs=OUTPUTS, awaited=awaited)
        self.outcomes: dict[Member, Outcome] = {}
        self.snapshots: dict[FleetKey, Snapshot] = {}
        self.configs: dict[FleetKey, ProxyConfig] = {}
        self.infrastructure: dict[ObjectKey, Provision] = {}
        self._publisher = publisher
        self._on_batch = on_batch
        self._builders: dict[FleetKey, SnapshotBuilder] = {}
        # The latest event of each row: what waits here is never more than there are rows.
        self._waiting: dict[Hashable, Event] = {}
        self._arrived = asyncio.Event()
        # Parts of snapshots that could not be made, since the last batch.
        self._held = 0

    def submit(self, events: Iterable[Event]) -> None:
        """Take events for the next batch; of several for one row the last one counts."""
        for event in events:
            at = (event.kind, event.key) if isinstance(event, Delta) else (event.kind, Event)
            self._waiting.pop(at, None)
            self._waiting[at] = event
        self._arrived.set()

    async def run(self) -> None:
        """Run batches until cancelled."""
        while True:
            await self._arrived.wait()
            self.step()
            # Let those who bring events and those who write responses have their turn between two batches.
            await asyncio.sleep(0)

    def step(self) -> None:
        """Run one batch of what is waiting, and of the reports that it causes."""
        self._arrived.clear()
        began = time.perf_counter()
        changed, runs_before = 0, self.store.engine.runs.total()
        published: list[Snapshot] = []
        retired: list[FleetKey] = []
        # Publishing makes fleets report at once, by `submit`: what they say is taken in by the next turn of this loop.
        while self._waiting:
            events, self._waiting = tuple(self._waiting.values()), {}
            changed += self.store.apply(events)
            self._follow()
            self.store.apply(self._history())
            if not self.store.waiting_for:
                self._publish(published, retired)
        if self.store.waiting_for:
            return
        outcomes, infrastructure = (
            self._drain(OUTCOMES, self.outcomes, lambda member: member),
            self._drain(INFRASTRUCTURE, self.infrastructure, _gateway_key),
        )
        failures = self._log_failures() + self._held
        self._held = 0
        queries = self.store.engine.runs.total() - runs_before
        self._on_batch(
            Batch(
                seconds=time.perf_counter() - began,
                failures=failures,
                changed_rows=changed,
                queries=queries,
                published=tuple(published),
                retired=tuple(retired),
                outcomes=outcomes,
                infrastructure=infrastructure,
            )
        )

    def wanted(self, gateway: ObjectKey) -> Provision | None:
        """Return what shall run for a Gateway now, None for nothing."""
        return self.infrastructure.get(gateway)

    def provided(self) -> tuple[ObjectKey, ...]:
        """Return the Gateways that something shall run for."""
        return tuple(self.infrastructure)

    def has_nothing(self, output: Output, member: Member) -> bool:
        """Return whether an output surely has no value for a row. Where its query fails nobody knows: False."""
        [ask] = [source.query for source in output.sources if source.table is member.table]
        try:
            return ask(self.store.engine, member) is None
        except Exception:  # noqa: BLE001 - it is reported where it is drained
            return False

    def _follow(self) -> None:
        if self._follower is not None:
            changes = {each.member: each.value or frozenset() for each in self.store.engine.drain(CONTENTS)}
            self._follower.want(changes, self.store.waiting_for)

    def _history(self) -> tuple[Delta, ...]:
        """Return what has to be remembered of rows as they were."""
        return tuple(
            Delta(kind=derived.row, key=change.member.key, obj=change.value)
            for derived in DERIVED
            for change in self.store.engine.drain(derived.output)
        )

    def _publish(self, published: list[Snapshot], retired: list[FleetKey]) -> None:
        for change in chain(self.store.engine.drain(PROXIES), self.store.engine.drain(MESH_PROXIES)):
            fleet = _fleet(change.member)
            config: ProxyConfig | None = change.value
            if config is None:
                self._builders.pop(fleet, None)
                if self.snapshots.pop(fleet, None) is not None:
                    del self.configs[fleet]
                    self._publisher.retire(fleet)
                    retired.append(fleet)
                self.store.apply((fleet_delta(fleet, None),))
                continue
            snapshot = self._built(fleet, config)
            if snapshot is None:
                continue
            before = self.snapshots.get(fleet)
            if before is None or before.version != snapshot.version:
                published.append(snapshot)
            elif before is snapshot and config.declared_by == self.configs[fleet].declared_by:
                continue
            self.snapshots[fleet] = snapshot
            self.configs[fleet] = config
            self._publisher.publish(snapshot, config)

    def _built(self, fleet: FleetKey, config: ProxyConfig) -> Snapshot | None:
        builder = self._builders.get(fleet)
        if builder is None:
            builder = self._builders[fleet] = SnapshotBuilder()
        try:
            snapshot = builder.build(config)
        except Exception:
            # The last good snapshot stays; a fresh builder forgets whatever state the failed one was left in.
            self._builders[fleet] = SnapshotBuilder()
            log.exception("snapshot failed", gateway=str(fleet))
            self._held += 1
            return None
        for held in builder.held:
            log.error("held back", gateway=str(fleet), what=held.what, key=held.key, exc_info=held.error)
        self._held += len(builder.held)
        return snapshot

    def _drain(self, output: Output, known: dict[K, V], key: Callable[[Member], K]) -> dict[K, V | None]:
        """Bring `known` up to date with an output; return what is another value now, None for what is gone."""
        changed: dict[K, V | None] = {}
        for change in self.store.engine.drain(output):
            at = key(change.member)
            if change.value == known.get(at):
                continue
            changed[at] = change.value
            if change.value is None:
                del known[at]
            else:
                known[at] = change.value
        return changed

    def _log_failures(self) -> int:
        failures, self.store.engine.failures = self.store.engine.failures, []
        for failed in failures:
            log.error("query failed", query=failed.query, key=str(failed.key), exc_info=failed.error)
        return len(failures)
