"""New routes one by one, each with a host of its own, asked every 5 ms until it answers: when, and what before."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import listens, probed
from conformance.scenarios.world import SHOP, World

_ROUTES = 500
_EARLY = 100
_TENTH = _ROUTES // 10


@dataclass(slots=True)
class _Route:
    """One route. Unix nanoseconds: its first right answer, the first after which all were right, its write.

    The two differ when one worker of Envoy's takes the change later than another: connections take turns.
    """

    wrong: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    first_right: int = 0
    right_at: int = 0
    sent: int = 0
    accepted: int = 0

    @property
    def since_accepted(self) -> float:
        return (self.right_at - self.accepted) / 1e6

    @property
    def since_sent(self) -> float:
        return (self.right_at - self.sent) / 1e6


async def probe(world: World) -> tuple[Figure, ...]:
    """All routes lead to one Service."""
    return await _probe(world, own_services=False)


async def probe_services(world: World) -> tuple[Figure, ...]:
    """Every route leads to a Service of its own, so that it needs a new cluster and its endpoints."""
    return await _probe(world, own_services=True)


async def _probe(world: World, *, own_services: bool) -> tuple[Figure, ...]:
    await world.install()
    await world.echoes("echo")
    address = await world.gateway()
    if own_services:
        for number in range(_ROUTES):
            await world.put(manifests.service(SHOP, f"probe-{number}", {"app": "echo"}))
        await asyncio.sleep(3)  # their EndpointSlices
    await world.until(lambda: listens(address), "the Gateway answers")
    backend = "probe-NUMBER" if own_services else "echo"
    template = manifests.route(SHOP, "probe-NUMBER", ["probe-NUMBER.example"], backend)
    log = await probed(world, address, template, _ROUTES)
    await asyncio.sleep(1)
    replicas = [await world.metrics(each) for each in await world.control_plane()]
    cpu = sum(each["process_cpu_seconds_total"] for each in replicas)
    return (*_figures(_read(log)), Figure(what="CPU of both replicas since their start", value=cpu, unit="s"))


def _read(log: Path) -> list[_Route]:
    routes: defaultdict[int, _Route] = defaultdict(_Route)
    for line in log.read_text().splitlines():
        kind, index, *columns = line.split("\t")
        found = routes[int(index)]
        if kind == "written":
            found.sent, found.accepted = int(columns[0]), int(columns[1])
            continue
        _hear(found, f"probe-{index}", columns)
    return [routes[index] for index in sorted(routes)]


def _hear(route: _Route, name: str, columns: list[str]) -> None:
    """Judge one answer. In the last round, marked by a write in the year 1970, 404 is wrong too."""
    sent, _accepted, began, duration, status, said, pod, _serial, _tries, failure = columns
    route.questions += 1
    if status == "200" and said == name and pod.startswith("echo-"):
        ended = int(began) + int(duration)
        route.first_right = route.first_right or ended
        route.right_at = route.right_at or ended
        return
    if status != "404" or sent == "1":
        route.wrong[f"{status} {failure}"] += 1
    if sent != "1":
        route.right_at = 0


def _figures(routes: list[_Route]) -> Iterable[Figure]:
    wrong: Counter[str] = sum((each.wrong for each in routes), Counter())
    print(f"  wrong answers: {dict(wrong)}")
    accepted = [each.since_accepted for each in routes]
    sent = [each.since_sent for each in routes]
    yield Figure(what="routes", value=len(routes), at_least=_ROUTES)
    yield Figure(what="questions", value=sum(each.questions for each in routes))
    yield none_of("wrong answers", wrong.total())
    yield Figure(what=f"median, first {_EARLY} routes", value=median(accepted[:_EARLY]), unit="ms", at_most=40)
    yield Figure(what="median, all", value=median(accepted), unit="ms")
    yield Figure(what="median, first tenth", value=median(accepted[:_TENTH]), unit="ms")
    yield Figure(what="median, last tenth", value=median(accepted[-_TENTH:]), unit="ms")
    yield Figure(what="longest", value=max(accepted), unit="ms")
    yield Figure(what="which was that of route number", value=accepted.index(max(accepted)))
    late = [each for each in routes if each.right_at != each.first_right]
    yield Figure(what="routes that one worker of Envoy's took later than another", value=len(late))
    yield Figure(what=f"median from sending the write, first {_EARLY}", value=median(sent[:_EARLY]), unit="ms")
    yield Figure(what="median from sending the write, all", value=median(sent), unit="ms")
