"""A delta ADS client that asks one replica for everything of a Gateway, as an Envoy would, and notes versions.

The oracle of "the same everywhere": what two replicas, or one before and after a restart, would give to a new Envoy;
and what the Envoys say they have.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
from envoy.service.discovery.v3 import discovery_pb2

from conformance.scenarios import xdspki
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.references import references
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, SCOPED_ROUTE, XDS_TYPES, Resource, TypeUrl

Held = Mapping[tuple[str, str], str]
"""(type, name) -> version."""

_PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
_STATUS_PATH = "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus"
_QUIET_SECONDS = 1.0
_FIRST_SECONDS = 20.0
_START_SECONDS = 45.0


async def served(
    world: World, replica: PodHandle, gateway: str = "gateway", *, namespace: str = SHOP
) -> Mapping[tuple[str, str], Resource]:
    """Return everything that a replica gives to a new proxy of a Gateway, by type and name."""
    credentials = await xdspki.of_gateway(world, namespace, gateway)
    async with connected(replica, credentials) as call:
        return await _Client(call).everything()


@asynccontextmanager
async def connected(replica: PodHandle, credentials: xdspki.Credentials) -> AsyncIterator[Any]:
    """Open a stream to one replica."""
    async with _channel(replica, credentials) as channel:
        call = channel.stream_stream(_PATH)()
        try:
            yield call
        finally:
            call.cancel()


async def client_status(replica: PodHandle, credentials: xdspki.Credentials) -> bytes:
    """Return what a replica says of the proxies of whoever asks, as it comes."""
    async with _channel(replica, credentials) as channel:
        answer: bytes = await channel.unary_unary(_STATUS_PATH)(b"")
        return answer


def _channel(replica: PodHandle, credentials: xdspki.Credentials) -> grpc.aio.Channel:
    channel_credentials = grpc.ssl_channel_credentials(
        root_certificates=credentials.trust, private_key=credentials.key, certificate_chain=credentials.certificate
    )
    options = (
        ("grpc.ssl_target_name_override", xdspki.SERVER_NAME),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", -1),
    )
    return grpc.aio.secure_channel(f"{replica.address}:{layout.XDS_PORT}", channel_credentials, options)


def versions(resources: Mapping[tuple[str, str], Resource]) -> Held:
    """Return the versions."""
    return {key: each.version for key, each in resources.items()}


async def greeted(call: Any) -> None:
    """Ask for all types that have a wildcard, on a stream that is open."""
    await _Client(call).greet()


class _Client:
    """Subscribes to all types, follows references, ACKs all, until nothing comes any more."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._found: dict[tuple[str, str], Resource] = {}
        self._asked: set[tuple[str, str]] = set()

    async def greet(self) -> None:
        """Ask for all types that have a wildcard."""
        for row in XDS_TYPES:
            if row.wildcard:
                await self._send(row.url)

    async def everything(self) -> Mapping[tuple[str, str], Resource]:
        """Return all that there is."""
        await self.greet()
        patience = _FIRST_SECONDS
        while True:
            try:
                async with asyncio.timeout(patience):
                    data = await self._call.read()
            except TimeoutError:
                return self._found
            if data is grpc.aio.EOF:
                raise ConnectionError(f"the replica ended the stream: {await self._call.details()}")
            await self._take(discovery_pb2.DeltaDiscoveryResponse.FromString(data))
            patience = _QUIET_SECONDS

    async def _take(self, response: discovery_pb2.DeltaDiscoveryResponse) -> None:
        type_url = TypeUrl(response.type_url)
        for each in response.resources:
            item = Resource(type_url=type_url, name=each.name, version=each.version, own=each.resource.value, tail=b"")
            self._found[type_url, each.name] = item
        for name in response.removed_resources:
            self._found.pop((type_url, name), None)
        await self._send(type_url, nonce=response.nonce)
        for each in response.resources:
            for wanted, name in references(type_url, each.resource.value):
                if (wanted, name) not in self._asked:
                    self._asked.add((wanted, name))
                    await self._send(wanted, name)

    async def _send(self, type_url: str, *names: str, nonce: str = "") -> None:
        request = discovery_pb2.DeltaDiscoveryRequest(
            type_url=type_url, resource_names_subscribe=names, response_nonce=nonce
        )
        request.node.id = "witness"
        await self._call.write(request.SerializeToString())


_DUMPED = (
    ("dynamic_active_clusters", CLUSTER, "cluster", "name"),
    ("dynamic_route_configs", ROUTE, "route_config", "name"),
    ("dynamic_endpoint_configs", ENDPOINT, "endpoint_config", "cluster_name"),
)


def held(dump: Mapping[str, Any]) -> Held:
    """Return the versions that an Envoy's config dump tells, of the types that it tells them of."""
    return {key: version for section in dump["configs"] for key, version in _section(section)}


def _section(section: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for each in section.get("dynamic_listeners", ()):
        if "active_state" in each:
            yield (LISTENER, each["name"]), each["active_state"]["version_info"]
    for group, type_url, inner, name in _DUMPED:
        for each in section.get(group, ()):
            if each.get("version_info"):
                yield (type_url, each[inner][name]), each["version_info"]
    for group in section.get("dynamic_scoped_route_configs", ()):
        for each in group.get("scoped_route_configs", ()):
            yield (SCOPED_ROUTE, each["name"]), group["version_info"]


async def first_answer(world: World, replica: PodHandle, gateway: str = "gateway") -> float:
    """Ask a replica that may not listen yet, again and again; return when its first response came (Unix seconds)."""
    credentials = await xdspki.of_gateway(world, SHOP, gateway)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        async with connected(replica, credentials) as call:
            client = _Client(call)
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await client.greet()
                async with asyncio.timeout(_START_SECONDS):
                    if await call.read() is not grpc.aio.EOF:
                        return time.time()
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{replica.name} gave no response")
