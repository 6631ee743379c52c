"""Hundreds of proxies connect at once, some read slowly or not at all, all come back: nobody waits for any of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from statistics import median

from bench.peers.process import Program
from conformance.scenarios import manifests, xdspki
from conformance.scenarios.edits import Edits, edits
from conformance.scenarios.judged import judged
from conformance.scenarios.model_proxies import (
    PATIENCE,
    MostMemory,
    ended_streams,
    model_proxies,
    resident,
    total,
)
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import SHOP, World

_HERD = "herd"
_GATEWAY = f"{SHOP}/{_HERD}"
_PROXIES, _ROUTES = 300, 60
_STALLED, _HOLDING, _SLOW = 20, 20, 20
"""Proxies that read nothing and answer no ping; that answer pings and take no response, with windows smaller than the
response to an edit; and that read 40 KB a second."""
_EDITS = 5
_REQUESTS = 1_000
_CUT_SECONDS = 150.0
"""Who takes nothing is cut after a minute, who answers no ping after a minute and a half."""
_MOST_WAIT = 5_000.0
"""Milliseconds until an edit of the other Gateway is served: handshakes of hundreds take a core for seconds."""
_MOST_GROWTH = 64.0
"""MiB: 40 copies of what is on its way to who takes nothing, and what Python keeps."""
_USUAL = 3.0
"""How many times as long an edit may take as before: what else runs on the machine is no less."""


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
        async with model_proxies(world, [identity], count=_PROXIES, narrow=_HOLDING) as proxies:
            run = _Herd(world=world, shop=shop, proxies=proxies)
            figures = (*await run.arrive(), *await run.stop_reading(), *await run.return_at_once())
    cut = await ended_streams(world)
    return (
        *figures,
        *_waits("while nothing else happens", alone),
        none_of("streams cut of others", sum(count for (gateway, _), count in cut.items() if gateway != _GATEWAY)),
        *loop.figures(at_least=_REQUESTS),
    )


class _Herd:
    """What happens to the herd, one thing after the other, while routes of the shop are edited."""

    def __init__(self, *, world: World, shop: Edits, proxies: Program) -> None:
        self._world = world
        self._shop = shop
        self._proxies = proxies
        self._edited = 0
        self._quiet = 0.0

    async def arrive(self) -> tuple[Figure, ...]:
        """Let all in at once."""
        began = time.monotonic()
        async with self._shop.going_on() as took:
            await self._proxies.ask({"do": "connect"})
            cold = await self._proxies.ask({"do": "complete", "seconds": PATIENCE})
            all_in = time.monotonic() - began
        return (
            Figure(what="proxies that connect at once", value=cold["clients"], at_least=_PROXIES),
            Figure(what="all have everything after", value=all_in, unit="s", at_most=30),
            Figure(what="bytes of resources sent to each", value=cold["resource_bytes"] / _PROXIES, at_least=1),
            none_of("streams that ended meanwhile", cold["failures"]),
            *_waits("while they connect", took),
        )

    async def stop_reading(self) -> tuple[Figure, ...]:
        """Let some not read while their configuration changes, until they are cut."""
        usual = [await self._edit() for _ in range(_EDITS)]
        memory, self._quiet = MostMemory(), await resident(self._world)
        asked = {"do": "stall", "clients": _STALLED, "holding": _HOLDING, "slow": _SLOW}
        async with memory.watched(self._world), self._shop.going_on() as took:
            await self._proxies.ask(asked)
            others = [await self._edit() for _ in range(_EDITS)]
            cut_after = await self._world.until(self._are_cut, "who does not read is cut", within=_CUT_SECONDS)
            await self._shop.loop.asked_for(self._shop.loop.asked + _REQUESTS)
        cut = await ended_streams(self._world)
        lines = self._lines()
        await self._proxies.ask({"do": "resume"})
        await self._proxies.ask({"do": "complete", "seconds": PATIENCE})
        return (
            Figure(what="an edit is with all of them after, median", value=median(usual), unit="s"),
            Figure(what="the same with who reads, while 60 do not", value=median(others), unit="s"),
            Figure(what="times as long", value=median(others) / median(usual), at_most=_USUAL),
            Figure(what="cut since they take no response", value=cut[_GATEWAY, "stalled"], at_least=_HOLDING),
            Figure(what="cut since they answer nothing", value=cut[_GATEWAY, "silent"], at_least=_STALLED),
            none_of("cut of the others", sum(cut.values()) - _HOLDING - _STALLED),
            Figure(what="the last is cut after", value=cut_after, unit="s", at_most=_CUT_SECONDS),
            Figure(what="causes that the logs name", value=len(lines), at_least=2),
            Figure(what="lines of the logs about them", value=lines.total(), at_least=2, at_most=12),
            Figure(what="resident memory of a replica before, most", value=self._quiet, unit="MiB"),
            Figure(what="memory grows meanwhile by", value=memory.most - self._quiet, unit="MiB", at_most=_MOST_GROWTH),
            *_waits("while they do not read", took),
        )

    async def return_at_once(self) -> tuple[Figure, ...]:
        """Let all drop their connections and return."""
        await self._proxies.ask({"do": "totals"})
        async with self._shop.going_on() as took:
            dropped = await self._proxies.ask({"do": "storm"})
            again = await self._proxies.ask({"do": "complete", "seconds": PATIENCE})
            await self._shop.loop.asked_for(self._shop.loop.asked + _REQUESTS)
        grown = await resident(self._world) - self._quiet
        return (
            none_of("bytes of resources sent again to who comes back", total("resource_bytes", dropped, again)),
            none_of("streams that ended when all returned", total("failures", dropped, again)),
            Figure(what="memory has grown afterwards by", value=grown, unit="MiB", at_most=_MOST_GROWTH),
            *_waits("when all drop and return", took),
        )

    async def _edit(self) -> float:
        """Edit the large route; return the seconds from the API server's answer until all proxies that read have it."""
        self._edited += 1
        await self._proxies.ask({"do": "forget"})
        await self._world.put(_large(self._edited))
        began = time.monotonic()
        answer = await self._proxies.ask({"do": "told", "seconds": PATIENCE})
        return max(float(answer["last"]) - began, 0.001)

    async def _are_cut(self) -> bool:
        await asyncio.sleep(0.5)
        cut = await ended_streams(self._world)
        return cut.get((_GATEWAY, "stalled"), 0) >= _HOLDING and cut.get((_GATEWAY, "silent"), 0) >= _STALLED

    def _lines(self) -> Counter[str]:
        """Return how many lines of the replicas' logs tell of streams that were cut, by cause."""
        found: Counter[str] = Counter()
        for log in self._world.run.logs.glob("pods/gatewayd-system_gatewayd-*/gatewayd/*.log"):
            lines = (line.partition(" ")[2] for line in log.read_text().splitlines() if '"stream ended"' in line)
            found.update(json.loads(line)["cause"] for line in lines)
        return found


async def _make(world: World) -> None:
    """Make a Gateway of as many proxies as there are nodes of a kind that there is not, and its routes."""
    item = manifests.gateway(SHOP, _HERD, parameters=_HERD)
    parameters = {"workload": "DaemonSet", "nodeSelector": "{nobody: here}"}
    await world.put(manifests.config_map(SHOP, _HERD, parameters), item)
    for number in range(_ROUTES):
        name = f"herd-{number}"
        await world.put(manifests.route(SHOP, name, [f"{name}.example"], "alpha", parent=_HERD))
    await world.put(_large(0))
    await world.condition(item, "Accepted")


def _large(turn: int) -> manifests.Object:
    """Return a route with as many matches as there may be, each as long as it may be: some 150 KB of a response."""
    item = manifests.route(SHOP, "herd-large", ["herd-large.example"], "alpha", parent=_HERD, says=f"v{turn}")
    [rule] = item["spec"]["rules"]
    item["spec"]["rules"] = [
        {**rule, "matches": [{"path": {"value": f"/{number}/{each}/".ljust(900, "x")}} for each in range(8)]}
        for number in range(16)
    ]
    return item


def _waits(when: str, took: list[float]) -> tuple[Figure, ...]:
    what = f"an edit of the other Gateway {when} is served after"
    return (
        Figure(what=f"{what}, median", value=median(took), unit="ms"),
        Figure(what=f"{what}, longest", value=max(took), unit="ms", at_most=_MOST_WAIT),
    )
