"""ADS fan-out: one change to N delta clients, over a Unix socket.

The server (this process) holds the snapshots of R routes; the clients are one child process (`bench.clients`) that
prints a line for each push that all of them have. `python -m bench.fanout N R` prints one JSON line.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.inputs import delta, route, surroundings
from bench.process import usage
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.ir.environment import HERE, Environment
from gatewayd.memory import tune_collector
from gatewayd.reconciler import Reconciler
from gatewayd.store import Delta
from gatewayd.translator.gatewayclass import DEFAULT_ENVIRONMENT

CHANGES = 5
DEADLINE = 300.0


def filled(fleet: Fleet, routes: int, services: int) -> Reconciler:
    """Return a reconciler that has published so many routes to the fleet."""
    reconciler = Reconciler(publisher=fleet, on_batch=lambda _batch: None, awaited=())
    events = [Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *surroundings(services)]
    reconciler.submit([*events, *(delta(route(number, services, 0)) for number in range(routes))])
    reconciler.step()
    return reconciler


async def measure(clients: int, routes: int, folder: Path) -> dict[str, Any]:
    tune_collector()
    fleet, services = Fleet(on_report=lambda _gateway, _report: None), max(1, routes // 10)
    reconciler = filled(fleet, routes, services)
    server = AdsServer(fleet, (UnixListener(path=folder / "ads" / "socket"),))
    await server.start()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.clients", str(folder / "ads" / "socket"), str(clients)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE):
            began = time.monotonic()
            await child.stdout.readline()
            connected = time.monotonic() - began
            times, cpu, sent = [], [], 0
            for seed in range(1, CHANGES + 1):
                reconciler.submit((delta(route(seed, services, seed)),))
                before, began = usage().cpu, time.monotonic()
                reconciler.step()
                line = json.loads(await child.stdout.readline())
                times.append(line["at"] - began)
                cpu.append(usage().cpu - before)
                sent = line["bytes"]
    finally:
        child.terminate()
        await child.wait()
        await server.stop()
    return {
        "clients": clients,
        "routes": routes,
        "all_connected_s": round(connected, 3),
        "last_client_has_it_s_median": round(statistics.median(times), 4),
        "last_client_has_it_s_max": round(max(times), 4),
        "server_cpu_ms_per_client": round(statistics.median(cpu) / clients * 1000, 4),
        "bytes_per_client": sent // clients,
        "rss_mib": round(usage().rss, 1),
    }


def main() -> None:
    clients, routes = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(clients, routes, Path(folder)))))


if __name__ == "__main__":
    main()
