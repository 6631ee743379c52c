"""What runs for a Gateway goes on, whatever is wrong with what is wanted; and somebody else may say how much of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Target, load, target, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout
from gatewayd.ir.infrastructure import object_name

_CLASS = "edge"
_OWN = manifests.config_map(SHOP, "proxies", {"replicas": "1"})
_OF_CLASS = manifests.config_map(layout.NAMESPACE, "edge", {"maxReplicas": "4"})
_SECONDS = 3.0
"""How long each mistake lasts: a deletion used to come within a fifth of a second."""
_NAME = object_name(SHOP, "gateway")
_DEPLOYMENT = f"/apis/apps/v1/namespaces/{SHOP}/deployments/{_NAME}"
_SERVICE = f"/api/v1/namespaces/{SHOP}/services/{_NAME}"


def _gateway(protocol: str = "HTTP") -> Object:
    listener = {"name": "http", "port": 80, "protocol": protocol}
    item = manifests.gateway(SHOP, "gateway", listener, parameters=_OWN["metadata"]["name"])
    item["spec"]["gatewayClassName"] = _CLASS
    return item


def _with(item: Object, data: Mapping[str, str]) -> Object:
    return {**item, "data": dict(data)}


async def mistakes(world: World) -> tuple[Figure, ...]:
    """Make one mistake after the other under load, and compare what is there."""
    address, wanted = await _begin(world)
    before = await _there(world)
    said: list[str] = []
    async with load(world, f"{address}:80", [wanted], rate=200) as running:
        await asyncio.sleep(0.5)
        await _while(world, said, _with(_OWN, {"resources": "{limits: {cpu: lots}}"}), _OWN)
        await _while(world, said, _with(_OWN, {"image": "evil.example/envoy:1"}), _OWN)
        await _while(world, said, _with(_OWN, {"replicas": "5"}), _OWN)
        await _without(world, said, _OWN)
        of_class = manifests.gateway_class(_CLASS, _OF_CLASS)
        await world.put(_with(_OF_CLASS, {"maxReplicas": "many"}))
        await asyncio.sleep(_SECONDS)
        await world.put(_OF_CLASS)
        await world.delete(of_class)
        await world.kubectl("patch", "gatewayclass", _CLASS, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        await _told(world, said)
        await world.put(of_class)
        await world.condition(_gateway(), "Accepted")
    during = await _there(world)
    await world.put(_gateway("example.com/none"))
    await world.condition(_gateway(), "Accepted", "False")
    await asyncio.sleep(_SECONDS)
    await world.put(_gateway())
    await until_right(world, address, [wanted])
    return (
        *running.figures(),
        Figure(what="mistakes that Accepted told of", value=len(said), at_least=5),
        none_of("objects that were changed or made anew by mistakes", _changed(before, during)),
        none_of("objects that were made anew when no listener was valid", _anew(before, await _there(world))),
    )


async def _begin(world: World) -> tuple[str, Target]:
    """Serve a host through a Gateway with parameters of its own; return its address, and what it must answer."""
    await world.install()
    await world.echoes("echo")
    await world.put(_OF_CLASS, manifests.gateway_class(_CLASS, _OF_CLASS), _OWN, _gateway())
    address = await world.gateway_address(_gateway())
    wanted = target("kept.example", routes=["kept"], backends=["echo"])
    await world.put(manifests.route(SHOP, "kept", ["kept.example"], "echo"))
    await until_right(world, address, [wanted])
    return address, wanted


async def _while(world: World, said: list[str], wrong: Object, right: Object) -> None:
    await world.put(wrong)
    await _told(world, said)
    await world.put(right)
    await world.condition(_gateway(), "Accepted")


async def _without(world: World, said: list[str], item: Object) -> None:
    await world.delete(item)
    await _told(world, said)
    await world.put(item)
    await world.condition(_gateway(), "Accepted")


async def _told(world: World, said: list[str]) -> None:
    """Wait until the status tells of the mistake, and for as long as anything could come of it."""
    await world.condition(_gateway(), "Accepted", "False")
    conditions = (await world.api.get(manifests.path(_gateway())))["status"]["conditions"]
    said.append(next(each["message"] for each in conditions if each["type"] == "Accepted"))
    print(f"  {said[-1]}")
    await asyncio.sleep(_SECONDS)


async def _there(world: World) -> Mapping[str, Any]:
    deployment, service = await world.api.get(_DEPLOYMENT), await world.api.get(_SERVICE)
    pods = await world.proxies()
    return {
        "Deployment": (deployment["metadata"]["uid"], deployment["metadata"]["generation"]),
        "Service": (service["metadata"]["uid"], service["status"].get("loadBalancer")),
        "pods": sorted(each.uid for each in pods),
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    return sum(before[kind] != after[kind] for kind in before)


def _anew(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Count what is another object: that ports come back makes no new one."""
    same = [before["Deployment"][0] == after["Deployment"][0]]
    same += [before[kind] == after[kind] for kind in ("Service", "pods")]
    return same.count(False)


async def scaling(world: World) -> tuple[Figure, ...]:
    """Scale by hand, then by an autoscaler, under load."""
    await _begin(world)
    await world.put(_with(_OWN, {"replicas": "2"}))
    await _steady(world, 2)
    await world.put(_with(_OWN, {"replicas": "external"}))
    handed = await _steady(world, 2)
    await world.kubectl("-n", SHOP, "scale", f"deployment/{_NAME}", "--replicas=3")
    by_hand = await _steady(world, 3)
    await world.put(_with(_OWN, {"autoscaling": "{min: 4, max: 4, cpu: 70}"}))
    by_autoscaler = await _steady(world, 4)
    autoscalers = await world.kubectl("-n", SHOP, "get", "hpa", "-o", "name")
    await world.put(_with(_OWN, {"replicas": "1"}))
    await _steady(world, 1)
    left = await world.kubectl("-n", SHOP, "get", "hpa", "-o", "name")
    return (
        none_of("changes of the number after it was left to others", handed),
        none_of("changes of the number after kubectl scale", by_hand),
        none_of("changes of the number after the autoscaler", by_autoscaler),
        Figure(what="autoscalers", value=len(autoscalers.split()), at_least=1),
        none_of("autoscalers that are left", len(left.split())),
    )


async def _steady(world: World, replicas: int) -> int:
    """Wait until there are so many pods; return how often the number is another one in the seconds after."""

    async def has_them() -> bool:
        return bool((await world.api.get(_DEPLOYMENT))["spec"]["replicas"] == replicas)

    await world.until(has_them, f"{replicas} replicas are asked for")
    others = 0
    for _ in range(100):
        await asyncio.sleep(0.05)
        others += not await has_them()
    return others
