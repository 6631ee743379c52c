"""Three hundred Gateways with three thousand proxies, a leader that dies, a third deleted: others do not wait."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import time
from collections import Counter
from collections.abc import Iterable
from statistics import median

from conformance.scenarios import manifests, xdspki
from conformance.scenarios.edits import edits
from conformance.scenarios.judged import judged
from conformance.scenarios.model_proxies import PATIENCE, model_proxies
from conformance.scenarios.notebook import ACCOUNT, resident
from conformance.scenarios.scenario import Figure
from conformance.scenarios.world import World
from gatewayd.infra import layout

_CLASS = "crowd"
_NAMESPACES, _EACH, _PROXIES = 30, 10, 10
_GATEWAYS = _NAMESPACES * _EACH
_DELETED = _GATEWAYS // 3
_AT_ONCE = 10
_OTHERS = 1
"""Gateways beside the crowd: that of the shop."""
_MANAGED = "labelSelector=app.kubernetes.io/managed-by"
_MOST_WAIT = 5_000.0
"""Milliseconds until an edit of the shop is served: a Gateway of the crowd is some milliseconds of the same core."""


async def crowd(world: World) -> tuple[Figure, ...]:
    """Edit a route of one Gateway all the time, whatever the others do."""
    await world.install()
    await world.echoes("alpha", "beta", "gamma")
    address = await world.gateway()
    parameters = manifests.config_map(layout.NAMESPACE, _CLASS, {"replicas": "0", "serviceType": "ClusterIP"})
    await world.put(parameters, manifests.gateway_class(_CLASS, parameters))
    async with judged(world, f"{address}:80", show=str, connections=4) as loop:
        shop = await edits(world, loop)
        async with shop.going_on() as took:
            made = await _made(world)
            identities = await _identities(world)
            async with model_proxies(world, identities, count=_PROXIES * _GATEWAYS) as proxies:
                began = time.monotonic()
                await proxies.ask({"do": "connect"})
                cold = await proxies.ask({"do": "complete", "seconds": PATIENCE})
                connected = time.monotonic() - began
                memory = await resident(world)
                killed = await _killed(world)
                await proxies.ask({"do": "complete", "seconds": PATIENCE})
                deleted = await _deleted(world)
    writes = _status_writes(world.run.audit_log.read_text().splitlines())
    return (
        Figure(what="Gateways beside the one that is edited", value=len(identities), at_least=_GATEWAYS),
        Figure(what="all have what runs for them, and certificates, after", value=made, unit="s", at_most=120),
        Figure(what="proxies", value=cold["clients"], at_least=_PROXIES * _GATEWAYS),
        Figure(what="all of them have everything after", value=connected, unit="s", at_most=90),
        Figure(what="the leader killed: another Gateway runs after", value=killed, unit="s", at_most=45),
        Figure(what=f"{_DELETED} deleted: nothing of them runs after", value=deleted, unit="s", at_most=90),
        Figure(what="writes of a Gateway's status, most", value=max(writes.values()), at_most=8),
        Figure(what="edits of the shop meanwhile", value=len(took), at_least=20),
        Figure(what="an edit is served after, median", value=median(took), unit="ms"),
        Figure(what="an edit is served after, longest", value=max(took), unit="ms", at_most=_MOST_WAIT),
        Figure(what="resident memory of a replica, most", value=memory / 2**20, unit="MiB"),
        *loop.figures(at_least=1_000),
    )


def _names() -> list[tuple[str, str]]:
    return [(f"crowd-{where}", f"gateway-{number}") for where in range(_NAMESPACES) for number in range(_EACH)]


async def _made(world: World) -> float:
    """Make the crowd, each with a route; return the seconds until all that runs for them is there."""
    began = time.monotonic()
    for where in sorted({where for where, _ in _names()}):
        await world.put(manifests.namespace(where), manifests.service(where, "none", {"app": "nobody"}))
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(where: str, name: str) -> None:
        item = manifests.gateway(where, name)
        item["spec"]["gatewayClassName"] = _CLASS
        async with gate:
            await world.put(item, manifests.route(where, name, [f"{name}.{where}.example"], "none", parent=name))

    await asyncio.gather(*(one(*each) for each in _names()))
    await world.until(lambda: _run(world, _GATEWAYS + _OTHERS), "all Deployments are there", within=240)
    return time.monotonic() - began


async def _run(world: World, count: int) -> bool:
    """Return whether so many Gateways have a Deployment, a Service and a certificate."""
    await asyncio.sleep(0.5)
    kinds = ("apis/apps/v1/deployments", "api/v1/services", "api/v1/secrets")
    for kind in kinds:
        items = (await world.api.get(f"/{kind}?{_MANAGED}"))["items"]
        own = [each for each in items if each["metadata"]["namespace"] != layout.NAMESPACE]
        if len(own) != count:
            return False
    return True


async def _identities(world: World) -> list[xdspki.Credentials]:
    """Return the certificates of the crowd's proxies."""
    items = (await world.api.get(f"/api/v1/secrets?{_MANAGED}"))["items"]
    crowds = [each["data"] for each in items if each["metadata"]["namespace"].startswith("crowd-")]
    found = [{key: base64.b64decode(value) for key, value in data.items()} for data in crowds]
    return [
        xdspki.Credentials(certificate=each["tls.crt"], key=each["tls.key"], trust=each["ca.crt"]) for each in found
    ]


async def _killed(world: World) -> float:
    """Kill the leader; return the seconds until what a Gateway needs that is made then is there."""
    leader = await world.elected()
    began = time.monotonic()
    for pod in await world.control_plane():
        if pod.name == leader:
            pod.signal(signal.SIGKILL)
    item = manifests.gateway("crowd-0", "late")
    item["spec"]["gatewayClassName"] = _CLASS
    await world.put(item)
    await world.until(lambda: _run(world, _GATEWAYS + _OTHERS + 1), "the late Gateway's Deployment is there")
    return time.monotonic() - began


async def _deleted(world: World) -> float:
    """Delete a third; return the seconds until nothing of it is left."""
    began = time.monotonic()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(where: str, name: str) -> None:
        async with gate:
            await world.delete(manifests.gateway(where, name))

    await asyncio.gather(*(one(*each) for each in _names()[:_DELETED]))
    await world.until(lambda: _run(world, _GATEWAYS + _OTHERS + 1 - _DELETED), "what ran for them is gone", within=240)
    return time.monotonic() - began


def _status_writes(lines: Iterable[str]) -> Counter[str]:
    """Count gatewayd's writes of the statuses of Gateways, by name, as the audit log has them."""
    found: Counter[str] = Counter()
    for line in lines:
        entry = json.loads(line)
        ref = entry.get("objectRef", {})
        is_status = (ref.get("resource"), ref.get("subresource")) == ("gateways", "status")
        if entry["user"]["username"] == ACCOUNT and entry["verb"] == "patch" and is_status:
            found[f"{ref['namespace']}/{ref['name']}"] += 1
    return found
