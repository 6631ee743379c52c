"""New routes one by one, each with a host of its own, asked every 5 ms until it answers.

A control plane that has not served all of them within its budget of time has figures of those that it has.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.peers import objects
from bench.peers.cluster import Figure, Options, compared, figure
from bench.peers.goals import Row, at_least, at_most
from bench.peers.plane import Running
from conformance.scenarios import manifests
from conformance.scenarios.traffic import listens, probed
from conformance.scenarios.world import SHOP

ROUTES, ROUTES_OF_OWN_SERVICES, BUDGET = 3000, 300, 600
_BACKEND = "echo"
_SLICES_SECONDS = 5.0
"""How long the controller manager may take to write the EndpointSlices of new Services."""
_SOUND = {"wrong answers": at_most(0)}
_GOALS = {
    **_SOUND,
    "last tenth": at_most(0.1, of="envoy-gateway"),
    "last tenth / first tenth": at_most(1.3),
    "p50": at_most(15),
}
_AGAIN = "1"
"""The year 1970 stands for the write of a route that is asked once more after all have been made."""


async def run(_report: Any, routes: int = ROUTES, own: int = ROUTES_OF_OWN_SERVICES, budget: int = BUDGET) -> list[Row]:
    """Return the rows of both control planes: all routes to one Service, and fewer routes to a Service each.

    `budget`: seconds that each of them has for its new routes.
    """
    goals = {**_GOALS, "routes": at_least(routes)}
    one = await compared(f"route probe, {routes:,} routes", "probe", {"routes": routes, "budget": budget}, goals)
    options = {"routes": own, "own": 1, "budget": budget}
    each = await compared(f"route probe, {own:,} routes, a Service a route", "probe", options, _SOUND)
    return one + each


@dataclass(slots=True)
class _Route:
    """What was answered, and the Unix nanoseconds of its write and of the first answer after which all were right."""

    wrong: Counter[str] = field(default_factory=Counter)
    right_at: int = 0
    accepted: int = 0

    @property
    def took(self) -> float:
        return (self.right_at - self.accepted) / 1e6


async def measure(running: Running, options: Options) -> list[Figure]:
    """Make `routes` (300) routes within `budget` (600) seconds; with `own` each leads to a Service of its own.

    The Services are there before.
    """
    world, count, is_own = running.world, options.get("routes", 300), bool(options.get("own"))
    await world.echoes(_BACKEND)
    address = await running.gateway()
    await world.until(lambda: listens(address), "the Gateway answers")
    if is_own:
        await objects.make(
            world, (manifests.service(SHOP, f"probe-{each}", {"app": _BACKEND}) for each in range(count))
        )
        await asyncio.sleep(_SLICES_SECONDS)
    service = "probe-NUMBER" if is_own else _BACKEND
    template = manifests.route(SHOP, "probe-NUMBER", ["probe-NUMBER.example"], service)
    before, proxy_before = await running.usage(), await running.proxy_usage()
    budget = options.get("budget", BUDGET)
    routes = _routes(await probed(world, address, template, count, budget=budget))
    after, proxy_after = await running.usage(), await running.proxy_usage()
    done = len(routes)
    return [
        figure("routes", done, note="" if done == count else f"not finished: {count:,} were to be, in {budget} s"),
        *_figures(routes),
        figure("control plane: CPU a route", (after.cpu - before.cpu) * 1000 / done, unit="ms"),
        figure("control plane: RSS at the end", after.rss, unit="MiB"),
        figure("Envoy: CPU a route", (proxy_after.cpu - proxy_before.cpu) * 1000 / done, unit="ms"),
        figure("Envoy: RSS at the end", proxy_after.rss, unit="MiB"),
    ]


def _routes(log: Path) -> list[_Route]:
    routes: defaultdict[int, _Route] = defaultdict(_Route)
    for line in log.read_text().splitlines():
        kind, index, *columns = line.split("\t")
        if kind == "written":
            routes[int(index)].accepted = int(columns[1])
        else:
            _hear(routes[int(index)], f"probe-{index}", columns)
    return [routes[index] for index in sorted(routes)]


def _hear(route: _Route, name: str, columns: Sequence[str]) -> None:
    """Judge one answer: 404 is right until the route answers, wrong when all have answered."""
    sent, _accepted, began, duration, status, said, pod, _serial, _tries, failure = columns
    is_again = sent == _AGAIN
    if status == "200" and said == name and pod.startswith(f"{_BACKEND}-"):
        route.right_at = route.right_at or int(began) + int(duration)
        return
    if status != "404" or is_again:
        route.wrong[_kind(status, failure)] += 1
    if not is_again:
        route.right_at = 0


def _kind(status: str, failure: str) -> str:
    """Return what kind of wrong answer it is; a Service refuses connections while none of its Pods is ready."""
    if status == "0":
        return "connection refused" if failure.endswith("connection refused") else "no answer"
    return "200 of another" if status == "200" else status


def _figures(routes: Sequence[_Route]) -> Iterator[Figure]:
    took = [each.took for each in routes]
    tenth = max(1, len(took) // 10)
    cuts = quantiles(took, n=100)
    wrong: Counter[str] = sum((each.wrong for each in routes), Counter())
    first, last = median(took[:tenth]), median(took[-tenth:])
    yield figure("wrong answers", wrong.total())
    for kind, count in sorted(wrong.items()):
        yield figure(f"wrong answers: {kind}", count)
    yield figure("first tenth", first, unit="ms")
    yield figure("last tenth", last, unit="ms")
    yield figure("last tenth / first tenth", last / first)
    yield figure("p50", cuts[49], unit="ms")
    yield figure("p99", cuts[98], unit="ms")
    yield figure("longest", max(took), unit="ms")
