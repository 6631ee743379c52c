"""A CRD is deleted under load and comes back: nothing else fails, and its routes are served again."""

from __future__ import annotations

import asyncio
import time

from conformance.harness.kubeapi import ApiError
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import asked, load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_CRD = f"{_CRDS}/tcproutes.gateway.networking.k8s.io"
_VERSION = "gateway.networking.k8s.io/v1alpha2"
_PATH = f"/apis/{_VERSION}/namespaces/{SHOP}/tcproutes"
_PORT = 9000
_TIMES = 2
_BACK_SECONDS = 10.0


async def crds(world: World) -> tuple[Figure, ...]:
    """Delete the CRD of TCPRoutes twice, and bring it and a route back."""
    await world.install()
    await world.echoes("echo")
    tcp = {"name": "tcp", "port": _PORT, "protocol": "TCP"}
    address = await world.gateway(manifests.http_listener(), tcp)
    targets = await stable_routes(world, 10, "echo")
    await until_right(world, address, targets)
    await world.api.create(_PATH, _route())
    await world.until(lambda: _serves(address), "the TCPRoute serves")
    before = await _starts(world)
    gone: list[float] = []
    back: list[float] = []
    async with load(world, f"{address}:80", targets, rate=100) as running:
        for _ in range(_TIMES):
            kept = await world.api.get(_CRD)
            began = time.monotonic()
            await world.api.delete(_CRD)
            await world.until(lambda: _serves_not(address), "the TCPRoute is gone")
            gone.append(time.monotonic() - began)
            await asyncio.sleep(2)
            await world.api.create(_CRDS, _anew(kept))
            await world.until(lambda: _made(world), "the TCPRoute can be made again")
            began = time.monotonic()
            await world.until(lambda: _serves(address), "the TCPRoute serves again")
            back.append(time.monotonic() - began)
    return (
        *running.figures(),
        Figure(what="CRD deleted to its routes gone, longest", value=max(gone), unit="s"),
        Figure(what="route made anew to served again, longest", value=max(back), unit="s", at_most=_BACK_SECONDS),
        none_of("replicas that ended", await _starts(world) - before),
    )


def _route() -> Object:
    return {
        "apiVersion": _VERSION,
        "kind": "TCPRoute",
        "metadata": {"namespace": SHOP, "name": "plain"},
        "spec": {
            "parentRefs": [{"name": "gateway", "sectionName": "tcp"}],
            "rules": [{"backendRefs": [{"name": "echo", "port": 80}]}],
        },
    }


def _anew(crd: Object) -> Object:
    """Return a CRD as it may be created again."""
    metadata = {name: crd["metadata"][name] for name in ("name", "annotations", "labels") if name in crd["metadata"]}
    return {**{name: crd[name] for name in ("apiVersion", "kind", "spec")}, "metadata": metadata}


async def _made(world: World) -> bool:
    """Make the route; the API server takes a while until it serves a kind that is new."""
    try:
        await world.api.create(_PATH, _route())
    except ApiError:
        return False
    return True


async def _serves(address: str) -> bool:
    return (await asked(f"{address}:{_PORT}", "any.example"))[0] == 200


async def _serves_not(address: str) -> bool:
    return (await asked(f"{address}:{_PORT}", "any.example"))[0] == 0


async def _starts(world: World) -> int:
    path = f"/api/v1/namespaces/{layout.NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=gatewayd"
    pods = (await world.api.get(path))["items"]
    return sum(state["restartCount"] for pod in pods for state in pod["status"].get("containerStatuses", ()))
