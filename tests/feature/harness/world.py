"""A gatewayd in this process with one Envoy for each Gateway, driven object by object as kubectl would."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.proxy_state import Sync
from gatewayd.ads.server import AdsServer
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import FleetReport, Outcome, Rejection, Verdict
from gatewayd.manifests.admission import AdmissionRules
from gatewayd.manifests.folder import Absence, Contents, FolderChange
from gatewayd.manifests.member_folders import ClusterFolder
from gatewayd.offline.translate import standalone_environment
from gatewayd.reconciler import Batch, Reconciler, fleet_delta
from gatewayd.settings import from_environment
from gatewayd.store import Delta
from gatewayd.supervisor.events import EnvoyEvent, GaveUp, Started
from gatewayd.xds.resource import LISTENER, Snapshot, TypeUrl
from tests.feature.harness import http1, manifests
from tests.feature.harness.asked_for import needed
from tests.feature.harness.echo import Backend, http_backend
from tests.feature.harness.envoys import Envoy, start_envoy
from tests.feature.harness.http1 import Answer, Connection
from tests.feature.harness.ports import free_port
from tests.feature.harness.publisher import Publisher

DEADLINE = 10.0
HOME = standalone_environment("127.0.0.1", 0, from_environment().route_discovery)
_STRUCTS = {kind.kind: kind.struct for kind in BY_STRUCT.values()}
_CLUSTER_SCOPED = frozenset(kind.kind for kind in BY_STRUCT.values() if not kind.namespaced)

Verdicts = Mapping[str, Verdict]


class _Watched(Fleet):
    """A fleet that says when a proxy has said something."""

    def __init__(self, on_report: Callable[[str, FleetReport], None], on_event: Callable[[], None]) -> None:
        super().__init__(on_report)
        self._on_event = on_event

    def on_request(self, member: Any, message: Any) -> Any:
        answer = super().on_request(member, message)
        self._on_event()
        return answer


class World:
    """Everything that a test touches. `ask` is for the listener `<http>`.

    No Envoy is started for the Gateways in `by_hand`; `pids` are the processes of the others.
    """

    def __init__(self, folder: Path) -> None:
        self.fleet = _Watched(self._on_report, self._notify)
        self.reconciler = Reconciler(publisher=Publisher(self.fleet), on_batch=self._on_batch, awaited=())
        self.folder = ClusterFolder(AdmissionRules(envoy_gateway_kinds=True))
        self.applied: dict[str, str] = {}
        self.envoys: dict[FleetKey, Envoy] = {}
        self.backends: dict[str, Backend] = {}
        self.batches: list[Batch] = []
        self.hearers: list[Callable[[Batch], None]] = [self.batches.append]
        self._stopping: list[Envoy] = []
        self._others: list[Envoy] = []
        self.stack = AsyncExitStack()
        self._where = folder
        self.socket = folder / "xds" / "socket"
        # Where Envoys that start from now on look for the control plane.
        self.doorway = self.socket
        # Where Envoys that start from now on are.
        self.zone = ""
        self.by_hand: set[FleetKey] = set()
        self.pids: dict[FleetKey, int] = {}
        self._ports: dict[str, int] = {}
        self._events: set[asyncio.Event] = set()
        self._submitted = self._done = self._started = 0
        self._server = AdsServer(self.fleet, (UnixListener(path=self.socket),))
        self._gave_up: GaveUp | None = None

    async def start_serving(self) -> None:
        """Let proxies connect, again."""
        self._server = AdsServer(self.fleet, (UnixListener(path=self.socket),))
        await self._server.start()

    async def stop_serving(self) -> None:
        """Cut all proxies off."""
        await self._server.stop()

    async def open(self) -> None:
        """Start the control plane."""
        await self._server.start()
        task = asyncio.get_running_loop().create_task(self.reconciler.run(), name="reconciler")
        self.stack.push_async_callback(self._close, task)
        self._submit((Delta(kind=Environment, key=HERE, obj=HOME),))

    async def stand(self, here: Environment) -> None:
        """Stand somewhere else, and wait until all Envoys have what follows from that."""
        self._submit((Delta(kind=Environment, key=HERE, obj=here),))
        await self.settle()

    async def _close(self, task: "asyncio.Task[None]") -> None:
        await asyncio.gather(*(envoy.stop() for envoy in (*self._stopping, *self._others, *self.envoys.values())))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._server.stop()

    # What goes in.

    def port(self, name: str) -> int:
        """Return the port of a name, always the same in one world."""
        if name not in self._ports:
            self._ports[name] = free_port()
        return self._ports[name]

    def put(self, text: str) -> FolderChange:
        """Apply documents without waiting; problems are in the Step."""
        found = dict(manifests.documents(self.filled(text)))
        self.applied |= found
        return self._step({each: found[each].encode() for each in found})

    async def apply(self, *texts: str) -> None:
        """Apply documents that must be good, and wait until all Envoys have what follows from them."""
        step = self.put("\n---\n".join(texts))
        assert not step.problems, step.problems
        await self.settle()

    def filled(self, text: str) -> str:
        """Replace the placeholders of a text."""
        return manifests.filled(text, self.port)

    def write(self, files: Mapping[str, bytes]) -> FolderChange:
        """Write whole files, whatever they hold, without waiting."""
        return self._step(files)

    def drop(self, *files: str) -> None:
        """Remove files, without waiting."""
        self._step(dict.fromkeys(files, Absence.GONE))

    async def remove(self, *identities: str) -> None:
        """Remove objects ("Kind namespace/name"), and wait until that has arrived everywhere."""
        for each in identities:
            del self.applied[each]
        self._step(dict.fromkeys(identities, Absence.GONE))
        await self.settle()

    async def restore(self, before: Mapping[str, str]) -> None:
        """Go back to the objects of an earlier `applied`; wait for proxies that end, for nothing else.

        One by hand has ended when the server knows: until then what it refused is refused.
        """
        changes: dict[str, Contents] = dict.fromkeys(self.applied.keys() - before.keys(), Absence.GONE)
        changes |= {each: text.encode() for each, text in before.items() if self.applied.get(each) != text}
        self.applied = dict(before)
        self._step(changes)
        await self.until(lambda: self._done == self._submitted and not any(map(self.fleet.proxies, self.by_hand)))
        stopping, self._stopping = self._stopping, []
        await asyncio.gather(*(envoy.stop() for envoy in stopping))

    async def backend(self, name: str, *, tls: ssl.SSLContext | None = None, service: str = "", **more: Any) -> Backend:
        """Start an HTTP backend with a Service of its name in namespace shop."""
        found = await self.stack.enter_async_context(http_backend(name, tls=tls))
        self.backends[name] = found
        await self.apply(manifests.service(service or name, found.port, **more))
        return found

    def _step(self, changes: Mapping[str, Contents]) -> FolderChange:
        step = self.folder.step(changes)
        self._submit(step.deltas)
        return step

    def _submit(self, deltas: tuple[Delta, ...]) -> None:
        if deltas:
            self._submitted += 1
            self.reconciler.submit(deltas)

    # What comes out.

    async def ask(self, path: str = "/", *headers: tuple[str, str], port: str = "http", **more: Any) -> Answer:
        """Send one request to a port of this world on a connection of its own."""
        return await http1.ask(self.port(port), path, *headers, **more)

    async def connect(self, port: str = "http", **more: Any) -> Connection:
        """Open a connection to a port of this world; it is closed with the world at the latest."""
        connection = await http1.connect(self.port(port), **more)
        self.stack.push_async_callback(connection.close)
        return connection

    def outcome(self, identity: str) -> Outcome | None:
        """Return all that is said about an object ("Kind namespace/name")."""
        kind, _, key = identity.partition(" ")
        namespace, _, name = key.rpartition("/")
        at = ObjectKey("" if kind in _CLUSTER_SCOPED else namespace, name)
        return self.reconciler.outcomes.get(Member(_STRUCTS[kind], at))

    def parents(self, identity: str) -> tuple[Verdicts, ...]:
        """Return the conditions of a route, one entry for each parent that is ours."""
        found: Any = self.outcome(identity)
        return () if found is None else tuple(_by_type(each.verdicts) for each in found.parents)

    def route(self, identity: str) -> Verdicts:
        """Return the conditions of a route that has one parent."""
        (found,) = self.parents(identity)
        return found

    def gateway(self, identity: str) -> Verdicts:
        """Return the conditions of a Gateway or a ListenerSet."""
        found: Any = self.outcome(identity)
        assert found is not None, f"nothing is said about {identity}"
        return _by_type(found.verdicts)

    def listener(self, identity: str, name: str) -> Verdicts:
        """Return the conditions of a listener."""
        return _by_type(self._listener(identity, name).verdicts)

    def attached(self, identity: str, name: str) -> int:
        """Return the attachedRoutes of a listener."""
        return int(self._listener(identity, name).attached)

    def kinds(self, identity: str, name: str) -> tuple[str, ...]:
        """Return the supportedKinds of a listener."""
        return tuple(kind for _, kind in self._listener(identity, name).kinds)

    def _listener(self, identity: str, name: str) -> Any:
        found: Any = self.outcome(identity)
        assert found is not None, f"nothing is said about {identity}"
        return next(each for each in found.listeners if each.name == name)

    def rejections(self) -> tuple[Rejection, ...]:
        """Return everything that an Envoy refuses now."""
        return tuple(each for gateway in self.fleet.known() for each in self.fleet.report(gateway).rejections)

    async def settle(self, *, refusals: bool = False) -> None:
        """Wait until every Envoy has ACKed what is published for it, and statuses say so; a NACK is an error."""
        try:
            await self.until(lambda: self._is_settled(refusals=refusals))
        except TimeoutError as error:
            raise AssertionError(f"not settled: {self._what_is_missing()}") from error
        for gateway in self._manned():
            wanted = set(self.reconciler.snapshots[gateway].of(LISTENER))
            refused = {name for each in self.fleet.report(gateway).rejections for name in each.names}
            await self._listening(self.envoys[gateway], len(wanted - refused))

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, looking again whenever anything happened."""
        happened = asyncio.Event()
        self._events.add(happened)
        try:
            async with asyncio.timeout(DEADLINE):
                while not holds():
                    await happened.wait()
                    happened.clear()
        finally:
            self._events.discard(happened)

    def _is_settled(self, *, refusals: bool) -> bool:
        if self._gave_up is not None:
            raise AssertionError(self._gave_up.reason)
        if not refusals:
            assert not self.rejections(), self.rejections()
        if self._done != self._submitted:
            return False
        return all(self._has(gateway, self.reconciler.snapshots[gateway]) for gateway in self._manned())

    def _manned(self) -> list[FleetKey]:
        return [gateway for gateway in self.reconciler.snapshots if gateway not in self.by_hand]

    def _has(self, gateway: FleetKey, snapshot: Snapshot) -> bool:
        """Say whether the Envoy of a Gateway has exactly the snapshot, refused resources apart.

        What it had and is about to lose it may be about to get again: nothing may be on its way.
        """
        own = self.envoys[gateway].node
        refused = {
            (TypeUrl(each.type_url), name) for each in self.fleet.report(gateway).rejections for name in each.names
        }
        seen = [
            (state, dict(self._held(rows))) for state, rows in self.fleet.resources(gateway) if state.node_id == own
        ]
        pending = {(each.type_url, name) for state, _ in seen for each in state.types for name in each.pending}
        if pending - refused:
            return False
        proxies = [held for _, held in seen]
        kept = needed(snapshot, refused)
        return bool(proxies) and all(
            {at: version for at, version in held.items() if at not in refused} == kept for held in proxies
        )

    @staticmethod
    def _held(rows: Any) -> Any:
        # What is on its way counts as missing, even when it is a detour and ends where the proxy is already.
        settled = (Sync.SYNCED, Sync.ERROR)
        return (
            ((row.type_url, row.name), row.version if row.sync in settled else "on its way")
            for row in rows
            if row.version or row.target or row.sync not in settled
        )

    def _what_is_missing(self) -> list[str]:
        found = [f"batches {self._done} of {self._submitted}"]
        for gateway, snapshot in self.reconciler.snapshots.items():
            wanted = needed(snapshot, set())
            for state, rows in self.fleet.resources(gateway):
                held = dict(self._held(rows))
                differ = {at for at in wanted.keys() | held.keys() if wanted.get(at) != held.get(at)}
                found.append(f"{gateway} {state.node_id}: {sorted(differ)}")
        return found

    async def _listening(self, envoy: Envoy, listeners: int) -> None:
        """Wait until Envoy's listeners are warm; Envoy ACKs them before and tells nobody when they are."""
        async with asyncio.timeout(DEADLINE):
            while True:
                stats = await envoy.stats("listener_manager.total_listeners")
                warming = stats.get("listener_manager.total_listeners_warming", 1)
                if warming == 0 and stats.get("listener_manager.total_listeners_active", 0) >= listeners:
                    return

    # What happens meanwhile.

    def _notify(self) -> None:
        for event in self._events:
            event.set()

    def _on_report(self, gateway: FleetKey, report: FleetReport) -> None:
        self._submit((fleet_delta(gateway, report),))
        self._notify()

    def _on_batch(self, batch: Batch) -> None:
        self._done = self._submitted
        for hear in self.hearers:
            hear(batch)
        for snapshot in batch.published:
            if snapshot.fleet not in self.envoys and snapshot.fleet not in self.by_hand:
                self.start(snapshot.fleet)
        for gateway in batch.retired:
            envoy = self.envoys.pop(gateway, None)
            if envoy is not None:
                envoy.task.cancel()
                self._stopping.append(envoy)
        self._notify()

    def start(self, gateway: FleetKey) -> None:
        """Start an Envoy for a Gateway; one that it has already runs on."""
        if gateway in self.envoys:
            self._others.append(self.envoys[gateway])
        self._started += 1
        self.envoys[gateway] = start_envoy(
            fleet=gateway,
            number=self._started,
            folder=self._where,
            socket=self.doorway,
            zone=self.zone,
            report=lambda event: self._on_envoy_event(gateway, event),
        )

    def _on_envoy_event(self, gateway: str, event: EnvoyEvent) -> None:
        if isinstance(event, Started):
            self.pids[gateway] = event.pid
        if isinstance(event, GaveUp):
            self._gave_up = event
        self._notify()


def _by_type(verdicts: tuple[Verdict, ...]) -> Verdicts:
    found = {each.type: each for each in verdicts}
    assert len(found) == len(verdicts), f"a condition stands there twice: {verdicts}"
    return found


def state(verdict: Verdict) -> tuple[bool, str]:
    """Return status and reason of a condition."""
    return verdict.status, verdict.reason


@asynccontextmanager
async def running_world() -> AsyncIterator[World]:
    """Run a world until the block ends."""
    with tempfile.TemporaryDirectory(prefix="gwd-") as folder:
        world = World(Path(folder))
        async with world.stack:
            await world.open()
            yield world
