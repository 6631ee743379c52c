"""One peer with its N clients: what is done to it, and what that took."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.build import built
from bench.peers.process import QUIET, Program, load, program, settled
from bench.peers.record import Record

PATIENCE = 300
"""Seconds that clients wait for what they shall have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A control plane. `command` starts one server of it on a socket; `servers` of them share the clients.

    `fleet`: whose Envoys the clients say they are.
    """

    name: str
    record: Record
    command: Callable[[Path], tuple[str, ...]]
    servers: int = 1
    fleet: str = "bench/gw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What something took: seconds until the last and the median client had it, CPU seconds of servers and client.

    `failures`: streams that the servers ended.
    """

    last: float
    median: float
    cpu: float
    client_cpu: float
    responses: int
    resources: int
    bytes: int
    resource_bytes: int
    failures: int
    load: float


STORM_LOOKS = 20


class Session:
    """The servers of a peer, and its clients; `step` is how far its record has been played."""

    def __init__(self, peer: Peer, servers: tuple[Program, ...], clients: Program) -> None:
        self.peer = peer
        self._servers = servers
        self._clients = clients
        self._targets = peer.record.targets()
        self.step = 0

    async def connect(self) -> Taken:
        """Let all clients in; they must get exactly what the record says."""
        before, began = await self._settled(), time.monotonic()
        await self._clients.ask({"do": "connect"})
        return await self._await(before, began)

    async def push(self) -> Taken:
        """Play one step of the record."""
        before = await self._settled()
        await self._clients.ask({"do": "totals"})
        self.step += 1
        began = time.monotonic()
        for server in self._servers:
            await server.tell(str(self.step))
        taken = await self._await(before, began)
        for server in self._servers:
            await server.hear()
        return taken

    async def storm(self) -> Taken:
        """Let all clients drop their connections and return; `last`: until the servers are idle again."""
        before, began = await self._settled(), time.monotonic()
        first = await self._clients.ask({"do": "storm"})
        # gRPC takes calls in one by one, with pauses of its own: one quiet moment is not the end.
        cpu, end = await self._settled(STORM_LOOKS), time.monotonic() - STORM_LOOKS * QUIET
        more = await self._clients.ask({"do": "totals"})
        last = max(end, more["last_message"]) - began
        both = {name: first[name] + more[name] for name in first}
        return _taken(both, last=last, median=last, cpu=cpu - before)

    async def stall(self, clients: int) -> None:
        """Make so many clients stop reading, all others read."""
        await self._clients.ask({"do": "stall", "clients": clients})

    async def caught_up(self) -> None:
        """Wait until all clients have the present step."""
        await self._arrivals()

    def memory(self) -> tuple[float, float]:
        """Return RSS and peak of the servers in MiB, added up."""
        used = [server.usage() for server in self._servers]
        return sum(each.rss for each in used), sum(each.peak for each in used)

    async def _await(self, before: float, began: float) -> Taken:
        answer = await self._arrivals()
        cpu = await self._settled() - before
        return _taken(answer, last=answer["last"] - began, median=answer["median"] - began, cpu=cpu)

    async def _arrivals(self) -> dict[str, Any]:
        target = self._targets[self.step]
        return await self._clients.ask(
            {"do": "await", "sum": f"{target.sum:x}", "count": target.count, "seconds": PATIENCE}
        )

    async def _settled(self, looks: int = 1) -> float:
        """Wait until nothing is under way; return the CPU seconds of the servers."""
        await settled((*self._servers, self._clients), looks)
        return sum(server.cpu() for server in self._servers)


def _taken(answer: dict[str, Any], *, last: float, median: float, cpu: float) -> Taken:
    return Taken(
        last=last,
        median=median,
        cpu=cpu,
        client_cpu=answer["cpu"],
        responses=answer["responses"],
        resources=answer["resources"],
        bytes=answer["message_bytes"],
        resource_bytes=answer["resource_bytes"],
        failures=answer["failures"],
        load=load(),
    )


@asynccontextmanager
async def session(peer: Peer, clients: int, folder: Path) -> AsyncIterator[Session]:
    """Start a peer, ready for so many clients; `folder` is short, and of this peer alone."""
    async with AsyncExitStack() as stack:
        servers, addresses = [], []
        for number in range(peer.servers):
            socket = folder / f"{number}" / "socket"
            socket.parent.mkdir(mode=0o700, parents=True)
            addresses.append(f"unix:{socket}")
            servers.append(await stack.enter_async_context(program(*peer.command(socket))))
        for server in servers:
            await server.hear()
        command = (str(built() / "adsclient"), "-address", ",".join(addresses), "-clients", str(clients))
        envoys = await stack.enter_async_context(program(*command, "-node-cluster", peer.fleet))
        yield Session(peer, tuple(servers), envoys)
