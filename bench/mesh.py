"""What routed Service ports cost: the Envoy of a node that has them all, and the control plane.

`python -m bench.mesh PORTS BACKENDS` prints one JSON line: memory of either with a mesh that has no routes, then with a
route for a port of each of PORTS Services, which lead to BACKENDS Services; then what a change of one route costs. The
process has the environment of the image; Envoy and the agent that it asks are real, in a network namespace with
nftables, which takes root.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.agent import running_agent
from bench.hosts import CONTROL_PLANE, QUIET, WARM_UP, Running, running
from bench.image import as_in_the_image
from bench.mesh_objects import edited, mesh, routed
from bench.policies import in_use
from bench.process import cpu, usage
from conformance.harness.node_network import network
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.run.memory import tune_allocator, tune_collector

CHANGES: Final = 100


class Change(NamedTuple):
    """What one took: seconds until Envoy had ACKed it, those of CPU of Envoy and of the agent, bytes that were sent."""

    seconds: float
    envoy: float
    agent: float
    bytes: int


async def changed(of: Running, agent: int, step: int, ports: int, backends: int) -> Change:
    """Edit a route."""
    before, own, sent = of.cpu(), cpu(agent), of.fleet.sent
    seconds = await of.apply(edited(step, ports, backends))
    return Change(seconds, of.cpu() - before, cpu(agent) - own, of.fleet.sent - sent)


async def size(of: Running, agent: int, folder: Path) -> dict[str, float]:
    """Return the MiB of each: what Envoy says it has allocated, and what the system has given."""
    return {
        "envoy": await in_use(folder / "admin"),
        "envoy_rss": usage(of.pid).rss,
        "agent_rss": usage(agent).rss,
        "control_plane_rss": usage().rss,
    }


async def measure(ports: int, backends: int, folder: Path) -> dict[str, Any]:
    asks = folder / "agent"
    async with (
        network({}) as where,
        running_agent(where.node, folder / CONTROL_PLANE, asks) as agent,
        running(folder, MESH_FLEET, where.node.command(), asks) as of,
    ):
        await of.apply(*mesh())
        await asyncio.sleep(QUIET)
        idle, sent = await size(of, agent, folder), of.fleet.sent
        await of.apply(*routed(ports, backends))
        await asyncio.sleep(QUIET)
        full, first = await size(of, agent, folder), of.fleet.sent - sent
        steps = range(1, WARM_UP + CHANGES + 1)
        changes = [await changed(of, agent, step, ports, backends) for step in steps][WARM_UP:]
    return {
        "ports": ports,
        "backends": backends,
        **{f"{name}_idle_mib": round(value, 1) for name, value in idle.items()},
        **{f"{name}_mib": round(value, 1) for name, value in full.items()},
        "envoy_kib_a_port": round((full["envoy"] - idle["envoy"]) / ports * 1024, 2),
        "control_plane_kib_a_port": round((full["control_plane_rss"] - idle["control_plane_rss"]) / ports * 1024, 2),
        "first_load_bytes": first,
        "change_ms_median": round(statistics.median(each.seconds for each in changes) * 1e3, 2),
        "change_envoy_cpu_ms_median": round(statistics.median(each.envoy for each in changes) * 1e3, 3),
        "change_agent_cpu_ms_median": round(statistics.median(each.agent for each in changes) * 1e3, 3),
        "change_bytes": round(statistics.mean(each.bytes for each in changes)),
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
