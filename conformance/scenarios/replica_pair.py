"""Two replicas, each with a stand-in for the API server of its own: who of them writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

from conformance.scenarios import manifests
from conformance.scenarios.apifault import Request, Stand, standing
from conformance.scenarios.world import SHOP, World

LEASES = "leases"
_EVERYBODYS = (LEASES, "/namespaces/gatewayd-system/configmaps", "/events")
"""What every replica may write: the lease, what its own Envoys have, and Events."""
PORTS = {"left": 7001, "right": 7002}


@asynccontextmanager
async def replica_pair(world: World) -> AsyncIterator[dict[str, Stand]]:
    """Run two replicas, each with a stand-in for the API server of its own, by name of their Deployments."""
    async with AsyncExitStack() as stack:
        stands = {name: await stack.enter_async_context(standing(world, port)) for name, port in PORTS.items()}
        for name, port in PORTS.items():
            await world.replicas(name, count=1, api_port=port, wait=False)
        for name in PORTS:
            await world.available("gatewayd-system", name)
        await world.echoes("echo")
        await world.gateway()
        yield stands


async def leads(world: World) -> tuple[str, str]:
    """Return which of the two Deployments leads, and which would be the next."""
    leader = (await world.elected()).split("-")[0]
    return leader, next(name for name in PORTS if name != leader)


async def work(world: World) -> None:
    """Keep statuses changing: a route that is there and gone, four times a second."""
    for number in count():
        item = manifests.route(SHOP, f"busy-{number % 5}", [f"busy-{number}.example"], f"none-{number}")
        await world.put(item)
        await asyncio.sleep(0.25)


def writes(stand: Stand, since: float) -> list[Request]:
    """Return the writes of statuses and of infrastructure that were begun after a moment (Unix seconds)."""
    return [
        each
        for each in stand.requests
        if each.method in {"POST", "PUT", "PATCH", "DELETE"}
        and not any(part in each.path for part in _EVERYBODYS)
        and each.began >= since
    ]


def late_writes(loser: Sequence[Request], heir: Sequence[Request]) -> int:
    """Return how many writes of the loser, of whatever success, were under way after the heir's first one began."""
    handover = min((each.began for each in heir), default=float("inf"))
    late = [each for each in loser if max(each.began, each.ended) > handover]
    for each in late[:5]:
        print(f"  two at once: {each}")
    return len(late)


async def first_write(world: World, stand: Stand, since: float) -> float:
    """Wait until a replica has written a status; return how long after a moment it began to."""

    async def has_written() -> bool:
        return any(each.is_status_write and each.status == 200 for each in writes(stand, since))

    await world.until(has_written, "another has written a status", within=45)
    first = min(each.began for each in writes(stand, since) if each.is_status_write and each.status == 200)
    return first - since
