"""What a real Envoy does with TCP, UDP and gRPC."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import pytest_asyncio

from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Cluster, Protocol, Resolved
from gatewayd.ir.filters import RequestHeaders
from gatewayd.ir.http import ExactPath, RouteTableKey
from gatewayd.ir.l4 import L4Action, L4Refuse
from gatewayd.ir.proxy import DatagramListener, FilterChain, L4Traffic, StreamListener
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import SHARES, ask, backend, near
from tests.feature.xds_rig import rig
from tests.unit.xds.shorthand import (
    NOWHERE,
    changes,
    cluster,
    config,
    endpoint,
    forward,
    host,
    http_listener,
    l4,
    matching,
    route,
    service,
    share,
    table,
    upstream,
)

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

REFUSED = (asyncio.IncompleteReadError, ConnectionError)
PORTS = ("one", "refuse", "invalid", "chainless", "shares", "grpc", "udp-shares", "udp-named", "udp-refuse")
SESSIONS = 100

TCP_A, TCP_B = service("a", protocol=Protocol.TCP), service("b", protocol=Protocol.TCP)
UDP_A, UDP_B = service("a", protocol=Protocol.UDP), service("b", protocol=Protocol.UDP)
UDP_NAMED = service("named", protocol=Protocol.UDP)
GRPC = service("echo", protocol=Protocol.HTTP2)

GRPC_HOST = host(
    "*",
    route(
        forward(share(GRPC)),
        match=matching(ExactPath(value="/shop.Cart/Get"), grpc=True),
        filters=(RequestHeaders(changes=changes(put=(("x-put", "by %rule%"),))),),
    ),
    route(forward(share(GRPC, weight=0)), match=matching(ExactPath(value="/shop.Cart/Broken"), grpc=True)),
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Envoy's ports by name."""

    port: dict[str, int]

    async def tcp(self, name: str) -> str | None:
        """Return the backend that answered, None when the connection was refused."""
        try:
            return (await ask(self.port[name])).one("x-from")
        except REFUSED:
            return None

    async def udp(self, name: str) -> str | None:
        """Return the backend that answered a socket of its own, None when nobody did."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", self.port[name]))
            await loop.sock_sendall(client, b"who")
            try:
                async with asyncio.timeout(2):
                    return (await loop.sock_recv(client, 100)).decode()
            except TimeoutError:
                return None


async def test_tcp(ports: Ports) -> None:
    assert await ports.tcp("one") == "a"
    for name in ("refuse", "invalid", "chainless"):
        assert await ports.tcp(name) is None
    seen = Counter([await ports.tcp("shares") for _ in range(SHARES)])
    assert set(seen) == {"a", "b", None}
    assert near(seen["a"], 60)
    assert near(seen["b"], 20)


async def test_udp(ports: Ports) -> None:
    seen = Counter(await asyncio.gather(*(ports.udp("udp-shares") for _ in range(SESSIONS))))
    # Localities are dealt out in turn: exact but for where the turn begins.
    for name, percent in (("a", 60), ("b", 20), (None, 20)):
        assert abs(seen[name] - percent * SESSIONS / 100) <= 2
    assert await ports.udp("udp-named") == "a"
    assert await ports.udp("udp-refuse") is None


async def test_grpc(ports: Ports) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports.port['grpc']}") as channel:
        answer = json.loads(await channel.unary_unary("/shop.Cart/Get")(b"hello"))
        assert answer == {"method": "/shop.Cart/Get", "x-put": "by %rule%"}
        for path, code in (("Other/Get", grpc.StatusCode.UNIMPLEMENTED), ("Cart/Broken", grpc.StatusCode.UNAVAILABLE)):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await channel.unary_unary(f"/shop.{path}")(b"hello")
            assert failed.value.code() is code
    assert (await ask(ports.port["grpc"], "/shop.Cart/Get", method="POST")).status == 404


class Teller(asyncio.DatagramProtocol):
    """Answers every datagram with its name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert data == b"who"
        self._transport.sendto(self._name.encode(), addr)


@asynccontextmanager
async def teller(name: str) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Teller(name), local_addr=("127.0.0.1", 0))
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


class GrpcEcho(grpc.GenericRpcHandler):
    """Tells which method was called, and one header."""

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        found = {"method": call.method, "x-put": dict(call.invocation_metadata).get("x-put")}

        async def answer(_: bytes, __: grpc.aio.ServicerContext) -> bytes:
            return json.dumps(found).encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@asynccontextmanager
async def grpc_backend() -> AsyncIterator[int]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((GrpcEcho(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


def tcp_listener(port: int, *actions: L4Action) -> StreamListener:
    chains = tuple(
        FilterChain(name=f"tcp-{port}", server_names=(), tls=None, traffic=L4Traffic(action=action))
        for action in actions
    )
    return StreamListener(port=port, inspect_tls=False, chains=chains)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ports(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ports]:
    port = {name: free_port() for name in PORTS}
    key = RouteTableKey(port=port["grpc"], listener="")
    listeners = (
        tcp_listener(port["one"], l4((TCP_A, 1))),
        tcp_listener(port["refuse"], L4Refuse()),
        tcp_listener(port["invalid"], l4((NOWHERE, 1), (TCP_A, 0))),
        tcp_listener(port["chainless"]),
        tcp_listener(port["shares"], l4((TCP_A, 60), (NOWHERE, 20), (TCP_B, 20))),
        DatagramListener(port=port["udp-shares"], action=l4((UDP_A, 60), (NOWHERE, 20), (UDP_B, 20))),
        DatagramListener(port=port["udp-named"], action=l4((UDP_NAMED, 1))),
        DatagramListener(port=port["udp-refuse"], action=L4Refuse()),
        http_listener(key),
    )
    async with AsyncExitStack() as stack:
        tcp = {name: (await stack.enter_async_context(backend(name))).port for name in ("a", "b")}
        udp = {name: await stack.enter_async_context(teller(name)) for name in ("a", "b")}
        named = Resolved(hostname="localhost", port=udp["a"], absolute=False)
        clusters = (
            *(cluster(name, endpoint(at), protocol=Protocol.TCP) for name, at in tcp.items()),
            *(cluster(name, endpoint(at), protocol=Protocol.UDP) for name, at in udp.items()),
            Cluster(
                upstream=upstream("named", protocol=Protocol.UDP),
                endpoints=named,
                tls=None,
                retry_budget=DEFAULT_RETRY_BUDGET,
            ),
            cluster("echo", endpoint(await stack.enter_async_context(grpc_backend())), protocol=Protocol.HTTP2),
        )
        made = await stack.enter_async_context(rig(tmp_path_factory.mktemp("envoy")))
        await made.apply(config(listeners=listeners, tables=(table(GRPC_HOST, key=key),), clusters=clusters))
        yield Ports(port)
