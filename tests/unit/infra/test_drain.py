"""The hook runs in a real bash against a scripted admin interface; its sleeps are written down instead of slept."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from gatewayd.infra.drain import (
    DRAIN_SECONDS,
    FINISH_SECONDS,
    GRACE_SECONDS,
    LINGER_SECONDS,
    NODE_LINGER_SECONDS,
    REQUESTS,
    Waits,
    connections,
    drain_command,
)
from tests.image_programs import needs_perl

PROBES = 19001
IDLE = ("listener.0.0.0.0_80.downstream_cx_active: 0", "http.shop.downstream_cx_active: 3")
PROBED = (f"listener.0.0.0.0_{PROBES}.downstream_cx_active: 1", "listener.admin.main_thread.downstream_cx_active: 1")
OF_GATEWAY = connections(probes=PROBES)
BUSY = ("listener.0.0.0.0_80.worker_0.downstream_cx_active: 2",)


class Admin:
    """Answers like Envoy's admin interface; each look at the statistics takes the next of `stats`."""

    def __init__(self, *stats: tuple[str, ...]) -> None:
        self.asked: list[str] = []
        self._stats: Iterator[tuple[str, ...]] = iter(stats)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request = head.split(" HTTP/", 1)[0]
        self.asked.append(request)
        lines = next(self._stats) if request.startswith("GET /stats") else ("OK",)
        body = "\n".join(lines) + "\n"
        chunk = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @asynccontextmanager
    async def listening(self, path: Path) -> AsyncIterator[None]:
        async with await asyncio.start_unix_server(self.handle, path):
            yield


async def drain(admin: Path, slept: Path, *, waits: Waits = OF_GATEWAY, programs: str = os.environ["PATH"]) -> int:
    bash, flag, script = drain_command(admin=str(admin), waits=waits)
    recorded = f'PATH={programs}\nsleep() {{ echo "$1" >>{slept}; }}\n{script}'
    process = await asyncio.create_subprocess_exec(bash, flag, recorded, stderr=asyncio.subprocess.PIPE)
    await process.communicate()
    return process.returncode or 0


async def drained(tmp_path: Path, *stats: tuple[str, ...], waits: Waits = OF_GATEWAY) -> tuple[list[str], list[int]]:
    admin = Admin(*stats)
    slept, path = tmp_path / "slept", tmp_path / "the admin's socket"
    async with admin.listening(path):
        assert await drain(path, slept, waits=waits) == 0
    return admin.asked, [int(line) for line in slept.read_text(encoding="utf-8").split()]


@needs_perl
async def test_it_fails_the_health_check_then_drains_then_lingers_then_looks(tmp_path: Path) -> None:
    asked, slept = await drained(tmp_path, IDLE)
    assert asked == [
        "POST /healthcheck/fail",
        "POST /drain_listeners?graceful&skip_exit",
        "GET /stats?filter=downstream_cx_active",
    ]
    assert slept == [LINGER_SECONDS]


@needs_perl
async def test_connections_of_probes_and_of_the_admin_interface_are_not_waited_for(tmp_path: Path) -> None:
    _, slept = await drained(tmp_path, IDLE + PROBED)
    assert slept == [LINGER_SECONDS]


@needs_perl
async def test_it_waits_for_the_connections_that_are_left(tmp_path: Path) -> None:
    _, slept = await drained(tmp_path, BUSY, PROBED + BUSY, IDLE)
    assert slept == [LINGER_SECONDS, 1, 1]


@needs_perl
async def test_a_nodes_proxy_waits_for_requests_alone(tmp_path: Path) -> None:
    kept = ("http.mesh/15001.downstream_rq_active: 0", "http.admin.downstream_rq_active: 1")
    probed = ("http.probes.downstream_rq_active: 1",)
    asked = ("http.mesh/15100.downstream_rq_active: 1",)
    requests, slept = await drained(tmp_path, kept + asked, kept + probed, waits=REQUESTS)
    assert requests[2:] == ["GET /stats?filter=downstream_rq_active"] * 2
    assert slept == [NODE_LINGER_SECONDS, 1]


@needs_perl
async def test_it_does_not_wait_forever(tmp_path: Path) -> None:
    _, slept = await drained(tmp_path, *[BUSY] * FINISH_SECONDS)
    assert slept == [LINGER_SECONDS, *[1] * FINISH_SECONDS]


@needs_perl
async def test_an_envoy_that_is_dead_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "admin"
    async with Admin().listening(path):
        pass
    path.unlink(missing_ok=True)
    assert await drain(path, tmp_path / "slept") == 0
    assert not (tmp_path / "slept").exists()


async def test_an_image_without_perl_lingers_for_those_who_have_not_heard_yet(tmp_path: Path) -> None:
    assert await drain(tmp_path / "admin", tmp_path / "slept", programs="/nowhere") == 0
    assert (tmp_path / "slept").read_text(encoding="utf-8").split() == [str(LINGER_SECONDS)]


def test_a_pod_has_time_for_its_whole_drain() -> None:
    assert LINGER_SECONDS + FINISH_SECONDS < GRACE_SECONDS


def test_listeners_accept_until_the_pod_ends() -> None:
    assert DRAIN_SECONDS >= GRACE_SECONDS
