"""Three hundred Gateways with three thousand proxies: all are Programmed, and a change is for its own proxies alone."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from bench.peers.process import Program
from conformance.scenarios import manifests, xdspki
from conformance.scenarios.edits import edits
from conformance.scenarios.judged import judged
from conformance.scenarios.model_proxies import PATIENCE, model_proxies, resident
from conformance.scenarios.notebook import ACCOUNT
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import World
from gatewayd.infra import layout

_CLASS = "crowd"
_NAMESPACES, _EACH, _PROXIES = 30, 10, 10
_GATEWAYS = _NAMESPACES * _EACH
_AT_ONCE = 10
_LATE = "crowd-late"
_EDITS = 10
_MAKING_SECONDS = 600.0
"""Until a scenario gives up on what 300 Gateways need; the bar is less."""
_QUIET_SECONDS = 2.0
"""For which nobody hears anything, once whose route was edited has heard of it."""
_MANAGED = "labelSelector=app.kubernetes.io/managed-by"
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_MOST_WAIT = 5_000.0
"""Milliseconds until an edit of the shop is served: a Gateway of the crowd is some milliseconds of the same core."""
_MOST_MEMORY = 512.0
"""MiB of a replica: 330 have been measured, of which its 1,500 proxies are 190, for gRPC, TLS and what each has."""

Names = tuple[str, str]
"""Namespace and name of a Gateway."""


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
            made = await _make(world)
            identities = await _identities(world)
            async with model_proxies(world, [*identities.values()], count=_PROXIES * _GATEWAYS) as proxies:
                figures = (*await _connected(world, proxies), *await _edited(world, proxies, [*identities]))
                await proxies.ask({"do": "totals"})
                killed = await _killed(world)
                again = await proxies.ask({"do": "complete", "seconds": PATIENCE})
                programmed = await _programmed(world)
    writes = _status_writes(world.run.audit_log.read_text().splitlines())
    return (
        Figure(what="Gateways beside the one that is edited", value=len(identities), at_least=_GATEWAYS),
        Figure(what="all have what runs for them, and certificates, after", value=made, unit="s", at_most=180),
        *figures,
        Figure(what="the leader killed: what a new Gateway needs is there after", value=killed, unit="s", at_most=60),
        Figure(
            what="streams that ended with it", value=again["failures"], at_least=1, at_most=_PROXIES * _GATEWAYS / 2
        ),
        none_of("bytes of resources sent again to who came back", again["resource_bytes"]),
        Figure(what="Gateways that are Programmed then", value=programmed, at_least=_GATEWAYS),
        Figure(what="writes of a Gateway's status, most", value=max(writes.values()), at_most=8),
        Figure(what="edits of the shop meanwhile", value=len(took), at_least=20),
        Figure(what="an edit of the shop is served after, median", value=median(took), unit="ms"),
        Figure(what="an edit of the shop is served after, longest", value=max(took), unit="ms", at_most=_MOST_WAIT),
        *loop.figures(at_least=1_000),
    )


def _names() -> list[Names]:
    return [(f"crowd-{where}", f"gateway-{number}") for where in range(_NAMESPACES) for number in range(_EACH)]


def _gateway(where: str, name: str) -> manifests.Object:
    item = manifests.gateway(where, name)
    item["spec"]["gatewayClassName"] = _CLASS
    return item


def _route(where: str, name: str, turn: int = 0) -> manifests.Object:
    return manifests.route(where, name, [f"{name}.{where}.example"], "none", parent=name, says=f"v{turn}")


async def _make(world: World) -> float:
    """Make the crowd, each with a route; return the seconds until all that is to run for them is there."""
    began = time.monotonic()
    for where in sorted({where for where, _ in _names()}):
        await world.put(manifests.namespace(where), manifests.service(where, "none", {"app": "nobody"}))
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(where: str, name: str) -> None:
        async with gate:
            await world.put(_gateway(where, name), _route(where, name))

    await asyncio.gather(*(one(*each) for each in _names()))
    await world.until(lambda: _run(world, _GATEWAYS), "all Deployments are there", within=_MAKING_SECONDS)
    took = time.monotonic() - began
    await _lend_endpoints(world)
    return took


async def _run(world: World, count: int) -> bool:
    """Return whether so many Gateways of the crowd have a Deployment, a Service and a certificate."""
    await asyncio.sleep(0.5)
    kinds = ("apis/apps/v1/deployments", "api/v1/services", "api/v1/secrets")
    return all([len(await _of_crowd(world, kind)) == count for kind in kinds])


async def _of_crowd(world: World, kind: str) -> Mapping[Names, dict[str, Any]]:
    """Return the objects of a kind that gatewayd has made for the crowd, by Gateway."""
    items = (await world.api.get(f"/{kind}?{_MANAGED}"))["items"]
    heads = ((each["metadata"], each) for each in items)
    return {
        (head["namespace"], head["labels"][_GATEWAY_NAME]): each
        for head, each in heads
        if head["namespace"].startswith("crowd-")
    }


async def _lend_endpoints(world: World) -> None:
    """Give each Service of the crowd a ready endpoint: what a listener waits for, beside a proxy that has it."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(service: dict[str, Any]) -> None:
        async with gate:
            await world.put(_endpoint(service))

    await asyncio.gather(*(one(each) for each in (await _of_crowd(world, "api/v1/services")).values()))


def _endpoint(service: dict[str, Any]) -> manifests.Object:
    head = service["metadata"]
    item = manifests.endpoint_slice(head["namespace"], f"{head['name']}-model", head["name"], ["10.244.250.1"])
    item["ports"] = [
        {"name": each.get("name", ""), "port": each["targetPort"], "protocol": each["protocol"]}
        for each in service["spec"]["ports"]
    ]
    return item


async def _identities(world: World) -> Mapping[Names, xdspki.Credentials]:
    """Return the certificates of the crowd's proxies, by Gateway."""
    secrets = await _of_crowd(world, "api/v1/secrets")
    found = {
        gateway: {key: base64.b64decode(value) for key, value in each["data"].items()}
        for gateway, each in secrets.items()
    }
    return {
        gateway: xdspki.Credentials(certificate=each["tls.crt"], key=each["tls.key"], trust=each["ca.crt"])
        for gateway, each in found.items()
    }


async def _connected(world: World, proxies: Program) -> tuple[Figure, ...]:
    """Let all proxies in at once, and wait until all Gateways are Programmed."""
    before = await resident(world)
    began = time.monotonic()
    await proxies.ask({"do": "connect"})
    cold = await proxies.ask({"do": "complete", "seconds": PATIENCE})
    connected = time.monotonic() - began

    async def all_are() -> bool:
        await asyncio.sleep(0.5)
        return await _programmed(world) == _GATEWAYS

    waited = await world.until(all_are, "all Gateways are Programmed", within=PATIENCE)
    memory, count = await resident(world), cold["clients"]
    return (
        Figure(what="proxies", value=count, at_least=_PROXIES * _GATEWAYS),
        Figure(what="all of them have everything after", value=connected, unit="s", at_most=90),
        Figure(what="bytes of responses to each", value=cold["message_bytes"] / count, at_least=1),
        Figure(what="all Gateways are Programmed, after that", value=waited, unit="s", at_most=60),
        Figure(what="resident memory of a replica before they came, most", value=before, unit="MiB"),
        Figure(what="resident memory of a replica with them, most", value=memory, unit="MiB", at_most=_MOST_MEMORY),
    )


async def _programmed(world: World) -> int:
    """Return how many Gateways of the crowd that have a route are Programmed."""
    items = (await world.api.get(manifests.collection(manifests.GATEWAY_API, "Gateway", "")))["items"]
    return sum(
        each["spec"]["gatewayClassName"] == _CLASS
        and each["metadata"]["name"] != "late"
        and any(
            (of["type"], of["status"]) == ("Programmed", "True") for of in each.get("status", {}).get("conditions", ())
        )
        for each in items
    )


async def _edited(world: World, proxies: Program, gateways: list[Names]) -> tuple[Figure, ...]:
    """Edit a route of one Gateway after the other; tell who has heard of it, and how much."""
    others, late, sizes = 0, 0, []
    for turn in range(1, _EDITS + 1):
        number = turn * len(gateways) // (_EDITS + 1)
        await proxies.ask({"do": "forget"})
        await world.put(_route(*gateways[number], turn))

        async def heard(number: int = number) -> bool:
            return int((await proxies.ask({"do": "parties"}))["parties"][number]["clients"]) == _PROXIES

        await world.until(heard, "the proxies of the Gateway have heard of the edit")
        await asyncio.sleep(_QUIET_SECONDS)
        parties = (await proxies.ask({"do": "parties"}))["parties"]
        own = parties.pop(number)
        others += sum(each["clients"] for each in parties)
        late += _PROXIES - own["clients"]
        sizes.append(own["bytes"] / own["responses"])
    return (
        Figure(what="edits of routes of a Gateway of the crowd", value=_EDITS),
        none_of("proxies of the Gateway that did not hear of them", late),
        none_of("proxies of others that heard anything then", others),
        Figure(what="bytes of such a response, median", value=median(sizes), at_least=1),
    )


async def _killed(world: World) -> float:
    """Kill the leader; return the seconds until what a Gateway of a new namespace needs is there.

    The next leader looks after all of them once more, and namespaces take turns.
    """
    leader = await world.elected()
    began = time.monotonic()
    for pod in await world.control_plane():
        if pod.name == leader:
            pod.signal(signal.SIGKILL)
    await world.put(manifests.namespace(_LATE), _gateway(_LATE, "late"))
    await world.until(lambda: _run(world, _GATEWAYS + 1), "the late Gateway's Deployment is there", within=PATIENCE)
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
