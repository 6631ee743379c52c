"""One Envoy that lives through many worlds, backends that answer at the places of their endpoints, and what it did.

Everything is on loopback addresses of this process's own (127.x.y.z), so nothing collides.
"""

import asyncio
import gzip
import os
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.proxy_state import Sync
from gatewayd.ads.server import AdsServer
from gatewayd.ir.environment import Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.offline.translate import standalone_environment
from gatewayd.supervisor.events import EnvoyEvent, GaveUp, Started
from gatewayd.xds.resource import LISTENER, TYPE_BY_URL, XDS_TYPES, Snapshot
from tests.feature.harness.asked_for import needed
from tests.feature.harness.echo import Backend, finish, in_tasks
from tests.feature.harness.envoys import Envoy, start_envoy
from tests.feature.harness.http1 import Answer, Connection
from tests.feature.harness.http2 import Served
from tests.worlds.generator import BACKEND_PORT, Asked

FLEET: Final = GatewayFleet(namespace="worlds", name="envoy")
OFFSET: Final = 8000
"""Added to ports below 1024, which not everybody may bind."""

DEADLINE: Final = 15.0


def own_network() -> str:
    """Return the first three bytes of addresses that no other process of this machine uses."""
    return f"127.{1 + os.getpid() // 256 % 254}.{os.getpid() % 256}"


class Rig:
    """A fleet of one Envoy. `restarts` counts how often it had to be started again: each of them is a crash."""

    def __init__(self, folder: Path, network: str) -> None:
        self.fleet = Fleet(self._on_report, self._on_answer)
        self.starts = 0
        self.gave_up = ""
        self.environment: Environment = standalone_environment(f"{network}.1", OFFSET, None)
        self._network = network
        self._folder = folder
        self._socket = folder / "xds" / "socket"
        self._happened = asyncio.Event()
        self._envoy: Envoy | None = None

    def place(self, number: int) -> str:
        """Return the address of a backend."""
        return f"{self._network}.{number + 2}"

    async def open(self, stack: AsyncExitStack) -> None:
        """Start Envoy and the backends; `stack` ends them."""
        server = AdsServer(self.fleet, (UnixListener(path=self._socket),))
        await server.start()
        stack.push_async_callback(server.stop)
        for number in range(2):
            await stack.enter_async_context(_backends(f"backend-{number}", self.place(number)))
        self._envoy = start_envoy(
            fleet=FLEET, number=1, folder=self._folder, socket=self._socket, report=self._on_envoy_event
        )
        stack.push_async_callback(self._envoy.stop)

    async def take(self, snapshot: Snapshot) -> str:
        """Give Envoy a snapshot; return what it refuses, or "" when it has all of it and serves by it."""
        here = replace(snapshot, fleet=FLEET)
        starts = self.starts
        self.fleet.publish(here)
        try:
            async with asyncio.timeout(DEADLINE):
                while not self._has(here):
                    if found := self._wrong(starts):
                        return found
                    await self._happened.wait()
                    self._happened.clear()
                await self._listening(len(here.of(LISTENER)))
        except TimeoutError:
            return f"not taken within {DEADLINE:g} s: {self._missing(here)}"
        return self._wrong(starts)

    def _wrong(self, starts: int) -> str:
        refused = [f"{', '.join(each.names)}: {each.message}" for each in self.fleet.report(FLEET).rejections]
        if starts and self.starts != starts:
            refused.append("Envoy crashed")
        return "; ".join((*refused, *filter(None, (self.gave_up,))))

    def _missing(self, snapshot: Snapshot) -> str:
        wanted = needed(snapshot, set())
        rows = [row for _, held in self.fleet.resources(FLEET) for row in held]
        held = {(row.type_url, row.name): f"{row.version} {row.sync.value}" for row in rows}
        return ", ".join(f"{TYPE_BY_URL[url].short} {name}: {held.get((url, name))}" for url, name in wanted)

    def _has(self, snapshot: Snapshot) -> bool:
        wanted = needed(snapshot, set())
        for state, rows in self.fleet.resources(FLEET):
            held = {(row.type_url, row.name): row.version for row in rows if row.version or row.target}
            settled = state.is_synced and all(row.sync is Sync.SYNCED for row in rows if row.version or row.target)
            if settled and held == wanted and len(state.types) >= len({row.url for row in XDS_TYPES if row.wildcard}):
                return True
        return False

    async def _listening(self, listeners: int) -> None:
        """Wait until Envoy's listeners are warm; Envoy ACKs them before and tells nobody when they are."""
        assert self._envoy is not None
        while True:
            stats = await self._envoy.stats("listener_manager.total_listeners")
            warming = stats.get("listener_manager.total_listeners_warming", 1)
            if warming == 0 and stats.get("listener_manager.total_listeners_active", 0) == listeners:
                return

    async def ask(self, asked: Asked, tls: ssl.SSLContext) -> Answer | None:
        """Send a request; return None when the connection is closed without an answer."""
        sent = asked.sent
        secure = sent.scheme == "https"
        try:
            async with asyncio.timeout(DEADLINE):
                reader, writer = await asyncio.open_connection(
                    self.environment.address,
                    asked.port,
                    ssl=tls if secure else None,
                    server_hostname=sent.host.partition(":")[0] if secure else None,
                    local_addr=("127.0.0.1", 0),
                )
        except OSError:  # of TLS, too
            return None
        connection = Connection(reader, writer)
        try:
            headers = ((each.name, each.value) for each in sent.headers)
            answer = await connection.ask(sent.target, *headers, host=sent.host, method=sent.method)
        except (OSError, asyncio.IncompleteReadError):
            return None
        finally:
            await connection.close()
        unpacked = gzip.decompress(answer.body) if answer.one("content-encoding") == "gzip" else answer.body
        return replace(answer, body=unpacked)

    def _on_report(self, *_: Any) -> None:
        self._happened.set()

    def _on_answer(self, *_: Any) -> None:
        self._happened.set()

    def _on_envoy_event(self, event: EnvoyEvent) -> None:
        if isinstance(event, Started):
            self.starts += 1
        if isinstance(event, GaveUp):
            self.gave_up = event.reason
        self._happened.set()


@asynccontextmanager
async def running_rig() -> AsyncIterator[Rig]:
    """Run a rig until the block ends."""
    with tempfile.TemporaryDirectory(prefix="gwd-") as folder:
        rig = Rig(Path(folder), own_network())
        async with AsyncExitStack() as stack:
            await rig.open(stack)
            yield rig


class _Rest:
    """What comes after the first bytes of a connection, which were read already and come first."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._first = first
        self._reader = reader
        self.readexactly, self.readline = reader.readexactly, reader.readline

    async def readuntil(self, separator: bytes) -> bytes:
        return self._taken() + await self._reader.readuntil(separator)

    async def read(self, count: int) -> bytes:
        return self._taken() or await self._reader.read(count)

    def _taken(self) -> bytes:
        first, self._first = self._first, b""
        return first


_PREFACE: Final = b"PRI"
"""How a connection of HTTP/2 begins: https://www.rfc-editor.org/rfc/rfc9113#section-3.4."""


@asynccontextmanager
async def _backends(name: str, address: str) -> AsyncIterator[None]:
    """Serve HTTP/1.1 and HTTP/2 on one port; whoever speaks otherwise is cut off at once."""
    backend = Backend(name)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(len(_PREFACE))
        rest: Any = _Rest(first, reader)
        if first == _PREFACE:
            await Served(backend, rest, writer).serve()
        elif first.isalpha():
            await backend.serve(rest, writer)
        writer.close()

    server = await asyncio.start_server(in_tasks(serve, tasks), address, BACKEND_PORT)
    try:
        yield
    finally:
        backend.release()
        server.close()
        await finish(tasks)
