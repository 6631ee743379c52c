"""A zone goes away, and comes back, under a closed loop: proxies there go elsewhere, and no request is lost."""

from __future__ import annotations

from conformance.scenarios import manifests
from conformance.scenarios.judged import NOT_FOUND, answer, judged
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure
from conformance.scenarios.world import SHOP, World

_HOST = "store.example"
_TURNS = 20
_AMONG = 50
"""Requests for each turn, at least."""
_HERE, _THERE = ("near", "east"), ("far", "west")


async def zones(world: World) -> tuple[Figure, ...]:
    """Take the endpoints of the proxies' own zone away, and give them back."""
    await world.install(replicas=2)
    await world.echoes(_HERE[0], _THERE[0])
    address = await gateway_in(world, _HERE[1])
    near, far = [await _slice(world, *each) for each in (_HERE, _THERE)]
    done = 0
    async with judged(world, f"{address}:80", show=lambda: f"{done} of {_TURNS} turns") as loop:
        target = await loop.ask(_HOST, NOT_FOUND)
        await loop.expect(target, answer("store", _HERE[0]))
        await world.put(_service(), near, far, manifests.route(SHOP, "store", [_HOST], "store"))
        await loop.arrived(target)
        for _ in range(_TURNS):
            await loop.expect(target, answer("store", _THERE[0]))
            await world.delete(near)
            await loop.arrived(target)
            await loop.expect(target, answer("store", _HERE[0]))
            await world.put(near)
            await loop.arrived(target)
            done += 1
        await loop.asked_for(_TURNS * _AMONG)
    return (
        *loop.figures(at_least=_TURNS * _AMONG),
        Figure(what="times that the zone went away and came back", value=done, at_least=_TURNS),
    )


async def gateway_in(world: World, zone: str) -> str:
    """Make a Gateway whose proxies are in a zone, and return its address."""
    item = manifests.gateway(SHOP, "gateway")
    item["spec"]["infrastructure"] = {"labels": {"topology.kubernetes.io/zone": zone}}
    await world.put(item)
    return await world.gateway_address(item)


def _service() -> Object:
    """Return a Service that prefers the zone of its clients; its slices are written here."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": SHOP, "name": "store"},
        "spec": {"trafficDistribution": "PreferClose", "ports": [{"name": "web", "port": 80}]},
    }


async def _slice(world: World, name: str, zone: str) -> Object:
    """Return a slice with the Pods of a Deployment, as if they were in a zone."""
    addresses = [pod.address for pod in await world.pods(SHOP, f"app={name}")]
    item = manifests.endpoint_slice(SHOP, f"store-{name}", "store", addresses, port="web")
    for each in item["endpoints"]:
        each["zone"] = zone
    return item
