"""Gateways that ask for addresses by where these can be reached from (Gateway API v1.7.0).

https://gateway-api.sigs.k8s.io/geps/gep-5093/
"""

from __future__ import annotations

from typing import Any

import yaml

from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP, World

_INSIDE = {"routability": "Cluster"}


async def routability(world: World) -> tuple[Figure, ...]:
    """Ask for an address of the cluster's own, for one beside another, and for what nobody knows."""
    await world.install()
    await world.echoes("echo")
    inside = await _answering(world, "inside", [_INSIDE])
    both = await _answering(world, "both", [_INSIDE, {"type": "IPAddress"}])
    unknown = await _refused(world, "unknown", [{"routability": "example.com/moon"}])
    return (
        Figure(what="addresses of a Gateway for the cluster alone, all routable there", value=inside, at_least=1),
        Figure(what="addresses of a Gateway for both", value=both, at_least=2),
        Figure(what="unknown routabilities refused by name", value=unknown, at_least=1),
    )


async def _answering(world: World, name: str, addresses: list[dict[str, str]]) -> int:
    """Return how many addresses the Gateway has; each must lead to its route, and be what was asked for."""
    gateway = await _made(world, name, addresses)
    found: list[dict[str, Any]] = []
    wanted = sum("routability" in each for each in addresses)

    async def answers() -> bool:
        found[:] = (await world.api.get(manifests.path(gateway))).get("status", {}).get("addresses") or ()
        inside = sum(each.get("routability") == "Cluster" for each in found)
        if len(found) < len(addresses) or inside != wanted:
            return False
        said = [await asked(each["value"], f"{name}.example") for each in found]
        return all(status == 200 and route == name and pod.startswith("echo-") for status, route, pod in said)

    await world.until(answers, f"{name} answers on all its addresses")
    return len(found)


async def _refused(world: World, name: str, addresses: list[dict[str, str]]) -> int:
    """Return how many conditions of the Gateway name the routability that nobody knows."""
    gateway = await _made(world, name, addresses)
    said: list[str] = []

    async def refuses() -> bool:
        conditions = (await world.api.get(manifests.path(gateway))).get("status", {}).get("conditions") or ()
        said[:] = [each["message"] for each in conditions if "example.com/moon" in each["message"]]
        return bool(said)

    await world.until(refuses, f"{name} is refused")
    return len(said)


async def _made(world: World, name: str, addresses: list[dict[str, str]]) -> manifests.Object:
    gateway = manifests.gateway(SHOP, name)
    gateway["spec"]["addresses"] = addresses
    items = (gateway, manifests.route(SHOP, name, [f"{name}.example"], "echo", parent=name))
    await world.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(items))
    return gateway
