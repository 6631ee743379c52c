"""A thousand proxies connect at once, some stop reading, all come back: another Gateway waits for none of it."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from bench.peers.process import Program
from conformance.scenarios import manifests, xdspki
from conformance.scenarios.changes import backend_of
from conformance.scenarios.edits import Edits, edits
from conformance.scenarios.judged import judged
from conformance.scenarios.model_proxies import PATIENCE, model_proxies
from conformance.scenarios.notebook import resident
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import SHOP, World

_HERD = "herd"
_PROXIES = 1_000
_ROUTES = 200
_SLOW = 60
_EDITS_BEHIND = 3
_REQUESTS = 1_000
_MOST_WAIT = 5_000.0
"""Milliseconds until an edit of the other Gateway is served: handshakes of a thousand take a core for seconds."""


async def herd(world: World) -> tuple[Figure, ...]:
    """Edit a route of one Gateway all the time, whatever the proxies of the other one do."""
    await world.install()
    await world.echoes("alpha", "beta", "gamma")
    address = await world.gateway()
    await _make(world)
    identity = await xdspki.of_gateway(world, SHOP, _HERD)
    async with judged(world, f"{address}:80", show=str, connections=4) as loop:
        shop = await edits(world, loop)
        async with shop.going_on() as alone:
            await loop.asked_for(_REQUESTS)
        async with model_proxies(world, [identity], count=_PROXIES) as proxies:
            began = time.monotonic()
            async with shop.going_on() as connecting:
                await proxies.ask({"do": "connect"})
                cold = await proxies.ask({"do": "complete", "seconds": PATIENCE})
                all_in = time.monotonic() - began
            stuck = await _stuck(world, shop, proxies)
            async with shop.going_on() as returning:
                dropped = await proxies.ask({"do": "storm"})
                again = await proxies.ask({"do": "complete", "seconds": PATIENCE})
                await loop.asked_for(loop.asked + _REQUESTS)
        memory = await resident(world)
    return (
        Figure(what="proxies that connect at once", value=cold["clients"], at_least=_PROXIES),
        Figure(what="all have everything after", value=all_in, unit="s", at_most=60),
        Figure(what="bytes of resources sent to each", value=cold["resource_bytes"] / _PROXIES, at_least=1),
        none_of("streams that replicas ended", _total("failures", cold, dropped, again)),
        none_of("bytes of resources sent again to who comes back", _total("resource_bytes", dropped, again)),
        *_waits("while nothing else happens", alone),
        *_waits("while a thousand connect", connecting),
        *_waits(f"while {_SLOW} of them do not read", stuck),
        *_waits("when all drop and return", returning),
        Figure(what="resident memory of a replica afterwards, most", value=memory / 2**20, unit="MiB"),
        *loop.figures(at_least=_REQUESTS),
    )


async def _make(world: World) -> None:
    """Make a Gateway of as many proxies as there are nodes of a kind that there is not, and its routes."""
    item = manifests.gateway(SHOP, _HERD)
    item["spec"]["infrastructure"] = {"parametersRef": {"group": "", "kind": "ConfigMap", "name": _HERD}}
    parameters = {"workload": "DaemonSet", "nodeSelector": "{nobody: here}"}
    await world.put(manifests.config_map(SHOP, _HERD, parameters), item)
    for number in range(_ROUTES):
        await world.put(_route(number, "alpha"))
    await world.condition(item, "Accepted")


def _route(number: int, backend: str) -> manifests.Object:
    return manifests.route(SHOP, f"herd-{number}", [f"herd-{number}.example"], backend, parent=_HERD)


async def _stuck(world: World, shop: Edits, proxies: Program) -> list[float]:
    """Let some stop reading while routes of theirs change; return how long edits of the other Gateway took."""
    await proxies.ask({"do": "stall", "clients": _SLOW})
    async with shop.going_on() as took:
        for turn in range(1, _EDITS_BEHIND + 1):
            await world.put(_route(0, backend_of(turn)))
            await _have_heard(world, proxies)
        await shop.loop.asked_for(shop.loop.asked + _REQUESTS)
    await proxies.ask({"do": "resume"})
    await proxies.ask({"do": "complete", "seconds": PATIENCE})
    await proxies.ask({"do": "totals"})
    return took


async def _have_heard(world: World, proxies: Program) -> None:
    """Wait until so many responses have come as there are proxies that read."""
    heard = 0

    async def have() -> bool:
        nonlocal heard
        heard += int((await proxies.ask({"do": "totals"}))["responses"])
        return heard >= _PROXIES - _SLOW

    await world.until(have, "proxies that read have heard of an edit")


def _total(name: str, *answers: dict[str, Any]) -> float:
    return float(sum(each[name] for each in answers))


def _waits(when: str, took: list[float]) -> tuple[Figure, ...]:
    what = f"an edit of the other Gateway {when} is served after"
    return (
        Figure(what=f"{what}, median", value=median(took), unit="ms"),
        Figure(what=f"{what}, longest", value=max(took), unit="ms", at_most=_MOST_WAIT),
    )
