"""Clients that are slow, and clients that bring much along: what is over is skipped, what they have is theirs."""

import asyncio
import time
from contextlib import AsyncExitStack

from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.xds import resource as xds
from tests.feature.ads_rig import DEADLINE
from tests.feature.test_ads_access import DELTA
from tests.feature.test_ads_limits import EVIL, LARGE, VICTIM, begun, rig, taken

EDITIONS = 20
RESOURCES = 50_000
STREAMS = 5
QUIET_SECONDS = 0.3


async def test_a_slow_reader_gets_the_newest_and_nothing_of_what_was_in_between() -> None:
    async with rig() as it, it.connect(EVIL) as slow, it.connect(VICTIM) as other:
        call, quick = await begun(slow), await begun(other)
        for edition in range(EDITIONS):
            it.publish(EVIL, LARGE, f"slow-{edition}-")
            it.publish(VICTIM, 10, f"quick-{edition}-")
            async with asyncio.timeout(DEADLINE):
                assert f"quick-{edition}-".encode() in await taken(quick)
        seen = []
        last = f"slow-{EDITIONS - 1}-".encode()
        while not seen or last not in seen[-1]:
            seen.append((await taken(call))[:200])
        assert len(seen) <= 2


async def test_fifty_thousand_that_are_brought_along_are_not_sent_again() -> None:
    async with rig() as it, it.connect(EVIL) as client:
        items = [
            xds.resource(xds.ENDPOINT, f"namespace/service-{number}/80/http1", b"x") for number in range(RESOURCES)
        ]
        it.fleet.publish(xds.snapshot(EVIL, items))
        request = discovery.DeltaDiscoveryRequest(
            node={"id": "test"},
            type_url=xds.ENDPOINT,
            resource_names_subscribe=[item.name for item in items],
            initial_resource_versions={item.name: item.version for item in items},
        ).SerializeToString()
        assert len(request) > 4 * 2**20  # what gRPC allows by default
        for _ in range(STREAMS):
            call = client.stream_stream(DELTA)()
            await call.write(request)
            await it.fleet.until(lambda: bool(it.fleet.proxies(EVIL)))
            sent = b""
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    sent = await call.read()
            except TimeoutError:
                pass
            assert discovery.DeltaDiscoveryResponse.FromString(sent).resources == []
            call.cancel()
            await it.fleet.until(lambda: not it.fleet.proxies(EVIL))
        changed = [xds.resource(xds.ENDPOINT, items[0].name, b"y"), *items[1:]]
        call = client.stream_stream(DELTA)()
        await call.write(request)
        it.fleet.publish(xds.snapshot(EVIL, changed))
        async with asyncio.timeout(DEADLINE):
            response = discovery.DeltaDiscoveryResponse.FromString(await call.read())
        assert [each.name for each in response.resources] == [items[0].name]
        call.cancel()


HERD, CONNECTIONS = 300, 30
HERD_SECONDS = 20.0
"""For all of it, with the clients in the same process; the server's part is a second."""


async def test_a_herd_that_comes_back_at_once_is_sent_nothing_and_delays_nobody_else() -> None:
    """Three hundred streams over thirty connections, each of which brings along all that it has."""
    async with rig(replicas=100) as it, AsyncExitStack() as stack:
        items = [xds.resource(xds.ENDPOINT, f"namespace/service-{number}/80/http1", b"x") for number in range(2_000)]
        it.fleet.publish(xds.snapshot(EVIL, items))
        request = discovery.DeltaDiscoveryRequest(
            node={"id": "test"},
            type_url=xds.ENDPOINT,
            resource_names_subscribe=[item.name for item in items],
            initial_resource_versions={item.name: item.version for item in items},
        ).SerializeToString()
        quick = await begun(await stack.enter_async_context(it.connect(VICTIM)))
        channels = [await stack.enter_async_context(it.connect(EVIL)) for _ in range(CONNECTIONS)]
        calls = [channels[number % CONNECTIONS].stream_stream(DELTA)() for number in range(HERD)]
        longest = 0.0

        async def edit() -> None:
            nonlocal longest
            for edition in range(1_000):
                began = time.monotonic()
                it.publish(VICTIM, 10, f"quick-{edition}-")
                assert f"quick-{edition}-".encode() in await taken(quick)
                longest = max(longest, time.monotonic() - began)
                await asyncio.sleep(0)

        edits = asyncio.create_task(edit())
        async with asyncio.timeout(HERD_SECONDS):
            await asyncio.gather(*(call.write(request) for call in calls))
            await it.fleet.until(lambda: len(it.fleet.proxies(EVIL)) == HERD)
            await it.fleet.until(lambda: all(each.is_synced for each in it.fleet.proxies(EVIL)))
        edits.cancel()
        await asyncio.gather(edits, return_exceptions=True)
        assert 0.0 < longest < 1.0
        assert it.fleet.cost(EVIL).entries == 0
        for call in calls:
            call.cancel()
