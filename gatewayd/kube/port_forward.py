"""Connections to a port of a pod through the API server, which the kubelet makes from within the pod.

In: a client, a pod and a port. Out: a Unix socket whose connections lead there. What listens on the loopback of the pod
alone is reached so, by whoever may forward ports of its namespace, and by nobody else.
One connection is one websocket with two channels, data and error; each begins with the number of the port:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (portforward),
https://github.com/kubernetes/kubelet/tree/master/pkg/cri/streaming/portforward (websocket)
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp

from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
from gatewayd.kube.client import KubeClient, Where

SUBPROTOCOL: Final = "v4.channel.k8s.io"
_DATA: Final = b"\x00"
_DATA_CHANNEL, _ERROR_CHANNEL = 0, 1
_PORT_BYTES: Final = 2
_CHUNK: Final = 64 * 1024


class PodPort:
    """A port of a pod that connections are made to; `failure` is what the kubelet said last, "" for nothing."""

    def __init__(self, client: KubeClient, pod: Where, port: int) -> None:
        self._client = client
        self._path = pod.path("portforward")
        self._port = port
        self._ready: deque[aiohttp.ClientWebSocketResponse] = deque()
        self.failure = ""

    @asynccontextmanager
    async def socket(self, path: Path) -> AsyncIterator[None]:
        """Listen on a Unix socket whose connections lead to the port.

        Raises ApiError when ports of the pod may not be forwarded, and one of CONNECTION_ERRORS without an answer.
        """
        await self._begin()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            async with await asyncio.start_unix_server(self._accepted, path):
                yield

    @asynccontextmanager
    async def on_loopback(self, port: int) -> AsyncIterator[int]:
        """Listen on a port of 127.0.0.1, 0 for any free one, and give it; raises as `socket` does."""
        await self._begin()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            async with await asyncio.start_server(self._accepted, "127.0.0.1", port) as server:
                yield int(server.sockets[0].getsockname()[1])

    async def _begin(self) -> None:
        # The first connection is made at once: whoever may not is told here, and no answer takes longer for it.
        self._ready.append(await self._opened())

    async def _opened(self) -> aiohttp.ClientWebSocketResponse:
        return await self._client.websocket(self._path, (("ports", str(self._port)),), SUBPROTOCOL)

    async def _close(self) -> None:
        while self._ready:
            await self._ready.popleft().close()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            channels = self._ready.popleft() if self._ready else await self._opened()
            await self._carry(channels, reader, writer)
        except (ApiError, *CONNECTION_ERRORS) as error:
            self.failure = str(error)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _carry(
        self, channels: aiohttp.ClientWebSocketResponse, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        out = asyncio.create_task(_send(channels, reader), name="to a pod")
        try:
            await self._receive(channels, writer)
        finally:
            out.cancel()
            await asyncio.gather(out, return_exceptions=True)
            await channels.close()

    async def _receive(self, channels: aiohttp.ClientWebSocketResponse, writer: asyncio.StreamWriter) -> None:
        """Write what comes from the port, until either side ends."""
        begun: set[int] = set()
        async for message in channels:
            if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
                continue
            channel, data = message.data[0], message.data[1:]
            if channel not in begun:
                begun.add(channel)
                data = data[_PORT_BYTES:]
            if channel == _ERROR_CHANNEL and data:
                self.failure = data.decode(errors="replace")
                return
            if channel == _DATA_CHANNEL and data:
                writer.write(data)
                await writer.drain()


async def _send(channels: aiohttp.ClientWebSocketResponse, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(_CHUNK):
        await channels.send_bytes(_DATA + data)
    await channels.close()
