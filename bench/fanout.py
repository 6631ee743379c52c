"""ADS fan-out: one change to N delta clients, over Unix sockets; gatewayd and its peers in the same rounds.

`python -m bench.fanout N R` prints one JSON line for gatewayd alone; `run` is the case of `bench.peers`.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bench.peers.build import built
from bench.peers.goals import Row, at_most, below, judged
from bench.peers.record import Record, read, recorded
from bench.peers.session import Peer, Session, Taken, session
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.http import RouteDiscovery

CLIENTS = (1, 10, 100, 1_000)
ROUTES = (100, 1_000, 5_000)
ROUNDS = {1: 20, 10: 15, 100: 10, 1_000: 7}
STALLS = 5
SLOW = 2.0
"""CPU seconds of one push, above which a peer has fewer rounds."""
FEW = 3
"""Rounds of such a peer, and storms of the others."""
MOST_PARTS = 1_000_000
"""Clients times routes, above which SnapshotCache takes minutes to let the clients in when it has the parts."""
LARGEST = (max(CLIENTS), max(ROUTES))
GOALS = {
    "all drop and return: resource bytes sent again": at_most(0),
    "all drop and return: servers idle again": at_most(2),
    "one stops reading: delay of the others": below(10),
}
GOALS_OF_LARGEST = {
    **GOALS,
    "one change: last client has it": at_most(0.25),
    "one change: server CPU a client": at_most(0.2),
    "one change: bytes, all clients": at_most(0.001, of="SnapshotCache"),
}
CACHES = {"SnapshotCache": "snapshot", "LinearCache": "linear"}
STEPS = max(ROUNDS.values()) + 2 * STALLS + FEW

Report = Callable[[str], None]


def gatewayd(routes: int, record: Record, servers: int = 1) -> Peer:
    name = "gatewayd" if servers == 1 else f"gatewayd, {servers} processes"

    def command(socket: Path) -> tuple[str, ...]:
        return (sys.executable, "-m", "bench.peers.server", str(socket), str(routes))

    return Peer(name=name, record=record, command=command, servers=servers)


def control_plane(name: str, mode: str, clients: int, record: Record, folder: Path) -> Peer:
    """Return go-control-plane with one of its caches, which serves a record."""
    ours, file = folder / f"{name}.ours.json", folder / f"{name}.json"
    record.write(ours)
    with file.open("w") as sink:
        subprocess.run((str(built() / "gcp"), "-mode", "rewrite", "-record", str(ours)), stdout=sink, check=True)

    def command(socket: Path) -> tuple[str, ...]:
        program = (str(built() / "gcp"), "-mode", mode, "-nodes", str(clients))
        return (*program, "-socket", str(socket), "-record", str(file))

    return Peer(name=name, record=read(file), command=command)


def peers(clients: int, routes: int, folder: Path) -> list[Peer]:
    """Return who takes part: go-control-plane with the route table as one resource, as its users send it.

    Where gatewayd sends the table in parts, go-control-plane sends the same parts as well.
    """
    ours = recorded(routes, STEPS, DEFAULT_ENVIRONMENT)
    whole = recorded(routes, STEPS, replace(DEFAULT_ENVIRONMENT, route_discovery=RouteDiscovery.PER_LISTENER))
    found = [gatewayd(routes, ours)]
    for name, mode in CACHES.items():
        found.append(control_plane(name, mode, clients, whole, folder))
        if ours.steps != whole.steps and (mode == "linear" or clients * routes <= MOST_PARTS):
            found.append(control_plane(f"{name}, in parts", mode, clients, ours, folder))
    if (clients, routes) == LARGEST:
        found.append(gatewayd(routes, ours, servers=2))
    return found


@asynccontextmanager
async def sessions(found: Iterable[Peer], clients: int, folder: Path) -> AsyncIterator[list[Session]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(session(peer, clients, folder / str(number)))
            for number, peer in enumerate(found)
        ]


async def case(clients: int, routes: int, report: Report) -> list[Row]:
    """Measure one number of clients and routes: all peers stand beside each other and take turns."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with sessions(peers(clients, routes, folder), clients, folder) as running:
            for each in running:
                rows += connected(each, await each.connect(), clients, routes)
                report(f"{clients} x {routes}: {each.peer.name} connected")
            pushes: list[list[Taken]] = [[] for _ in running]
            for number in range(ROUNDS[clients]):
                for each, taken in zip(running, pushes, strict=True):
                    if number < FEW or not is_slow(taken):
                        taken.append(await each.push())
            for each, taken in zip(running, pushes, strict=True):
                rows += pushed(each, taken, clients, routes)
            report(f"{clients} x {routes}: pushed")
            if clients == max(CLIENTS):
                for each, taken in zip(running, pushes, strict=True):
                    rows += await stormed(each, clients, routes, FEW if not is_slow(taken) else 1)
                    report(f"{clients} x {routes}: {each.peer.name} weathered a storm")
                    if not is_slow(taken):
                        rows += await stalled(each, clients, routes)
    return judged(rows, GOALS_OF_LARGEST if (clients, routes) == LARGEST else GOALS)


def is_slow(taken: list[Taken]) -> bool:
    return statistics.median(each.cpu for each in taken) > SLOW


def connected(of: Session, taken: Taken, clients: int, routes: int) -> list[Row]:
    row = _rows(of, clients, routes, "connect: ")
    return [
        row("all have everything", [taken.last], "s"),
        row("server CPU a client", [taken.cpu / clients * 1e3], "ms"),
        row("bytes a client", [taken.bytes / clients], "B"),
        row("streams ended by the server", [taken.failures], ""),
    ]


def pushed(of: Session, taken: list[Taken], clients: int, routes: int) -> list[Row]:
    row = _rows(of, clients, routes)
    rss, peak = of.memory()
    return [
        row("last client has it", [each.last for each in taken], "s"),
        row("median client has it", [each.median for each in taken], "s"),
        row("server CPU a client", [each.cpu / clients * 1e3 for each in taken], "ms"),
        row("bytes, all clients", [each.bytes for each in taken], "B"),
        row("client program's CPU a client", [each.client_cpu / clients * 1e3 for each in taken], "ms"),
        row("server RSS", [rss], "MiB"),
        row("server RSS, peak", [peak], "MiB"),
        row("load average", [each.load for each in taken], ""),
    ]


async def stormed(of: Session, clients: int, routes: int, storms: int) -> list[Row]:
    taken = []
    for _ in range(storms):
        taken.append(await of.storm())
        await of.push()  # all streams live
    row = _rows(of, clients, routes, "all drop and return: ")
    return [
        row("resource bytes sent again", [each.resource_bytes for each in taken], "B"),
        row("streams ended by the server", [each.failures for each in taken], ""),
        row("servers idle again", [each.last for each in taken], "s"),
        row("server CPU a client", [each.cpu / clients * 1e3 for each in taken], "ms"),
        row("server RSS, peak", [of.memory()[1]], "MiB"),
    ]


async def stalled(of: Session, clients: int, routes: int) -> list[Row]:
    free, beside = [], []
    for _ in range(STALLS):
        free.append((await of.push()).last)
        await of.stall(1)
        beside.append((await of.push()).last)
        await of.stall(0)
        await of.caught_up()
    row = _rows(of, clients, routes, "one stops reading: ")
    delay = statistics.median(beside) / statistics.median(free) - 1
    return [
        row("last client has it, none stopped", free, "s"),
        row("last client has it, one stopped", beside, "s"),
        row("delay of the others", [delay * 100], "%"),
    ]


def _rows(of: Session, clients: int, routes: int, about: str = "one change: ") -> Callable[..., Row]:
    case = f"{clients:,} clients, {routes:,} routes"

    def row(metric: str, values: list[float], unit: str) -> Row:
        spread = {"median": statistics.median(values), "min": min(values), "max": max(values)}
        rounded = {name: float(f"{value:.4g}") for name, value in spread.items()}
        return {"case": case, "peer": of.peer.name, "metric": about + metric, **rounded, "unit": unit, "note": ""}

    return row


async def run(report: Report) -> list[Row]:
    """Measure every number of clients and routes."""
    rows: list[Row] = []
    for routes in ROUTES:
        for clients in CLIENTS:
            rows += await case(clients, routes, report)
    return rows


async def alone(clients: int, routes: int) -> Row:
    """Measure gatewayd without its peers."""
    peer = gatewayd(routes, recorded(routes, ROUNDS[clients], DEFAULT_ENVIRONMENT))
    return {"clients": clients, "routes": routes, **await one_change(peer, clients)}


async def one_change(peer: Peer, clients: int) -> Row:
    """Let so many clients in, then play one change after the other."""
    with tempfile.TemporaryDirectory() as folder:
        async with session(peer, clients, Path(folder) / "0") as of:
            connect = await of.connect()
            taken = [await of.push() for _ in range(ROUNDS[clients])]
            memory = of.memory()
    return {
        "all_connected_s": round(connect.last, 3),
        "last_client_has_it_s_median": round(statistics.median(each.last for each in taken), 4),
        "last_client_has_it_s_max": round(max(each.last for each in taken), 4),
        "server_cpu_ms_per_client": round(statistics.median(each.cpu for each in taken) / clients * 1000, 4),
        # Of the first change: hosts differ in size, and so do changes.
        "bytes_per_client": taken[0].bytes // clients,
        "rss_mib": round(memory[0], 1),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(alone(int(sys.argv[1]), int(sys.argv[2])))))
