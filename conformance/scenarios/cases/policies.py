"""A thousand edits of policies under a closed loop: no wrong answer, nobody through a closed door, nothing drains."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles

from conformance.scenarios.changes import BACKENDS, Kind
from conformance.scenarios.judged import Judged, judged
from conformance.scenarios.policy_changes import POLICY_KINDS
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import World

_DRAINS = ("listener_manager.listener_modified", "listener_manager.listener_removed")
_AMONG = 20
"""Requests for each edit, at least: so that every edit has some before and after it."""


async def policies(world: World) -> tuple[Figure, ...]:
    """Edit a thousand times."""
    return await _run(world, edits=1000)


async def policies_short(world: World) -> tuple[Figure, ...]:
    """Edit a hundred times."""
    return await _run(world, edits=100)


async def _run(world: World, *, edits: int) -> tuple[Figure, ...]:
    await world.install(replicas=2)
    await world.echoes(*BACKENDS)
    address = await world.gateway()
    done: Counter[str] = Counter()
    async with judged(world, f"{address}:80", show=lambda: f"{done.total()} of {edits} edits of policies") as loop:
        kinds = [kind(world, loop, slot) for kind, slot in POLICY_KINDS]
        await asyncio.gather(*(kind.begin() for kind in kinds))
        run = _Edits(world=world, loop=loop, edits=edits, done=done)
        before = await _drained(world)
        await run.all(kinds)
        after = await _drained(world)
    return (
        *loop.figures(at_least=edits * _AMONG),
        *run.figures(),
        none_of("listeners that an edit of a policy replaced", after - before),
    )


@dataclass(slots=True, kw_only=True)
class _Edits:
    """What goes on. `took` is how long each edit took from before its first write to the last connection, in ms."""

    world: World
    loop: Judged
    edits: int
    done: Counter[str]
    begun: int = 0
    took: list[float] = field(default_factory=list)

    async def all(self, kinds: list[Kind]) -> None:
        """Edit side by side until there were enough edits, and requests after the last one."""
        async with asyncio.TaskGroup() as group:
            for kind in kinds:
                group.create_task(self._edit(kind))
        await self.loop.asked_for(max(self.edits * _AMONG, self.loop.asked + _AMONG))

    async def _edit(self, kind: Kind) -> None:
        for turn in count(1):
            if self.begun >= self.edits:
                return
            self.begun += 1
            await self.loop.asked_for(self.begun * _AMONG * 0.9)
            began = time.monotonic()
            await kind.change(turn)
            self.took.append((time.monotonic() - began) * 1000)
            self.done[kind.name] += 1

    def figures(self) -> tuple[Figure, ...]:
        """Return what was edited, and how long it took to be everywhere."""
        cuts = quantiles(self.took, n=100)
        return (
            Figure(what="edits of policies", value=self.done.total(), at_least=self.edits),
            *(Figure(what=f"of these, {name}", value=times) for name, times in sorted(self.done.items())),
            Figure(what="write to all connections, median", value=cuts[49], unit="ms"),
            Figure(what="write to all connections, 90 %", value=cuts[89], unit="ms"),
            Figure(what="write to all connections, longest", value=max(self.took), unit="ms"),
        )


async def _drained(world: World) -> int:
    """Return how many listeners the Envoys have replaced or removed since their start."""
    replaced = 0
    for proxy in await world.proxies():
        text = (await proxy.admin("stats?usedonly")).decode()
        counters = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        if not int(counters["cluster_manager.cluster_added"]):
            raise RuntimeError("the Envoy counts nothing")
        replaced += sum(int(counters.get(name, "0")) for name in _DRAINS)
    return replaced
