"""Clients that are slow, and clients that bring much along: what is over is skipped, what they have is theirs."""

import asyncio

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
