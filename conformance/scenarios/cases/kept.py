"""What runs keeps running: wrong parameters change nothing, and a workload goes only after the one that replaces it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Target, load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.ir.infrastructure import object_name

_NOT_READY = "node.kubernetes.io/not-ready"
_SETTLE_SECONDS = 2.0


async def kept(world: World) -> tuple[Figure, ...]:
    """Give wrong parameters, none, and another workload to a Gateway under load."""
    await world.install()
    await world.echoes("echo")
    await world.put(_parameters({"replicas": "1"}))
    item = manifests.gateway(SHOP, "gateway")
    reference = {"group": "", "kind": "ConfigMap", "name": "parameters"}
    item["spec"]["infrastructure"] = {"parametersRef": reference}
    await world.put(item)
    await world.condition(item, "Programmed")
    address = await _address(world, item)
    targets = await stable_routes(world, 5, "echo")
    await until_right(world, address, targets)
    pods = {each.name for each in await world.proxies()}
    async with load(world, f"{address}:80", targets) as running:
        await _wrong(world, item)
    same = {each.name for each in await world.proxies()} == pods
    return (
        *running.figures(),
        none_of("Envoys that were replaced by wrong parameters", int(not same)),
        none_of("addresses that changed", int(await _address(world, item) != address)),
        *await _replaced(world, f"{address}:80", targets),
    )


def _parameters(data: dict[str, str]) -> manifests.Object:
    metadata = {"namespace": SHOP, "name": "parameters"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def _address(world: World, item: manifests.Object) -> str:
    return str((await world.api.get(manifests.path(item)))["status"]["addresses"][0]["value"])


async def _wrong(world: World, item: manifests.Object) -> None:
    """Break the parameters, repair them, take them away, and give them back; each until the Gateway says so."""
    await world.put(_parameters({"replicas": "1", "resources": "{limits: {cpu: lots}}"}))
    await world.condition(item, "Accepted", "False")
    await asyncio.sleep(_SETTLE_SECONDS)
    await world.put(_parameters({"replicas": "1"}))
    await world.condition(item, "Programmed")
    await world.delete(_parameters({}))
    await world.condition(item, "Accepted", "False")
    await asyncio.sleep(_SETTLE_SECONDS)
    await world.put(_parameters({"replicas": "1"}))
    await world.condition(item, "Programmed")


async def _replaced(world: World, address: str, targets: Sequence[Target]) -> tuple[Figure, ...]:
    """Let a DaemonSet take the Deployment's place, and back; look at every moment how many Envoys are ready."""
    await world.kubectl("taint", "nodes", "--all", f"{_NOT_READY}-")
    seen: list[int] = []
    async with _watching(world, seen), load(world, address, targets) as running:
        for workload in ("DaemonSet", "Deployment"):
            await world.put(_parameters({"workload": workload}))
            await world.until(partial(_only, world, workload), f"the {workload} alone is there")
    return (
        Figure(what="looks at the Envoys while workloads were replaced", value=len(seen), at_least=10),
        Figure(what="ready Envoys at the worst moment", value=min(seen), at_least=1),
        Figure(what="failed requests while workloads were replaced", value=len(running.wrong())),
    )


@asynccontextmanager
async def _watching(world: World, seen: list[int]) -> AsyncIterator[None]:
    async def look() -> None:
        while True:
            seen.append(sum(each.ready for each in await world.proxies()))
            await asyncio.sleep(0.02)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _only(world: World, kind: str) -> bool:
    """Return whether a workload of this kind is there, and none of the other."""
    name = object_name(SHOP, "gateway")
    there = set()
    for each, plural in (("Deployment", "deployments"), ("DaemonSet", "daemonsets")):
        found = await world.api.get(f"/apis/apps/v1/namespaces/{SHOP}/{plural}")
        if any(item["metadata"]["name"] == name for item in found["items"]):
            there.add(each)
    return there == {kind}
