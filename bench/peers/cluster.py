"""One case with one control plane in a cluster of its own: `python -m bench.peers.cluster CASE PEER [NAME=NUMBER ...]`.

Outside: bring a cluster up and start this module in it. Inside: install the control plane, measure, write the figures.
A case is a module of this package with `async def measure(running, options) -> list[Figure]`; without options it is
short. `python -m bench.peers` measures in full.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

# Before gRPC is imported: child processes never use it, and its care for them costs warnings.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from bench.peers.plane import PLANES, installed
from conformance.build import HERE, built
from conformance.harness import sandbox
from conformance.scenarios.world import present

CASES = ("probe", "changes", "churn", "envoycost")
_CRDS = "v1.6.3"
_KEPT = HERE.parent / ".cache" / "peers"
Options = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured, once or several times."""

    metric: str
    values: tuple[float, ...]
    unit: str = ""


def figure(metric: str, *values: float, unit: str = "") -> Figure:
    """Return a figure."""
    return Figure(metric=metric, values=values, unit=unit)


def rows(case: str, peer: str, figures: Sequence[Figure], goals: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a report; goals are gatewayd's, by metric."""
    return [
        {
            "case": case,
            "peer": peer,
            "metric": each.metric,
            "median": round(median(each.values), 4),
            "min": round(min(each.values), 4),
            "max": round(max(each.values), 4),
            "unit": each.unit,
            "goal": goals.get(each.metric, "") if peer == "gatewayd" else "",
        }
        for each in figures
    ]


async def compared(title: str, case: str, options: Options, goals: Mapping[str, str]) -> list[dict[str, Any]]:
    """Measure a case with every control plane, one after the other, and return the rows."""
    found = []
    for peer in PLANES:
        found += rows(title, peer, await measured(case, peer, options), goals)
    return found


async def measured(case: str, peer: str, options: Options) -> list[Figure]:
    """Measure a case with one control plane in a process and a cluster of its own; RuntimeError when that fails."""
    await asyncio.to_thread(built, "envoy-gateway")
    pairs = (f"{name}={value}" for name, value in options.items())
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.peers.cluster", case, peer, *pairs)
    if code := await process.wait():
        raise RuntimeError(f"{case} of {peer} ended with {code}; see {_folder(case, peer, options)}")
    return _read(_folder(case, peer, options))


def _folder(case: str, peer: str, options: Options) -> Path:
    """Return where the raw files of a measurement stay."""
    return _KEPT / "-".join((case, *(f"{name}{value}" for name, value in options.items()), peer))


def _read(folder: Path) -> list[Figure]:
    found = json.loads((folder / "figures.json").read_text())
    return [Figure(metric=each["metric"], values=tuple(each["values"]), unit=each["unit"]) for each in found]


async def _inside(case: str, peer: str, options: Options) -> None:
    folder = _folder(case, peer, options)
    async with present(folder) as world:
        try:
            loads = [os.getloadavg()[0]]
            running = await installed(world, PLANES[peer])
            found = await importlib.import_module(f"bench.peers.{case}").measure(running, options)
            loads.append(os.getloadavg()[0])
        finally:
            shutil.copytree(world.run.logs, folder / "logs", dirs_exist_ok=True)
    found.append(figure("load average of the machine, before and after", *loads))
    (folder / "figures.json").write_text(json.dumps([asdict(each) for each in found], indent=1))


def main(arguments: Sequence[str]) -> int:
    """Measure once, print the figures, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.cluster", description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("peer", choices=tuple(PLANES))
    parser.add_argument("options", nargs="*", metavar="NAME=NUMBER")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    options = {name: int(value) for name, _, value in (each.partition("=") for each in chosen.options)}
    if chosen.inside:
        asyncio.run(_inside(chosen.case, chosen.peer, options))
        return 0
    folder = _folder(chosen.case, chosen.peer, options)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = (sys.executable, "-m", "bench.peers.cluster", "--inside", *arguments)
    if code := sandbox.run_cluster(_CRDS, command):
        return code
    for each in rows(chosen.case, chosen.peer, _read(folder), {}):
        print(f"{each['metric']:<60} {each['median']:>12} [{each['min']} .. {each['max']}] {each['unit']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
