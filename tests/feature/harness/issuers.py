"""An issuer that publishes its key set by HTTP, and whoever fetches that for a World."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from gatewayd.ir.backoff import Backoff
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource
from gatewayd.keysets.fetch import fetch
from gatewayd.keysets.keeper import FetchPace, KeySetKeeper
from gatewayd.store import Delta
from gatewayd.translator.proxies.key_sets import KEY_SETS
from tests.feature.harness.world import World

DEADLINE = 10.0
BRISK = FetchPace(least=0.05, most=0.05, usual=0.05, backoff=Backoff(first=0.02, longest=0.05))
"""Many times as often as in earnest, so that nothing is waited for."""


class Issuer:
    """Answers each request with `status` and `body`, or with nothing while it `is_down`."""

    def __init__(self) -> None:
        self.body = ""
        self.head = "cache-control: max-age=1\r\n"
        self.status = 200
        self.is_down = False
        self.asked: list[str] = []
        self.port = 0
        self._happened = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(request.decode())
            if not self.is_down:
                body = self.body.encode()
                head = f"HTTP/1.1 {self.status} x\r\n{self.head}content-length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()
        async with self._happened:
            self._happened.notify_all()

    async def until_asked(self, more: int) -> None:
        """Wait until so many further requests have come."""
        wanted = len(self.asked) + more
        async with asyncio.timeout(DEADLINE), self._happened:
            await self._happened.wait_for(lambda: len(self.asked) >= wanted)


@asynccontextmanager
async def issuer() -> AsyncIterator[Issuer]:
    """Start an issuer on a port of 127.0.0.1."""
    it = Issuer()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        await server.wait_closed()


class Kept:
    """A store that outlives a keeper."""

    def __init__(self) -> None:
        self.keys: dict[KeySetSource, str] = {}

    async def load(self) -> Mapping[KeySetSource, str]:
        return self.keys

    async def save(self, source: KeySetSource, keys: str) -> None:
        self.keys[source] = keys

    async def forget(self, source: KeySetSource) -> None:
        self.keys.pop(source, None)


@asynccontextmanager
async def fetching(world: World, kept: Kept, pace: FetchPace = BRISK) -> AsyncIterator[KeySetKeeper]:
    """Have the key sets of a world fetched; at the end they are forgotten, as with a process."""
    keeper = KeySetKeeper(
        fetch=fetch,
        store=kept,
        submit=world.reconciler.submit,
        random=lambda: 0.0,
        now=lambda: "2026-01-02T03:04:05Z",
        pace=pace,
    )
    await keeper.restore()

    def hear(_: object) -> None:
        keeper.want(world.reconciler.store.engine.drain(KEY_SETS))

    world.hearers.append(hear)
    hear(None)
    task = asyncio.get_running_loop().create_task(keeper.run())
    try:
        yield keeper
    finally:
        world.hearers.remove(hear)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        rows = tuple(world.reconciler.store.engine.rows(FetchedKeySet))
        world.reconciler.submit(Delta(kind=FetchedKeySet, key=source, obj=None) for source, _ in rows)


async def becomes(world: World, holds: Callable[[], bool]) -> None:
    """Wait until something holds of a world, and all Envoys have what follows from that."""
    async with asyncio.timeout(DEADLINE):
        await world.until(holds)
    await world.settle()
