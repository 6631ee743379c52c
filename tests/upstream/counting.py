"""The reference rate limit service, built from its Go module, with a Redis of Debian's. Needs Go and redis-server."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from conformance.build import built
from tests.feature.harness.ports import free_port

DEADLINE = 30.0


@asynccontextmanager
async def running(*command: str | Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[None]:
    """Run a program until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def listens(port: int) -> None:
    """Wait until somebody listens on a port of loopback."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


@asynccontextmanager
async def reference_service(limits: Path, folder: Path) -> AsyncIterator[int]:
    """Serve limits, which come over a socket, counting in a Redis of its own; give the port."""
    redis, port, http, debug = (free_port() for _ in range(4))
    settings = {
        "CONFIG_TYPE": "GRPC_XDS_SOTW",
        "CONFIG_GRPC_XDS_SERVER_URL": f"unix://{limits}",
        "CONFIG_GRPC_XDS_NODE_ID": "tests",
        "REDIS_SOCKET_TYPE": "tcp",
        "REDIS_URL": f"127.0.0.1:{redis}",
        "GRPC_HOST": "127.0.0.1",
        "GRPC_PORT": str(port),
        "HOST": "127.0.0.1",
        "PORT": str(http),
        "DEBUG_HOST": "127.0.0.1",
        "DEBUG_PORT": str(debug),
        "USE_STATSD": "false",
        "LOG_LEVEL": "WARN",
    }
    async with AsyncExitStack() as stack:
        options = ("--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
        await stack.enter_async_context(running("redis-server", *options))
        await listens(redis)
        await stack.enter_async_context(running(built("ratelimit"), environment=settings))
        await listens(port)
        yield port
