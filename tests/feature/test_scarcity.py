"""`gatewayd up` with few descriptors, no disk or little CPU: what it has is served, and edits arrive."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from gatewayd.demo.backends import serve_backends
from tests.feature.harness.http1 import connect
from tests.feature.harness.ports import free_port
from tests.feature.test_cli import DEADLINE, GATEWAYD, gateway, route, started
from tests.feature.test_output import answered

pytestmark = pytest.mark.envoy

CLIENTS = 150
PERIOD_SECONDS = 0.1
"""Of the kernel, when a container has no more than a share of a CPU (cpu.max)."""
SHARE = 0.1
EDITS = 5


@asynccontextmanager
async def limited(env: dict[str, str], folder: Path, limit: str, amount: int) -> AsyncIterator[None]:
    """Run `gatewayd up` under a limit of the kernel; asserts that it ends when told, and not before."""
    start = f"import os, resource, sys; resource.setrlimit(resource.{limit}, ({amount}, {amount})); "
    command = (sys.executable, "-c", f"{start}os.execv(sys.argv[1], sys.argv[1:])", *GATEWAYD, "up", str(folder))
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield
        assert process.returncode is None, "it has ended"
        process.terminate()
        async with asyncio.timeout(DEADLINE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_few_descriptors_and_many_clients(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one", "two"]) as backends, AsyncExitStack() as stack:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        async with limited(runtime, folder, "RLIMIT_NOFILE", 128):
            await answered(port, "/", "one")
            for _ in range(CLIENTS):
                client = await connect(port)
                stack.push_async_callback(client.close)
            (folder / "web.yaml").write_text(gateway("web", port) + route(backends["two"], "/new"))
            await stack.aclose()
            await answered(port, "/new", "two")


async def test_a_disk_that_fills_while_it_serves(runtime: dict[str, str], folder: Path) -> None:
    """No file may grow beyond what a bootstrap needs, which is what a full disk is to a process."""
    port = free_port()
    async with serve_backends(["one", "two"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        async with limited(runtime, folder, "RLIMIT_FSIZE", 64 * 1024):
            await answered(port, "/", "one")
            (folder / "web.yaml").write_text(gateway("web", port) + route(backends["two"], "/new"))
            await answered(port, "/new", "two")


@asynccontextmanager
async def throttled(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Let a process run for a share of each period, as the kernel does to a container without more CPU."""

    async def throttle() -> None:
        with suppress(ProcessLookupError):
            while True:
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(PERIOD_SECONDS * (1 - SHARE))
                process.send_signal(signal.SIGCONT)
                await asyncio.sleep(PERIOD_SECONDS * SHARE)

    task = asyncio.create_task(throttle())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)


async def test_a_tenth_of_a_cpu(runtime: dict[str, str], folder: Path) -> None:
    """Clients notice nothing; edits are served, later."""
    port = free_port()
    async with serve_backends(["one", "two"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        async with started(runtime, "up", folder) as up:
            await answered(port, "/", "one")
            client = await connect(port)
            async with throttled(up.process):
                for turn in range(EDITS):
                    name = ("two", "one")[turn % 2]
                    (folder / "web.yaml").write_text(gateway("web", port) + route(backends[name]))
                    async with asyncio.timeout(DEADLINE):
                        while (answer := await client.ask(host="shop.example")).backend != name:
                            assert answer.status == 200
            await client.close()
            assert up.process.returncode is None
