"""An autoscaler sets how many Envoys a Gateway has, under load: no request fails, and gatewayd never writes the number.

Nobody plays the HorizontalPodAutoscaler's part in this cluster: gatewayd makes the object, and the scenario writes what
its controller would, through the scale subresource, as that controller does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from conformance.scenarios import manifests
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.ir.infrastructure import object_name
from gatewayd.own_group import MANAGER

_LEAST, _MOST = 2, 6
_STEPS = (4, _MOST, 4, _LEAST)
_HOLD_SECONDS = 3.0
"""How long each number stays, for whoever would change it."""
_NAME = object_name(SHOP, "gateway")
_DEPLOYMENT = f"/apis/apps/v1/namespaces/{SHOP}/deployments/{_NAME}"


@dataclass(slots=True)
class _Seen:
    """What the Deployment said whenever somebody looked; `asked` is what the autoscaler asked for last, and before."""

    asked: set[int] = field(default_factory=lambda: {_LEAST})
    looks: int = 0
    others: int = 0
    ours: int = 0
    most: int = 0


async def autoscaling(world: World) -> tuple[Figure, ...]:
    """Scale from two to six and back as an autoscaler would; look at the number all the time."""
    await world.install()
    await world.echoes("echo")
    wanted = {"autoscaling": f"{{min: {_LEAST}, max: {_MOST}, cpu: 70}}"}
    item = manifests.gateway(SHOP, "gateway", parameters="proxies")
    await world.put(manifests.config_map(SHOP, "proxies", wanted), item)
    address = await world.gateway_address(item)
    autoscaler = (await world.kubectl("-n", SHOP, "get", "hpa", "-o", "name")).split()
    await _scale(world, _LEAST)
    targets = await stable_routes(world, 5, "echo")
    await until_right(world, address, targets)
    seen = _Seen()
    async with meanwhile(_watch(world, seen)), load(world, f"{address}:80", targets, rate=300) as running:
        for number in _STEPS:
            seen.asked.add(number)
            await _scale(world, number)
            seen.asked = {number}
            await asyncio.sleep(_HOLD_SECONDS)
    return (
        *running.figures(),
        Figure(what="HorizontalPodAutoscalers that gatewayd has made", value=len(autoscaler), at_least=1, at_most=1),
        Figure(what="ready Envoys, most", value=seen.most, at_least=_MOST),
        Figure(what="looks at the Deployment", value=seen.looks, at_least=100),
        none_of("looks at which it had another number than the autoscaler asked for", seen.others),
        none_of("looks at which gatewayd had written the number", seen.ours),
    )


async def _scale(world: World, number: int) -> None:
    """Ask for so many Envoys, and wait until there are as many, all of them ready."""
    await world.kubectl("-n", SHOP, "scale", f"deployment/{_NAME}", f"--replicas={number}")

    async def are_there() -> bool:
        pods = await world.proxies()
        return len(pods) == number and all(each.ready for each in pods)

    await world.until(are_there, f"{number} Envoys are there")


async def _watch(world: World, seen: _Seen) -> None:
    while True:
        deployment = await world.api.get(_DEPLOYMENT)
        seen.looks += 1
        seen.others += deployment["spec"]["replicas"] not in seen.asked
        seen.ours += any(map(_has_the_number, deployment["metadata"].get("managedFields", ())))
        seen.most = max(seen.most, sum(each.ready for each in await world.proxies()))
        await asyncio.sleep(0.05)


def _has_the_number(managed: dict[str, Any]) -> bool:
    """Return whether an entry of `managedFields` says that gatewayd has written how many replicas there are."""
    is_ours = str(managed.get("manager", "")).startswith(MANAGER)
    return is_ours and "f:replicas" in managed.get("fieldsV1", {}).get("f:spec", {})
