"""A workload goes only after the one that takes its place: a Deployment becomes a DaemonSet, and the reverse."""

from __future__ import annotations

import asyncio
from functools import partial

from conformance.scenarios import manifests
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.scenario import Figure
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.ir.infrastructure import object_name


async def replacement(world: World) -> tuple[Figure, ...]:
    """Let a DaemonSet take a Deployment's place under load, and back; look all the time how many Envoys are ready."""
    await world.install()
    await world.echoes("echo")
    await world.put(_parameters("Deployment"))
    item = manifests.gateway(SHOP, "gateway", parameters="parameters")
    await world.put(item)
    address = await world.gateway_address(item)
    targets = await stable_routes(world, 5, "echo")
    await until_right(world, address, targets)
    seen: list[int] = []
    async with meanwhile(_watch(world, seen)), load(world, f"{address}:80", targets) as running:
        for workload in ("DaemonSet", "Deployment"):
            await world.put(_parameters(workload))
            await world.until(partial(_only, world, workload), f"the {workload} alone is there")
    return (
        Figure(what="looks at the Envoys", value=len(seen), at_least=10),
        Figure(what="ready Envoys at the worst moment", value=min(seen), at_least=1),
        Figure(what="requests", value=len(running.answers), at_least=1),
        # No bar: this cluster ends Envoys without their preStop hook, so that kept connections are cut.
        Figure(what="failed requests", value=len(running.wrong())),
    )


def _parameters(workload: str) -> manifests.Object:
    metadata = {"namespace": SHOP, "name": "parameters"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"workload": workload}}


async def _watch(world: World, seen: list[int]) -> None:
    while True:
        seen.append(sum(each.ready for each in await world.proxies()))
        await asyncio.sleep(0.02)


async def _only(world: World, kind: str) -> bool:
    """Return whether a workload of this kind is there, and none of the other."""
    name = object_name(SHOP, "gateway")
    there = set()
    for each, plural in (("Deployment", "deployments"), ("DaemonSet", "daemonsets")):
        found = await world.api.get(f"/apis/apps/v1/namespaces/{SHOP}/{plural}")
        if any(item["metadata"]["name"] == name for item in found["items"]):
            there.add(each)
    return there == {kind}
