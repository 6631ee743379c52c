"""The control planes that are compared in a cluster, and what each of them uses of the machine."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.peers import envoygateway
from bench.process import Usage, usage
from conformance.scenarios import manifests
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A control plane with one replica: how to install it, and where it and its Envoys are.

    `words` are part of the command line of its process alone. `proxies` and `pods` are (namespace, label selector).
    """

    name: str
    gateway_class: str
    install: Callable[[World], Awaitable[None]]
    words: bytes
    pods: tuple[str, str]
    proxies: tuple[str, str]


async def _gatewayd(world: World) -> None:
    await world.install(replicas=1)


PLANES: Mapping[str, Plane] = {
    each.name: each
    for each in (
        Plane(
            name="gatewayd",
            gateway_class="gatewayd",
            install=_gatewayd,
            words=b"-m gatewayd.run.replica",
            pods=(layout.NAMESPACE, "app.kubernetes.io/name=gatewayd"),
            proxies=(SHOP, f"gateway.networking.k8s.io/gateway-name={GATEWAY}"),
        ),
        Plane(
            name="envoy-gateway",
            gateway_class=envoygateway.GATEWAY_CLASS,
            install=envoygateway.install,
            words=b"envoy-gateway server",
            pods=(envoygateway.NAMESPACE, "control-plane=envoy-gateway"),
            proxies=(envoygateway.NAMESPACE, f"{envoygateway.GATEWAY_LABEL}={GATEWAY}"),
        ),
    )
}


class Running:
    """A control plane that is installed in the cluster of this run."""

    def __init__(self, world: World, plane: Plane) -> None:
        self.world = world
        self.plane = plane
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Tell whoever waits how far this is."""
        print(f"  {time.monotonic() - self._began:6.1f} s  {self.plane.name}: {text}", file=sys.stderr, flush=True)

    async def gateway(self) -> str:
        """Make the Gateway, wait until it is Programmed and answers 404; return its address."""
        world, item = self.world, manifests.gateway(SHOP, GATEWAY)
        item["spec"]["gatewayClassName"] = self.plane.gateway_class
        await world.put(item)
        return await world.gateway_address(item)

    async def control_plane(self) -> PodHandle:
        """Return the control plane's Pod."""
        return (await self.world.pods(*self.plane.pods))[0]

    async def proxy(self) -> PodHandle:
        """Return the Pod of the Gateway's Envoy."""
        return (await self.world.pods(*self.plane.proxies))[0]

    async def usage(self) -> Usage:
        """Return what the control plane has used since its start."""
        return usage(_largest((await self.control_plane()).processes(self.plane.words)))

    async def proxy_process(self) -> int:
        """Return the process of the Gateway's Envoy."""
        return _largest(_envoys(await self.proxy()))

    async def proxy_usage(self) -> Usage:
        """Return what the Gateway's Envoy has used since its start."""
        return usage(await self.proxy_process())

    async def kill(self) -> None:
        """End the control plane's process without a warning; its Pod starts another one."""
        os.kill(_largest((await self.control_plane()).processes(self.plane.words)), signal.SIGKILL)

    async def roll_proxy(self) -> None:
        """Roll the Deployment of the Gateway's Envoy: a new Pod comes, then the old one goes."""
        where, selector = self.plane.proxies
        await self.world.kubectl("rollout", "restart", "deployment", "--namespace", where, "--selector", selector)
        await self.world.kubectl("rollout", "status", "deployment", "--namespace", where, "--selector", selector)

    async def kill_proxy(self) -> None:
        """End Envoy's process without a warning; its Pod starts another one."""
        os.kill(await self.proxy_process(), signal.SIGKILL)


async def installed(world: World, plane: Plane) -> Running:
    """Install a control plane and the namespace of the Gateway."""
    await world.put(manifests.namespace(SHOP))
    await plane.install(world)
    return Running(world, plane)


def _envoys(pod: PodHandle) -> Iterator[int]:
    for process in pod.processes(b"envoy"):
        with suppress(OSError):
            if Path(f"/proc/{process}/exe").readlink().name == "envoy":
                yield process


def _largest(processes: Iterator[int]) -> int:
    """Return the process with the most memory: shells that started it have its words in their command lines too."""
    return max(processes, key=lambda process: usage(process).rss)
