"""Proxies of a cluster whose pods have addresses of IPv6, alone or before IPv4: listeners, probes, backends."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from gatewayd.ir.environment import ANY_IPV6
from tests.feature.harness.echo import http_backend, tcp_backend
from tests.feature.harness.http1 import ask, connect
from tests.feature.harness.manifests import GATEWAY, TCP_LISTENER, http_route, service
from tests.feature.harness.ports import free_port, has_ipv6
from tests.feature.harness.world import HOME, World
from tests.feature.test_xds_accepts_edge import config
from tests.feature.xds_rig import rig, until

pytestmark = [
    pytest.mark.envoy,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback here"),
]

SIX = "::1"
FOUR = "127.0.0.1"
BASE = GATEWAY + TCP_LISTENER
TCP_ROUTE = http_route(
    "t",
    "- {backendRefs: [{name: raw, port: 80}]}",
    kind="TCPRoute",
    parent="name: edge, namespace: infra, sectionName: tcp",
)


@pytest_asyncio.fixture(loop_scope="module")
async def there(world: World) -> AsyncIterator[World]:
    """Let the world stand in such a cluster while a test runs."""
    await world.stand(replace(HOME, address=ANY_IPV6))
    yield world
    await world.stand(HOME)


@pytest.mark.parametrize("address", [SIX, FOUR])
async def test_a_listener_is_reached_by_either_family(there: World, address: str) -> None:
    backend = await there.stack.enter_async_context(http_backend("six", host=SIX))
    rules = "- {filters: [<route:r>], backendRefs: [{name: six, port: 80}]}"
    await there.apply(service("six", backend.port, host=SIX), http_route("r", rules, host="r.example"))

    assert (await ask(there.port("http"), host="r.example", address=address)).said == (200, "r", "six")


@pytest.mark.parametrize("address", [SIX, FOUR])
async def test_so_is_one_of_tcp(there: World, address: str) -> None:
    backend = await there.stack.enter_async_context(tcp_backend("raw"))
    await there.apply(service("raw", backend.port), TCP_ROUTE)

    connection = await connect(there.port("tcp"), address=address)
    assert await connection.reader.readline() == b"raw\n"
    await connection.close()


async def test_the_kubelet_reaches_the_probes(tmp_path: Path) -> None:
    port = free_port()
    async with rig(tmp_path, probes_port=port, probes_address=ANY_IPV6) as made:
        await made.apply(config())

        async def is_ready() -> bool:
            try:
                return (await ask(port, "/ready", address=SIX)).status == 200
            except ConnectionError:
                return False

        await until(is_ready)
        assert (await ask(port, "/ready", address=FOUR)).status == 200
