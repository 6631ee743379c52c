"""Programmed=True means that clients get there: a ready pod has the port when it is said."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from statistics import median

from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import SHOP, World
from gatewayd.ir.infrastructure import object_name

_GATEWAYS = 20
_LISTENERS = 8
_FIRST_PORT = 9000
_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """What somebody met who waited for Programmed and connected at once."""

    had_endpoint: bool
    refusals: int
    seconds: float


async def programmed(world: World) -> tuple[Figure, ...]:
    """Make Gateways, and listeners of one that runs; connect as soon as each is Programmed."""
    await world.install()
    gate = asyncio.Semaphore(_AT_ONCE)
    fresh = await asyncio.gather(*(_fresh(world, f"fresh-{number}", gate) for number in range(_GATEWAYS)))
    added = [await _added(world, "fresh-0", number + 1) for number in range(_LISTENERS)]
    return (*_figures("fresh Gateways", fresh), *_figures("added listeners", added))


def _figures(what: str, waits: list[_Wait]) -> tuple[Figure, ...]:
    took = [each.seconds * 1000 for each in waits]
    return (
        Figure(what=what, value=len(waits), at_least=1),
        none_of(
            f"{what}: Programmed before a ready endpoint had the port", sum(not each.had_endpoint for each in waits)
        ),
        Figure(
            what=f"{what}: refused at once, until the node's proxy knew", value=sum(each.refusals > 0 for each in waits)
        ),
        Figure(what=f"{what}: Programmed to first connection, median", value=median(took), unit="ms"),
        Figure(what=f"{what}: Programmed to first connection, longest", value=max(took), unit="ms", at_most=2000),
    )


async def _fresh(world: World, name: str, gate: asyncio.Semaphore) -> _Wait:
    async with gate:
        await world.put(manifests.gateway(SHOP, name))
        await world.kubectl("-n", SHOP, "wait", "--for=condition=Programmed", f"gateway/{name}", "--timeout=60s")
        return await _connected(world, name, 80)


async def _added(world: World, name: str, count: int) -> _Wait:
    """Add the `count`-th listener to a Gateway that runs, and wait until that one is Programmed."""
    ports = [_FIRST_PORT + number for number in range(count)]
    listeners = [{"name": f"p{port}", "port": port, "protocol": "HTTP"} for port in ports]
    item = manifests.gateway(SHOP, name, manifests.http_listener(), *listeners)
    await world.put(item)

    async def is_programmed() -> bool:
        status = (await world.api.get(manifests.path(item))).get("status", {})
        return any(
            each["name"] == f"p{ports[-1]}"
            and any(cond["type"] == "Programmed" and cond["status"] == "True" for cond in each["conditions"])
            for each in status.get("listeners", ())
        )

    await world.until(is_programmed, f"listener p{ports[-1]} is Programmed")
    return await _connected(world, name, ports[-1])


async def _connected(world: World, name: str, port: int) -> _Wait:
    """Connect until it works, beginning now; look as well whether the Service has a ready endpoint by now."""
    began = time.monotonic()
    status = (await world.api.get(manifests.path(manifests.gateway(SHOP, name))))["status"]
    looking = asyncio.create_task(_has_endpoint(world, name, port))
    refusals = 0
    while not await _accepts(status["addresses"][0]["value"], port):
        refusals += 1
        if time.monotonic() > began + 30:
            raise TimeoutError(f"{name}:{port} accepts no connection")
        await asyncio.sleep(0.002)
    seconds = time.monotonic() - began
    return _Wait(had_endpoint=await looking, refusals=refusals, seconds=seconds)


async def _accepts(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _has_endpoint(world: World, name: str, port: int) -> bool:
    service = object_name(SHOP, name)
    path = manifests.collection("discovery.k8s.io/v1", "EndpointSlice", SHOP)
    found = await world.api.get(f"{path}?labelSelector=kubernetes.io/service-name={service}")
    return any(
        endpoint["conditions"].get("ready") and any(each["port"] == port for each in item.get("ports") or ())
        for item in found["items"]
        for endpoint in item.get("endpoints") or ()
    )
