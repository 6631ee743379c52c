"""What routed Service ports cost: the Envoy of a node that has them all, and the control plane.

`python -m bench.mesh PORTS BACKENDS` prints one JSON line: memory of either with a mesh that has no routes, then with a
route for a port of each of PORTS Services, which lead to BACKENDS Services; then what a change of one route costs. The
process has the environment of the image; Envoy is real, in a network of its own (the ports of a node's proxy are the
same everywhere), which takes root.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.hosts import QUIET, WARM_UP, Running, running
from bench.image import as_in_the_image
from bench.mesh_objects import edited, mesh, routed
from bench.policies import in_use
from bench.process import usage
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.run.memory import tune_allocator, tune_collector

CHANGES: Final = 100
_ELSEWHERE: Final = ("unshare", "--net")


async def changed(of: Running, step: int, ports: int, backends: int) -> tuple[float, float, int]:
    """Edit a route; return the seconds until Envoy has ACKed it, those of its CPU, and the bytes that it was sent."""
    cpu, sent = of.cpu(), of.fleet.sent
    seconds = await of.apply(edited(step, ports, backends))
    return seconds, of.cpu() - cpu, of.fleet.sent - sent


async def measure(ports: int, backends: int, folder: Path) -> dict[str, Any]:
    admin = folder / "admin"
    async with running(folder, MESH_FLEET, _ELSEWHERE) as of:
        await of.apply(*mesh())
        await asyncio.sleep(QUIET)
        idle, own, idle_rss = await in_use(admin), usage().rss, usage(of.pid).rss
        sent = of.fleet.sent
        await of.apply(*routed(ports, backends))
        await asyncio.sleep(QUIET)
        full, mine, full_rss = await in_use(admin), usage().rss, usage(of.pid).rss
        size = of.fleet.sent - sent
        changes = [await changed(of, step, ports, backends) for step in range(1, WARM_UP + CHANGES + 1)][WARM_UP:]
    times, cpus, sizes = zip(*changes, strict=True)
    return {
        "ports": ports,
        "backends": backends,
        "envoy_idle_mib": round(idle, 1),
        "envoy_mib": round(full, 1),
        "envoy_kib_a_port": round((full - idle) / ports * 1024, 2),
        "envoy_idle_rss_mib": round(idle_rss, 1),
        "envoy_rss_mib": round(full_rss, 1),
        "control_plane_idle_mib": round(own, 1),
        "control_plane_mib": round(mine, 1),
        "control_plane_kib_a_port": round((mine - own) / ports * 1024, 2),
        "first_load_bytes": size,
        "change_ms_median": round(statistics.median(times) * 1e3, 2),
        "change_envoy_cpu_ms_median": round(statistics.median(cpus) * 1e3, 3),
        "change_bytes": round(statistics.mean(sizes)),
    }


def main() -> None:
    as_in_the_image("bench.mesh")
    tune_collector()
    tune_allocator()
    ports, backends = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(ports, backends, Path(folder)))))


if __name__ == "__main__":
    main()
