"""`gatewayd up` tells a rate limit service of its machine the limits of all policies, and again when they change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.rpc.rate_limit_config_pb2 import RateLimitConfig
from gatewayd.run.standalone import LIMITS_SOCKET
from gatewayd.xds.encoding import type_url
from tests.feature.harness.folder_run import folder_run

pytestmark = pytest.mark.envoy

DEADLINE = 20.0
POLICY = """
apiVersion: gatewayd.io/v1alpha1
kind: RoutePolicy
metadata: {name: fair, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Namespace}]
  default: {globalLimits: {limits: [{name: all, requests: 5, unit: Hour}]}}
"""


@asynccontextmanager
async def listening(socket: Path) -> AsyncIterator[Any]:
    """Ask as a rate limit service does; give what reads the next answer as requests by domain."""
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        await asyncio.wait_for(channel.channel_ready(), DEADLINE)
        calling = channel.stream_stream(
            "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
            request_serializer=discovery_pb2.DiscoveryRequest.SerializeToString,
            response_deserializer=discovery_pb2.DiscoveryResponse.FromString,
        )()
        await calling.write(discovery_pb2.DiscoveryRequest(type_url=type_url(RateLimitConfig())))

        async def read() -> dict[str, int]:
            response = await asyncio.wait_for(calling.read(), DEADLINE)
            configs = [RateLimitConfig.FromString(each.value) for each in response.resources]
            return {each.domain: each.descriptors[0].rate_limit.requests_per_unit for each in configs}

        yield read


async def test_a_service_is_told_and_told_again(folder: Path, runtime: dict[str, str]) -> None:
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    where = Path(runtime["XDG_RUNTIME_DIR"])
    async with folder_run(folder, where) as run:
        async with asyncio.timeout(DEADLINE):
            while True:
                if run.has_read:
                    break
                await asyncio.sleep(0.02)
        async with listening(run.runtime / LIMITS_SOCKET) as read:
            told = await read()
            # The first batch may be that of the surroundings, before the folder's.
            assert (told or await read()) == {"shop/fair": 5}
            (folder / "policy.yaml").write_text(POLICY.replace("requests: 5", "requests: 6"), encoding="utf-8")
            assert await read() == {"shop/fair": 6}
            (folder / "policy.yaml").unlink()
            assert await read() == {}
