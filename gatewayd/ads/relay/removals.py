"""What is taken from an Envoy, on its way there: it waits for connections, and nothing that comes after waits for it.

A control plane has one response of a type under way, and orders the types by what was acknowledged: a removal that
waits would keep up all that is new. So it is parted from its response, and goes later by itself. Where nothing else
was in the response, the control plane has its acknowledgement at once.

Removals stay in their order, and what is taken and given again is given after it was taken. An Envoy that is not told
before its stream ends says at the next one what it has.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from envoy.service.discovery.v3 import discovery_pb2

_PARTED: Final = "/removed"
"""At the end of the nonce of what was parted: the control plane passes over an acknowledgement of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A removal as it is passed on: `names` of a type."""

    type_url: str
    names: frozenset[str]
    data: bytes


def parted(message: discovery_pb2.DeltaDiscoveryResponse) -> tuple[bytes, Removal]:
    """Return a response without what it removes, and that."""
    rest = discovery_pb2.DeltaDiscoveryResponse()
    rest.CopyFrom(message)
    del rest.removed_resources[:]
    taken = discovery_pb2.DeltaDiscoveryResponse(
        type_url=message.type_url,
        nonce=f"{message.nonce}{_PARTED}",
        removed_resources=message.removed_resources,
        system_version_info=message.system_version_info,
    )
    names = frozenset(message.removed_resources)
    return rest.SerializeToString(), Removal(type_url=message.type_url, names=names, data=taken.SerializeToString())


def acknowledgement(message: discovery_pb2.DeltaDiscoveryResponse) -> bytes:
    """Return what an Envoy answers when it has taken a response."""
    taken = discovery_pb2.DeltaDiscoveryRequest(type_url=message.type_url, response_nonce=message.nonce)
    return bytes(taken.SerializeToString())


class HeldRemovals:
    """The removals of one stream that wait. Their tasks are of a group that ends with it."""

    def __init__(self, group: asyncio.TaskGroup, pass_on: Callable[[bytes], Awaitable[None]]) -> None:
        self._group = group
        self._pass_on = pass_on
        self._waiting: dict[asyncio.Task[None], Removal] = {}

    @property
    def are_under_way(self) -> bool:
        """Return whether there are any."""
        return bool(self._waiting)

    def start(self, removal: Removal, free: Awaitable[None]) -> None:
        """Pass a removal on when `free` has returned, and all before it are passed on."""
        task = self._group.create_task(self._depart(removal, free, tuple(self._waiting)))
        self._waiting[task] = removal
        task.add_done_callback(self._waiting.pop)

    async def before(self, message: discovery_pb2.DeltaDiscoveryResponse) -> None:
        """Return when nothing that a response gives has still to be taken."""
        given = {each.name for each in message.resources}
        waiting = [
            task
            for task, each in self._waiting.items()
            if each.type_url == message.type_url and not given.isdisjoint(each.names)
        ]
        if waiting:
            await asyncio.wait(waiting)

    async def _depart(self, removal: Removal, free: Awaitable[None], earlier: tuple[asyncio.Task[None], ...]) -> None:
        await free
        if earlier:
            await asyncio.wait(earlier)
        await self._pass_on(removal.data)
