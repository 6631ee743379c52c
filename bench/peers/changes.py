"""One route changed every 200 ms under a closed loop of requests, in which every answer is judged.

Switches: a route leads to one Service, then to another, and tells them which. Reorders: five rules of a route change
places; each tells its Service its name. The control plane is killed in the middle of a phase of each kind, and Envoy's
Deployment is rolled in the last phase.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.peers.cluster import Figure, Options, compared, figure
from bench.peers.goals import Row, at_most
from bench.peers.plane import Running
from conformance.scenarios import manifests
from conformance.scenarios.judged import Judged, answer, judged
from conformance.scenarios.manifests import Object
from conformance.scenarios.traffic import target, until_right
from conformance.scenarios.world import SHOP

CHANGES = 1000
_EVERY = 0.2
_SEED = 1
_BACKENDS = ("echo-a", "echo-b", "echo-c")
_SWITCHED, _ORDERED = "switched", "ordered"
_RULES: Mapping[str, str] = {f"rule-{number}": _BACKENDS[number % len(_BACKENDS)] for number in range(5)}
_GOALS = {"wrong answers": at_most(0)}
Change = Callable[[int], Object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    """So many changes of one kind, and what is done to the control plane or Envoy after a third of them."""

    name: str
    share: float
    change: Change
    upset: Callable[[Running], Awaitable[None]] | None = None


async def run(_report: Any, changes: int = CHANGES) -> list[Row]:
    """Return the rows of both control planes."""
    return await compared("route changes under load", "changes", {"changes": changes}, _GOALS)


async def measure(running: Running, options: Options) -> list[Figure]:
    """Make `changes` (100) changes under `connections` (4) closed loops."""
    world = running.world
    dice = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    await world.echoes(*_BACKENDS)
    address = await running.gateway()
    await world.put(_switched(0), _ordered(dice)(0))
    await until_right(world, address, [target(f"{_SWITCHED}.example", routes=["echo-a"], backends=["echo-a"])])
    await until_right(world, address, [target(f"{_ORDERED}.example", routes=["rest"], backends=["echo-a"])])
    found: list[Figure] = []
    async with judged(
        world, f"{address}:80", show=lambda: running.plane.name, connections=options.get("connections", 4)
    ) as client:
        await client.ask(f"{_SWITCHED}.example", *(answer(name, name) for name in _BACKENDS[:2]))
        for name, backend in _RULES.items():
            await client.ask(f"{_ORDERED}.example", answer(name, backend), path=f"/{name}")
        for phase in _phases(dice):
            found += await _phase(running, phase, max(2, int(options.get("changes", 100) * phase.share)), client)
    kinds = Counter(map(_kind, client.log.read_text().splitlines()))
    return [
        figure("requests", client.total["asked"]),
        figure("wrong answers", client.total["wrong"]),
        *(figure(f"wrong answers: {kind}", count) for kind, count in sorted(kinds.items())),
        *found,
        figure("p50", client.total["median"], unit="ms"),
        figure("p99.9", client.total["p999"], unit="ms"),
        figure("connections refused, and tried again", client.total["refused"]),
    ]


async def _phase(running: Running, phase: _Phase, count: int, client: Judged) -> list[Figure]:
    """Make the changes of a phase; return what was asked meanwhile."""
    asked, wrong, before = client.asked, client.wrong, await running.usage()
    await _change(running, phase, count)
    used = (await running.usage()).cpu - before.cpu
    found = [
        figure(f"{phase.name}: requests", client.asked - asked),
        figure(f"{phase.name}: wrong answers", client.wrong - wrong),
    ]
    if phase.upset is None:
        found.append(figure(f"{phase.name}: control plane: CPU a change", used * 1000 / count, unit="ms"))
    running.say(f"{phase.name}: {client.asked - asked} requests, {client.wrong - wrong} wrong")
    return found


def _kind(line: str) -> str:
    """Return what kind of wrong answer a line of the client's log has."""
    said = line.split("\t")[4]
    status, _, rest = said.partition(" ")
    if not status.isdigit():
        return "no answer"
    return "the wrong backend or rule" if rest else status


def _phases(dice: random.Random) -> tuple[_Phase, ...]:
    ordered = _ordered(dice)
    return (
        _Phase(name="switches", share=0.3, change=_switched),
        _Phase(name="switches, control plane killed", share=0.15, change=_switched, upset=Running.kill),
        _Phase(name="reorders", share=0.3, change=ordered),
        _Phase(name="reorders, control plane killed", share=0.15, change=ordered, upset=Running.kill),
        _Phase(name="switches, Envoy rolled", share=0.1, change=_switched, upset=Running.roll_proxy),
    )


async def _change(running: Running, phase: _Phase, count: int) -> None:
    """Make the changes at their times; the last of them is given two seconds to arrive."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(began + number * _EVERY - loop.time())
            if phase.upset is not None and number == count // 3:
                group.create_task(_upset(running, phase.upset))
            await running.world.put(phase.change(number))
    await asyncio.sleep(2)


async def _upset(running: Running, upset: Callable[[Running], Awaitable[None]]) -> None:
    await upset(running)


def _switched(number: int) -> Object:
    return manifests.route(SHOP, _SWITCHED, [f"{_SWITCHED}.example"], _BACKENDS[number % 2], says=_BACKENDS[number % 2])


def _ordered(dice: random.Random) -> Change:
    """Return what makes the route of rules, in another order each time; its last rule is for all other paths."""

    def made(_number: int) -> Object:
        item = manifests.route(SHOP, _ORDERED, [f"{_ORDERED}.example"], "echo-a", says="rest")
        names = dice.sample(sorted(_RULES), len(_RULES))
        item["spec"]["rules"] = [*map(_rule, names), *item["spec"]["rules"]]
        return item

    return made


def _rule(name: str) -> Object:
    (rule,) = manifests.route(SHOP, name, [], _RULES[name])["spec"]["rules"]
    return {**rule, "matches": [{"path": {"type": "PathPrefix", "value": f"/{name}"}}]}
