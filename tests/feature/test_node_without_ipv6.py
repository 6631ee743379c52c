"""A node whose proxy cannot listen on IPv6, in a cluster whose Services have it: what is for IPv4 is led there."""

import socket
from pathlib import Path

import pytest

from conformance.harness.node_network import has_ipv6, lacking
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import PRODUCER_PORT
from tests.feature.node_rig import VIP6, Node, node, route

WHY = lacking() or ("" if has_ipv6() else "no IPv6 here")
pytestmark = [pytest.mark.envoy, pytest.mark.skipif(bool(WHY), reason=WHY)]


async def taken(found: Node) -> socket.socket:
    """Return a socket that has the proxy's port of IPv6: a kernel without any refuses that with other words."""
    return await found.network.node.listening("::", PRODUCER_PORT)


@pytest.mark.asyncio
async def test_what_is_for_ipv4_is_led_there(tmp_path: Path) -> None:
    async with node(tmp_path) as found:
        with await taken(found):
            found.apply(route("shop", "one"))
            await found.start_what_is_gone()
            await found.until_answered("shop", "one")
            [proxy] = found.fleet.proxies(MESH_FLEET)
            assert [each.names for row in proxy.types for each in row.rejections] == [("tcp6-15001",)]
            assert VIP6 not in await found.table()
            assert await found.answered("shop", address=VIP6) == "plain"
