"""What is no xDS, no gRPC or no HTTP/2 on the port of ADS: nobody else notices, and little is kept of it."""

import asyncio
import resource
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import grpc
import h2.config
import h2.connection
import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.identity.certificates import gateway_identity
from tests.feature.ads_rig import DEADLINE
from tests.feature.harness.pki import Pair
from tests.feature.test_ads_access import DELTA, SOTW, read_all
from tests.feature.test_ads_limits import EVIL, VICTIM, Rig, asking, begun, rig, taken

MEBIBYTE = 2**20
KEPT_MEBIBYTES = 96.0
"""What a process may grow by under all of one kind: buffers of gRPC, which it gives back when it likes."""


@asynccontextmanager
async def victim(it: Rig) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Open a stream of another Gateway; what is given publishes an edition and waits for it."""
    async with it.connect(VICTIM) as channel:
        call = await begun(channel)

        async def gets(edition: str) -> None:
            it.publish(VICTIM, 10, edition)
            async with asyncio.timeout(DEADLINE):
                assert edition.encode() in await taken(call)

        yield gets
        call.cancel()


def resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def nested(depth: int) -> bytes:
    """Return a request whose node has lists in lists, so deep that a reader by recursion ends."""
    value = b""
    for _ in range(depth):
        # google.protobuf.Value.list_value (6) of ListValue.values (1), length-delimited.
        inner = b"\x0a" + _length(value) + value
        value = b"\x32" + _length(inner) + inner
    entry = b"\x0a\x01k\x12" + _length(value) + value
    struct = b"\x0a" + _length(entry) + entry
    node = b"\x1a" + _length(struct) + struct
    return b"\x0a" + _length(node) + node


def _length(data: bytes) -> bytes:
    count, digits = len(data), bytearray()
    while count > 127:
        digits.append(count & 127 | 128)
        count >>= 7
    return bytes((*digits, count))


MESSAGES = {
    "no message": b"\xff" * 1000,
    "a length without its bytes": b"\x0a\xff\xff\xff\xff\x0f",
    "no UTF-8": b"\x0a\x06\x0a\x04\xff\xfe\xfd\xfc",
    "deep": nested(2_000),
    "a hundred thousand names": discovery.DeltaDiscoveryRequest(
        type_url="x", resource_names_subscribe=[f"n{number}" for number in range(100_000)]
    ).SerializeToString(),
    "a type of 4 MiB": discovery.DeltaDiscoveryRequest(type_url="x" * 4 * MEBIBYTE).SerializeToString(),
    "a nonce of 4 MiB": discovery.DeltaDiscoveryRequest(response_nonce="x" * 4 * MEBIBYTE).SerializeToString(),
    "40 MiB": b"\x0a" + _length(b"x" * 40 * MEBIBYTE) + b"x" * 40 * MEBIBYTE,
}


@pytest.mark.parametrize("method", [DELTA, SOTW])
@pytest.mark.parametrize("kind", MESSAGES)
async def test_what_is_no_request_ends_its_stream_alone(kind: str, method: str) -> None:
    async with rig() as it, victim(it) as gets, it.connect(EVIL) as client:
        before = resident()
        good = client.stream_stream(method)()
        await good.write(asking() if method == DELTA else discovery.DiscoveryRequest(type_url="x").SerializeToString())
        for _ in range(3):
            call = client.stream_stream(method)()
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await call.write(MESSAGES[kind])
                await call.done_writing()
            with suppress(grpc.aio.AioRpcError):
                await read_all(call)
        good.cancel()
        await gets("edited")
        assert resident() - before < KEPT_MEBIBYTES + 3 * len(MESSAGES[kind]) / MEBIBYTE


def context(it: Rig, shown: Pair | None) -> ssl.SSLContext:
    """Return what a client needs that speaks HTTP/2 by hand."""
    return it.authority.trusting("h2", client=shown)


async def dialled(it: Rig) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    shown = it.authority.issue(gateway_identity(EVIL, ""), client=True)
    return await asyncio.open_connection("127.0.0.1", it.port, ssl=context(it, shown), server_hostname="localhost")


async def test_a_thousand_streams_that_are_reset_at_once() -> None:
    """https://www.cve.org/CVERecord?id=CVE-2023-44487."""
    async with rig() as it, victim(it) as gets:
        before = resident()
        reader, writer = await dialled(it)
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        connection.initiate_connection()
        headers = [
            (":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", DELTA),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]  # fmt: skip
        with suppress(ConnectionError):
            for number in range(1000):
                stream = 2 * number + 1
                connection.send_headers(stream, headers)
                connection.reset_stream(stream, error_code=8)
                writer.write(connection.data_to_send())
                await writer.drain()
        await gets("edited")
        writer.close()
        reader.feed_eof()
        assert resident() - before < KEPT_MEBIBYTES
        await it.fleet.until(lambda: not it.fleet.proxies(EVIL))


@pytest.mark.parametrize(
    "first",
    [b"", b"PRI * HT", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"\x16\x03\x01" + b"\0" * 5000, b"\xff" * 70_000],
    ids=["nothing", "half a preface", "HTTP/1.1", "half a handshake", "noise"],
)
async def test_what_is_no_http2_keeps_nobody_out(first: bytes) -> None:
    async with rig() as it, victim(it) as gets:
        writers = []
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", it.port)
            writer.write(first)
            writers.append(writer)
        _, secure = await dialled(it)
        secure.write(first)
        await gets("edited")
        for writer in (*writers, secure):
            writer.close()
