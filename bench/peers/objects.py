"""Many routes, Services and EndpointSlices, made and deleted in the cluster of a run; the same for every peer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

from conformance.scenarios import manifests
from conformance.scenarios.manifests import GATEWAY_API, Object
from conformance.scenarios.world import SHOP, World

_AT_ONCE = 16
_SEED = 1
# kube-proxy leaves these alone (KEP-2447): nobody asks their addresses, and its work would only disturb.
_UNPROXIED = {"service.kubernetes.io/service-proxy-name": "nobody"}
_OWN = ("route-", "service-")
KINDS = ((GATEWAY_API, "HTTPRoute"), ("v1", "Service"), ("discovery.k8s.io/v1", "EndpointSlice"))


def host(number: int) -> str:
    """Return the host of a route."""
    return f"route-{number}.example"


def route(number: int, services: int, *, says: str = "") -> Object:
    """Return a route; each has a host of its own, and one of so many Services."""
    name = f"route-{number}"
    return manifests.route(SHOP, name, [host(number)], f"service-{number % services}", says=says or name)


def service(number: int) -> Object:
    """Return a Service without a selector, whose EndpointSlice is written by `endpoints`, and without an address.

    The API server counts all addresses that are taken and free each time it gives or takes one: of 10 s in which it
    made Services 6 went there, and more with each Service. Who asks the Pods needs no such address.
    """
    item = manifests.service(SHOP, f"service-{number}", {})
    del item["spec"]["selector"]
    item["spec"]["clusterIP"] = "None"
    item["metadata"]["labels"] = _UNPROXIED
    return item


def endpoints(number: int, *addresses: str) -> Object:
    """Return the EndpointSlice of a Service."""
    name = f"service-{number}"
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": SHOP, "name": name, "labels": {"kubernetes.io/service-name": name, **_UNPROXIED}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [each], "conditions": {"ready": True}} for each in addresses],
        "ports": [{"port": manifests.ECHO_PORT}],
    }


def dice() -> random.Random:
    """Return the one seeded source of chance."""
    return random.Random(_SEED)  # noqa: S311 - reproducible, not secret


def anywhere(source: random.Random) -> str:
    """Return an address that nobody has."""
    return f"10.245.{source.randrange(256)}.{source.randrange(1, 255)}"


async def make(world: World, items: Iterable[Object]) -> None:
    """Create objects, some at a time."""
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await world.api.create(manifests.path(item).rpartition("/")[0], item)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())


async def delete_all(world: World) -> None:
    """Delete all routes, Services and EndpointSlices of this module one by one, as their owners do."""
    for version, kind in KINDS:
        found = await world.api.get(manifests.collection(version, kind, SHOP))
        present = (each["metadata"]["name"] for each in found["items"])
        names = iter([name for name in present if name.startswith(_OWN)])

        async def work(names: Iterable[str] = names, version: str = version, kind: str = kind) -> None:
            for name in names:
                await world.api.delete(f"{manifests.collection(version, kind, SHOP)}/{name}")

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
