"""Services with routes, and the pods that call them: what stands in the cluster while the mesh is disturbed.

`till` has routes that stay, `swing` routes whose rules change, and `guest` is made and removed with its routes, again
and again under one address. All are in the namespace `shop`, and so is one caller; `blog` has routes of its own for all
of them, `news` for the guest alone.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from conformance.harness.addresses import SERVICE_RANGE
from conformance.scenarios import manifests
from conformance.scenarios.callers import Caller, calling
from conformance.scenarios.calls import NO_RULE, Called, Reply, Span
from conformance.scenarios.manifests import Object
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP, World

BLOG, NEWS = "blog", "news"
RATE = int(os.environ.get("MESH_RATE", "500"))
"""Requests a second of all pods together. `MESH_RATE=100` is for a machine that has other work."""
RATES: Mapping[str, int] = {SHOP: RATE * 2 // 5, BLOG: RATE * 2 // 5, NEWS: RATE // 5}
PLAIN, OTHER = "plain", "other"
BACKENDS = (PLAIN, OTHER, "one", "two", "three")
_ADDRESSES = {name: str(SERVICE_RANGE[7000 + number]) for number, name in enumerate(("till", "swing", "guest"))}
_CALLER = "caller"
A, B, NONE = "till/a", "till/b", "till/none"
SWING, GUEST = "swing", "guest"
_ASKED: Mapping[str, tuple[str, ...]] = {
    SHOP: (A, B, NONE, SWING, GUEST),
    BLOG: (A, B, SWING, GUEST),
    NEWS: (A, GUEST),
}
_LOOK_SECONDS = 0.2
_DRAINED_SECONDS = 1.5
"""After this nothing that was asked before has no answer yet."""


def service(name: str, address: str, backend: str) -> Object:
    """Return a Service at an address, whose port says that it is HTTP."""
    item = manifests.service(SHOP, name, {"app": backend})
    item["spec"]["clusterIP"] = address
    item["spec"]["ports"][0]["name"] = "http"
    return item


def route(where: str, name: str, of: str, rules: Mapping[str, Reply]) -> Object:
    """Return a route of a namespace for a Service: the replies that its rules make, by path."""

    def rule(path: str, reply: Reply) -> Object:
        header = {"name": manifests.ROUTE_HEADER, "value": reply.route}
        return {
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [header]}}],
            "backendRefs": [{"namespace": SHOP, "name": reply.backend, "port": 80}],
        }

    item = manifests.route(where, name, [], PLAIN)
    parent = {"group": "", "kind": "Service", "namespace": SHOP, "name": of, "port": 80}
    item["spec"] = {"parentRefs": [parent], "rules": [rule(*each) for each in rules.items()]}
    return item


def by(route: str, backend: str, *, of: str = SHOP) -> Reply:
    """Return the reply of a backend that a rule leads to, of a route of a namespace."""
    return Reply(200, route, backend, of)


@dataclass(slots=True, kw_only=True)
class Stage:
    """See the module's text. `took`: how long each change of a route took until it had settled, in seconds.

    `newest` is when that began which has settled last.
    """

    world: World
    callers: Mapping[str, Caller]
    away: list[Span] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    newest: float = 0.0
    guests: int = 0

    def called(self, namespace: str, what: str) -> Called:
        """Return what is known of a URL that the pod of a namespace calls."""
        return self.callers[namespace].called[_ASKED[namespace].index(what)]

    async def change(self, what: str, after: Mapping[str, Reply | None], write: Awaitable[None]) -> None:
        """Write a change, and wait until it has settled; `after`: what it makes right, by namespace; None: no route."""
        moment = time.time()
        self.declare(what, after, moment)
        await write
        await self.settled(what, after, since=moment)
        self.took.append(time.time() - moment)
        self.newest = max(self.newest, moment)

    def declare(self, what: str, after: Mapping[str, Reply | None], moment: float) -> None:
        """Say what is about to be made right."""
        for namespace, reply in after.items():
            called = self.called(namespace, what)
            if reply is None:
                called.has_no_route(moment)
            else:
                called.has_rule(reply, moment)

    async def settled(self, what: str, namespaces: Mapping[str, object], *, since: float) -> None:
        """Wait until the pods of namespaces get what is newest alone."""

        async def one(namespace: str) -> None:
            called, caller, moment = self.called(namespace, what), self.callers[namespace], since
            await caller.settled(called, moment)
            while called.is_led_by_kube_proxy and self._gets_by():
                await asyncio.sleep(_LOOK_SECONDS)
                moment = time.time()
                await caller.settled(called, moment)
            called.settle(time.time())

        await asyncio.gather(*map(one, namespaces))

    def _gets_by(self) -> bool:
        """Return whether nobody is led to the Envoy now, so that what kube-proxy leads tells of no change."""
        now = time.time()
        return any(each.meets(now, now) for each in self.away)

    async def all_led(self) -> None:
        """Wait until all pods are answered by the routes that stay."""
        now = time.time()
        await asyncio.gather(*(each.settled(self.called(name, A), now) for name, each in self.callers.items()))

    # --- what comes and goes -----------------------------------------------------------------------------------

    async def arrive(self, name: str, backend: str, *, routed: Mapping[str, Reply]) -> None:
        """Make the guest's Service under its address, and call it; `routed` is by its routes, if they are there."""
        guest = service(name, _ADDRESSES[GUEST], backend)
        moment = time.time()
        for namespace in RATES:
            called = self.called(namespace, GUEST)
            called.is_of(backend, moment)
            called.has_no_route(moment)
            if namespace in routed:
                called.has_rule(routed[namespace], moment + 1e-6)
        await stand(self.world, guest, backend)
        for namespace, caller in self.callers.items():
            caller.ask(self.called(namespace, GUEST))
        await self.settled(GUEST, RATES, since=moment)

    async def leave(self, name: str) -> None:
        """Call the guest no more, and remove its Service, whatever routes it has."""
        for namespace, caller in self.callers.items():
            caller.forget(self.called(namespace, GUEST))
        await asyncio.sleep(_DRAINED_SECONDS)
        await self.world.delete(service(name, _ADDRESSES[GUEST], PLAIN))
        self.guests += 1

    async def guest(self, turn: int) -> None:
        """Have a guest come with its routes, one after the other, and go."""
        name, world = f"{GUEST}-{turn}", self.world
        everybody, news, blog = (
            by(name, "one"),
            by(f"{name}-news", "two", of=NEWS),
            by(f"{name}-blog", "three", of=BLOG),
        )
        routes = {
            of: route(of, GUEST, name, {"/": reply}) for of, reply in ((SHOP, everybody), (NEWS, news), (BLOG, blog))
        }
        await self.arrive(name, (PLAIN, OTHER)[turn % 2], routed={})
        await self.change(GUEST, dict.fromkeys(RATES, everybody), world.put(routes[SHOP]))
        await self.change(GUEST, {NEWS: news}, world.put(routes[NEWS]))
        await self.change(GUEST, {BLOG: blog}, world.put(routes[BLOG]))
        if turn % 2:
            await self.leave(name)
            await self.arrive(name, (OTHER, PLAIN)[turn % 2], routed={SHOP: everybody, NEWS: news, BLOG: blog})
        await self.change(GUEST, {NEWS: everybody}, world.delete(routes[NEWS]))
        await self.change(GUEST, {SHOP: None, NEWS: None}, world.delete(routes[SHOP]))
        await self.change(GUEST, {BLOG: None}, world.delete(routes[BLOG]))
        await self.leave(name)

    async def swing(self, namespace: str, turn: int) -> None:
        """Change the rule that the pods of a namespace have."""
        reply = by(f"{namespace}-{turn}", ("one", "two")[turn % 2], of=namespace)
        await self.change(SWING, {namespace: reply}, self.world.put(route(namespace, SWING, SWING, {"/": reply})))


async def stand(world: World, item: Object, backend: str) -> None:
    """Make a Service, and wait until a backend of its own answers the node itself, which no mesh is in the way of.

    A Service that had the address before may do so for a moment longer: kube-proxy hears of both when it does.
    """
    address = item["spec"]["clusterIP"]

    async def answers() -> bool:
        status, _, pod = await asked(address, address)
        return status == 200 and pod.rsplit("-", 2)[0] == backend

    await world.put(item)
    await world.until(answers, f"kube-proxy leads to {address}")


_STAY: Mapping[str, Mapping[str, Reply]] = {
    SHOP: {"/a": by("producer-a", "one"), "/b": by("producer-b", "two")},
    BLOG: {"/a": by("consumer-a", "three", of=BLOG)},
}


@asynccontextmanager
async def staged(world: World) -> AsyncIterator[Stage]:
    """Make all that stays, and have it called until the block ends."""
    for namespace in (BLOG, NEWS):
        await world.put(manifests.namespace(namespace))
    await world.echoes(*BACKENDS)
    for namespace in RATES:
        await world.put(_pod_that_waits(namespace))
        await world.available(namespace, _CALLER)
    for name in ("till", "swing"):
        await stand(world, service(name, _ADDRESSES[name], PLAIN), PLAIN)
    async with AsyncExitStack() as stack:
        callers = {}
        for namespace, rate in RATES.items():
            (pod,) = await world.pods(namespace, f"app={_CALLER}")
            called = [Called(url=_url(what)) for what in _ASKED[namespace]]
            callers[namespace] = await stack.enter_async_context(calling(pod, called, rate=rate, world=world))
        stage = Stage(world=world, callers=callers)
        await _begin(stage)
        yield stage


async def _begin(stage: Stage) -> None:
    """Have the routes that stay, and those that swing; call them from before they are there."""
    moment = time.time()
    for namespace, caller in stage.callers.items():
        for what in _ASKED[namespace]:
            if what != GUEST:
                called = stage.called(namespace, what)
                called.is_of(PLAIN, moment)
                called.has_no_route(moment)
                caller.ask(called)
    producers, consumers = _STAY[SHOP], _STAY[BLOG]
    after: Mapping[str, Mapping[str, Reply | None]] = {
        A: {SHOP: producers["/a"], BLOG: consumers["/a"], NEWS: producers["/a"]},
        B: {SHOP: producers["/b"], BLOG: NO_RULE},
        NONE: {SHOP: NO_RULE},
    }
    # The consumers' first, until it is known which pods they are: the producer's route would answer them meanwhile.
    for namespaces in ((BLOG,), (SHOP, NEWS)):
        moment = time.time()
        made = {
            what: {where: reply for where, reply in replies.items() if where in namespaces}
            for what, replies in after.items()
        }
        for what, replies in made.items():
            stage.declare(what, replies, moment)
        await stage.world.put(route(namespaces[0], "till", "till", _STAY[namespaces[0]]))
        await asyncio.gather(*(stage.settled(what, replies, since=moment) for what, replies in made.items()))
    for namespace in (BLOG, SHOP):
        await stage.swing(namespace, 0)


def _url(what: str) -> str:
    name, _, path = what.partition("/")
    return f"http://{_ADDRESSES[name]}/{path}"


def _pod_that_waits(namespace: str) -> Object:
    """Return a Deployment of one Pod, in whose network the load client runs."""
    item, _ = manifests.echo(namespace, _CALLER)
    item["spec"]["template"]["spec"]["containers"] = [
        {"name": "waits", "image": "busybox", "command": ["sleep", "1000000"]}
    ]
    return item
