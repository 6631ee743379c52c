"""`python -m tests.feature.harness.agent_process NODE ADDRESSES CONTROL-PLANE API-SERVER SOCKET [closed] [source]`.

The agent of a node as `gatewayd.run.agent` makes it, but for its control plane and API server, which are here.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.agent import OfThisMachine
from gatewayd.kube.client import KubeClient
from gatewayd.run.node_agent import NodeAgent, SteeredNode
from gatewayd.run.process import until_terminated
from gatewayd.telemetry import logs
from tests.fakes.api_server import access


def main(name: str, addresses: str, control_plane: str, api_server: str, socket: str, *how: str) -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[KubeClient]:
        client = KubeClient(access(api_server))
        try:
            yield client
        finally:
            await client.close()

    async def steer() -> None:
        node = SteeredNode(
            name=name,
            addresses=tuple(addresses.split(",")),
            fails_open="closed" not in how,
            keeps_source="source" in how,
        )
        agent = NodeAgent(node, OfThisMachine(Path(control_plane)), connect)
        await until_terminated(agent.run(Path(socket)))

    logs.configure("info", logs.destination_for(sys.stderr, None))
    asyncio.run(steer())


if __name__ == "__main__":
    main(*sys.argv[1:])
