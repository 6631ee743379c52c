"""Who gets what from the ADS server: mutual TLS, the Unix socket, client status, and what is not served at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery
from envoy.service.status.v3 import csds_pb2

from gatewayd.ads.listen import Certificates, TlsListener, UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.identity.certificates import gateway_identity
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds import resource as xds
from tests.feature.ads_rig import (
    DEADLINE,
    GATEWAY,
    WatchedFleet,
    backend,
    eds_cluster,
    endpoints,
    envoy,
    listener,
    on_port,
    reach,
    routes,
    snapshot,
    static_cluster,
)
from tests.feature.harness.pki import Authority, Pair

DELTA = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
SOTW = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
STATUS = "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus"
OTHER = GatewayFleet(namespace="shop", name="other")
STATUSES = "/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus"


@dataclass(slots=True)
class Source:
    """Certificates that a test may change while the server runs."""

    current: Certificates

    def __call__(self) -> Certificates:
        return self.current


def certificates(authority: Authority) -> Certificates:
    shown = authority.issue("localhost")
    return Certificates(chain=shown.chain, key=shown.key, client_authorities=authority.pem)


@asynccontextmanager
async def served(source: Source, socket: Path) -> AsyncIterator[tuple[WatchedFleet, int]]:
    fleet = WatchedFleet()
    tls = TlsListener(host="127.0.0.1", port=0, certificates=source)
    server = AdsServer(fleet, (tls, UnixListener(path=socket)))
    await server.start()
    try:
        yield fleet, int(server.addresses[0].rpartition(":")[2])
    finally:
        await server.stop()
        assert fleet.known() == () or not fleet.proxies(GATEWAY)


def channel(port: int, authority: Authority, shown: Pair | None) -> grpc.aio.Channel:
    credentials = grpc.ssl_channel_credentials(
        root_certificates=authority.pem,
        private_key=shown.key if shown else None,
        certificate_chain=shown.chain if shown else None,
    )
    options = (
        ("grpc.ssl_target_name_override", "localhost"),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", -1),
    )
    return grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options)


async def first_answer(it: grpc.aio.Channel, method: str = DELTA, *, cluster: str = "") -> bytes:
    """Ask for the clusters and return the first response."""
    kind = discovery.DeltaDiscoveryRequest if method == DELTA else discovery.DiscoveryRequest
    call = it.stream_stream(method)()
    await call.write(kind(node={"id": "test", "cluster": cluster}, type_url=xds.CLUSTER).SerializeToString())
    async with asyncio.timeout(DEADLINE):
        data: bytes = await call.read()
    call.cancel()
    return data


async def read_all(call: grpc.aio.StreamStreamCall) -> None:
    """Read until the server ends the stream; raises AioRpcError when it does so with an error."""
    async with asyncio.timeout(DEADLINE):
        while await call.read() is not grpc.aio.EOF:
            pass


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def source(authority: Authority) -> Source:
    return Source(certificates(authority))


@pytest.mark.envoy
async def test_a_certificate_decides_whatever_the_node_says(
    tmp_path: Path, authority: Authority, source: Source
) -> None:
    async with served(source, tmp_path / "xds" / "socket") as (fleet, port), backend(tmp_path / "one", "one") as one:
        shown = authority.issue(gateway_identity(GatewayFleet(namespace="team", name="own"), ""), client=True)
        front = listener("l", tmp_path / "front", "r")
        world = (eds_cluster("a"), endpoints("a", one), routes("r", "a"), front)
        fleet.publish(xds.snapshot(GatewayFleet(namespace="team", name="own"), world))
        fleet.publish(snapshot(static_cluster("secret", one)))  # of the Gateway that `node.cluster` names
        async with envoy(tmp_path, on_port(port, shown=shown, authority=authority)):
            await fleet.until(lambda: fleet.report(GatewayFleet(namespace="team", name="own")).acked_listeners == {"l"})
            await reach(tmp_path / "front", "one")
            assert fleet.proxies(GATEWAY) == ()
            assert fleet.proxies(GatewayFleet(namespace="team", name="own"))[0].node_cluster == str(GATEWAY)


@pytest.mark.parametrize("method", [DELTA, SOTW])
async def test_a_certificate_without_a_gateway_is_refused(
    tmp_path: Path, authority: Authority, source: Source, method: str
) -> None:
    async with served(source, tmp_path / "xds" / "socket") as (fleet, port):
        fleet.publish(snapshot(static_cluster("secret", tmp_path)))
        for names, code in (
            (("localhost",), grpc.StatusCode.UNAUTHENTICATED),
            ((gateway_identity(GATEWAY, ""), gateway_identity(OTHER, "")), grpc.StatusCode.UNAUTHENTICATED),
            (("spiffe://gatewayd/ns/shop",), grpc.StatusCode.PERMISSION_DENIED),
        ):
            async with channel(port, authority, authority.issue(*names, client=True)) as it:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await first_answer(it, method, cluster=str(GATEWAY))
                assert caught.value.code() is code
        async with channel(port, authority, authority.issue(gateway_identity(GATEWAY, ""), client=True)) as it:
            assert b"secret" in await first_answer(it, method)


async def test_strangers_do_not_get_through_the_handshake(tmp_path: Path, authority: Authority, source: Source) -> None:
    async with served(source, tmp_path / "xds" / "socket") as (_, port):
        stranger = Authority("Other CA").issue(gateway_identity(GATEWAY, ""), client=True)
        for shown in (None, stranger):
            async with channel(port, authority, shown) as it:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await first_answer(it)
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_new_certificates_count_for_the_next_handshake(
    tmp_path: Path, authority: Authority, source: Source
) -> None:
    async with served(source, tmp_path / "xds" / "socket") as (fleet, port):
        fleet.publish(snapshot(static_cluster("mine", tmp_path)))
        shown = authority.issue(gateway_identity(GATEWAY, ""), client=True)
        async with channel(port, authority, shown) as it:
            assert await first_answer(it)
            other = Authority("Next CA")
            source.current = certificates(other)
            async with channel(port, other, other.issue(gateway_identity(GATEWAY, ""), client=True)) as following:
                assert await first_answer(following)
            assert await first_answer(it)  # what is connected stays so
        async with channel(port, other, shown) as old:
            with pytest.raises(grpc.aio.AioRpcError):
                await first_answer(old)


async def test_status_shows_each_caller_its_own(tmp_path: Path, authority: Authority, source: Source) -> None:
    socket = tmp_path / "xds" / "socket"
    async with served(source, socket) as (fleet, port), grpc.aio.insecure_channel(f"unix:{socket}") as local:
        fleet.publish(snapshot(static_cluster("mine", tmp_path)))
        call = local.stream_stream(DELTA)()
        node = {"id": "test", "cluster": str(GATEWAY)}
        await call.write(discovery.DeltaDiscoveryRequest(node=node, type_url=xds.CLUSTER).SerializeToString())
        await call.read()
        ask = csds_pb2.ClientStatusRequest().SerializeToString()
        scopes = []
        for name in (GATEWAY, OTHER):
            async with channel(port, authority, authority.issue(gateway_identity(name, ""), client=True)) as it:
                found = csds_pb2.ClientStatusResponse.FromString(await it.unary_unary(STATUS)(ask))
                scopes.append([config.client_scope for config in found.config])
        everything = csds_pb2.ClientStatusResponse.FromString(await local.unary_unary(STATUS)(ask))
        assert (scopes, [each.client_scope for each in everything.config]) == ([[str(GATEWAY)], []], [str(GATEWAY)])
        questions = local.stream_stream(STATUSES)()
        for _ in range(2):
            await questions.write(ask)
            found = csds_pb2.ClientStatusResponse.FromString(await questions.read())
            assert [each.config_status for each in found.config[0].generic_xds_configs] == [csds_pb2.STALE]
        questions.cancel()
        call.cancel()
        async with channel(port, authority, authority.issue("localhost", client=True)) as it:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await it.unary_unary(STATUS)(ask)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_what_breaks_the_protocol_ends_its_stream_only(tmp_path: Path, source: Source) -> None:
    socket = tmp_path / "xds" / "socket"
    async with served(source, socket) as (fleet, _), grpc.aio.insecure_channel(f"unix:{socket}") as it:
        fleet.publish(snapshot(static_cluster("mine", tmp_path)))
        long = discovery.DeltaDiscoveryRequest(type_url=xds.CLUSTER, resource_names_subscribe=["x" * 10_000])
        good = discovery.DeltaDiscoveryRequest(node={"cluster": str(GATEWAY)}, type_url=xds.CLUSTER).SerializeToString()
        for requests in ((b"\xff",), (good, b"\xff"), (good, long.SerializeToString())):
            call = it.stream_stream(DELTA)()
            for data in requests:
                await call.write(data)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await read_all(call)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert await first_answer(it, cluster=str(GATEWAY))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await first_answer(it, cluster="no gateway")
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        await fleet.until(lambda: fleet.proxies(GATEWAY) == ())


@pytest.mark.parametrize(
    "method",
    [
        "/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters",
        "/envoy.service.secret.v3.SecretDiscoveryService/FetchSecrets",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.health.v1.Health/Check",
    ],
)
async def test_nothing_else_is_served(tmp_path: Path, source: Source, method: str) -> None:
    socket = tmp_path / "xds" / "socket"
    async with served(source, socket), grpc.aio.insecure_channel(f"unix:{socket}") as it:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await it.unary_unary(method)(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
