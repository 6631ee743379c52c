"""From `kubectl apply` of a Gateway and a route to the first right answer through an Envoy that is made for it."""

from __future__ import annotations

import time
from statistics import median

import yaml

from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP, World

_TIMES = 5


async def provisioning(world: World) -> tuple[Figure, ...]:
    """Make several Gateways, one after the other."""
    await world.install()
    await world.echoes("echo")
    took = [await _once(world, f"gateway-{number}") for number in range(_TIMES)]
    print(f"  seconds: {[round(each, 2) for each in took]}")
    return (
        Figure(what="apply to first right answer, median", value=median(took), unit="s", at_most=5),
        Figure(what="apply to first right answer, worst", value=max(took), unit="s", at_most=5),
        Figure(what="Gateways", value=_TIMES),
    )


async def _once(world: World, name: str) -> float:
    host = f"{name}.example"
    items = (manifests.gateway(SHOP, name), manifests.route(SHOP, name, [host], "echo", parent=name))
    text = yaml.safe_dump_all(items)
    began = time.monotonic()
    await world.kubectl("apply", "-f", "-", stdin=text)

    async def answers() -> bool:
        found = await world.api.get(manifests.path(items[0]))
        addresses = found.get("status", {}).get("addresses") or ()
        if not addresses:
            return False
        status, said, pod = await asked(addresses[0]["value"], host)
        return status == 200 and said == name and pod.startswith("echo-")

    await world.until(answers, f"{host} answers")
    return time.monotonic() - began
