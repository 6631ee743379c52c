"""Kinds of changes under load: each keeps targets of its own right while it changes what answers them.

A kind is made once for each slot; `begin` makes its objects and targets, and `change` does one change and waits until
every connection has the new answer. What is right next is always said before it is written.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol

from conformance.scenarios import manifests
from conformance.scenarios.judged import NOT_FOUND, Asked, Judged, answer
from conformance.scenarios.manifests import Object
from conformance.scenarios.world import SHOP, World

BACKENDS = ("alpha", "beta", "gamma")


class Kind(Protocol):
    """One kind of change in one slot."""

    name: str

    async def begin(self) -> None:
        """Make what will change."""

    async def change(self, turn: int) -> None:
        """Change it, for the `turn`-th time from 1, and wait until that has arrived."""


def backend_of(turn: int) -> str:
    """Return the Deployment that serves a turn."""
    return BACKENDS[turn % len(BACKENDS)]


def rule(says: str, backend: str, *, path: str = "/", port: int = 80) -> Object:
    """Return a rule that tells its backend what it `says`."""
    header = {"name": manifests.ROUTE_HEADER, "value": says}
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [header]}}],
        "backendRefs": [{"name": backend, "port": port}],
    }


def route(name: str, host: str, rules: Sequence[Object]) -> Object:
    """Return an HTTPRoute of one host."""
    return {
        "apiVersion": manifests.GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"namespace": SHOP, "name": name},
        "spec": {"parentRefs": [{"name": "gateway"}], "hostnames": [host], "rules": list(rules)},
    }


class Slot:
    """What all kinds have."""

    name = ""

    def __init__(self, world: World, loop: Judged, slot: int) -> None:
        self._world = world
        self._loop = loop
        self._own = f"{self.name}-{slot}"
        self._host = f"{self._own}.example"

    async def _first(self, rules: Sequence[Object], right: str, *, path: str = "/") -> Asked:
        """Write the route as it is at first, and wait until it answers so."""
        target = await self._loop.ask(self._host, NOT_FOUND, path=path)
        await self._loop.expect(target, right)
        await self._put(rules)
        await self._loop.arrived(target)
        return target

    async def _put(self, rules: Sequence[Object], *, host: str = "") -> None:
        await self._world.put(route(self._own, host or self._host, rules))

    async def _ready(self, service: str, ports: int = 1) -> None:
        """Wait until a Service has ready endpoints for so many ports."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/{SHOP}/endpointslices?labelSelector=kubernetes.io/service-name="

        async def is_ready() -> bool:
            found = (await self._world.api.get(path + service))["items"]
            return any(
                len(each.get("ports") or ()) == ports
                and any(end["conditions"].get("ready") for end in each.get("endpoints") or ())
                for each in found
            )

        await self._world.until(is_ready, f"Service {service} has endpoints")


class Switch(Slot):
    """The backendRef of a route is switched, and what it says with it."""

    name = "switch"

    async def begin(self) -> None:
        """Make the route."""
        self._target = await self._first([rule("v0", backend_of(0))], answer("v0", backend_of(0)))

    async def change(self, turn: int) -> None:
        """Switch it."""
        await self._loop.expect(self._target, answer(f"v{turn}", backend_of(turn)))
        await self._put([rule(f"v{turn}", backend_of(turn))])
        await self._loop.arrived(self._target)


class Reorder(Slot):
    """The rules of a route come in another order; each keeps its own backend, and of two equal ones the first wins."""

    name = "reorder"

    async def begin(self) -> None:
        """Make the route and ask for each of its rules."""
        self._order = random.Random(self._own)  # noqa: S311 - the same orders each time
        self._rules = [rule(f"p{at}", backend_of(at), path=f"/p{at}") for at in range(5)]
        self._turned = await self._first(self._shuffled(0), answer("v0", backend_of(0)), path="/turn")
        for at in range(5):
            await self._loop.ask(self._host, answer(f"p{at}", backend_of(at)), path=f"/p{at}")

    def _shuffled(self, turn: int) -> list[Object]:
        rules = [*self._rules, rule(f"v{turn}", backend_of(turn), path="/turn")]
        self._order.shuffle(rules)
        return [*rules, rule("later", backend_of(turn + 1), path="/turn")]

    async def change(self, turn: int) -> None:
        """Shuffle them."""
        await self._loop.expect(self._turned, answer(f"v{turn}", backend_of(turn)))
        await self._put(self._shuffled(turn))
        await self._loop.arrived(self._turned)


class Wander(Slot):
    """A route moves from host to host."""

    name = "wander"
    _HOSTS = 3

    async def begin(self) -> None:
        """Make the route at its first host."""
        self._targets = [await self._loop.ask(self._at(turn), NOT_FOUND) for turn in range(self._HOSTS)]
        await self._loop.expect(self._targets[0], answer("v", "alpha"))
        await self._put([rule("v", "alpha")], host=self._at(0))
        await self._loop.arrived(*self._targets)

    def _at(self, turn: int) -> str:
        return f"h{turn % self._HOSTS}.{self._host}"

    async def change(self, turn: int) -> None:
        """Move it to the next host."""
        old, new = (self._targets[each % self._HOSTS] for each in (turn - 1, turn))
        await self._loop.expect(old, NOT_FOUND)
        await self._loop.expect(new, answer("v", "alpha"))
        await self._put([rule("v", "alpha")], host=self._at(turn))
        await self._loop.arrived(old, new)


class Remake(Slot):
    """A route is deleted and made again."""

    name = "remake"

    async def begin(self) -> None:
        """Make the route."""
        self._target = await self._first([rule("v0", backend_of(0))], answer("v0", backend_of(0)))

    async def change(self, turn: int) -> None:
        """Delete it, or make it."""
        if turn % 2:
            await self._loop.expect(self._target, NOT_FOUND)
            await self._world.delete(route(self._own, self._host, []))
        else:
            await self._loop.expect(self._target, answer(f"v{turn}", backend_of(turn)))
            await self._put([rule(f"v{turn}", backend_of(turn))])
        await self._loop.arrived(self._target)


class NewService(Slot):
    """A route goes to a Service that is new, and the one that it used is deleted; names come again."""

    name = "service"
    _NAMES = 3

    async def begin(self) -> None:
        """Make the first Service and the route."""
        await self._make(0)
        self._target = await self._first([rule("v0", self._service(0))], answer("v0", backend_of(0)))

    def _service(self, turn: int) -> str:
        return f"{self._own}-{turn % self._NAMES}"

    async def _make(self, turn: int) -> None:
        await self._world.put(manifests.service(SHOP, self._service(turn), {"app": backend_of(turn)}))
        await self._ready(self._service(turn))

    async def change(self, turn: int) -> None:
        """Switch to the next Service and delete the one before."""
        await self._make(turn)
        await self._loop.expect(self._target, answer(f"v{turn}", backend_of(turn)))
        await self._put([rule(f"v{turn}", self._service(turn))])
        await self._loop.arrived(self._target)
        await self._world.delete(manifests.service(SHOP, self._service(turn - 1), {}))


class Renumber(Slot):
    """The port of a Service gets another number: the new one beside the old one, the route, the old one away."""

    name = "renumber"

    async def begin(self) -> None:
        """Make the Service and the route."""
        await self._serve(0)
        self._target = await self._first([rule("v0", self._own, port=_port(0))], answer("v0", "alpha"))

    async def _serve(self, *turns: int) -> None:
        service = manifests.service(SHOP, self._own, {"app": "alpha"})
        service["spec"]["ports"] = [
            {"name": f"p{_port(turn)}", "port": _port(turn), "targetPort": manifests.ECHO_PORT} for turn in turns
        ]
        await self._world.put(service)
        await self._ready(self._own, len(turns))

    async def change(self, turn: int) -> None:
        """Renumber it."""
        await self._serve(turn - 1, turn)
        await self._loop.expect(self._target, answer(f"v{turn}", "alpha"))
        await self._put([rule(f"v{turn}", self._own, port=_port(turn))])
        await self._loop.arrived(self._target)
        await self._serve(turn)


def _port(turn: int) -> int:
    return 8000 + turn % 100


KINDS: tuple[tuple[Callable[[World, Judged, int], Kind], int], ...] = (
    *((Switch, slot) for slot in range(4)),
    *((Reorder, slot) for slot in range(2)),
    *((Wander, slot) for slot in range(2)),
    *((Remake, slot) for slot in range(2)),
    *((NewService, slot) for slot in range(2)),
    (Renumber, 0),
)
"""Every kind with its slots; slots change side by side."""
