"""gatewayd's way to the API server is cut for two minutes, and the history that it would need is compacted away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from conformance.harness.addresses import ETCD_PORT
from conformance.scenarios import manifests
from conformance.scenarios.cases.restart import from_scratch
from conformance.scenarios.packets import packet_table
from conformance.scenarios.scenario import Figure
from conformance.scenarios.traffic import asked, load, stable_routes, target, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_SECONDS = 120.0
_FILL = 800
"""Changes of one kind that push what was before out of the API server's watch cache.

It has room for 100 events, and twice as many whenever it is full of events that are all younger than 75 s.
"""
_FRESH_SECONDS = 80.0
_CHANGED = 20


async def blackhole(world: World) -> tuple[Figure, ...]:
    """Cut, change things meanwhile, compact, heal, and look for what was missed."""
    await world.install()
    await world.echoes("echo", "other")
    address = await world.gateway()
    targets = await stable_routes(world, 3 * _CHANGED, "echo")
    await until_right(world, address, targets)
    kept = targets[2 * _CHANGED :]
    async with load(world, f"{address}:80", kept, rate=200) as running:
        async with _hole(world):
            began = time.monotonic()
            await _change(world)
            await asyncio.sleep(max(0.0, _FRESH_SECONDS - (time.monotonic() - began)))
            await _fill(world)
            await asyncio.sleep(max(0.0, _SECONDS - (time.monotonic() - began)))
            await _compact(int(await world.versions()))
            unseen = await asked(address, "new-0.example")
            lasted = time.monotonic() - began
        healed = await _healed(world, address)
        await asyncio.sleep(2)
    return (
        Figure(what="cut for", value=lasted, unit="s", at_least=_SECONDS),
        Figure(what="the cut was real: a new route answered 404", value=float(unseen[0] == 404), at_least=1),
        Figure(what="kinds listed anew because history was gone (410)", value=_listed_anew(world), at_least=1),
        *running.figures(),
        Figure(what="healed to all changes seen in traffic", value=healed, unit="s", at_most=30),
        *await from_scratch(world),
    )


@asynccontextmanager
async def _hole(world: World) -> AsyncIterator[None]:
    """Drop everything between gatewayd's Pods and the API server, both ways, without a word."""
    pods = ", ".join(each.address for each in await world.control_plane())
    chains = f"""\
  chain in {{ type filter hook prerouting priority -310; ip saddr {{ {pods} }} tcp dport {{ 443, 6443 }} drop; }}
  chain out {{ type filter hook output priority -310; ip daddr {{ {pods} }} tcp sport 6443 drop; }}
"""
    async with packet_table("hole", chains):
        yield


async def _change(world: World) -> None:
    """Move routes to another backend, take some away, make new ones."""
    for number in range(_CHANGED):
        await world.put(manifests.route(SHOP, f"stable-{number}", [f"stable-{number}.example"], "other"))
        await world.delete(manifests.route(SHOP, f"stable-{number + _CHANGED}", ["x"], "echo"))
        await world.put(manifests.route(SHOP, f"new-{number}", [f"new-{number}.example"], "other"))


async def _healed(world: World, address: str) -> float:
    """Wait until all of it is seen in traffic; return the seconds."""
    began = time.monotonic()
    names = [f"{kind}-{number}" for kind in ("stable", "new") for number in range(_CHANGED)]
    wanted = [target(f"{name}.example", routes=[name], backends=["other"]) for name in names]
    await until_right(world, address, wanted, within=60)
    for number in range(_CHANGED, 2 * _CHANGED):
        host = f"stable-{number}.example"

        async def is_gone(name: str = host) -> bool:
            return (await asked(address, name))[0] == 404

        await world.until(is_gone, f"{host} is gone")
    return time.monotonic() - began


async def _fill(world: World) -> None:
    """Push old events out of the API server's watch cache."""
    for number in range(_FILL):
        filler = manifests.route(SHOP, "filler", [f"filler-{number}.example"], "echo", parent="nobody")
        filler["metadata"]["labels"] = {"turn": f"{time.monotonic_ns()}"}
        await world.put(filler)


async def _compact(revision: int) -> None:
    """Compact etcd's history up to a revision: `etcdserverpb.CompactionRequest` with `revision` and `physical`."""
    digits = bytearray()
    while revision > 127:
        digits.append(revision & 127 | 128)
        revision >>= 7
    request = b"\x08" + bytes((*digits, revision)) + b"\x10\x01"
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ETCD_PORT}") as channel:
        await channel.unary_unary("/etcdserverpb.KV/Compact")(request)


def _listed_anew(world: World) -> int:
    files = (world.run.logs / "pods").glob(f"{layout.NAMESPACE}_*/**/*.log")
    return sum(file.read_text().count("listing again") for file in files)
