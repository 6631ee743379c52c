"""Routes and endpoints change all the time, for minutes or hours; what processes take up must not grow with it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles

from conformance.scenarios import manifests
from conformance.scenarios.changes import backend_of, route, rule
from conformance.scenarios.judged import NOT_FOUND, Asked, Judged, answer, judged
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.notebook import taken_up
from conformance.scenarios.pods import REPLICA_WORDS, PodHandle
from conformance.scenarios.scenario import Figure
from conformance.scenarios.slopes import Sample, after_warm_up, growth
from conformance.scenarios.stage import quiet_echo
from conformance.scenarios.world import SHOP, World

_MINUTES = "SOAK_MINUTES"
_ROUTES, _ROUTE_WRITES = 200, 50
_SLICES, _ENDPOINT_WRITES = 50, 200
_SAMPLE_SECONDS = 5.0
_HOST = "switched.example"
_KILL_SECONDS = 600.0
_WARM_UP = 0.4
"""Share of the time in which Python and Envoy fill the pools that they keep."""
_MEBIBYTE = 2.0**20
_REPLICA_MEBIBYTES, _PROXY_MEBIBYTES, _AN_HOUR = 6.0, 10.0, 1.0
"""What the lines through the samples may rise by: so much by noise, and so much more with each hour."""
_DESCRIPTORS = 4.0
_PROPAGATION_MILLISECONDS = 1000.0


async def soak(world: World) -> tuple[Figure, ...]:
    """Change, kill from time to time, and look every few seconds."""
    minutes = float(os.environ.get(_MINUTES, "5"))
    await world.install(replicas=2)
    for name in ("alpha", "beta", "gamma"):
        await world.put(*quiet_echo(SHOP, name, 1))
        await world.available(SHOP, name)
    address = await world.gateway()
    run = _Soak(world=world, until=time.monotonic() + 60 * minutes)
    async with judged(world, f"{address}:80", show=run.shown, connections=4) as loop:
        loop.pause(20_000_000)
        target = await loop.ask(_HOST, NOT_FOUND)
        await run.prepare()
        async with meanwhile(run.routes()), meanwhile(run.endpoints()), meanwhile(run.kills()):
            await asyncio.gather(run.samples(), run.switches(loop, target))
    return (*loop.figures(at_least=1000), *run.figures(minutes / 60))


@dataclass(slots=True, kw_only=True)
class _Soak:
    """What goes on until a moment of the monotonic clock; `taken` are samples by process and name."""

    world: World
    until: float
    route_writes: int = 0
    endpoint_writes: int = 0
    killed: int = 0
    took: list[float] = field(default_factory=list)
    taken: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))

    def shown(self) -> str:
        return f"{self.route_writes:,} writes of routes, {self.endpoint_writes:,} of endpoints"

    async def prepare(self) -> None:
        """Make the Services without Pods whose endpoints change, and the routes."""
        for number in range(_SLICES):
            item = manifests.service(SHOP, f"made-{number}", {})
            del item["spec"]["selector"]
            await self.world.put(item)
        for number in range(_ROUTES):
            await self._route(number, 0)

    async def _route(self, number: int, turn: int) -> None:
        backend = f"made-{(number + turn) % _SLICES}"
        item = manifests.route(SHOP, f"soak-{number}", [f"soak-{number}.example"], backend, says=f"v{turn}")
        await self.world.put(item)

    async def routes(self) -> None:
        """Write routes; every tenth is taken away and made again."""
        async with asyncio.TaskGroup() as group:
            gate = asyncio.Semaphore(8)
            for turn in count(1):
                await gate.acquire()
                group.create_task(self._one_route(turn, gate))
                await asyncio.sleep(1 / _ROUTE_WRITES)

    async def _one_route(self, turn: int, gate: asyncio.Semaphore) -> None:
        try:
            number = turn % _ROUTES
            if turn % 10 == 0:
                await self.world.delete(manifests.route(SHOP, f"soak-{number}", [], "x"))
            await self._route(number, turn)
            self.route_writes += 1
        finally:
            gate.release()

    async def endpoints(self) -> None:
        """Write endpoints of Services without Pods."""
        async with asyncio.TaskGroup() as group:
            gate = asyncio.Semaphore(8)
            for turn in count():
                await gate.acquire()
                group.create_task(self._one_slice(turn, gate))
                await asyncio.sleep(1 / _ENDPOINT_WRITES)

    async def _one_slice(self, turn: int, gate: asyncio.Semaphore) -> None:
        try:
            await self.world.put(_slice(turn % _SLICES, turn))
            self.endpoint_writes += 1
        finally:
            gate.release()

    async def kills(self) -> None:
        """Kill a replica every ten minutes."""
        for turn in count():
            await asyncio.sleep(_KILL_SECONDS)
            pods = await self.world.control_plane()
            self.killed += pods[turn % len(pods)].signal(signal.SIGKILL)

    async def switches(self, loop: Judged, target: Asked) -> None:
        """Change a route that is asked all the time; the API server's own time is not counted."""
        for turn in count(1):
            if time.monotonic() > self.until:
                return
            backend = backend_of(turn)
            await loop.expect(target, answer(f"v{turn}", backend))
            await self.world.put(route("switched", _HOST, [rule(f"v{turn}", backend)]))
            began = time.monotonic()
            await loop.arrived(target)
            self.took.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(1)

    async def samples(self) -> None:
        """Look at all processes until the end."""
        while time.monotonic() < self.until:
            for pod in await self.world.control_plane():
                self._sample("replica", pod, REPLICA_WORDS)
            for pod in await self.world.proxies():
                self._sample("proxy", pod, b"--service-node")
            await asyncio.sleep(_SAMPLE_SECONDS)

    def _sample(self, role: str, pod: PodHandle, words: bytes) -> None:
        for process in pod.processes(words):
            for name, value in taken_up(process).items():
                self.taken[f"{role} {process}", name].append((time.monotonic(), value))

    def figures(self, hours: float) -> tuple[Figure, ...]:
        """Return how much was written, how long it took to arrive, and what grew."""
        cuts = quantiles(self.took, n=100)
        memory = "resident bytes"
        return (
            Figure(what="writes of routes", value=self.route_writes, at_least=1),
            Figure(what="writes of endpoints", value=self.endpoint_writes, at_least=1),
            Figure(what="replicas killed", value=self.killed),
            Figure(what="API server's answer to all connections, median", value=cuts[49], unit="ms"),
            Figure(
                what="API server's answer to all connections, 99 %",
                value=cuts[98],
                unit="ms",
                at_most=_PROPAGATION_MILLISECONDS,
            ),
            self._grown("replica", memory, _REPLICA_MEBIBYTES + _AN_HOUR * hours, _MEBIBYTE, "MiB"),
            self._grown("proxy", memory, _PROXY_MEBIBYTES + _AN_HOUR * hours, _MEBIBYTE, "MiB"),
            *(self._grown(role, "descriptors", _DESCRIPTORS) for role in ("replica", "proxy")),
            *(self._grown(role, "threads", 1.0) for role in ("replica", "proxy")),
        )

    def _grown(self, role: str, name: str, at_most: float, unit: float = 1.0, shown: str = "") -> Figure:
        """Return by how much the line through the samples of the worst process rises after the warm-up."""
        rows: list[Sequence[Sample]] = [
            samples for (whose, what), samples in self.taken.items() if whose.startswith(role) and what == name
        ]
        worst = max((growth(after_warm_up(samples, _WARM_UP)) for samples in rows), default=0.0)
        last = max((samples[-1][1] for samples in rows), default=0.0)
        print(f"  {role}: {last / unit:,.1f} {shown or name} at the end, {worst / unit:+,.2f} after the warm-up")
        return Figure(
            what=f"{name} of a {role}: growth after the warm-up", value=worst / unit, unit=shown, at_most=at_most
        )


def _slice(number: int, turn: int) -> manifests.Object:
    addresses = [f"10.244.200.{1 + (turn + offset) % 250}" for offset in range(1 + turn % 4)]
    return manifests.endpoint_slice(SHOP, f"made-{number}", f"made-{number}", addresses)
