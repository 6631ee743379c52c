"""What one client of the ADS server may cost: over connections with real certificates, against the server alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import grpc
import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads import request_pace
from gatewayd.ads import server as ads_server
from gatewayd.ads.listen import TlsListener
from gatewayd.ads.server import AdsServer
from gatewayd.ads.stream_ending import Cause, EndedStream
from gatewayd.identity.certificates import gateway_identity
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import (
    HANDSHAKE_MILLISECONDS,
    IDLE_MILLISECONDS,
    NODE_BYTES,
    REQUEST_NACK,
    REQUESTS_A_SECOND,
    SILENT_SECONDS,
    SPARE_STREAMS,
    STREAMS_IN_ALL,
    TURN_SECONDS,
)
from gatewayd.xds import resource as xds
from tests.feature.ads_rig import DEADLINE, WatchedFleet
from tests.feature.harness.pki import Authority
from tests.feature.test_ads_access import DELTA, SOTW, STATUS, certificates, channel, read_all

LARGE = 8 * 1024 * 1024
"""Bytes, more than the windows of a connection that nobody reads from."""
EVIL, VICTIM = GatewayFleet(namespace="evil", name="gw"), GatewayFleet(namespace="bank", name="gw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A server with two Gateways, of which nobody has asked for a proxy."""

    fleet: WatchedFleet
    server: AdsServer
    port: int
    authority: Authority

    def connect(self, gateway: GatewayFleet) -> grpc.aio.Channel:
        return channel(self.port, self.authority, self.authority.issue(gateway_identity(gateway, ""), client=True))

    def publish(self, gateway: GatewayFleet, size: int, edition: str = "1") -> None:
        large = xds.resource(xds.CLUSTER, "c", edition.encode().ljust(size, b"x"))
        self.fleet.publish(xds.snapshot(gateway, [large]))

    def state(self, gateway: GatewayFleet) -> tuple[int, int]:
        """Return what is kept of strange names, and of streams that are lost."""
        fleet = self.fleet._fleets[gateway]
        return fleet.shared.strangers.spent, fleet.left_open.size


@asynccontextmanager
async def rig(replicas: int | None = 0) -> AsyncIterator[Rig]:
    authority, fleet = Authority(), WatchedFleet()
    shown = certificates(authority)
    listener = TlsListener(host="127.0.0.1", port=0, certificates=lambda: shown)
    server = AdsServer(fleet, (listener,), replicas=lambda _: replicas)
    await server.start()
    try:
        port = int(server.addresses[0].rpartition(":")[2])
        found = Rig(fleet=fleet, server=server, port=port, authority=authority)
        for gateway in (EVIL, VICTIM):
            found.publish(gateway, 10)
        yield found
    finally:
        await server.stop()


def asking(*names: str, node_id: str = "test", url: str = xds.CLUSTER) -> bytes:
    request = discovery.DeltaDiscoveryRequest(node={"id": node_id}, type_url=url, resource_names_subscribe=names)
    return request.SerializeToString()


async def refused(call: grpc.aio.StreamStreamCall) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await read_all(call)
    return caught.value


async def taken(call: grpc.aio.StreamStreamCall) -> bytes:
    """Read a response and acknowledge it."""
    async with asyncio.timeout(DEADLINE):
        data: bytes = await call.read()
    nonce = discovery.DeltaDiscoveryResponse.FromString(data).nonce
    await call.write(discovery.DeltaDiscoveryRequest(type_url=xds.CLUSTER, response_nonce=nonce).SerializeToString())
    return data


async def begun(it: grpc.aio.Channel, node_id: str = "test") -> grpc.aio.StreamStreamCall:
    """Open a stream that has its first response."""
    call = it.stream_stream(DELTA)()
    await call.write(asking(node_id=node_id))
    assert await taken(call)
    return call


@pytest.mark.parametrize("method", [DELTA, SOTW])
async def test_long_words_about_itself_end_a_stream_and_nothing_of_them_is_kept(method: str) -> None:
    async with rig() as it, it.connect(EVIL) as client:
        kind = discovery.DeltaDiscoveryRequest if method == DELTA else discovery.DiscoveryRequest
        for size in (NODE_BYTES + 1, 15_000_000):
            call = client.stream_stream(method)()
            await call.write(kind(node={"id": "x" * size}, type_url=xds.CLUSTER).SerializeToString())
            error = await refused(call)
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert error.details() == f"node.id: {size} bytes; at most {NODE_BYTES} are allowed"
        await it.fleet.until(lambda: not it.fleet.proxies(EVIL))
        assert it.state(EVIL) == (0, 0)


async def test_names_that_nobody_has_are_bounded_for_all_streams_of_a_gateway_and_no_other() -> None:
    async with AsyncExitStack() as stack:
        it = await stack.enter_async_context(rig())
        client, victim = [await stack.enter_async_context(it.connect(gateway)) for gateway in (EVIL, VICTIM)]
        calls = [client.stream_stream(DELTA)() for _ in range(4)]
        for number, call in enumerate(calls):
            names = (f"{number}-{index}".ljust(900, "x") for index in range(9_000))
            await call.write(asking(*names, url=xds.ROUTE))
        errors = [await refused(call) for call in calls[3:]]
        assert [error.code() for error in errors] == [grpc.StatusCode.RESOURCE_EXHAUSTED]
        assert "names that the Gateway does not have" in str(errors[0].details())
        assert await begun(victim)
        for call in calls[:3]:
            call.cancel()
        await it.fleet.until(lambda: not it.fleet.proxies(EVIL))
        spent, left_open = it.state(EVIL)
        assert spent == 0
        assert left_open < 1_000_000


async def test_the_streams_of_a_certificate_are_counted_before_a_byte_is_taken() -> None:
    async with AsyncExitStack() as stack:
        it = await stack.enter_async_context(rig(replicas=0))
        client, victim = [await stack.enter_async_context(it.connect(gateway)) for gateway in (EVIL, VICTIM)]
        calls = [await begun(client, str(number)) for number in range(SPARE_STREAMS)]
        for method in (DELTA, SOTW, STATUS):
            call = client.stream_stream(method)()
            error = await refused(call)  # nothing was written
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "20 streams of this Gateway are open" in str(error.details())
        assert it.fleet.ended == 3 * [EndedStream(gateway=EVIL, node="", cause=Cause.EXHAUSTED)]
        assert await begun(victim)
        calls[0].cancel()
        await it.fleet.until(lambda: len(it.fleet.proxies(EVIL)) < SPARE_STREAMS)
        assert await begun(client)


async def test_clients_that_do_not_read_delay_nobody_of_another_gateway() -> None:
    """Sixty of them, each with 8 MiB to take: by order and count, since a machine of tests may be slow."""
    async with AsyncExitStack() as stack:
        it = await stack.enter_async_context(rig(replicas=None))
        it.publish(EVIL, LARGE, "large")
        for number in range(60):
            client = await stack.enter_async_context(it.connect(EVIL))
            await client.stream_stream(DELTA)().write(asking(node_id=str(number)))
        await it.fleet.until(lambda: len(it.fleet.proxies(EVIL)) == 60)
        victim = await begun(await stack.enter_async_context(it.connect(VICTIM)))
        loop = asyncio.get_running_loop()
        for edition in range(5):
            start = loop.time()
            it.publish(VICTIM, 375_000, str(edition))
            assert len(await taken(victim)) > 375_000
            # Who waits for a turn of the others waits for two seconds, and 60 of them for fifteen.
            assert loop.time() - start < TURN_SECONDS


async def test_a_stream_that_takes_no_response_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ads_server, "STALLED_SECONDS", 0.2)
    async with rig() as it, it.connect(EVIL) as client:
        it.publish(EVIL, LARGE, "large")
        call = client.stream_stream(DELTA)()
        await call.write(asking())
        await it.fleet.until(lambda: len(it.fleet.proxies(EVIL)) == 1)
        await it.fleet.until(lambda: it.fleet.proxies(EVIL) == ())
        assert it.state(EVIL)[0] == 0
        assert it.fleet.ended == [EndedStream(gateway=EVIL, node="test", cause=Cause.STALLED)]
        async with asyncio.timeout(DEADLINE):
            assert len(await call.read()) > LARGE  # late, and then it hears why
        error = await refused(call)
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert str(error.details()).startswith("response: not taken for ")
        it.publish(EVIL, 10, "small")
        assert await begun(client)


@asynccontextmanager
async def stoppable(port: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Pass connections on to a port; once the event is set, pass nothing on, nor hang up."""
    stopped, over = asyncio.Event(), asyncio.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not stopped.is_set():
                    writer.write(data)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(theirs, writer), pump(reader, ours))
        over.set()

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as relay:
        yield relay.sockets[0].getsockname()[1], stopped
        async with asyncio.timeout(DEADLINE):
            await over.wait()


async def test_who_says_nothing_to_what_it_was_sent_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dict(ads_server._OPTIONS)["grpc.http2.ping_timeout_ms"] == SILENT_SECONDS * 1000 == 60_000
    quicker = {**dict(ads_server._OPTIONS), "grpc.keepalive_time_ms": 1_000, "grpc.http2.ping_timeout_ms": 500}
    monkeypatch.setattr(ads_server, "_OPTIONS", tuple(quicker.items()))
    monkeypatch.setattr(ads_server, "SILENT_SECONDS", 0.2)
    async with rig() as it, stoppable(it.port) as (port, stopped), it.connect(EVIL) as other:
        authority = it.authority
        pair = authority.issue(gateway_identity(EVIL, ""), client=True)
        async with channel(port, authority, pair) as client:
            call = await begun(client, "stopped")
            answered = await begun(other, "other")
            stopped.set()
            it.publish(EVIL, 10, "2")
            assert await taken(answered)
            await it.fleet.until(lambda: [each.node_id for each in it.fleet.proxies(EVIL)] == ["other"])
            answered.cancel()
            await it.fleet.until(lambda: it.fleet.proxies(EVIL) == ())
            assert it.fleet.ended == [EndedStream(gateway=EVIL, node="stopped", cause=Cause.SILENT)]
            call.cancel()


async def test_silent_connections_keep_nobody_out_and_are_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dict(ads_server._OPTIONS)["grpc.server_handshake_timeout_ms"] == HANDSHAKE_MILLISECONDS == 10_000
    shorter = {**dict(ads_server._OPTIONS), "grpc.server_handshake_timeout_ms": 1_000}
    monkeypatch.setattr(ads_server, "_OPTIONS", tuple(shorter.items()))
    async with rig() as it, it.connect(VICTIM) as client:
        # Half of them say nothing at all, half begin a TLS record.
        silent = [await asyncio.open_connection("127.0.0.1", it.port) for _ in range(400)]
        for _, writer in silent[::2]:
            writer.write(b"\x16\x03\x01\x02\x00")
        assert await begun(client)
        async with asyncio.timeout(DEADLINE):
            for reader, writer in silent:
                with suppress(ConnectionError):
                    await reader.read()
                writer.close()
        assert await begun(client)


async def test_a_client_that_refuses_in_a_tight_loop_is_read_slowly_and_delays_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_pace, "REQUEST_BURST", 10 * REQUEST_NACK)
    async with rig() as it, it.connect(EVIL) as client, it.connect(VICTIM) as other:
        call, victim = await begun(client), await begun(other)
        loop = asyncio.get_running_loop()
        start, nacks = loop.time(), 0

        async def refuse_all() -> None:
            """Ask for everything again with each refusal, as fast as answers come."""
            nonlocal nacks
            asking_again = {"type_url": xds.CLUSTER, "resource_names_subscribe": ["*"]}
            await call.write(discovery.DeltaDiscoveryRequest(**asking_again).SerializeToString())
            while True:
                nonce = discovery.DeltaDiscoveryResponse.FromString(await call.read()).nonce
                nack = discovery.DeltaDiscoveryRequest(**asking_again, response_nonce=nonce)
                nack.error_detail.message = "no"
                await call.write(nack.SerializeToString())
                nacks += 1

        refusing = asyncio.create_task(refuse_all())
        while loop.time() < start + 2 * 10 * REQUEST_NACK / REQUESTS_A_SECOND:
            it.publish(VICTIM, 10, str(nacks) + str(loop.time()))
            assert await taken(victim)
        spent = 10 * REQUEST_NACK + (loop.time() - start) * REQUESTS_A_SECOND
        refusing.cancel()
        assert 5 < nacks <= spent / REQUEST_NACK + 2
        call.cancel()
        await it.fleet.until(lambda: not it.fleet.proxies(EVIL))  # one that is not read is let go at once


async def test_connections_without_a_stream_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dict(ads_server._OPTIONS)["grpc.max_connection_idle_ms"] == IDLE_MILLISECONDS == 30_000
    shorter = {**dict(ads_server._OPTIONS), "grpc.max_connection_idle_ms": 200}
    monkeypatch.setattr(ads_server, "_OPTIONS", tuple(shorter.items()))
    async with rig() as it, AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(it.connect(EVIL)) for _ in range(10)]
        busy = await stack.enter_async_context(it.connect(VICTIM))
        call = await begun(busy)
        async with asyncio.timeout(DEADLINE):
            for client in idle:
                client.get_state(try_to_connect=True)
                while client.get_state() is not grpc.ChannelConnectivity.READY:
                    await client.wait_for_state_change(client.get_state())
            for client in idle:
                await client.wait_for_state_change(grpc.ChannelConnectivity.READY)
        it.publish(VICTIM, 10, "2")
        assert await taken(call)


def test_nobody_is_hung_up_on_who_waits_for_the_event_loop() -> None:
    options = dict(ads_server._OPTIONS)
    bounds = [options[f"grpc.server.max_pending_requests{end}"] for end in ("", "_hard_limit")]
    assert bounds == [STREAMS_IN_ALL, STREAMS_IN_ALL]


async def test_all_streams_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ads_server, "STREAMS_IN_ALL", 3)
    async with rig() as it, it.connect(EVIL) as client:
        calls = [await begun(client, str(number)) for number in range(3)]
        assert (await refused(client.stream_stream(DELTA)())).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        calls[0].cancel()
        await it.fleet.until(lambda: len(it.fleet.proxies(EVIL)) < 3)
        assert await begun(client)
