"""Kinds of edits of policies under load: each keeps a target right while it changes who may come in, or what answers.

They are kinds as those of `changes` are: what is right next is said before it is written. A door that an override keeps
shut is never open, whatever is written below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.scenarios.changes import Kind, Slot, backend_of, rule
from conformance.scenarios.judged import Judged, answer
from conformance.scenarios.manifests import ROUTE_HEADER, Object
from conformance.scenarios.world import SHOP, World
from gatewayd.own_group import API_VERSION

EVERYBODY = ("0.0.0.0/0", "::/0")
NOBODY = ({"cidr": "2001:db8::1/128"},)
"""An address that no client has: https://www.rfc-editor.org/rfc/rfc3849."""

FORBIDDEN = "403"
LATE = "418"


def policy(kind: str, name: str, target: Mapping[str, str], **spec: Any) -> Object:
    """Return a policy of ours for one target."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"namespace": SHOP, "name": name},
        "spec": {"targetRefs": [{"group": "gateway.networking.k8s.io", **target}], **spec},
    }


def closed() -> Mapping[str, Any]:
    """Return sections that let nobody in."""
    return {"clients": {"deny": [{"cidr": each} for each in EVERYBODY]}}


class _OfRoute(Slot):
    """What has a route of its own that one policy is for."""

    async def begin(self) -> None:
        """Make the route."""
        self._target = await self._first([rule("v", "alpha")], answer("v", "alpha"))

    @property
    def _route(self) -> Mapping[str, str]:
        return {"kind": "HTTPRoute", "name": self._own}

    async def _becomes(self, right: str, item: Object) -> None:
        """Write a policy that makes another answer right."""
        await self._loop.expect(self._target, right)
        await self._world.put(item)
        await self._loop.arrived(self._target)


class Door(_OfRoute):
    """An AccessPolicy lets everybody in, or nobody."""

    name = "door"

    async def change(self, turn: int) -> None:
        """Shut it, or open it."""
        if turn % 2:
            await self._becomes(FORBIDDEN, policy("AccessPolicy", self._own, self._route, default=closed()))
        else:
            opened = {"clients": {"mode": "Disabled"}}
            await self._becomes(answer("v", "alpha"), policy("AccessPolicy", self._own, self._route, default=opened))


class Guest(_OfRoute):
    """An AccessPolicy comes and goes: without it everybody may come in."""

    name = "guest"

    async def change(self, turn: int) -> None:
        """Make it, or delete it."""
        item = policy("AccessPolicy", self._own, self._route, override={"clients": {"allow": list(NOBODY)}})
        if turn % 2:
            await self._becomes(FORBIDDEN, item)
        else:
            await self._loop.expect(self._target, answer("v", "alpha"))
            await self._world.delete(item)
            await self._loop.arrived(self._target)


class Shut(Slot):
    """A door that an override keeps shut, while what is below it changes in every way."""

    name = "shut"

    async def begin(self) -> None:
        """Make the override first, then the route: it must never have been open."""
        route = {"kind": "HTTPRoute", "name": self._own}
        await self._world.put(policy("AccessPolicy", f"{self._own}-above", route, override=closed()))
        self._named = {"name": "only", **rule("v", "alpha")}
        self._target = await self._first([self._named], FORBIDDEN)

    async def change(self, turn: int) -> None:
        """Change what is below; nothing is awaited, since nothing may change."""
        below = {"kind": "HTTPRoute", "name": self._own, "sectionName": "only"}
        ways = (
            {"default": {"clients": {"mode": "Disabled"}}},
            {"default": {"clients": {"allow": [{"cidr": each} for each in EVERYBODY]}}},
            {"override": {"clients": {"allow": [{"cidr": each} for each in EVERYBODY]}}},
        )
        item = policy("AccessPolicy", f"{self._own}-below", below, **ways[turn % len(ways)])
        if turn % 5 == 4:
            await self._world.delete(item)
        else:
            await self._world.put(item)


class Instead(_OfRoute):
    """A RoutePolicy answers in the place of the backend, or does not."""

    name = "instead"

    async def change(self, turn: int) -> None:
        """Turn it on or off."""
        section = {"status": int(LATE)} if turn % 2 else {"mode": "Disabled"}
        right = LATE if turn % 2 else answer("v", "alpha")
        await self._becomes(right, policy("RoutePolicy", self._own, self._route, default={"directResponse": section}))


class Renamed(_OfRoute):
    """A RoutePolicy says to the backend which route this is."""

    name = "headers"

    async def change(self, turn: int) -> None:
        """Let it say something else."""
        sets = {"headers": {"request": {"set": [{"name": ROUTE_HEADER, "value": f"v{turn}"}]}}}
        await self._becomes(answer(f"v{turn}", "alpha"), policy("RoutePolicy", self._own, self._route, override=sets))


class Tuned(_OfRoute):
    """A BackendPolicy changes how the backend is chosen, checked and spoken to, and its cluster with it."""

    name = "tuned"

    async def change(self, turn: int) -> None:
        """Have it another way, or not at all; nothing is awaited, since the answer stays."""
        ways: tuple[Mapping[str, Any], ...] = (
            {"limits": {"requests": 10_000 + turn}, "connection": {"connectTimeout": "2s"}},
            {"activeHealth": {"tcp": {}, "interval": "1s"}},
            {"loadBalancing": {"type": "Maglev", "hashOn": [{"type": "Address"}]}, "passiveHealth": {}},
            {"loadBalancing": {"type": "RoundRobin", "slowStart": "1s"}},
        )
        service = {"group": "", "kind": "Service", "name": "alpha"}
        item = policy("BackendPolicy", self._own, service, default=ways[turn % len(ways)])
        if turn % 6 == 5:
            await self._world.delete(item)
        else:
            await self._world.put(item)


class Above(Slot):
    """Sections of the Gateway's policy change, which all routes have and none shows, while a route is switched."""

    name = "above"

    async def begin(self) -> None:
        """Make a route that is switched meanwhile."""
        self._target = await self._first([rule("v0", backend_of(0))], answer("v0", backend_of(0)))

    async def change(self, turn: int) -> None:
        """Change a section of the Gateway's, and switch the route at the same time."""
        gateway = {"kind": "Gateway", "name": "gateway"}
        sections: tuple[Mapping[str, Any], ...] = (
            {"timeouts": {"request": f"{turn + 20}s"}},
            {"retry": {"attempts": turn % 3}},
            {"compression": {"mode": "Enabled"}},
            {"rateLimit": {"limits": [{"requests": 1_000_000, "unit": "Second"}]}},
        )
        await self._world.put(policy("RoutePolicy", self._own, gateway, default=sections[turn % len(sections)]))
        await self._loop.expect(self._target, answer(f"v{turn}", backend_of(turn)))
        await self._put([rule(f"v{turn}", backend_of(turn))])
        await self._loop.arrived(self._target)


POLICY_KINDS: tuple[tuple[Callable[[World, Judged, int], Kind], int], ...] = (
    *((Door, slot) for slot in range(3)),
    *((Guest, slot) for slot in range(3)),
    *((Shut, slot) for slot in range(2)),
    *((Instead, slot) for slot in range(2)),
    *((Renamed, slot) for slot in range(2)),
    (Tuned, 0),
    (Above, 0),
)
"""Every kind with its slots; slots change side by side."""
