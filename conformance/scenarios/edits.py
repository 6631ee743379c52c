"""A route that is edited all the time while something else happens, and how long each edit takes until it is served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from conformance.scenarios.changes import backend_of, route, rule
from conformance.scenarios.judged import NOT_FOUND, Asked, Judged, answer
from conformance.scenarios.world import World

_HOST = "switched.example"
_PAUSE_NANOSECONDS = 20_000_000
"""Of the client, after each request on a connection: it shall be a witness, and no load."""


@dataclass(slots=True, kw_only=True)
class Edits:
    """One route, which leads to one backend after the other, and the client that asks for it."""

    world: World
    loop: Judged
    target: Asked

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[list[float]]:
        """Edit until the block ends; the list has the milliseconds of each edit, one at least, when it has ended."""
        took: list[float] = []
        is_over = asyncio.Event()

        async def work() -> None:
            while not is_over.is_set():
                took.append(await self._edit())

        task = asyncio.create_task(work())
        try:
            yield took
        finally:
            is_over.set()
            await task

    async def _edit(self) -> float:
        """Edit once; the API server's own time is not counted."""
        turn = self.target.newest + 1
        backend = backend_of(turn)
        await self.loop.expect(self.target, answer(f"v{turn}", backend))
        await self.world.put(route("switched", _HOST, [rule(f"v{turn}", backend)]))
        began = time.monotonic()
        await self.loop.arrived(self.target)
        return (time.monotonic() - began) * 1000


async def edits(world: World, loop: Judged) -> Edits:
    """Let the client ask for the route, which is not there yet."""
    loop.pause(_PAUSE_NANOSECONDS)
    return Edits(world=world, loop=loop, target=await loop.ask(_HOST, NOT_FOUND))
