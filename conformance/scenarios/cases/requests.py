"""A million requests while routes, Services and listeners change, gatewayd is killed, Pods roll and an Envoy goes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles

from conformance.scenarios import manifests
from conformance.scenarios.cases.restart import all_ready
from conformance.scenarios.changes import BACKENDS, KINDS, Kind, route, rule
from conformance.scenarios.judged import NOT_FOUND, Judged, answer, judged
from conformance.scenarios.manifests import Object
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.scenario import Figure
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_POOL = 4
_ENVOYS = 2
_LINGER_SECONDS = 3
_HTTP = manifests.http_listener()


async def requests(world: World) -> tuple[Figure, ...]:
    """Ask a million times under a thousand changes."""
    return await _run(world, requests=1_000_000, changes=1000)


async def requests_short(world: World) -> tuple[Figure, ...]:
    """Ask a twentieth of that under a tenth of the changes, with the same disturbances."""
    return await _run(world, requests=50_000, changes=100)


async def _run(world: World, *, requests: int, changes: int) -> tuple[Figure, ...]:
    await world.install(replicas=2)
    for name in BACKENDS:
        await world.put(*_quiet(name, 1))
    await world.put(*_pool("first"))
    for name in (*BACKENDS, "pool"):
        await world.available(SHOP, name)
    await world.put(_parameters(), _gateway(_HTTP))
    await world.condition(_gateway(), "Programmed")
    await _until_proxies(world, without=frozenset())
    status = (await world.api.get(manifests.path(_gateway())))["status"]
    done: Counter[str] = Counter()
    async with judged(
        world, f"{status['addresses'][0]['value']}:80", show=lambda: f"{done.total()} of {changes} changes"
    ) as loop:
        run = _Run(world=world, loop=loop, requests=requests, changes=changes, done=done)
        await run.all()
    return (*loop.figures(at_least=requests), *run.figures())


@dataclass(slots=True, kw_only=True)
class _Run:
    """What goes on. `took` is how long each change took from before its first write to the last connection, in ms."""

    world: World
    loop: Judged
    requests: int
    changes: int
    done: Counter[str]
    begun: int = 0
    took: list[float] = field(default_factory=list)
    disturbed: Counter[str] = field(default_factory=Counter)

    async def all(self) -> None:
        """Change and disturb until there were enough changes and enough requests."""
        await self._pin(without="")
        pool = await self.loop.ask("pool.example", NOT_FOUND)
        await self.loop.expect(pool, answer("pool", "pool"))
        await self.world.put(route("pool", "pool.example", [rule("pool", "pool")]))
        kinds: list[Kind] = [kind(self.world, self.loop, slot) for kind, slot in KINDS]
        await asyncio.gather(self.loop.arrived(pool), *(each.begin() for each in kinds))
        async with asyncio.TaskGroup() as group:
            for each in kinds:
                group.create_task(self._change(each))
            group.create_task(self._disturb())
        await self.loop.asked_for(self.requests)

    async def _pin(self, *, without: str) -> None:
        """Give every Envoy but one some of the connections, so that a change has not arrived before it has it."""
        self.loop.pin(*(f"{each.address}:80" for each in await self.world.proxies() if each.name != without))

    async def _change(self, kind: Kind) -> None:
        """Do changes of one kind and slot, spread over the requests, until there were enough of all."""
        for turn in count(1):
            if self.begun >= self.changes:
                return
            self.begun += 1
            await self.loop.asked_for(self.begun / self.changes * self.requests * 0.95)
            began = time.monotonic()
            await kind.change(turn)
            self.took.append((time.monotonic() - began) * 1000)
            self.done[kind.name] += 1

    async def _disturb(self) -> None:
        """Do what is not a change of a route, one after the other."""
        plan: tuple[tuple[float, str, Callable[[], Awaitable[None]]], ...] = (
            (0.05, "edits of the Gateway's listeners", self._edit_listeners),
            (0.15, "kills of replicas with -9", self._kill_all),
            (0.25, "rolling updates of a backend", self._roll),
            (0.35, "edits of the Gateway's listeners", self._edit_listeners),
            (0.45, "kills of replicas with -9", self._kill_one),
            (0.55, "Envoys replaced", self._replace_envoy),
            (0.70, "edits of the Gateway's listeners", self._edit_listeners),
            (0.75, "kills of replicas with -9", self._kill_all),
            (0.85, "rolling updates of a backend", self._roll),
        )
        for share, name, act in plan:
            await self.loop.asked_for(share * self.requests)
            await act()
            self.disturbed[name] += 1
            print(f"  at {self.loop.asked:,} requests: {name}", flush=True)

    async def _edit_listeners(self) -> None:
        """Add a port, and on the old port a listener that takes a host over; take both away."""
        beside = {"name": "beside", "port": 8080, "protocol": "HTTP"}
        own = {**_HTTP, "name": "own", "hostname": "pool.example"}
        for listeners in ((_HTTP, beside, own), (_HTTP,)):
            await self.world.put(_gateway(*listeners))
            await self.world.condition(_gateway(), "Programmed")

    async def _kill_all(self) -> None:
        await self._kill(await self.world.control_plane())

    async def _kill_one(self) -> None:
        leader = await self.world.elected()
        await self._kill([each for each in await self.world.control_plane() if each.name == leader])

    async def _kill(self, pods: Sequence[PodHandle]) -> None:
        """Kill replicas, and wait until they are there again and Envoys are connected to them.

        A Pod is said to be ready for a while after its end. What rolls while nobody tells Envoys of it is lost.
        """
        before = await self._restarts()
        for pod in pods:
            pod.signal(signal.SIGKILL)

        async def are_back() -> bool:
            return (await self._restarts()) >= before + len(pods)

        await self.world.until(are_back, "the replicas were restarted")
        await all_ready(self.world)
        for proxy in await self.world.proxies():
            await self.world.until(proxy.is_connected, f"{proxy.name} is connected")

    async def _restarts(self) -> int:
        path = f"/api/v1/namespaces/{layout.NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=gatewayd"
        pods = (await self.world.api.get(path))["items"]
        states = (state for pod in pods for state in pod["status"].get("containerStatuses", ()))
        return sum(state["restartCount"] for state in states)

    async def _roll(self) -> None:
        await self.world.put(_pool(f"turn-{self.disturbed.total()}")[0])
        await self.world.available(SHOP, "pool")

    async def _replace_envoy(self) -> None:
        """Delete one of the Pods, as a drain of its node does, and wait until another one is there and it is gone."""
        old = (await self.world.proxies())[0]
        await self._pin(without=old.name)
        path = f"/api/v1/namespaces/{SHOP}/pods/{old.name}"
        await self.world.api.delete(path)
        await _until_proxies(self.world, without=frozenset({old.name}))
        await self._pin(without=old.name)

        async def is_gone() -> bool:
            found = await self.world.api.get(f"/api/v1/namespaces/{SHOP}/pods")
            return all(each["metadata"]["name"] != old.name for each in found["items"])

        await self.world.until(is_gone, f"{old.name} is gone")

    def figures(self) -> tuple[Figure, ...]:
        """Return what was changed and disturbed, and how long changes took."""
        cuts = quantiles(self.took, n=100)
        return (
            Figure(what="changes", value=self.done.total(), at_least=self.changes),
            *(Figure(what=f"of these, {name}", value=times) for name, times in sorted(self.done.items())),
            *(Figure(what=name, value=times, at_least=1) for name, times in sorted(self.disturbed.items())),
            Figure(what="write to all connections, median", value=cuts[49], unit="ms"),
            Figure(what="write to all connections, 90 %", value=cuts[89], unit="ms"),
            Figure(what="write to all connections, longest", value=max(self.took), unit="ms"),
        )


async def _until_proxies(world: World, *, without: frozenset[str]) -> None:
    """Wait until all Envoys are ready, these not among them."""

    async def are_ready() -> bool:
        names = {each.name for each in await world.proxies() if each.ready}
        return len(names - without) == _ENVOYS

    await world.until(are_ready, f"{_ENVOYS} Envoys are ready")


def _gateway(*listeners: Object) -> Object:
    return manifests.gateway(SHOP, "gateway", *listeners, parameters="proxies")


def _parameters() -> Object:
    metadata = {"namespace": SHOP, "name": "proxies"}
    # One worker each: what one connection has seen, all connections to that Envoy see.
    data = {"replicas": str(_ENVOYS), "concurrency": "1"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _pool(stamp: str) -> tuple[Object, Object]:
    """Return Pods that go on for a while after they were told to end, as all must that want to lose no request."""
    deployment, service = _quiet("pool", _POOL)
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"] = {"scenario": stamp}
    template["spec"]["containers"][0]["lifecycle"] = {"preStop": {"sleep": {"seconds": _LINGER_SECONDS}}}
    deployment["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return deployment, service


def _quiet(name: str, replicas: int) -> tuple[Object, Object]:
    """Return echo servers that do not log each request: reading that would cost more than answering."""
    deployment, service = manifests.echo(SHOP, name, replicas)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["/bin/sh", "-c", "exec /echo-basic > /dev/null"]
    return deployment, service
