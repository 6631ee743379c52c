"""Secrets and ConfigMaps are read when somebody refers to them, whatever their type; a Service's port is renamed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from conformance.scenarios import manifests
from conformance.scenarios.certificates import Maker
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Target, load, target, until_right
from conformance.scenarios.world import SHOP, World

_HOST = "site.example"
_TURNS = 20
_MANY = 150
_LARGE = 900_000
_MIB = 1024 * 1024


async def contents(world: World) -> tuple[Figure, ...]:
    """Move a listener from Secret to Secret, fill the cluster with what nobody refers to, rename a port."""
    await world.install()
    await world.echoes("echo")
    maker = Maker(world.folder)
    await world.put(_opaque(maker, 0), manifests.route(SHOP, "site", [_HOST], "echo"))
    address = await world.gateway(manifests.http_listener(), _listener(0))
    plain = [target(_HOST, routes=["site"], backends=["echo"])]
    await until_right(world, address, plain)
    return (
        *await _moved(world, maker, address),
        *await _filled(world),
        *await _renamed(world, address, plain),
    )


def _opaque(maker: Maker, turn: int) -> Object:
    return {**maker.secret(SHOP, f"site-{turn}", _HOST), "type": "Opaque"}


def _listener(turn: int) -> Object:
    return manifests.https_listener(_HOST, f"site-{turn}")


async def _moved(world: World, maker: Maker, address: str) -> tuple[Figure, ...]:
    """Let the listener refer to another Secret again and again, under new TLS connections."""
    wanted = [target(_HOST, routes=["site"], backends=["echo"], scheme="https")]
    await asyncio.sleep(2)
    async with load(world, f"{address}:443", wanted, rate=100, fresh=1, ca=maker.authority) as running:
        for turn in range(1, _TURNS + 1):
            await world.put(_opaque(maker, turn))
            await world.put(manifests.gateway(SHOP, "gateway", manifests.http_listener(), _listener(turn)))
            await asyncio.sleep(1)
    seen = {each.serial for each in running.answers if each.serial}
    return (
        none_of("failed while the listener moved from Secret to Secret", len(running.wrong())),
        Figure(what="certificates of Secrets of type Opaque that clients saw", value=len(seen), at_least=_TURNS - 2),
    )


async def _filled(world: World) -> tuple[Figure, ...]:
    """Write what nobody refers to; return by how much the replicas have grown."""
    before = await _memory(world)
    text = "x" * _LARGE
    for number in range(_MANY):
        metadata = {"namespace": SHOP, "name": f"large-{number}"}
        await world.api.create(
            f"/api/v1/namespaces/{SHOP}/configmaps",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text}},
        )
        await world.api.create(
            f"/api/v1/namespaces/{SHOP}/secrets",
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"text": text}},
        )
    await asyncio.sleep(5)
    after = await _memory(world)
    what = f"replicas grow by {_MANY} ConfigMaps and {_MANY} Secrets of 0.9 MB, the one that grows most"
    grown = max(after[pod] - before[pod] for pod in after.keys() & before.keys())
    return (Figure(what=what, value=grown / _MIB, unit="MiB", at_most=20),)


async def _memory(world: World) -> dict[str, int]:
    """Return the resident bytes of each replica."""
    found = {}
    for pod in await world.control_plane():
        for process in pod.processes(b"-m gatewayd.run.replica"):
            found[pod.name] = _resident(process)
    return found


def _resident(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if "VmRSS" in line)


async def _renamed(world: World, address: str, plain: list[Target]) -> tuple[Figure, ...]:
    """Give the port of the Service another name ten times, under load."""
    path = f"/api/v1/namespaces/{SHOP}/services/echo"
    async with load(world, f"{address}:80", plain, rate=500) as running:
        for turn in range(10):
            await world.api.patch(path, {"spec": {"ports": [{"port": 80, "name": f"n{turn}"}]}})
            await asyncio.sleep(1)
    return (
        none_of("failed in 10 renames of the Service's port", len(running.wrong())),
        Figure(what="requests meanwhile", value=len(running.answers), at_least=1000),
    )
