"""One replica of two is cut off from the API server and from all proxies: the other one carries on alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from conformance.scenarios import manifests
from conformance.scenarios.cases.restart import from_scratch
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.packets import packet_table
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.replica_pair import PORTS, first_write, late_writes, leads, replica_pair, work, writes
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Target, load, stable_routes, target, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_SECONDS = 60.0
_EDITS = 10
_ENVOYS = 2
_IN_A_ROW = 20
"""Right answers of one host on new connections, which the Envoys take by chance."""


async def partition(world: World) -> tuple[Figure, ...]:
    """Cut the leader off under load, edit routes meanwhile, and let it come back."""
    async with replica_pair(world) as stands:
        await world.echoes("other")
        address = await _two_envoys(world)
        targets = await stable_routes(world, 2 * _EDITS, "echo")
        await until_right(world, address, targets)
        lost, heir = await leads(world)
        [pod] = await world.control_plane(lost)
        async with load(world, f"{address}:80", targets[_EDITS:], rate=100) as running, meanwhile(work(world)):
            moment = time.time()
            async with _cut_off(pod, PORTS[lost]):
                edited = await _edited(world, "other")
                taken_over = await first_write(world, stands[heir], moment)
                served = await _served_by_all(world, address, edited)
                await asyncio.sleep(max(0.0, _SECONDS - (time.time() - moment)))
            healed = time.time()
            hears = await _heard(world, pod)
            served_again = await _served_by_all(world, address, await _edited(world, "echo"))
        mine, theirs = writes(stands[lost], moment), writes(stands[heir], moment)
        return (
            *running.figures(),
            Figure(what="the leader cut off: another writes after", value=taken_over, unit="s", at_most=15),
            none_of("writes by two at once", late_writes(mine, theirs)),
            none_of(
                "writes of the one that was cut off after it was healed", sum(each.began > healed for each in mine)
            ),
            Figure(what="routes edited meanwhile: all proxies serve them after", value=served, unit="s", at_most=90),
            Figure(what="healed: it hears of what it missed after", value=hears, unit="s", at_most=90),
            Figure(what="routes edited then: all proxies serve them after", value=served_again, unit="s", at_most=30),
            *await from_scratch(world),
        )


async def _two_envoys(world: World) -> str:
    """Give the Gateway as many Envoys as there are replicas; return its address."""
    item = manifests.gateway(SHOP, "gateway", parameters="proxies")
    await world.put(manifests.config_map(SHOP, "proxies", {"replicas": str(_ENVOYS)}), item)

    async def are_ready() -> bool:
        return sum(each.ready for each in await world.proxies()) == _ENVOYS

    await world.until(are_ready, f"{_ENVOYS} Envoys are ready")
    return await world.gateway_address(item)


@asynccontextmanager
async def _cut_off(pod: PodHandle, api_port: int) -> AsyncIterator[None]:
    """Drop all between a replica and the API server, and between it and proxies, both ways, without a word.

    The kubelet reaches it as before, so that it stays ready and nobody is kept from it.
    """
    chains = f"""\
  chain to_api {{ type filter hook prerouting priority -310; ip saddr {pod.address} tcp dport {api_port} drop; }}
  chain from_api {{ type filter hook output priority -310; ip daddr {pod.address} tcp sport {api_port} drop; }}
  chain proxies {{
    type filter hook forward priority 0;
    ip daddr {pod.address} tcp dport {layout.XDS_PORT} drop
    ip saddr {pod.address} tcp sport {layout.XDS_PORT} drop
  }}
"""
    async with packet_table("partition", chains):
        yield


async def _edited(world: World, backend: str) -> list[Target]:
    """Lead the first routes to another backend; return what is right from now on."""
    names = [f"stable-{number}" for number in range(_EDITS)]
    for name in names:
        await world.put(manifests.route(SHOP, name, [f"{name}.example"], backend))
    return [target(f"{name}.example", routes=[name], backends=[backend]) for name in names]


async def _served_by_all(world: World, address: str, targets: Sequence[Target]) -> float:
    """Wait until every Envoy gives the right answers; return the seconds."""
    return await until_right(world, address, targets, within=120, in_a_row=_IN_A_ROW)


async def _heard(world: World, pod: PodHandle) -> float:
    """Wait until a replica gives the same as all others; return the seconds."""
    others = [each for each in await world.control_plane() if each.name != pod.name]

    async def is_equal() -> bool:
        hashes = [
            {
                name: value
                for name, value in (await world.metrics(each)).items()
                if name.startswith("gatewayd_config_hash")
            }
            for each in (pod, *others)
        ]
        return bool(hashes[0]) and all(each == hashes[0] for each in hashes)

    return await world.until(is_equal, f"{pod.name} gives what the others give", within=120)
