"""The composition root of a control-plane pod: an API server in, proxies, statuses and infrastructure out.

Builds the shells and runs them in one TaskGroup; decides nothing.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.api.core import ConfigMap, Namespace
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT, Kind, read_kinds
from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import Authority
from gatewayd.incremental.view import Member
from gatewayd.infra import layout
from gatewayd.ir.backoff import Backoff
from gatewayd.ir.environment import HERE, Meshed
from gatewayd.ir.environment import Environment as EnvironmentRow
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.members import Exported
from gatewayd.ir.outcome import FleetReport
from gatewayd.keysets.fetch import fetch
from gatewayd.keysets.keeper import KeySetKeeper
from gatewayd.kube.authority_store import AuthorityStore
from gatewayd.kube.class_finalizer import ClassFinalizer
from gatewayd.kube.client import KubeClient, connected
from gatewayd.kube.contents import Contents
from gatewayd.kube.edition import edition_of
from gatewayd.kube.ending_namespaces import EndingNamespaces
from gatewayd.kube.events import EventRecorder, Notice
from gatewayd.kube.fleet_reports import SELECTOR, Replica
from gatewayd.kube.gateway_certificates import GatewayCertificates
from gatewayd.kube.gateway_infrastructure import Feedback, InfrastructureController, Wishes
from gatewayd.kube.heads import HeadListing, HeardListing
from gatewayd.kube.key_set_store import KeySetStore
from gatewayd.kube.lease import Lease, LeaseName
from gatewayd.kube.listing import Listing, Live, Undecodable
from gatewayd.kube.live_statuses import LiveStatuses
from gatewayd.kube.members import Members
from gatewayd.kube.owned_watch import owned_by
from gatewayd.kube.provisioner import ControlPlaneAddress, ControlPlaneIdentity
from gatewayd.kube.reflector import EVERYTHING, HEADS, Reflector, Selection, Submit, Timing
from gatewayd.kube.refusals import Refusals
from gatewayd.kube.selecting_services import SelectingServices
from gatewayd.kube.status_writer import StatusWriter
from gatewayd.own_group import manager
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.run.clock import stamp, tell_time, time_now
from gatewayd.run.ended_streams import EndedStreams
from gatewayd.run.fleet_reports import FleetReports, Hearers
from gatewayd.run.gauges import keep_gauges
from gatewayd.run.members import MemberSetting, MemberTelling, member_notices, members_of
from gatewayd.run.replica_ports import ReplicaPorts
from gatewayd.run.rotation import Rotation
from gatewayd.run.serve_options import ServeOptions
from gatewayd.run.trust import Trust
from gatewayd.store import Delta, Event
from gatewayd.telemetry.metrics import BatchFacts, Metrics
from gatewayd.telemetry.version import installed_version
from gatewayd.translator.contents import CONTENT_TABLES
from gatewayd.translator.infrastructure.gateway import INFRASTRUCTURE
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.translator.outcomes.selecting_services import SELECTING_SERVICES
from gatewayd.translator.proxies.global_limits import LIMIT_DOMAINS
from gatewayd.translator.proxies.key_sets import KEY_SETS
from gatewayd.translator.referred import contents_of

FAREWELL_SECONDS: Final = 4.0
"""Between the end of a Gateway and that of its streams: time for an Envoy to take that it shall serve nothing.

All in all a stream is over 5 s after the deletion (docs/guarantees.md).
"""

_log = structlog.get_logger("gatewayd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Time and chance, and who we are: `clock` gives seconds that do not go back, `random` numbers from 0 to 1."""

    clock: Callable[[], float]
    random: Callable[[], float]
    version: str


class InCluster:
    """One replica of the control plane."""

    _farewell: asyncio.TimerHandle | None = None
    _synced = False

    def __init__(self, options: ServeOptions, client: KubeClient, authority: Authority, around: Surroundings) -> None:
        server_name = layout.server_name(options.namespace)
        self._options = options
        self._kinds = read_kinds(envoy_gateway=options.envoy_gateway_kinds)
        self._client = client
        self._trust = Trust(authority, server_name)
        self._metrics = Metrics(around.version)
        self._reports = self._fleet_reports(around)
        self._published_at: dict[FleetKey, float] = {}
        self._timing = Timing(backoff=Backoff(first=0.2, longest=15.0), random=around.random)
        self._contents = self._following(client)
        self._reconciler = self._reconciler_of()
        self._key_sets = KeySetKeeper(
            fetch=fetch,
            store=KeySetStore(client, options.namespace),
            submit=self._reconciler.submit,
            random=around.random,
            now=stamp,
        )
        self._ports = ReplicaPorts(
            options=options,
            trust=self._trust,
            reconciler=self._reconciler,
            fleet=self._reports.fleet,
            metrics=self._metrics,
            notices=lambda: tuple(member_notices(self._members)),
        )
        name = LeaseName(namespace=options.namespace, name=layout.LEASE, identity=options.identity)
        self._lease = Lease(client=client, name=name, clock=around.clock, on_elected=self._on_elected)
        self._ending = EndingNamespaces()
        self._statuses = LiveStatuses(self._live_changed)
        self._writer = self._status_writer()
        self._events = self._event_recorder()
        self._classes = ClassFinalizer(client=client, leadership=self._lease, on_failure=self._metrics.work_failed)
        address = ControlPlaneAddress(host=options.xds_host, port=options.xds_port, server_name=server_name)
        self._infrastructure = self._infrastructure_from(address)
        self._members = self._members_beside(around)
        self._rotation = self._rotating()
        self._selecting = SelectingServices(client, self._lease, self._metrics.work_failed)

    def _fleet_reports(self, around: Surroundings) -> FleetReports:
        options = self._options
        return FleetReports(
            client=self._client,
            replica=Replica(
                namespace=options.namespace,
                name=options.identity,
                uid=options.uid,
                edition=edition_of(around.version, *options.making),
            ),
            metrics=self._metrics,
            refusals=Refusals(around.clock),
            hearers=Hearers(
                submit=self._submit,
                warn=self._warn,
                converged=self._on_converged,
                ended=EndedStreams(self._metrics, around.clock).hear,
                editions=self._on_editions,
            ),
            random=around.random,
        )

    def _reconciler_of(self) -> Reconciler:
        # Reports, too: who leads before it has heard them says of what other replicas serve that nobody does.
        awaited = [*(kind.struct for kind in self._kinds), Exported, FleetReport]
        return Reconciler(publisher=self._reports, on_batch=self._on_batch, awaited=awaited, follower=self._contents)

    def _following(self, client: KubeClient) -> Contents:
        return Contents(
            client=client,
            submit=self._submit,
            contents_of=lambda row: contents_of(self._reconciler.store.engine, row),
            undecodable=self._undecodable,
            timing=self._timing,
            on_failure=self._metrics.work_failed,
        )

    def _status_writer(self) -> StatusWriter:
        return StatusWriter(
            client=self._client,
            leadership=self._lease,
            live=self._statuses,
            controller=self._options.controller_name,
            on_write=self._metrics.status_written,
            on_failure=self._metrics.work_failed,
        )

    def _event_recorder(self) -> EventRecorder:
        return EventRecorder(
            client=self._client,
            leadership=self._lease,
            live=self._statuses,
            ending=self._ending,
            on_failure=self._metrics.work_failed,
        )

    def _infrastructure_from(self, address: ControlPlaneAddress) -> InfrastructureController:
        certificates = GatewayCertificates(self._client, self._options.namespace)
        return InfrastructureController(
            client=self._client,
            leadership=self._lease,
            identity=ControlPlaneIdentity(address=address, believed=self._trust, certificates=certificates),
            wishes=Wishes(wanted=self._reconciler, abandoned=self._is_abandoned, outranked=self._is_outranked),
            ending=self._ending,
            feedback=Feedback(
                submit=self._reconciler.submit,
                on_write=self._metrics.infrastructure_written,
                on_failure=self._metrics.work_failed,
            ),
        )

    def _rotating(self) -> Rotation:
        return Rotation(
            authorities=AuthorityStore(self._client, self._options.namespace),
            trust=self._trust,
            leadership=self._lease,
            renewed=self._infrastructure.mark_all,
            on_failure=self._metrics.work_failed,
        )

    def _members_beside(self, around: Surroundings) -> Members:
        setting = MemberSetting(self._options.namespace, self._client, self._lease, self._timing, around.clock)
        return members_of(setting, self._submit, MemberTelling(metrics=self._metrics, events=self._events))

    async def run(self) -> None:
        """Serve until cancelled."""
        self._reconciler.submit((Delta(kind=EnvironmentRow, key=HERE, obj=self._options.environment),))
        if self._options.mesh:
            self._reconciler.submit((Delta(kind=Meshed, key=HERE, obj=Meshed()),))
        await self._key_sets.restore()
        async with self._ports.listening(), asyncio.TaskGroup() as tasks:
            for name, work in self._work():
                tasks.create_task(work, name=name)

    def _work(self) -> Iterator[tuple[str, Coroutine[Any, Any, Any]]]:
        for reflector in self._reflectors():
            yield "reflector", reflector.run()
        yield "reconciler", self._reconciler.run()
        yield "contents", self._contents.run()
        yield "key sets", self._key_sets.run()
        yield "members", self._members.run()
        yield "lease", self._lease.run()
        yield "status writer", self._writer.run()
        yield "events", self._events.run()
        yield "fleet share", self._reports.share.run()
        yield "infrastructure", self._infrastructure.run()
        yield "class finalizer", self._classes.run()
        yield "selecting services", self._selecting.run()
        yield "rotation", self._rotation.run()
        yield "gauges", keep_gauges(self._reconciler.store, self._metrics, self._lease.is_leader)
        yield "clock", tell_time(self._reconciler.submit, time_now)

    def _reflectors(self) -> Iterator[Reflector]:
        for listing, selection, submit in self._listings():
            yield Reflector(
                client=self._client,
                listing=listing,
                selection=selection,
                submit=submit,
                timing=self._timing,
                on_restart=self._metrics.watch_restarted,
            )

    def _listings(self) -> Iterator[tuple[Listing, Selection, Submit]]:
        for kind in self._kinds:
            if kind.kind in CONTENT_TABLES:
                yield HeadListing(kind, self._contents.hear), HEADS, self._contents.listed
            else:
                listing = Listing(kind, undecodable=self._undecodable, live=self._live(kind))
                yield listing, EVERYTHING, self._contents.pass_on
        for listing in self._infrastructure.listings():
            yield listing, owned_by(self._client.manager), self._reconciler.submit
        yield self._members.listing, self._members.selection, self._members.listed
        reports = Selection(labels=SELECTOR, namespace=self._options.namespace)
        shared = HeardListing(BY_STRUCT[ConfigMap], self._reports.share.hear, listed_as=FleetReport)
        yield shared, reports, self._reconciler.submit

    def _live(self, kind: Kind) -> Live:
        if kind.struct is Namespace:
            return self._ending.hear
        if not kind.statused:
            return _unheard
        return partial(self._hear_live, kind)

    def _hear_live(self, kind: Kind, key: ObjectKey, raw: bytes | None) -> None:
        self._statuses.hear(kind, key, raw)
        if kind.struct is GatewayClass:
            self._classes.changed(key)

    def _live_changed(self, kind: Kind, key: ObjectKey) -> None:
        self._writer.live_changed(kind, key)

    def _undecodable(self, note: Undecodable) -> None:
        _log.error("object not understood", kind=note.kind.kind, key=str(note.key), error=note.message)
        self._warn(Notice(kind=note.kind, key=note.key, reason="Invalid", message=note.message))

    def _warn(self, notice: Notice) -> None:
        self._events.warn(notice)

    # --- what comes out of the core ----------------------------------------------------------------------------

    def _submit(self, events: Iterable[Event]) -> None:
        self._reconciler.submit(events)

    def _on_batch(self, batch: Batch) -> None:
        self._key_sets.want(self._reconciler.store.engine.drain(KEY_SETS))
        self._ports.limits.hear(self._reconciler.store.engine.drain(LIMIT_DOMAINS))
        self._selecting.hear(self._reconciler.store.engine.drain(SELECTING_SERVICES))
        facts = BatchFacts(seconds=batch.seconds, changed_rows=batch.changed_rows, queries=batch.queries)
        self._metrics.batch(facts)
        for snapshot in batch.published:
            self._metrics.published(snapshot)
            self._published_at[snapshot.fleet] = time.perf_counter() - batch.seconds
            self._infrastructure.published(snapshot.fleet)
        for fleet in batch.retired:
            self._metrics.retired(fleet)
            self._published_at.pop(fleet, None)
        for _ in range(batch.failures):
            self._metrics.query_failed()
        for member, outcome in batch.outcomes.items():
            self._writer.want(member, outcome)
            key = ObjectKey(*member.key)  # type: ignore[misc]
            self._events.hear(BY_STRUCT[member.table], key, outcome)
            if member.table is GatewayClass:
                self._classes.hear(key, outcome)
        for key in batch.infrastructure:
            self._infrastructure.mark(key)
        if (batch.infrastructure or batch.retired) and self._farewell is None:
            self._farewell = asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._bid_farewell)
        if not self._synced:
            self._synced = True
            self._reports.share.announce()
            self._clean_up()
        if batch.published or batch.outcomes or batch.retired:
            _log.info(
                "batch",
                milliseconds=round(batch.seconds * 1000, 2),
                rows=batch.changed_rows,
                queries=batch.queries,
                published=[f"{each.fleet}@{each.version}" for each in batch.published],
                outcomes=len(batch.outcomes),
            )

    def _bid_farewell(self) -> None:
        """End the streams of Gateways that are gone, whose proxies have been told to serve nothing by now."""
        self._farewell = None
        self._ports.review()

    def _on_converged(self, fleet: FleetKey) -> None:
        since = self._published_at.pop(fleet, None)
        if since is not None:
            self._metrics.converged(time.perf_counter() - since)

    def _is_outranked(self) -> bool:
        return self._reports.share.outranked_by is not None

    def _on_editions(self) -> None:
        """Look again at what another edition keeps us from doing, or does no more."""
        newer = self._reports.share.outranked_by
        _log.info("replicas of another edition came or went", newer=newer.text if newer is not None else None)
        self._infrastructure.look_again()

    def _on_elected(self) -> None:
        self._writer.became_leader()
        self._classes.became_leader()
        self._selecting.became_leader()
        self._events.became_leader()
        self._infrastructure.became_leader()
        self._clean_up()

    def _clean_up(self) -> None:
        """Take back what others led to that nobody wants any more, once it is certain what is wanted."""
        if not self._synced:
            return
        self._infrastructure.clean_up()
        for kind, key in self._statuses.objects():
            member = Member(kind.struct, key)
            if member not in self._reconciler.outcomes and self._reconciler.has_nothing(OUTCOMES, member):
                self._writer.want(member, None)

    def _is_abandoned(self, gateway: ObjectKey) -> bool:
        return self._synced and self._reconciler.has_nothing(INFRASTRUCTURE, Member(Gateway, gateway))


def _unheard(_key: ObjectKey, _raw: bytes | None) -> None:
    """Keep no status of kinds that are not ours."""


async def serve(options: ServeOptions) -> None:
    """Run one replica until cancelled. Raises AccessError, AuthorityError or ListenError when it cannot start."""
    async with connected(options.kubeconfig, manager(options.controller_name)) as client:
        authority = await AuthorityStore(client, options.namespace).load()
        around = Surroundings(clock=time.monotonic, random=random.random, version=installed_version())
        await InCluster(options, client, authority, around).run()
