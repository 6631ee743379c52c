"""Connections to a pod's port, against an API server that speaks the kubelet's websockets.

On a real clock: there is nothing to wait for.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.port_forward import PodPort
from tests.fakes.api_server import access
from tests.fakes.pod_ports import NAMESPACE, Pods, pods_served

DEADLINE = 60
POD = Where(api_version="v1", plural="pods", namespace=NAMESPACE, name="one")


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, DEADLINE))


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data.upper())
        await writer.drain()
    writer.close()


@asynccontextmanager
async def forwarded(folder: Path, **given: Any) -> AsyncIterator[tuple[PodPort, Path, Pods]]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    pods = Pods(ports={"one": server.sockets[0].getsockname()[1]}, **given)
    async with server, pods_served(pods) as url:
        client = KubeClient(access(url))
        try:
            port = PodPort(client, POD, 18002)
            async with port.socket(folder / "socket"):
                yield port, folder / "socket", pods
        finally:
            await client.close()


async def _asked(path: Path, data: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    answer = await reader.readexactly(len(data))
    writer.close()
    return answer


def test_bytes_go_there_and_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with forwarded(tmp_path) as (_, path, pods):
            assert await _asked(path, b"hello") == b"HELLO"
            assert await _asked(path, b"x" * 300_000) == b"X" * 300_000
            assert pods.asked_for == [("one", "18002")] * 2

    run(work())


def test_several_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with forwarded(tmp_path) as (_, path, _pods):
            texts = [str(number).encode() * 100 for number in range(5)]
            assert await asyncio.gather(*(_asked(path, text) for text in texts)) == texts

    run(work())


def test_who_may_not_is_told_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        with pytest.raises(ApiError) as caught:
            async with forwarded(tmp_path, forbidden=frozenset({"one"})):
                pass
        assert caught.value.status == 403

    run(work())


def test_nobody_listens_there(tmp_path: Path) -> None:
    async def work() -> None:
        pods = Pods(ports={"one": 1})
        async with pods_served(pods) as url:
            client = KubeClient(access(url))
            port = PodPort(client, POD, 18002)
            async with port.socket(tmp_path / "socket"):
                reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
                assert await reader.read() == b""
                writer.close()
            assert "refused" in port.failure.lower() or "connect" in port.failure.lower()
            await client.close()

    run(work())
