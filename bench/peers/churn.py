"""Many routes, each with a Service and an EndpointSlice, while something changes all the time; then all is deleted.

A second has one change of a route's header; every other second the endpoints of a Service change. All routes but the
last lead to addresses that nobody has: nothing is asked of them, all is work of the control plane. The control planes
are measured beside each other, at the same time: what counts is what they use, not how long something takes.

What a control plane has after the deletion counts when it is still: names linger (an Envoy that goes drains for a
minute), and memory goes back to the system bit by bit (Go collects every two minutes when nothing else makes it).
So its RSS counts when it has not fallen by another 1 MiB for 130 s, or 7 minutes after the last route was gone.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from statistics import mean
from typing import Any

from bench.peers import objects
from bench.peers.cluster import Figure, Options, beside, figure
from bench.peers.goals import Row, at_most, below
from bench.peers.plane import Running
from bench.process import Usage
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP

ROUTES, SECONDS = 5000, 1800
_CONFIGURATION_SECONDS, _WORKLOAD_SECONDS = 1.0, 2.0
_LOOKS, _SAY_EVERY = 40, 4
_QUIET_SECONDS, _IDLE_CORES, _IDLE_PATIENCE, _PATIENCE = 3.0, 0.03, 120.0, 900.0
_STILL_SECONDS, _STILL_MIB, _STILL_PATIENCE = 130.0, 1.0, 420.0
_GOALS = {
    "control plane: RSS, steady": at_most(150),
    "control plane: growth": below(2),
    "control plane: RSS after deletion / at the start": at_most(1.2),
    "control plane: CPU": at_most(0.02),
    "Envoy: RSS, steady": at_most(0.6, of="envoy-gateway"),
}


async def run(_report: Any, routes: int = ROUTES, seconds: int = SECONDS) -> list[Row]:
    """Return the rows of both control planes."""
    title = f"steady state, {routes:,} routes, {seconds / 60:.3g} minutes, beside each other"
    return await beside(title, "churn", {"routes": routes, "seconds": seconds}, _GOALS)


async def measure(running: Running, options: Options) -> list[Figure]:
    """Make `routes` (500) routes, change things for `seconds` (60), delete all."""
    count, seconds = options.get("routes", 500), options.get("seconds", 60)
    dice = objects.dice()
    await running.world.echoes("echo")
    address = await running.gateway()
    start = await _idle(running)
    began = time.monotonic()
    await _fill(running, count, dice)
    made = time.monotonic() - began
    running.say("objects made")
    await running.world.until(lambda: _answers(address, count - 1), "the last route is there", within=_PATIENCE)
    served = time.monotonic() - began
    running.say("all routes served")
    filled = await _idle(running)
    looks = await _churned(running, count, seconds, dice)
    running.say("changed")
    await objects.delete_all(running.world)
    running.say("objects deleted")
    await running.world.until(lambda: _is_unknown(address), "the last route is gone", within=_PATIENCE)
    deleted = time.monotonic()
    running.say("all deleted")
    end = await _still(running)
    waited = time.monotonic() - deleted
    running.say("still")
    return [
        figure("objects made within", made, unit="s"),
        figure("all routes served after", served, unit="s"),
        figure("control plane: CPU until all are served", filled[0].cpu - start[0].cpu, unit="s"),
        figure("control plane: RSS at the start", start[0].rss, unit="MiB"),
        figure("control plane: RSS, filled", filled[0].rss, unit="MiB"),
        *_steady("control plane", [each[0] for each in looks], seconds),
        figure("control plane: RSS after deletion", end.rss, unit="MiB"),
        figure("control plane: RSS after deletion was still after", waited, unit="s"),
        figure("control plane: RSS after deletion / at the start", end.rss / start[0].rss),
        *_steady("Envoy", [each[1] for each in looks], seconds),
    ]


def _steady(who: str, looks: list[Usage], seconds: int) -> list[Figure]:
    """Return what a process used while things changed; growth is of the last tenth of the looks over the first."""
    tenth = max(1, len(looks) // 10)
    rss = [each.rss for each in looks]
    growth = (mean(rss[-tenth:]) / mean(rss[:tenth]) - 1) * 100
    return [
        figure(f"{who}: CPU", (looks[-1].cpu - looks[0].cpu) / seconds, unit="cores"),
        figure(f"{who}: RSS, steady", *rss, unit="MiB"),
        figure(f"{who}: peak", looks[-1].peak, unit="MiB"),
        figure(f"{who}: growth", growth, unit="%"),
    ]


async def _fill(running: Running, count: int, dice: random.Random) -> None:
    await objects.make(running.world, map(objects.service, range(count)))
    running.say("Services made")
    (echo,) = await running.world.pods(SHOP, "app=echo")
    addresses = [*(objects.anywhere(dice) for _ in range(count - 1)), echo.address]
    await objects.make(running.world, map(objects.endpoints, range(count), addresses))
    running.say("EndpointSlices made")
    await objects.make(running.world, (objects.route(each, count) for each in range(count)))


async def _churned(running: Running, count: int, seconds: int, dice: random.Random) -> list[tuple[Usage, Usage]]:
    """Change things for so many seconds; return what the control plane and Envoy had used at each look."""

    async def configuration(turn: int) -> None:
        await running.world.put(objects.route(dice.randrange(count), count, says=f"turn-{turn}"))

    async def workload(_turn: int) -> None:
        addresses = [objects.anywhere(dice) for _ in range(dice.randrange(1, 4))]
        await running.world.put(objects.endpoints(dice.randrange(count), *addresses))

    looks, began = [await _look(running)], time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(_regularly(configuration, _CONFIGURATION_SECONDS, seconds))
        group.create_task(_regularly(workload, _WORKLOAD_SECONDS, seconds))
        for _ in range(_LOOKS):
            await asyncio.sleep(seconds / _LOOKS)
            looks.append(await _look(running))
            if len(looks) % _SAY_EVERY == 1:
                running.say(f"changed for {time.monotonic() - began:.0f} s: RSS {looks[-1][0].rss:.1f} MiB")
    return looks


async def _regularly(change: Callable[[int], Awaitable[None]], every: float, seconds: int) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for turn in range(int(seconds / every)):
        await asyncio.sleep(began + turn * every - loop.time())
        await change(turn)


async def _look(running: Running) -> tuple[Usage, Usage]:
    return await running.usage(), await running.proxy_usage()


async def _idle(running: Running) -> tuple[Usage, Usage]:
    """Wait until the control plane and Envoy have nothing to do, or not longer than anybody would wait."""
    deadline = time.monotonic() + _IDLE_PATIENCE
    look = await _look(running)
    while True:
        await asyncio.sleep(_QUIET_SECONDS)
        before, look = look, await _look(running)
        used = sum(now.cpu - then.cpu for now, then in zip(look, before, strict=True))
        if used < _QUIET_SECONDS * _IDLE_CORES or time.monotonic() > deadline:
            return look


async def _still(running: Running) -> Usage:
    """Wait until the control plane gives no more memory back, or not longer than anybody would wait."""
    deadline = time.monotonic() + _STILL_PATIENCE
    since, look = time.monotonic(), await running.usage()
    least = look.rss
    while time.monotonic() < min(deadline, since + _STILL_SECONDS):
        await asyncio.sleep(_QUIET_SECONDS)
        look = await running.usage()
        if look.rss < least - _STILL_MIB:
            since, least = time.monotonic(), look.rss
    return look


async def _answers(address: str, number: int) -> bool:
    status, said, _ = await asked(address, objects.host(number))
    return (status, said) == (200, f"route-{number}")


async def _is_unknown(address: str) -> bool:
    return (await asked(address, objects.host(0)))[0] == 404
