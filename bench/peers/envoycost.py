"""What the configuration of many routes costs Envoy: memory, statistics, and the time from its start to serving all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.peers import objects
from bench.peers.cluster import Figure, Options, compared, figure
from bench.peers.goals import Row, at_most
from bench.peers.plane import Running
from bench.process import TICK, Usage, usage
from conformance.scenarios.traffic import asked
from conformance.scenarios.world import SHOP

ROUTES, ROUNDS = 5000, 3
_ASKED = 50
_PATIENCE, _QUIET_SECONDS, _IDLE_CORES, _LOOKS = 600.0, 2.0, 0.03, 15
_SHARE = at_most(0.6, of="envoy-gateway")
_GOALS = {"Envoy: RSS": _SHARE, "Envoy: statistics": _SHARE, "Envoy: start until all is served": _SHARE}


async def run(_report: Any, routes: int = ROUTES, rounds: int = ROUNDS) -> list[Row]:
    """Return the rows of both control planes, for one backend and for one a route."""
    found: list[Row] = []
    for services in (1, routes):
        options = {"routes": routes, "services": services, "rounds": rounds}
        found += await compared(f"Envoy's cost, {routes:,} routes, {services:,} backends", "envoycost", options, _GOALS)
    return found


async def measure(running: Running, options: Options) -> list[Figure]:
    """Make `routes` (500) routes to `services` (1), all with the same endpoint; start Envoy `rounds` (2) times."""
    count, services = options.get("routes", 500), options.get("services", 1)
    await running.world.echoes("echo")
    address = await running.gateway()
    (echo,) = await running.world.pods(SHOP, "app=echo")
    await objects.make(running.world, map(objects.service, range(services)))
    await objects.make(running.world, (objects.endpoints(each, echo.address) for each in range(services)))
    await objects.make(running.world, (objects.route(each, services) for each in range(count)))
    running.say("objects made")
    hosts = [*objects.dice().sample(range(count), _ASKED), count - 1]
    await running.world.until(lambda: _answer(address, hosts), "all routes answer", within=_PATIENCE)
    running.say("all routes answer")
    starts = [await _started(running, hosts) for _ in range(options.get("rounds", 2))]
    proxy = await running.proxy()
    lines = (await proxy.admin("stats")).splitlines()
    dump = await proxy.admin("config_dump?include_eds")
    (running.world.folder / "config_dump.json").write_bytes(dump)
    return [
        figure("Envoy: RSS", *(each.rss for _, each, _ in starts), unit="MiB"),
        figure("Envoy: peak", *(each.peak for _, each, _ in starts), unit="MiB"),
        figure("Envoy: statistics", len(lines)),
        figure("Envoy: start until all is served", *(seconds for seconds, _, _ in starts), unit="s"),
        figure("Envoy: CPU from its start until it is idle", *(each.cpu for _, each, _ in starts), unit="s"),
        figure("control plane: CPU of an Envoy's start", *(cpu for _, _, cpu in starts), unit="s"),
        figure("Envoy: configuration as its admin page has it", len(dump) / 2**20, unit="MiB"),
    ]


async def _started(running: Running, hosts: Sequence[int]) -> tuple[float, Usage, float]:
    """Kill Envoy; return the seconds from the next one's start until it serves all, its usage, the plane's CPU."""
    before, old = await running.usage(), await running.proxy_process()
    address = (await running.proxy()).address
    await running.kill_proxy()
    new = old
    while new == old:
        await asyncio.sleep(0.005)
        new = await _process(running, old)
    began = _start_time(new)
    # Its Pod is asked on the port of its own container, which the two control planes choose differently.
    ports = await _port(running)
    while not await _answer(f"{address}:{ports}", hosts):
        await asyncio.sleep(0.005)
        if time.clock_gettime(time.CLOCK_BOOTTIME) > began + _PATIENCE:
            raise TimeoutError("Envoy does not serve all routes")
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - began
    after = await _idle(new)
    running.say(f"Envoy started in {seconds:.2f} s")
    return seconds, after, (await running.usage()).cpu - before.cpu


async def _process(running: Running, old: int) -> int:
    try:
        return await running.proxy_process()
    except (ValueError, OSError):  # there is none at this moment
        return old


def _start_time(process: int) -> float:
    """Return when a process started, in seconds since the machine's start (proc(5): stat, field 22)."""
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[19]) / TICK


async def _port(running: Running) -> int:
    """Return the port on which the Gateway's Envoy has its listener: the target of its Service's port 80."""
    where, selector = running.plane.proxies
    found = await running.world.api.get(f"/api/v1/namespaces/{where}/services?labelSelector={selector}")
    ports = [port["targetPort"] for each in found["items"] for port in each["spec"]["ports"] if port["port"] == 80]
    return int(ports[0])


async def _answer(address: str, hosts: Sequence[int]) -> bool:
    for number in reversed(hosts):
        status, said, _ = await asked(address, objects.host(number))
        if (status, said) != (200, f"route-{number}"):
            return False
    return True


async def _idle(process: int) -> Usage:
    """Wait until Envoy has nothing to do, but not for ever: with many clusters it never rests."""
    used = usage(process)
    for _ in range(_LOOKS):
        await asyncio.sleep(_QUIET_SECONDS)
        before, used = used, usage(process)
        if used.cpu - before.cpu < _QUIET_SECONDS * _IDLE_CORES:
            break
    return used
