"""`python -m bench.agent CONTROL-PLANE SOCKET`: the agent of a node as `gatewayd agent` is it.

Its control plane is a socket of this machine. It asks no API server: no route of what is measured is a consumer's.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import grpc

from conformance.harness.node_network import NODE_ADDRESS, Namespace
from gatewayd.ads.relay.upstream import CHANNEL_OPTIONS
from gatewayd.kube.client import KubeClient
from gatewayd.run.memory import tune_allocator
from gatewayd.run.node_agent import NodeAgent, SteeredNode
from gatewayd.run.process import until_terminated


class OfThisMachine:
    """The control plane of this machine, at its Unix socket: who may open that may speak to it."""

    def __init__(self, path: Path) -> None:
        self._channel = grpc.aio.insecure_channel(f"unix:{quote(str(path.absolute()))}", options=CHANNEL_OPTIONS)

    async def channel(self) -> grpc.aio.Channel:
        """Return the channel."""
        return self._channel

    async def close(self) -> None:
        """Close it."""
        await self._channel.close()


@asynccontextmanager
async def running_agent(node: Namespace, control_plane: Path, socket: Path) -> AsyncIterator[int]:
    """Run an agent in the network of a node, and give its process id; an Envoy asks again until it listens."""
    command = node.command(sys.executable, "-m", "bench.agent", str(control_plane), str(socket))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _no_api_server() -> AsyncIterator[KubeClient]:
    raise AssertionError("nobody is a consumer")
    yield


async def _steer(control_plane: Path, socket: Path) -> None:
    node = SteeredNode(name="bench", addresses=(NODE_ADDRESS,), fails_open=True)
    agent = NodeAgent(node, OfThisMachine(control_plane), _no_api_server)
    await until_terminated(agent.run(socket))


if __name__ == "__main__":
    tune_allocator()
    asyncio.run(_steer(*map(Path, sys.argv[1:])))
