"""gatewayd killed with -9 under load: no request fails, and Envoys get nothing anew that they have."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from conformance.scenarios import manifests, witness
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.tap import ARGUMENTS, Tap, tapped
from conformance.scenarios.traffic import Target, load, stable_routes, target, until_right
from conformance.scenarios.world import SHOP, World

_ROUTES = 200
_SETTLE_SECONDS = 3.0
_COUNTERS = (
    "cluster_manager.cluster_modified",
    "cluster_manager.cluster_removed",
    "listener_manager.listener_modified",
    "listener_manager.listener_removed",
)


async def restart(world: World) -> tuple[Figure, ...]:
    """Kill one replica of one, then both of two, then one of two, twice."""
    await world.install(replicas=1, arguments=ARGUMENTS)
    async with tapped(world) as tap:
        await world.echoes("echo")
        # Routes first: a listener that had fewer of them in one table would drain, and go on asking for that table.
        targets = await stable_routes(world, _ROUTES, "echo")
        address = await world.gateway()
        await until_right(world, address, targets)
        rounds = _Rounds(world=world, tap=tap)
        async with load(world, f"{address}:80", targets, rate=200) as running:
            await asyncio.sleep(1)
            before = await _counters(world)
            first = time.time()
            await rounds.kill_all()
            await rounds.kill_all()
            await world.replicas("gatewayd", count=2, arguments=ARGUMENTS)
            await rounds.kill_all()
            await rounds.kill_one()
            await rounds.kill_one()
            after = await _counters(world)
            told = rounds.figures(tap, first)
        await _new_route_works(world, address)
        return (*running.figures(), *told, *_changes(before, after))


@dataclass(slots=True, kw_only=True)
class _Rounds:
    """Kills, and how long it took each time until an Envoy was connected again (seconds)."""

    world: World
    tap: Tap
    kills: int = 0
    reconnected: list[float] = field(default_factory=list)

    async def kill_all(self) -> None:
        """Kill every replica at once, and wait until Envoys are connected again and have been told all there is."""
        moment = time.time()
        for pod in await self.world.control_plane():
            self.kills += pod.signal(signal.SIGKILL)
        await self.world.until(lambda: self._has_stream(moment), "an Envoy is connected again")
        self.reconnected.append(min(each.opened for each in self.tap.since(moment)) - moment)
        await self._settle()

    async def kill_one(self) -> None:
        """Kill the leader; the Envoy may or may not hang on it."""
        leader = await self.world.elected()
        for pod in await self.world.control_plane():
            if pod.name == leader:
                self.kills += pod.signal(signal.SIGKILL)
        await self._settle()

    async def _settle(self) -> None:
        await asyncio.sleep(_SETTLE_SECONDS)
        await all_ready(self.world)

    async def _has_stream(self, moment: float) -> bool:
        return any(each.declared for each in self.tap.since(moment))

    def figures(self, tap: Tap, first: float) -> tuple[Figure, ...]:
        """Return what crossed the streams that were opened after the first kill."""
        streams = [each for each in tap.since(first) if each.declared]
        for stream in streams:
            for each in (each for each in stream.responses if each.resources or each.removed):
                print(f"  re-sent after {each.at - stream.opened:.2f} s: {each}; declared: {stream.declared}")
        return (
            Figure(what="kills", value=self.kills, at_least=6),
            Figure(what="streams that Envoys opened again", value=len(streams), at_least=3),
            Figure(what="resources that Envoys said they have", value=sum(len(each.declared) for each in streams)),
            none_of("resource bytes re-sent", sum(each.resource_bytes for each in streams)),
            none_of("resources removed", sum(each.removals for each in streams)),
            none_of("refusals by an Envoy", sum(each.nacks for each in streams)),
            Figure(what="kill to reconnected, longest", value=max(self.reconnected), unit="s"),
        )


async def all_ready(world: World) -> None:
    """Wait until every replica is ready."""

    async def are_ready() -> bool:
        return all(each.ready for each in await world.control_plane())

    await world.until(are_ready, "all replicas are ready")


async def _counters(world: World) -> Mapping[str, int]:
    proxies = await world.proxies()
    text = (await proxies[0].admin("stats?usedonly")).decode()
    found = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if not int(found["cluster_manager.cluster_added"]):
        raise RuntimeError("the Envoy counts nothing")
    return {name: int(found.get(name, "0")) for name in _COUNTERS}


def _changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Figure, ...]:
    return tuple(none_of(f"Envoy's {name}", after[name] - before[name]) for name in _COUNTERS)


async def _new_route_works(world: World, address: str) -> None:
    """Show that the streams carry changes still."""
    await world.put(manifests.route(SHOP, "late", ["late.example"], "echo"))
    await until_right(world, address, [target("late.example", routes=["late"], backends=["echo"])], within=10)


# --- with changes meanwhile ------------------------------------------------------------------------------------


async def restart_changing(world: World) -> tuple[Figure, ...]:
    """Kill replicas while routes change under load; at the end a fresh replica must say what all Envoys have."""
    await world.install(replicas=2)
    await world.echoes("echo", "other")
    address = await world.gateway()
    targets = [*await stable_routes(world, 20, "echo"), *await _flipping(world)]
    await until_right(world, address, targets)
    kills = 0
    async with load(world, f"{address}:80", targets, rate=200) as running:
        async with _churn(world) as changes:
            for _ in range(4):
                await asyncio.sleep(2)
                pods = await world.control_plane()
                kills += pods[kills % len(pods)].signal(signal.SIGKILL)
                await asyncio.sleep(2)
                await all_ready(world)
        await asyncio.sleep(_SETTLE_SECONDS)
    return (*running.figures(), Figure(what="kills", value=kills, at_least=4), *changes(), *await from_scratch(world))


_FLIPPING = 4


async def _flipping(world: World) -> list[Target]:
    """Make routes that will change their backend and their words, and return their targets, which accept both."""
    names = [f"flip-{number}" for number in range(_FLIPPING)]
    for name in names:
        await world.put(manifests.route(SHOP, name, [f"{name}.example"], "echo", says="v0"))
    versions = [f"v{number}" for number in range(2)]
    return [target(f"{name}.example", routes=versions, backends=["echo", "other"]) for name in names]


@asynccontextmanager
async def _churn(world: World) -> AsyncIterator[Callable[[], tuple[Figure, ...]]]:
    """Change routes all the time; what is given returns the figures of it afterwards."""
    written = [0]

    async def work() -> None:
        for turn in count(1):
            name, odd = f"flip-{turn % _FLIPPING}", turn // _FLIPPING % 2
            changed = manifests.route(SHOP, name, [f"{name}.example"], ("echo", "other")[odd], says=f"v{odd}")
            extra = manifests.route(SHOP, f"extra-{turn % 7}", [f"extra-{turn}.example"], "other")
            await world.put(changed)
            if turn % 3:
                await world.put(extra)
            else:
                await world.delete(extra)
            written[0] += 2
            await asyncio.sleep(0.03)

    async with meanwhile(work()):
        yield lambda: (Figure(what="changes of routes meanwhile", value=written[0], at_least=100),)


async def from_scratch(world: World) -> tuple[Figure, ...]:
    """Compare what a fresh replica serves with what the others serve, and with what the Envoys have."""
    old = await world.control_plane()
    await world.replicas("fresh", count=1)
    fresh = (await world.control_plane("fresh"))[0]
    truth = witness.versions(await witness.served(world, fresh))
    figures = [Figure(what="resources of the Gateway from scratch", value=len(truth), at_least=3)]
    for number, pod in enumerate(old):
        served = witness.versions(await witness.served(world, pod))
        figures.append(none_of(f"resources of replica {number} that differ from scratch", differing(truth, served)))
    held = [witness.held(await proxy.config_dump()) for proxy in await world.proxies()]
    told = min((len(each) for each in held), default=0)
    return (
        *figures,
        Figure(what="resources that the Envoy says it has", value=told, at_least=3),
        none_of("of these, and of what it lacks, differ from scratch", sum(_of_envoy(each, truth) for each in held)),
    )


def differing(left: witness.Held, right: witness.Held) -> int:
    """Return how many resources differ, or are only on one side."""
    names = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    for name in names[:5]:
        print(f"  differs: {name}: {left.get(name)} {right.get(name)}")
    return len(names)


def _of_envoy(held: witness.Held, truth: witness.Held) -> int:
    """Compare the types that the Envoy's config dump tells versions of."""
    kinds = {kind for kind, _ in held}
    return differing({key: version for key, version in truth.items() if key[0] in kinds}, held)
