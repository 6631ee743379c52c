"""What ended while no gatewayd ran is taken back by the next leader, and a class in use cannot be taken away."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import yaml

from conformance.harness.kubeapi import ApiError
from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout
from gatewayd.ir.infrastructure import object_name

_CLEAN_SECONDS = 30.0
_LOOK_SECONDS = 3.0
"""What the class's deletion takes away is taken away at once."""
_CLASSES = "/apis/gateway.networking.k8s.io/v1/gatewayclasses"
_FINALIZER = "gateway-exists-finalizer.gateway.networking.k8s.io"


async def leftovers(world: World) -> tuple[Figure, ...]:
    """Change everything that a leader must clean up while nobody leads."""
    await world.install()
    await world.echoes("echo")
    for name in ("stays", "leaves"):
        await world.gateway(name=name)
        await world.put(manifests.route(SHOP, f"of-{name}", [f"{name}.example"], "echo", parent=name))
    await world.until(lambda: _has_parent(world, "of-leaves"), "the routes are accepted")
    copy = _copy_of_service("stays")
    await world.put(copy)
    await _scale(world, 0)
    await world.put(_other_class())
    gateway = manifests.gateway(SHOP, "leaves")
    gateway["spec"]["gatewayClassName"] = "elsewhere"
    await world.put(gateway)
    await world.put(manifests.route(SHOP, "of-stays", ["stays.example"], "echo", parent="nobody"))
    began = time.monotonic()
    await _scale(world, 2)
    await world.elected()
    await world.until(lambda: _is_clean(world), "everything is taken back", within=_CLEAN_SECONDS)
    took = time.monotonic() - began
    return (
        Figure(what="leftovers are gone after replicas were started", value=took, unit="s", at_most=_CLEAN_SECONDS),
        none_of("objects of others that went along", not await _exists(world, manifests.path(copy))),
        none_of("objects in use that went along", 6 - len(await _objects(world, "stays"))),
    )


async def _scale(world: World, count: int) -> None:
    await world.kubectl("-n", layout.NAMESPACE, "scale", "deployment/gatewayd", f"--replicas={count}")
    await world.available(layout.NAMESPACE, "gatewayd")

    async def has_so_many() -> bool:
        return len(await world.control_plane()) == count

    await world.until(has_so_many, f"there are {count} replicas")


def _other_class() -> manifests.Object:
    return {
        "apiVersion": manifests.GATEWAY_API,
        "kind": "GatewayClass",
        "metadata": {"name": "elsewhere"},
        "spec": {"controllerName": "other.example/controller"},
    }


def _copy_of_service(gateway: str) -> manifests.Object:
    """Return a Service with our label that somebody made by hand."""
    found = manifests.service(SHOP, f"copy-of-{gateway}", {"app": "echo"})
    found["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "gatewayd"}
    return found


async def _exists(world: World, path: str) -> bool:
    try:
        await world.api.get(path)
    except ApiError:
        return False
    return True


async def _objects(world: World, gateway: str) -> list[str]:
    """Return which kinds of objects there are for a Gateway."""
    name = object_name(SHOP, gateway)
    core, apps = f"/api/v1/namespaces/{SHOP}", f"/apis/apps/v1/namespaces/{SHOP}"
    paths = (
        f"{apps}/deployments/{name}",
        f"{core}/services/{name}",
        f"{core}/configmaps/{name}",
        f"{core}/serviceaccounts/{name}",
        f"{core}/secrets/{name}-xds",
        f"/apis/policy/v1/namespaces/{SHOP}/poddisruptionbudgets/{name}",
    )
    return [path for path in paths if await _exists(world, path)]


async def _parents(world: World, name: str) -> list[Any]:
    found = await world.api.get(manifests.path(manifests.route(SHOP, name, [], "echo")))
    return list(found.get("status", {}).get("parents", ()))


async def _has_parent(world: World, name: str) -> bool:
    return bool(await _parents(world, name))


async def _is_clean(world: World) -> bool:
    entries = [*await _parents(world, "of-leaves"), *await _parents(world, "of-stays")]
    return not entries and not await _objects(world, "leaves")


async def class_in_use(world: World) -> tuple[Figure, ...]:
    """Delete the class of a Gateway that serves; then the Gateway."""
    await world.install()
    await world.echoes("echo")
    address = await world.gateway()
    targets = await stable_routes(world, 5, "echo")
    await until_right(world, address, targets)
    await world.until(lambda: _is_finalized(world), "the class has its finalizer")
    async with load(world, f"{address}:80", targets, rate=100) as running:
        await world.kubectl("delete", "gatewayclass", "gatewayd", "--wait=false")
        late = manifests.route(SHOP, "late", ["late.example"], "echo")
        await world.put(late)
        await world.until(lambda: _has_parent(world, "late"), "routes are accepted still")
        await until_right(world, address, targets)
        await asyncio.sleep(_LOOK_SECONDS)
    await world.delete(manifests.gateway(SHOP, "gateway"))

    async def is_gone() -> bool:
        return not await _exists(world, f"{_CLASSES}/gatewayd")

    took = await world.until(is_gone, "the class goes with its last Gateway")
    return (
        *running.figures(),
        Figure(what="the class goes after its last Gateway", value=took, unit="s", at_most=10),
        none_of("classes that stay for ever", await _unused_class_stays(world)),
    )


async def _is_finalized(world: World) -> bool:
    found = await world.api.get(f"{_CLASSES}/gatewayd")
    return _FINALIZER in found["metadata"].get("finalizers", ())


async def _unused_class_stays(world: World) -> int:
    """Make the class again without a Gateway, and delete it."""
    spec = {"controllerName": "gatewayd.io/controller"}
    item = _other_class() | {"metadata": {"name": "gatewayd"}, "spec": spec}
    await world.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(item))
    await world.kubectl("delete", "gatewayclass", "gatewayd", "--timeout=10s")
    return int(await _exists(world, f"{_CLASSES}/gatewayd"))
