"""Clients that ask one request after the other, judge every answer, and count them all.

A target has a history of what has been right. An answer is right when it is the newest of these that its connection
has seen, or a newer one: whoever has seen the new one never sees the old one again.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.feature.harness import http1
from tests.feature.harness.http1 import Connection
from tests.feature.harness.world import World

Said = tuple[int, str | None, str | None]
"""Status, route and backend; None: the proxy answered itself."""

DEADLINE = 20.0
NOT_FOUND: Said = (404, None, None)
NO_BACKEND: Said = (503, None, None)
BROKEN: Said = (500, None, None)


def said(route: str, backend: str = "one") -> Said:
    """Return the answer of a backend through a route."""
    return (200, route, backend)


@dataclass(eq=False, slots=True)
class Target:
    """What is asked, and the answers that were right one after the other, each with its equals."""

    host: str
    path: str
    port: str
    history: list[frozenset[Said]]
    tls: ssl.SSLContext | None = None
    asked: int = 0

    def become(self, *answers: Said) -> None:
        """Let another answer (or one of several) be right from now on, beside those before.

        An answer may come back when all clients have `arrived` at another one, not before.
        """
        self.history.append(frozenset(answers))

    def among(self, answers: Iterable[Said]) -> None:
        """Let these be right from now on, and nothing else."""
        self.history[-1] = frozenset(answers)

    @property
    def line(self) -> str:
        """Return what has a connection of its own: with TLS that is each host."""
        return f"{self.port} {self.host}" if self.tls else self.port

    @property
    def newest(self) -> int:
        """Return the number of the newest answer."""
        return len(self.history) - 1


@dataclass(eq=False, slots=True)
class _Client:
    """One connection at a time, and what it has seen of each target."""

    seen: dict[Target, int] = field(default_factory=dict)
    turns: int = 0


class ClosedLoop:
    """The clients. `wrong` holds every answer, or failure, that no history explains."""

    def __init__(self, world: World) -> None:
        self.targets: list[Target] = []
        self.wrong: list[str] = []
        self.asked = 0
        self.reconnects = 0
        self._world = world
        self._clients: list[_Client] = []
        self._happened = asyncio.Condition()

    def target(
        self, host: str, *answers: Said, path: str = "/", port: str = "http", tls: ssl.SSLContext | None = None
    ) -> Target:
        """Ask for this too, of which one of these answers is right."""
        found = Target(host, path, port, [frozenset(answers)], tls)
        self.targets.append(found)
        return found

    def forget(self, *targets: Target) -> None:
        """Ask no more for these."""
        for each in targets:
            self.targets.remove(each)

    async def arrived(self) -> None:
        """Wait until every client has got the newest answer of every target."""
        await self._until(
            lambda: all(client.seen.get(each, -1) == each.newest for client in self._clients for each in self.targets)
        )

    async def turns(self, count: int) -> None:
        """Wait until every client has asked for every target so many times again."""
        # The turn that each is in began before.
        goals = [(each, each.turns + count + 1) for each in self._clients]
        await self._until(lambda: all(each.turns >= goal for each, goal in goals))

    async def _until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(DEADLINE), self._happened:
                await self._happened.wait_for(lambda: bool(self.wrong) or holds())
        except TimeoutError as error:
            raise AssertionError(f"still the old answers: {self._missing()}") from error
        self.verify()

    def _missing(self) -> list[str]:
        rows = ((client.seen.get(each, -1), each) for client in self._clients for each in self.targets)
        return [f"{each.host}{each.path} {each.history[seen]}" for seen, each in rows if seen != each.newest][:5]

    def verify(self) -> None:
        """Check that there was no wrong answer."""
        assert not self.wrong, f"{len(self.wrong)} wrong of {self.asked}: {self.wrong[:5]}"

    async def run(self, client: _Client) -> None:
        """Ask for all targets in turn, for ever."""
        self._clients.append(client)
        connections: dict[str, Connection] = {}
        try:
            while True:
                for target in tuple(self.targets):
                    await self._ask(client, connections, target)
                used = {each.line for each in self.targets}
                for line in connections.keys() - used:
                    await connections.pop(line).close()
                client.turns += 1
                async with self._happened:
                    self._happened.notify_all()
                await asyncio.sleep(0)
        finally:
            for each in connections.values():
                await each.close()

    async def _ask(self, client: _Client, connections: dict[str, Connection], target: Target) -> None:
        self.asked += 1
        target.asked += 1
        try:
            if target.line not in connections:
                port = self._world.port(target.port)
                connections[target.line] = await http1.connect(port, tls=target.tls, server_name=target.host)
            answer = await connections[target.line].ask(target.path, host=target.host)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.wrong.append(f"{target.host}{target.path}: {error!r}")
            connections.pop(target.line, None)
            return
        if (answer.one("connection") or "") == "close":
            # An announced end loses nothing: no request is on its way.
            self.reconnects += 1
            await connections.pop(target.line).close()
        self._judge(client, target, answer.said)

    def _judge(self, client: _Client, target: Target, answer: Said) -> None:
        seen = client.seen.get(target, 0)
        found = next((at for at in range(seen, len(target.history)) if answer in target.history[at]), None)
        if found is None:
            allowed = [set(each) for each in target.history[seen:]]
            self.wrong.append(f"{target.host}{target.path}: {answer}, right were {allowed} (of {target.newest})")
            return
        client.seen[target] = found


@asynccontextmanager
async def closed_loop(world: World, *, clients: int = 2) -> AsyncIterator[ClosedLoop]:
    """Run clients until the block ends; it is an error if any answer was wrong."""
    loop = ClosedLoop(world)
    tasks = [asyncio.create_task(loop.run(_Client())) for _ in range(clients)]
    try:
        await asyncio.sleep(0)
        yield loop
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ends), ends
    loop.verify()
    assert loop.asked > 0
    print(f"\n{loop.asked} requests, 0 wrong, {loop.reconnects} connections ended by announcement")  # noqa: T201
