"""A real Envoy under the supervisor: it comes up, comes back after a crash, and finishes its requests when stopped."""

import asyncio
import json
import os
import random
import signal
import socket
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from gatewayd.supervisor.envoy_admin import AdminResponse, ask
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy
from gatewayd.supervisor.events import Draining, EnvoyEvent, Exited, GaveUp, Stopped, Up
from gatewayd.supervisor.process import RESTART, EnvoyCommand, Supervisor
from gatewayd.supervisor.runtime_folder import runtime_folder
from tests.feature.harness.ports import free_port

pytestmark = pytest.mark.envoy

DEADLINE = 30.0
DRAIN = 5.0
E = TypeVar("E", bound=EnvoyEvent)
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


class Backend:
    """A server that answers each request with `ok`, but only once it is released."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.released = asyncio.Event()
        self.port = 0

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked.set()
            await self.released.wait()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Backend"]:
        async with await asyncio.start_server(self._answer, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A supervised Envoy: its task, its listener's port, its private folder, and what happens to it."""

    task: asyncio.Task[GaveUp]
    port: int
    folder: Path
    events: asyncio.Queue[EnvoyEvent]

    async def next(self, kind: type[E]) -> E:
        async with asyncio.timeout(DEADLINE):
            while True:
                event = await self.events.get()
                if isinstance(event, kind):
                    return event

    async def live(self) -> Up:
        """Wait until Envoy is up and listens."""
        up = await self.next(Up)
        async with asyncio.timeout(DEADLINE):
            while not (
                isinstance(answer := await ask(self.folder / "admin.sock", "GET", "/ready"), AdminResponse)
                and answer.status == 200
            ):
                pass
        return up

    async def stop(self) -> Stopped:
        self.task.cancel()
        return await self.next(Stopped)


def address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def bootstrap(admin: Path, port: int, backend: int) -> str:
    hcm = {
        "@type": HCM,
        "stat_prefix": "web",
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "b"}}]}
            ]
        },
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }
    chain = {"filters": [{"name": "hcm", "typed_config": hcm}]}
    endpoint = {"lb_endpoints": [{"endpoint": {"address": address(backend)}}]}
    cluster = {"name": "b", "type": "STATIC", "load_assignment": {"cluster_name": "b", "endpoints": [endpoint]}}
    return json.dumps(
        {
            "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
            "static_resources": {
                "listeners": [{"name": "web", "address": address(port), "filter_chains": [chain]}],
                "clusters": [cluster],
            },
        }
    )


@asynccontextmanager
async def supervised(backend: int, port: int) -> AsyncIterator[Running]:
    binary = find_envoy(None)
    assert not isinstance(binary, NoEnvoy)
    events: asyncio.Queue[EnvoyEvent] = asyncio.Queue()
    with runtime_folder(None) as folder:
        admin = folder / "admin.sock"
        supervisor = Supervisor(
            command=EnvoyCommand(
                binary=binary,
                bootstrap=bootstrap(admin, port, backend),
                folder=folder,
                admin=admin,
                concurrency=1,
                drain=DRAIN,
            ),
            backoff=RESTART,
            clock=time.monotonic,
            random=random.Random(1).random,  # noqa: S311 (jitter)
            report=events.put_nowait,
        )
        task = asyncio.ensure_future(supervisor.run())
        try:
            yield Running(task=task, port=port, folder=folder, events=events)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def request(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    return reader, writer


async def test_it_serves_again_after_each_crash() -> None:
    async with Backend().serving() as backend, supervised(backend.port, free_port()) as envoy:
        backend.released.set()
        pids = set[int]()
        for signal_number in (signal.SIGSEGV, signal.SIGKILL):
            up = await envoy.live()
            pids.add(up.pid)
            os.kill(up.pid, signal_number)
            exited = await envoy.next(Exited)
            assert exited.code == -signal_number
            assert exited.restart_in < 0.2
        up = await envoy.live()
        assert up.pid not in pids
        reader, writer = await request(envoy.port)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_request_under_way_finishes_before_it_stops() -> None:
    async with Backend().serving() as backend, supervised(backend.port, free_port()) as envoy:
        await envoy.live()
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", envoy.port)
        reader, writer = await request(envoy.port)
        await backend.asked.wait()
        envoy.task.cancel()
        await envoy.next(Draining)
        await refuses(envoy.port)
        backend.released.set()
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
        assert answer.endswith(b"ok")
        assert (await envoy.next(Stopped)).cut_off == 0
        assert await idle.read() == b""
        for each in (idle_writer, writer):
            each.close()


async def refuses(port: int) -> None:
    """Wait until the port takes no new connections."""
    async with asyncio.timeout(DRAIN):
        with suppress(ConnectionRefusedError, ConnectionResetError):
            while True:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()


async def test_an_idle_envoy_stops_at_once() -> None:
    async with Backend().serving() as backend, supervised(backend.port, free_port()) as envoy:
        await envoy.live()
        began = time.monotonic()
        await envoy.stop()
        assert time.monotonic() - began < DRAIN / 2


async def test_nothing_it_leaves_on_disk_is_for_others() -> None:
    async with Backend().serving() as backend, supervised(backend.port, free_port()) as envoy:
        up = await envoy.live()
        assert isinstance(await ask(envoy.folder / "admin.sock", "GET", "/server_info"), AdminResponse)
        assert stat.S_IMODE(envoy.folder.stat().st_mode) == 0o700
        for path in envoy.folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert b"virtual_hosts" not in visible_to_others(up.pid)
    assert not envoy.folder.exists()


def visible_to_others(pid: int) -> bytes:
    process = Path(f"/proc/{pid}")
    return (process / "environ").read_bytes() + (process / "cmdline").read_bytes()


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        async with supervised(1, other.getsockname()[1]) as envoy:
            gave_up = await envoy.next(GaveUp)
            assert gave_up.reason.startswith("Envoy refused its bootstrap (exit code 1): ")
            assert "Address already in use" in gave_up.reason
