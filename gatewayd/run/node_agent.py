"""The composition root of a node's agent: what its Envoy is told passes through, and the packet filter follows.

Builds the shells and runs them in one TaskGroup; decides nothing.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from gatewayd.ads.relay.relay import ControlPlane, Relay
from gatewayd.agent import kernel, source
from gatewayd.agent.envoy import bound, health
from gatewayd.agent.pods import NodePods
from gatewayd.agent.source import KeptSources
from gatewayd.agent.steering import Kernel, Steering
from gatewayd.infra.drain import FINISH_SECONDS, NODE_LINGER_SECONDS
from gatewayd.ir.backoff import Backoff
from gatewayd.ir.mesh import NODE_PROBES_PORT, NodeRedirect
from gatewayd.kube.client import KubeClient
from gatewayd.kube.reflector import Timing

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[KubeClient]]
"""Connects to the API server."""

ENVOY_ENDS_SECONDS: Final = NODE_LINGER_SECONDS + FINISH_SECONDS + 5
"""As long as an Envoy has that ends, and less than the kubelet leaves both."""
BEAT_SECONDS: Final = 1.0
"""How often the Envoy is asked whether it is alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteeredNode:
    """A node by its name, and its own addresses, of each family at most one.

    `fails_open`: without an Envoy pods reach Services as if there were no routes; otherwise they do not.
    `keeps_source`: its Envoy makes connections to backends with the addresses of pods.
    """

    name: str
    addresses: tuple[str, ...]
    fails_open: bool
    keeps_source: bool = False


class NodeAgent:
    """The agent of one node."""

    def __init__(self, node: SteeredNode, upstream: ControlPlane, connect: Connect) -> None:
        self._node = node
        self._connect = connect
        self._sources = _sources(node) if node.keeps_source else None
        apply = self._sources.apply if self._sources is not None else kernel.apply
        here = Kernel(apply=apply, found=kernel.found, bound=bound, clock=time.monotonic)
        self._steering = Steering(here, addresses=node.addresses, fails_open=node.fails_open)
        self._relay = Relay(upstream, self)
        self._pods = NodePods(self._pods_changed)
        self._timing = Timing(backoff=Backoff(first=0.2, longest=15.0), random=random.random)
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()
        self._redirected = asyncio.Event()

    async def run(self, socket: Path) -> None:
        """Serve the Envoy that asks at a socket, until cancelled; then take the redirects away."""
        if self._sources is None:
            await source.forget()  # of an agent before this one, whose Envoy is gone
        # An Envoy that is there already has the table made with its first words: by then it is known that it serves.
        await self._steering.beat(await health(NODE_PROBES_PORT))
        await self._relay.start(socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._beat(), name="beat")
                tasks.create_task(self._follow_pods(), name="pods")
                tasks.create_task(self._watch_pods(), name="pod watch")
        finally:
            await self._steering.end()
            if self._sources is not None:
                await self._sources.end()
            await self._relay.stop()

    async def redirect(self, redirects: frozenset[NodeRedirect], recalled: frozenset[NodeRedirect]) -> None:
        """Lead connections as the redirects say, from when this returns on."""
        await self._steering.redirect(redirects, recalled)
        self._redirected.set()

    async def let_go(self) -> None:
        """Return when what is led there no more may be taken from the Envoy."""
        await self._steering.let_go()

    def ended(self) -> None:
        """Look at once whether the Envoy is there whose stream has ended."""
        self._ended.set()

    def _pods_changed(self) -> None:
        self._changed.set()

    async def _beat(self) -> None:
        """Ask the Envoy again and again, and at once when its stream has ended."""
        while True:
            await self._steering.beat(await health(NODE_PROBES_PORT))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), BEAT_SECONDS)
            self._ended.clear()

    async def _follow_pods(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._steering.know_pods(self._pods.namespaces)

    async def _watch_pods(self) -> None:
        """Watch the node's pods for as long as it matters of which namespace they are."""
        while True:
            await self._until(consumers=True)
            async with self._connect() as client:
                watch = asyncio.create_task(self._pods.reflector(client, self._node.name, self._timing).run())
                try:
                    await self._until(consumers=False)
                finally:
                    watch.cancel()
                    await asyncio.wait({watch})
                    self._pods.forget()

    async def _until(self, *, consumers: bool) -> None:
        while self._steering.has_consumers is not consumers:
            self._redirected.clear()
            await self._redirected.wait()


def _sources(node: SteeredNode) -> KeptSources:
    return KeptSources(node.addresses, fails_open=node.fails_open, envoy_ends=ENVOY_ENDS_SECONDS)
