"""What a control plane takes from an Envoy waits for connections at the agent, and what it gives does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest_asyncio
from envoy.service.discovery.v3 import discovery_pb2 as pb

from gatewayd.ads.relay.relay import Relay
from gatewayd.ads.relay.removals import HeldRemovals, Removal
from gatewayd.ads.stream_messages import ADS_SERVICE
from gatewayd.ir.mesh import NodeRedirect
from gatewayd.xds.resource import CLUSTER, LISTENER, ROUTE, SCOPED_ROUTE, TypeUrl

DEADLINE = 10.0
METHOD = "DeltaAggregatedResources"
WEB, OTHER = "15001/10.96.0.10:80", "15001/10.96.0.11:80"


class ControlPlane:
    """Says what the test says, on the one stream that it has."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.asked: asyncio.Queue[pb.DeltaDiscoveryRequest] = asyncio.Queue()
        self.says: asyncio.Queue[pb.DeltaDiscoveryResponse] = asyncio.Queue()
        self._channel: grpc.aio.Channel | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = grpc.aio.server()
        method = grpc.stream_stream_rpc_method_handler(self._serve)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(ADS_SERVICE, {METHOD: method}),))
        server.add_insecure_port(f"unix:{self._socket}")
        await server.start()
        try:
            yield
        finally:
            await server.stop(0)

    async def _serve(self, requests: AsyncIterator[bytes], context: Any) -> None:
        async def hear() -> None:
            async for data in requests:
                self.asked.put_nowait(pb.DeltaDiscoveryRequest.FromString(data))

        hearing = asyncio.create_task(hear())
        try:
            while True:
                await context.write((await self.says.get()).SerializeToString())
        finally:
            hearing.cancel()

    async def channel(self) -> grpc.aio.Channel:
        self._channel = grpc.aio.insecure_channel(f"unix:{self._socket}")
        return self._channel

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()


class Redirects:
    """Whoever is led to the Envoy no more has time until `gate` is set."""

    def __init__(self) -> None:
        self.led: list[frozenset[str]] = []
        self.gate = asyncio.Event()

    async def redirect(self, redirects: frozenset[NodeRedirect], recalled: frozenset[NodeRedirect]) -> None:
        del recalled
        self.led.append(frozenset(each.address for each in redirects))

    async def let_go(self) -> None:
        await self.gate.wait()

    def ended(self) -> None:
        return


class Between:
    """An Envoy that has WEB, the agent's relay, and a control plane."""

    def __init__(self, plane: ControlPlane, redirects: Redirects, call: Any) -> None:
        self.plane, self.redirects = plane, redirects
        self._call = call
        self._number = 0

    async def ask(self, **fields: Any) -> None:
        """Have the Envoy say something, and wait until the control plane has heard it."""
        await self._call.write(pb.DeltaDiscoveryRequest(**fields).SerializeToString())
        assert (await self.heard()).type_url == fields["type_url"]

    async def heard(self) -> pb.DeltaDiscoveryRequest:
        """Return what the control plane hears next."""
        async with asyncio.timeout(DEADLINE):
            return await self.plane.asked.get()

    async def told(self) -> tuple[list[str], list[str], str]:
        """Return what the Envoy gets next: names, names that it loses, the nonce."""
        async with asyncio.timeout(DEADLINE):
            message = pb.DeltaDiscoveryResponse.FromString(await self._call.read())
        return [each.name for each in message.resources], list(message.removed_resources), message.nonce

    def say(self, url: TypeUrl, *names: str, gone: tuple[str, ...] = ()) -> str:
        """Have the control plane say something; return the nonce."""
        self._number += 1
        resources = [pb.Resource(name=name) for name in names]
        message = pb.DeltaDiscoveryResponse(
            type_url=url, nonce=str(self._number), resources=resources, removed_resources=gone
        )
        self.plane.says.put_nowait(message)
        return message.nonce

    async def acknowledged(self, nonce: str) -> None:
        """Expect that the control plane hears of that next."""
        assert (await self.heard()).response_nonce == nonce


@pytest_asyncio.fixture
async def between(tmp_path: Path) -> AsyncIterator[Between]:
    plane, redirects = ControlPlane(tmp_path / "xds"), Redirects()
    relay = Relay(plane, redirects)
    async with plane.serving():
        await relay.start(tmp_path / "x")
        async with grpc.aio.insecure_channel(f"unix:{tmp_path / 'x'}") as envoy:
            call = envoy.stream_stream(f"/{ADS_SERVICE}/{METHOD}")()
            made = Between(plane, redirects, call)
            for url, name in ((LISTENER, "tcp-15001"), (SCOPED_ROUTE, WEB), (ROUTE, WEB)):
                await made.ask(type_url=url, initial_resource_versions={name: "1"})
            yield made
            call.cancel()
        await relay.stop()


async def test_what_is_given_again_waits_until_it_was_taken_and_nothing_of_another_type_does() -> None:
    gone, free = list[bytes](), asyncio.Event()

    async def pass_on(data: bytes) -> None:
        gone.append(data)

    async with asyncio.TaskGroup() as group:
        held = HeldRemovals(group, pass_on)
        held.start(Removal(type_url=ROUTE, names=frozenset({WEB}), data=b"web"), free.wait())
        given = ((ROUTE, WEB), (ROUTE, OTHER), (SCOPED_ROUTE, WEB))
        again, *others = (
            group.create_task(held.before(pb.DeltaDiscoveryResponse(type_url=url, resources=[pb.Resource(name=name)])))
            for url, name in given
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [each.done() for each in (again, *others)] == [False, True, True]
        assert (held.are_under_way, gone) == (True, [])
        free.set()
        await again
        assert (held.are_under_way, gone) == (False, [b"web"])


async def test_what_is_new_does_not_wait_for_what_goes(between: Between) -> None:
    await between.acknowledged(between.say(SCOPED_ROUTE, gone=(WEB,)))
    assert between.redirects.led == [{"10.96.0.10"}, set()]
    between.say(SCOPED_ROUTE, OTHER)
    assert (await between.told())[0] == [OTHER]
    # What goes with it waits behind it, of whatever type it is.
    await between.acknowledged(between.say(ROUTE, gone=(WEB,)))
    await between.acknowledged(between.say(CLUSTER, gone=("shop/web",)))
    between.say(CLUSTER, "shop/other")
    assert (await between.told())[0] == ["shop/other"]
    between.redirects.gate.set()
    assert [(await between.told())[1] for _ in range(3)] == [[WEB], [WEB], ["shop/web"]]


async def test_what_comes_again_comes_after_it_has_gone(between: Between) -> None:
    await between.acknowledged(between.say(SCOPED_ROUTE, gone=(WEB,)))
    between.say(SCOPED_ROUTE, WEB)
    between.redirects.gate.set()
    _, gone, nonce = await between.told()
    assert gone == [WEB]
    # The control plane has heard of it already.
    await between.ask(type_url=SCOPED_ROUTE, response_nonce=nonce)
    names, _, nonce = await between.told()
    assert names == [WEB]
    await between.ask(type_url=SCOPED_ROUTE, response_nonce=nonce)
    assert between.redirects.led == [{"10.96.0.10"}, set(), {"10.96.0.10"}]


async def test_what_comes_with_what_goes_does_not_wait_either(between: Between) -> None:
    nonce = between.say(SCOPED_ROUTE, OTHER, gone=(WEB,))
    assert await between.told() == ([OTHER], [], nonce)
    await between.ask(type_url=SCOPED_ROUTE, response_nonce=nonce)
    between.redirects.gate.set()
    assert await between.told() == ([], [WEB], f"{nonce}/removed")


async def test_what_nobody_is_led_to_goes_as_it_is(between: Between) -> None:
    nonce = between.say(CLUSTER, gone=("shop/web",))
    assert await between.told() == ([], ["shop/web"], nonce)
