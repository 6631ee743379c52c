"""What many hosts cost one Envoy that gets its routes from gatewayd, per host: `python -m bench.hosts N`.

Prints one JSON line: the first load (CPU, time, bytes, memory), then a change of one host after another: the CPU of
Envoy, the time from the edit until Envoy has ACKed it, the bytes on the wire. Everything is real but the backends.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.inputs import delta, route, surroundings
from bench.process import cpu, usage
from bench.tables_envoy import DEADLINE, envoy_binary, free_port
from gatewayd.ads.fleet import Fleet, Stream
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.ads.sharing.response_encoder import Push
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Reconciler
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap
from gatewayd.xds.resource import Snapshot

CHANGES = 100
WARM_UP = 10
CONTROL_PLANE = "xds/socket"
"""Where gatewayd serves, in the folder of what runs."""
QUIET = 1.0
"""Seconds after which Envoy has nothing more to do for what it has ACKed."""
_GATEWAY = GatewayFleet(namespace="bench", name="gw")
_PER_HOST = replace(DEFAULT_ENVIRONMENT, route_discovery=RouteDiscovery.PER_HOST)


class Counted(Fleet):
    """A fleet that counts the bytes of what it says."""

    sent = 0

    def responses_to_send(self, member: Stream, now: float) -> tuple[Push, ...]:
        pushes = super().responses_to_send(member, now)
        self.sent += sum(len(each.data) for each in pushes)
        return pushes


class ToEnvoy:
    """Hands snapshots on to a fleet; `last` is when it did so."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.last = 0.0

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        del config
        self.last = time.perf_counter()
        self._fleet.publish(snapshot)

    def retire(self, fleet: FleetKey) -> None:
        self._fleet.retire(fleet)


@dataclass(frozen=True, slots=True)
class Running:
    """gatewayd in this process, and an Envoy of its own that has not been given anything."""

    reconciler: Reconciler
    converged: asyncio.Event
    fleet: Counted
    publisher: ToEnvoy
    pid: int

    async def apply(self, *changes: Delta) -> float:
        """Return the seconds until Envoy has ACKed what the changes led to."""
        self.converged.clear()
        began = time.perf_counter()
        self.reconciler.submit(changes)
        self.reconciler.step()
        async with asyncio.timeout(DEADLINE):
            await self.converged.wait()
        return time.perf_counter() - began

    def cpu(self) -> float:
        """Return the seconds that Envoy has run on a processor."""
        return cpu(self.pid)


def _envoy(folder: Path, fleet: FleetKey, asks: Path) -> tuple[str, ...]:
    """Write what an Envoy of a fleet starts with, and return what starts it; it asks at a socket."""
    started = bootstrap(
        node="proxy",
        fleet=fleet,
        control_plane=UnixSocket(path=str(asks)),
        admin=AdminSocket(path=str(folder / "admin")),
        probes_port=None,
        drain=None,
    )
    file = folder / "bootstrap.json"
    file.write_text(json.dumps(started))
    return (str(envoy_binary()), "-c", str(file), "--concurrency", "1", "-l", "warning", "--use-dynamic-base-id")


@asynccontextmanager
async def running(
    folder: Path, fleet_of: FleetKey = _GATEWAY, within: Sequence[str] = (), asks: Path | None = None
) -> AsyncIterator[Running]:
    """Run an Envoy of a fleet; `within` are the words of a program that becomes it, elsewhere.

    It asks the socket `asks`, of whoever stands between, or that of gatewayd itself.
    """
    converged = asyncio.Event()
    connected = asyncio.Event()
    fleet = Counted(
        lambda _gateway, report: connected.set() if report.connected else None,
        on_converged=lambda _gateway: converged.set(),
    )
    socket = folder / CONTROL_PLANE
    server = AdsServer(fleet, (UnixListener(path=socket),))
    command = (*within, *_envoy(folder, fleet_of, asks or socket))
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        log = stack.enter_context((folder / "envoy.log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)  # noqa: ASYNC220
        stack.push_async_callback(asyncio.to_thread, process.wait, DEADLINE)
        stack.callback(process.terminate)
        publisher = ToEnvoy(fleet)
        reconciler = Reconciler(publisher=publisher, on_batch=lambda _batch: None, awaited=())
        async with asyncio.timeout(DEADLINE):
            await connected.wait()
        yield Running(reconciler, converged, fleet, publisher, process.pid)


async def measure(hosts: int, folder: Path) -> dict[str, Any]:
    services = hosts // 10
    async with running(folder) as of:
        cpu, sent = of.cpu(), of.fleet.sent
        edges = (Delta(kind=Environment, key=HERE, obj=_PER_HOST), *surroundings(services, free_port()))
        await of.apply(*edges, *(delta(route(number, services, 0)) for number in range(hosts)))
        first = time.perf_counter() - of.publisher.last
        await asyncio.sleep(QUIET)
        loaded, size, memory = of.cpu() - cpu, of.fleet.sent - sent, usage(of.pid)
        for number in range(WARM_UP):
            await of.apply(delta(route(number, services, 1)))
        sent, changes = of.fleet.sent, [await changed(of, hosts - number, services) for number in range(1, CHANGES + 1)]
    times, cpus = zip(*changes, strict=True)
    return {
        "hosts": hosts,
        "first_load_s": round(first, 3),
        "first_load_envoy_cpu_s": round(loaded, 3),
        "first_load_bytes": size,
        "envoy_rss_mib": round(memory.rss, 1),
        "change_ms_median": round(statistics.median(times) * 1e3, 2),
        "change_ms_min": round(min(times) * 1e3, 2),
        # Of the whole, what statistics cost every few seconds would be most.
        "change_envoy_cpu_ms_median": round(statistics.median(cpus) * 1e3, 3),
        "change_bytes": (of.fleet.sent - sent) // CHANGES,
    }


async def changed(of: Running, number: int, services: int) -> tuple[float, float]:
    """Change a host; return the seconds until Envoy has ACKed it, and those of its CPU."""
    cpu = of.cpu()
    seconds = await of.apply(delta(route(number, services, 2)))
    return seconds, of.cpu() - cpu


def main() -> None:
    tune_collector()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(int(sys.argv[1]), Path(folder)))))


if __name__ == "__main__":
    main()
