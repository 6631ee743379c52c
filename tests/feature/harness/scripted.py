"""A proxy by hand: an ADS client that acknowledges and refuses when it is told to."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.rpc import status_pb2

from gatewayd.ir.fleet import FleetKey
from gatewayd.xds.resource import CLUSTER, LISTENER

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
DEADLINE = 10.0


class ScriptedProxy:
    """One stream of the incremental variant; several tasks may use it at once, and may be cancelled.

    `grpc.aio` (1.85) ends a call when a read or a write of it is cancelled. Of two writes at once it refuses one, and
    takes the call for ended without ending it: `cancel` does nothing any more, and the server has the stream until the
    call is collected as garbage. So reads and writes go on when whoever asked for them goes, one after the other.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._received: dict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self._reader = asyncio.create_task(self._read())
        self._turn = asyncio.Lock()
        self._writes: set[asyncio.Task[None]] = set()

    async def subscribe(self, type_url: str, *names: str, node: str = "") -> None:
        """Ask for resources of a type, for all of them when none is named."""
        request = discovery_pb2.DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=names)
        if node:
            request.node.CopyFrom(base_pb2.Node(id="scripted", cluster=node))
        await self._send(request)

    async def response(self, type_url: str) -> Any:
        """Return the next response of a type."""
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._received[type_url].get()
        except TimeoutError as error:
            ended = self._reader.exception() or "by the server" if self._reader.done() else "no"
            raise TimeoutError(f"no response of {type_url}; has the stream ended: {ended}") from error

    async def ack(self, response: Any) -> None:
        """Acknowledge a response."""
        await self._send(discovery_pb2.DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce))

    async def nack(self, response: Any, words: str) -> None:
        """Refuse a response."""
        request = discovery_pb2.DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
        request.error_detail.CopyFrom(status_pb2.Status(code=3, message=words))
        await self._send(request)

    async def close(self) -> None:
        """End the stream, and what is under way on it."""
        self._stream.cancel()
        tasks = [*self._writes, self._reader]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        while (found := await self._stream.read()) is not grpc.aio.EOF:
            self._received[found.type_url].put_nowait(found)

    async def _send(self, request: Any) -> None:
        task = asyncio.create_task(self._written(request))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        await asyncio.shield(task)

    async def _written(self, request: Any) -> None:
        async with self._turn:
            await self._stream.write(request)


@asynccontextmanager
async def scripted_proxy(socket: Path, fleet: FleetKey) -> AsyncIterator[ScriptedProxy]:
    """Connect as a proxy of a fleet that asks for clusters and listeners."""
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        stream = channel.stream_stream(
            _METHOD,
            request_serializer=discovery_pb2.DeltaDiscoveryRequest.SerializeToString,
            response_deserializer=discovery_pb2.DeltaDiscoveryResponse.FromString,
        )()
        proxy = ScriptedProxy(stream)
        await proxy.subscribe(CLUSTER, node=str(fleet))
        await proxy.subscribe(LISTENER)
        try:
            yield proxy
        finally:
            await proxy.close()
