"""A counting stand-in between Envoys and gatewayd: what crosses the xDS streams, response by response.

It ends TLS on both sides with gatewayd's own CA and the Gateway's own certificate, passes every message on unchanged,
and notes what each response carries. An Envoy finds it by `gatewayd serve --xds-host HOST`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from envoy.service.discovery.v3 import discovery_pb2

from conformance.scenarios import xdspki
from conformance.scenarios.world import World
from gatewayd.infra import layout

HOST = f"tap.{layout.NAMESPACE}.svc.cluster.local."
ARGUMENTS = ("--xds-host", HOST)
_PORT = 18500
_METHOD = "DeltaAggregatedResources"
_SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_SIZE = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_LABELS = {"kubernetes.io/service-name": "tap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response: Unix seconds, type, resources (name, version, bytes of the body), names that it removes."""

    at: float
    type_url: str
    resources: tuple[tuple[str, str, int], ...]
    removed: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Stream:
    """One stream of an Envoy, by its certificate's URI. `declared` is what it said it has: (type, name) -> version."""

    opened: float
    identity: str
    declared: dict[tuple[str, str], str] = field(default_factory=dict)
    responses: list[Response] = field(default_factory=list)
    nacks: int = 0

    @property
    def resource_bytes(self) -> int:
        """Return the bytes of all resources that were sent."""
        return sum(size for each in self.responses for *_, size in each.resources)

    @property
    def removals(self) -> int:
        """Return how many resources were removed."""
        return sum(len(each.removed) for each in self.responses)


Hearer = Callable[[Stream, Any], None]


def _unheard(_stream: Stream, _message: Any) -> None:
    """Note nothing."""


class Tap:
    """The stand-in. `upstream` is where it connects: the Service unless a scenario names a Pod.

    `hear` is told every message, before it is passed on. While `is_cut` there is no stream.
    """

    def __init__(self, world: World, upstream: str) -> None:
        self.streams: list[Stream] = []
        self.upstream = upstream
        self.hear: Hearer = _unheard
        self.is_cut = False
        self._world = world
        self._calls: set[Any] = set()

    def cut(self) -> None:
        """End all streams, and let nobody open one."""
        self.is_cut = True
        for call in self._calls:
            call.cancel()

    def heal(self) -> None:
        """Let streams be opened again."""
        self.is_cut = False

    def since(self, moment: float) -> list[Stream]:
        """Return the streams that were opened after a moment (Unix seconds) and got as far as a request."""
        return [each for each in self.streams if each.opened >= moment]

    async def serve(self, _: Any, context: grpc.aio.ServicerContext) -> None:
        """Pass one stream on until either end ends it."""
        if self.is_cut:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
        identity = context.auth_context()["peer_uri"][0].decode()
        credentials = await xdspki.of_identity(self._world, identity)
        channel_credentials = grpc.ssl_channel_credentials(
            root_certificates=credentials.trust,
            private_key=credentials.key,
            certificate_chain=credentials.certificate,
        )
        options = (
            ("grpc.ssl_target_name_override", xdspki.SERVER_NAME),
            ("grpc.use_local_subchannel_pool", 1),
            *_SIZE,
        )
        async with grpc.aio.secure_channel(self.upstream, channel_credentials, options) as channel:
            call = channel.stream_stream(f"/{_SERVICE}/{_METHOD}")()
            stream = Stream(opened=time.time(), identity=identity)
            self._calls.add(call)
            try:
                await self._both_ways(context, call, stream)
            finally:
                self._calls.discard(call)

    async def _both_ways(self, context: grpc.aio.ServicerContext, call: Any, stream: Stream) -> None:
        up = asyncio.create_task(self._up(context, call, stream))
        down = asyncio.create_task(self._down(context, call, stream))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            call.cancel()
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the other end has ended the stream")

    async def _up(self, context: grpc.aio.ServicerContext, call: Any, stream: Stream) -> None:
        while (data := await context.read()) is not grpc.aio.EOF:
            message = discovery_pb2.DeltaDiscoveryRequest.FromString(data)
            for name, version in message.initial_resource_versions.items():
                stream.declared[message.type_url, name] = version
            stream.nacks += message.HasField("error_detail")
            self.hear(stream, message)
            await call.write(data)
            if stream not in self.streams:  # gatewayd took the stream
                self.streams.append(stream)

    async def _down(self, context: grpc.aio.ServicerContext, call: Any, stream: Stream) -> None:
        while (data := await call.read()) is not grpc.aio.EOF:
            message = discovery_pb2.DeltaDiscoveryResponse.FromString(data)
            stream.responses.append(
                Response(
                    at=time.time(),
                    type_url=message.type_url,
                    resources=tuple((each.name, each.version, len(each.resource.value)) for each in message.resources),
                    removed=tuple(message.removed_resources),
                )
            )
            self.hear(stream, message)
            await context.write(data)


async def _publish(world: World) -> str:
    """Make the Service that Envoys find the tap under; return the address of gatewayd's own."""
    port = {"name": "xds", "port": layout.XDS_PORT, "protocol": "TCP"}
    metadata = {"namespace": layout.NAMESPACE, "name": "tap"}
    await world.put({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [port]}})
    await world.put(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**metadata, "labels": _LABELS},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}],
            "ports": [{**port, "port": _PORT}],
        }
    )
    service = await world.api.get(f"/api/v1/namespaces/{layout.NAMESPACE}/services/{layout.CONTROL_PLANE}")
    return f"{service['spec']['clusterIP']}:{layout.XDS_PORT}"


@asynccontextmanager
async def tapped(world: World) -> AsyncIterator[Tap]:
    """Run a tap; gatewayd must be installed with `ARGUMENTS`."""
    tap = Tap(world, await _publish(world))
    own = await xdspki.of_control_plane(world)
    credentials = grpc.ssl_server_credentials(
        ((own.key, own.certificate),), root_certificates=own.trust, require_client_auth=True
    )
    server = grpc.aio.server(options=_SIZE)
    handler = grpc.stream_stream_rpc_method_handler(tap.serve)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler}),))
    server.add_secure_port(f"0.0.0.0:{_PORT}", credentials)
    await server.start()
    try:
        yield tap
    finally:
        await server.stop(None)
