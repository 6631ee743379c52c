"""The composition root without a cluster: a folder in, one Envoy for each Gateway out.

Builds the shells and runs them in one TaskGroup; decides nothing. Everything that happens is told to an `Audience`.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from gatewayd.access_log.entry import RuleName
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.limit_configs import RateLimitConfigs, RateLimitConfigServer
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.api.gateway import Gateway
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.live_findings import LiveFindings
from gatewayd.incremental.view import Member
from gatewayd.introspection.live_board import LiveBoard
from gatewayd.introspection.places import RulePlace, place_in_files
from gatewayd.introspection.run_answers import RunAnswers
from gatewayd.introspection.server import Answers, handlers, without_page
from gatewayd.introspection.status import Status
from gatewayd.ir.conditions import ACCEPTED, holds
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.outcome import FleetReport, GatewayOutcome
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.keysets.fetch import fetch
from gatewayd.keysets.folder_store import store_in
from gatewayd.keysets.keeper import KeySetKeeper
from gatewayd.manifests.admission import AdmissionRules
from gatewayd.manifests.folder import FolderChange
from gatewayd.manifests.member_folders import ClusterFolder
from gatewayd.manifests.watch import watch_folder
from gatewayd.offline.translate import standalone_environment
from gatewayd.reconciler import Batch, Reconciler, fleet_delta
from gatewayd.run.clock import stamp, tell_time, time_now
from gatewayd.run.port_claims import Claims
from gatewayd.store import Delta
from gatewayd.supervisor.events import EnvoyEvent
from gatewayd.supervisor.local_envoy import LocalEnvoys
from gatewayd.supervisor.ports import check_port, first_unprivileged_port, may_bind_low_ports, offset_for
from gatewayd.supervisor.runtime_folder import runtime_folder
from gatewayd.translator.outcomes.overview import BOARD
from gatewayd.translator.proxies.global_limits import LIMIT_DOMAINS
from gatewayd.translator.proxies.key_sets import KEY_SETS
from gatewayd.untrusted.printable import shown_path
from gatewayd.xds.resource import Snapshot

SOCKET = Path("xds") / "socket"
"""Where a run's ADS and introspection listen, in its runtime folder."""
LIMITS_SOCKET = Path("limits") / "socket"
"""Where a rate limit service of this machine has its limits from."""

_PORT_RETRY = 0.5

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `gatewayd up` was asked to do. `runtime` is where the private folder goes, None: the system's choice.

    `cache` is where what has been fetched outlives a run, None: nowhere. `route_discovery` None: whichever suits a
    route table. `zone` is the one that Envoys are in, "" for none. `envoy_gateway_kinds`: those are read too.
    """

    folder: Path
    address: str
    envoy: Path
    concurrency: int
    drain: float
    runtime: Path | None
    cache: Path | None
    route_discovery: RouteDiscovery | None
    zone: str = ""
    envoy_gateway_kinds: bool = False


class Audience(Protocol):
    """Who is told of everything that happens; must not block."""

    def folder_read(self, step: FolderChange) -> None:
        """Hear what a change of the folder led to."""

    def batch_done(self, batch: Batch) -> None:
        """Hear what a batch changed."""

    def fleet_answered(self, fleet: FleetKey) -> None:
        """Hear that an Envoy of a fleet ACKed or refused something, came or went."""

    def envoy_event(self, fleet: FleetKey, event: EnvoyEvent) -> None:
        """Hear what became of an Envoy process."""

    async def status(self) -> Status:
        """Return what to tell whoever asks over the socket."""


class Standalone:
    """One run of `gatewayd up`. Its public attributes may be read by whoever draws."""

    def __init__(self, options: Options, audience: Audience) -> None:
        self.options = options
        self.fleet = Fleet(on_report=self._on_report, on_answer=self._on_answer)
        self.folder = ClusterFolder(AdmissionRules(envoy_gateway_kinds=options.envoy_gateway_kinds))
        self.reconciler = Reconciler(publisher=self, on_batch=self._on_batch, awaited=())
        self.claims = Claims(lambda wish: check_port(wish, options.envoy))
        self.board = LiveBoard(self.fleet.holding)
        self.findings = LiveFindings(self.reconciler.store.engine)
        self.step = FolderChange(deltas=(), problems=(), notes=(), ignored=())
        self.socket = Path()
        self.has_read = False
        self._key_sets = KeySetKeeper(
            fetch=fetch,
            store=store_in(options.cache),
            submit=self.reconciler.submit,
            random=random.random,
            now=stamp,
        )
        self._limits = RateLimitConfigs()
        self._audience = audience
        self._changed_at = time.monotonic()
        self._offset = 0
        self._envoys: dict[FleetKey, asyncio.Task[None]] = {}
        self.runtime = Path()
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve until cancelled; Envoys are drained and stopped before this returns.

        Raises ListenError when the control socket cannot be made.
        """
        with runtime_folder(self.options.runtime) as runtime:
            self.runtime = runtime
            self.socket = runtime / SOCKET
            server = AdsServer(
                self.fleet,
                (UnixListener(path=self.socket),),
                others=handlers(Answers(self._audience.status, self._place, self._answers(), without_page)),
            )
            limits = RateLimitConfigServer(self._limits, UnixListener(path=runtime / LIMITS_SOCKET))
            await self._key_sets.restore()
            try:
                await server.start()
                await limits.start()
                async with asyncio.TaskGroup() as tasks:
                    self._tasks = tasks
                    self._set_environment()
                    tasks.create_task(self._watch(), name="folder")
                    tasks.create_task(self.reconciler.run(), name="reconciler")
                    tasks.create_task(self._retry_ports(), name="ports")
                    tasks.create_task(self._key_sets.run(), name="key sets")
                    tasks.create_task(tell_time(self.reconciler.submit, time_now), name="clock")
            finally:
                await limits.stop()
                await server.stop()

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Serve what of a snapshot can be served on this machine."""
        before = self.claims.refusals.get(snapshot.fleet)
        served = self.claims.grant(snapshot, config)
        refusals = self.claims.refusals.get(snapshot.fleet, {})
        if refusals != before:
            for refusal in refusals.values():
                _log.warning("port refused", why=str(refusal))
        self.board.published(config, self._changed_at)
        self.fleet.publish(served)
        self.board.answered(snapshot.fleet, time.monotonic())

    def retire(self, fleet: FleetKey) -> None:
        """Serve nothing for a fleet any more."""
        self.claims.release(fleet)
        self.board.retired(fleet)
        self.fleet.retire(fleet)

    def is_settled(self) -> bool:
        """Return whether nothing is on its way any more: each fleet has a proxy, which ACKed or refused everything."""
        fleets = tuple(self.reconciler.snapshots)
        reports = {fleet: self.fleet.report(fleet) for fleet in fleets}
        if not self.has_read or not all(report.connected for report in reports.values()):
            return False
        proxies = (proxy for fleet in fleets for proxy in self.fleet.proxies(fleet))
        if any(row.pending for proxy in proxies for row in proxy.types):
            return False
        waiting = self.board.unarrived() | {fleet for fleet, report in reports.items() if not report.acked_listeners}
        return all(self._is_refused(fleet) for fleet in waiting)

    def _is_refused(self, fleet: FleetKey) -> bool:
        """Return whether nothing is to be waited for: by a proxy, by whoever has the port, or by us."""
        if self.fleet.report(fleet).rejections or fleet in self.claims.refusals:
            return True
        if not isinstance(fleet, GatewayFleet):
            return False
        outcome = self.reconciler.outcomes.get(Member(Gateway, ObjectKey(fleet.namespace, fleet.name)))
        return isinstance(outcome, GatewayOutcome) and not holds(outcome.verdicts, ACCEPTED)

    def _answers(self) -> RunAnswers:
        return RunAnswers(
            reconciler=self.reconciler,
            report=self.fleet.report,
            place_of=self.folder.place_of,
            where=shown_path(self.options.folder),
        )

    def _place(self, rule: RuleName) -> RulePlace:
        return place_in_files(rule, self.folder.place_of)

    async def _watch(self) -> None:
        async for changes in watch_folder(self.options.folder):
            self._changed_at = time.monotonic()
            self.step = self.folder.step(changes)
            self.has_read = True
            self.reconciler.submit(self.step.deltas)
            if any(delta.kind in (Gateway, ListenerSet) for delta in self.step.deltas):
                self._map_low_ports()
            self._audience.folder_read(self.step)

    def _map_low_ports(self) -> None:
        """Add to ports below 1024 where they may not be bound."""
        deltas = {(each.kind, each.key): each.obj for each in self.step.deltas}
        rows: list[object] = list(deltas.values())
        for table in (Gateway, ListenerSet):
            rows += [row for key, row in self.reconciler.store.engine.rows(table) if (table, key) not in deltas]
        ports = [each.port for row in rows if isinstance(row, Gateway | ListenerSet) for each in row.spec.listeners]
        first = 0 if may_bind_low_ports(self.options.envoy) else first_unprivileged_port()
        offset = offset_for(ports, first)
        if offset != self._offset:
            self._offset = offset
            self._set_environment()

    def _set_environment(self) -> None:
        here = standalone_environment(self.options.address, self._offset, self.options.route_discovery)
        self.reconciler.submit((Delta(kind=Environment, key=HERE, obj=here),))

    async def _retry_ports(self) -> None:
        """Look now and then whether a port that could not be had is free; nothing tells of it."""
        while True:
            await asyncio.sleep(_PORT_RETRY)
            for snapshot in self.claims.retry():
                self.fleet.publish(snapshot)

    def _on_report(self, fleet: FleetKey, report: FleetReport) -> None:
        self.reconciler.submit((fleet_delta(fleet, report),))
        self.board.reported(fleet, report, time.monotonic())
        self._audience.fleet_answered(fleet)

    def _on_answer(self, fleet: FleetKey) -> None:
        if self.board.answered(fleet, time.monotonic()):
            self.board.acked(fleet, time.strftime("%Y-%m-%d %H:%M:%S"))
        self._audience.fleet_answered(fleet)

    def _on_batch(self, batch: Batch) -> None:
        for snapshot in batch.published:
            self._ensure_envoy(snapshot.fleet)
        for fleet in batch.retired:
            task = self._envoys.pop(fleet, None)
            if task is not None:
                task.cancel()
        self._key_sets.want(self.reconciler.store.engine.drain(KEY_SETS))
        self._limits.hear(self.reconciler.store.engine.drain(LIMIT_DOMAINS))
        described = tuple(self.reconciler.store.engine.drain(BOARD))
        self.board.described(described)
        self.findings.described(described)
        self.findings.concluded(batch.outcomes)
        self._audience.batch_done(batch)

    def _ensure_envoy(self, fleet: FleetKey) -> None:
        if fleet not in self._envoys and self._tasks is not None:
            self._envoys[fleet] = self._tasks.create_task(self._supervise(fleet), name=f"envoy of {fleet}")

    async def _supervise(self, fleet: FleetKey) -> None:
        envoys = LocalEnvoys(
            binary=self.options.envoy,
            folder=self.runtime,
            control_plane=self.socket,
            concurrency=self.options.concurrency,
            drain=self.options.drain,
            zone=self.options.zone,
        )
        await envoys.supervisor(fleet, lambda event: self._audience.envoy_event(fleet, event)).run()
