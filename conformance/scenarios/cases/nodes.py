"""Gateways in the network of nodes: ports at the address of a node, and one proxy a node.

The cluster has one node, so that the second Gateway of the class has none until the first one is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import yaml

from conformance.harness.addresses import NODE_IP
from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP, World

_CLASS = "nodes"
_PORTS = {"first": 8088, "second": 8089}


async def nodes(world: World) -> tuple[Figure, ...]:
    """Ask a node at a listener's port, have a second Gateway refused, and let it have the node afterwards."""
    await world.install()
    await world.echoes("echo")
    parameters = manifests.config_map(
        "gatewayd-system", _CLASS, {"hostNetwork": "true", "workload": "DaemonSet", "serviceType": "ClusterIP"}
    )
    await world.put(parameters)
    await world.put(manifests.gateway_class(_CLASS, parameters))
    first = await _applied(world, "first")
    await world.until(_answering(world, first), "the first Gateway answers at the node")

    second = await _applied(world, "second")
    said: list[str] = []
    await world.until(_refused(world, second, said), "the second Gateway is told who has the node")
    unanswered = (await asked(f"{NODE_IP}:{_PORTS['second']}", "second.example"))[0]

    await world.kubectl("delete", "gateway", "first", "-n", SHOP, "--wait")
    await world.until(_answering(world, second), "the second Gateway answers at the node")
    return (
        Figure(what="Gateways that answered at a port of the node", value=2),
        Figure(what="refusals that name the Gateway which has the node", value=len(said), at_least=1),
        Figure(what="status of a request to who was refused, 0 for none", value=unanswered, at_most=0),
    )


async def _applied(world: World, name: str) -> manifests.Object:
    listener = {"name": "http", "port": _PORTS[name], "protocol": "HTTP"}
    gateway = manifests.gateway(SHOP, name, listener)
    gateway["spec"]["gatewayClassName"] = _CLASS
    items = (gateway, manifests.route(SHOP, name, [f"{name}.example"], "echo", parent=name))
    await world.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(items))
    return gateway


def _answering(world: World, gateway: manifests.Object) -> Callable[[], Awaitable[bool]]:
    """Return what says whether a Gateway has the address of the node, and answers there."""
    name = gateway["metadata"]["name"]

    async def answers() -> bool:
        found = (await world.api.get(manifests.path(gateway))).get("status", {}).get("addresses") or ()
        if [each["value"] for each in found] != [NODE_IP]:
            return False
        status, route, pod = await asked(f"{NODE_IP}:{_PORTS[name]}", f"{name}.example")
        return status == 200 and route == name and pod.startswith("echo-")

    return answers


def _refused(world: World, gateway: manifests.Object, said: list[str]) -> Callable[[], Awaitable[bool]]:
    """Return what says whether a Gateway is refused with the name of the first one."""

    async def refuses() -> bool:
        conditions = (await world.api.get(manifests.path(gateway))).get("status", {}).get("conditions") or ()
        said[:] = [
            each["message"]
            for each in conditions
            if (each["type"], each["status"], each["reason"]) == ("Accepted", "False", "InvalidParameters")
            and f'"{SHOP}/first"' in each["message"]
        ]
        return bool(said)

    return refuses
