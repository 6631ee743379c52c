"""Whoever asks for whatever: eight Gateways, six types, two protocols, and each gets what is its own alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from envoy.service.discovery.v3 import ads_pb2
from envoy.service.discovery.v3 import discovery_pb2 as discovery
from envoy.service.status.v3 import csds_pb2

from gatewayd.ads.listen import TlsListener
from gatewayd.ads.server import AdsServer
from gatewayd.identity.certificates import gateway_identity
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds import resource as xds
from tests.feature.ads_rig import DEADLINE, WatchedFleet
from tests.feature.harness.pki import Authority
from tests.feature.test_ads_access import DELTA, SOTW, STATUS, certificates, channel

GATEWAYS = tuple(
    GatewayFleet(namespace=namespace, name=name) for namespace in ("a", "b", "c", "d") for name in ("gw", "other")
)
KINDS = {
    DELTA: (discovery.DeltaDiscoveryRequest, discovery.DeltaDiscoveryResponse),
    SOTW: (discovery.DiscoveryRequest, discovery.DiscoveryResponse),
}
QUIET_SECONDS = 0.3


def word(gateway: GatewayFleet) -> str:
    return f"word-of-{gateway.namespace}-{gateway.name}-only"


def names(row: xds.XdsType) -> list[str]:
    return [name(gateway, row) for gateway in GATEWAYS]


def name(gateway: GatewayFleet, row: xds.XdsType) -> str:
    return f"{row.short}-{gateway.namespace}-{gateway.name}"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[int, Authority]]:
    authority, fleet = Authority(), WatchedFleet()
    shown = certificates(authority)
    server = AdsServer(fleet, (TlsListener(host="127.0.0.1", port=0, certificates=lambda: shown),))
    await server.start()
    try:
        for gateway in GATEWAYS:
            own = [
                xds.resource(row.url, name(gateway, row), f"{row.short}: {word(gateway)}".encode())
                for row in xds.XDS_TYPES
            ]
            fleet.publish(xds.snapshot(gateway, own))
        yield int(server.addresses[0].rpartition(":")[2]), authority
    finally:
        await server.stop()


async def told(it: grpc.aio.Channel, method: str, victim: GatewayFleet) -> bytes:
    """Ask for everything of everybody, in another's name; return all that comes until nothing comes."""
    node = {"id": f"{victim.name}-0", "cluster": str(victim), "metadata": {"gateway": str(victim)}}
    kind, answer = KINDS[method]
    field = "resource_names_subscribe" if method == DELTA else "resource_names"
    call = it.stream_stream(method)()
    for row in xds.XDS_TYPES:
        for wanted in (["*"], names(row)):
            await call.write(kind(node=node, type_url=row.url, **{field: wanted}).SerializeToString())
    parts: list[bytes] = []
    try:
        while True:
            async with asyncio.timeout(QUIET_SECONDS if len(parts) >= len(xds.XDS_TYPES) else DEADLINE):
                data = await call.read()
            if data is grpc.aio.EOF:
                break
            parts.append(data)
            response = answer.FromString(data)
            # State of the world: whoever names nothing any more wants nothing.
            row = xds.TYPE_BY_URL[response.type_url]
            more = {} if method == DELTA else {"resource_names": names(row)}
            await call.write(
                kind(node=node, type_url=row.url, response_nonce=response.nonce, **more).SerializeToString()
            )
    except TimeoutError:
        pass
    call.cancel()
    return b"".join(parts)


@pytest.mark.parametrize("method", [DELTA, SOTW])
async def test_nobody_gets_what_is_anothers(method: str) -> None:
    async with served() as (port, authority):

        async def all_told(gateway: GatewayFleet) -> None:
            shown = authority.issue(gateway_identity(gateway, ""), client=True)
            victim = GATEWAYS[GATEWAYS.index(gateway) - 1]
            async with channel(port, authority, shown) as it:
                data = await told(it, method, victim)
                own = [f"{row.short}: {word(gateway)}" for row in xds.XDS_TYPES]
                assert [each for each in own if each.encode() not in data] == []
                assert [each for each in GATEWAYS if each != gateway and word(each).encode() in data] == []

        await asyncio.gather(*map(all_told, GATEWAYS))


async def test_a_certificate_that_has_ended_is_not_taken() -> None:
    async with served() as (port, authority):
        gateway = GATEWAYS[0]
        shown = authority.issue(gateway_identity(gateway, ""), client=True, days=-1)
        async with channel(port, authority, shown) as it:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await first(it, DELTA)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def first(it: grpc.aio.Channel, method: str) -> bytes:
    """Open a stream, and return what comes; what is written into a call that was refused meanwhile hides its status."""
    call = it.stream_stream(method)()
    async with asyncio.timeout(DEADLINE):
        data: bytes = await call.read()
    return data


REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED}


def methods() -> list[str]:
    """Return every method of the services that stand in the descriptors of those that are served, and odd spellings."""
    found = [
        f"/{service.full_name}/{method.name}"
        for file in (ads_pb2, csds_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    odd = [spelt for path in (DELTA, STATUS) for spelt in (path[1:], f"/{path}", path.lower(), f"{path}/", f"{path}?x")]
    return [*found, *odd]


@pytest.mark.parametrize("method", methods())
async def test_every_method_needs_a_gateways_certificate(method: str) -> None:
    async with served() as (port, authority), channel(port, authority, authority.issue("localhost", client=True)) as it:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await first(it, method)
        assert caught.value.code() in REFUSED, caught.value
