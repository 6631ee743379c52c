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

# Before gRPC is imported: child processes never use it, and its care for them costs warnings.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from bench.peers.goals import OWN, Goal, Row, judged
from bench.peers.plane import PLANES, installed
from conformance.build import HERE, built
from conformance.harness import sandbox
from conformance.scenarios.world import present

CASES = ("probe", "changes", "churn", "envoycost", "policies")
_CRDS = "v1.6.3"
FAILED = "failed: exit code"
_KEPT = HERE.parent / ".cache" / "peers"
Options = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured, once or several times; `note` is what a reader must know of it."""

    metric: str
    values: tuple[float, ...]
    unit: str = ""
    note: str = ""


def figure(metric: str, *values: float, unit: str = "", note: str = "") -> Figure:
    """Return a figure."""
    return Figure(metric=metric, values=values, unit=unit, note=note)


def rows(case: str, peer: str, figures: Sequence[Figure]) -> list[Row]:
    """Return the rows of a report, without goals."""
    return [
        {
            "case": case,
            "peer": peer,
            "metric": each.metric,
            "median": round(median(each.values), 4),
            "min": round(min(each.values), 4),
            "max": round(max(each.values), 4),
            "unit": each.unit,
            "note": each.note,
        }
        for each in figures
    ]


async def compared(title: str, case: str, options: Options, goals: Mapping[str, Goal]) -> list[Row]:
    """Measure a case with every control plane, one after the other, and return the rows."""
    return judged([row for peer in PLANES for row in await _measured(title, case, peer, options)], goals)


async def alone(title: str, case: str, options: Options, goals: Mapping[str, Goal]) -> list[Row]:
    """Measure a case that installs its peers itself, beside gatewayd in one cluster, and return the rows."""
    return judged(await _measured(title, case, OWN, options), goals)


async def beside(title: str, case: str, options: Options, goals: Mapping[str, Goal]) -> list[Row]:
    """Measure a case with all control planes at the same time, each in a cluster of its own, and return the rows.

    They share the machine's cores: what they use can be compared so, how long something takes cannot.
    """
    found = await asyncio.gather(*(_measured(title, case, peer, options) for peer in PLANES))
    return judged([row for each in found for row in each], goals)


async def _measured(title: str, case: str, peer: str, options: Options) -> list[Row]:
    """Return the rows of one control plane; where it fails, one that says so, for the others are measured all the same.

    It is measured in a process and a cluster of its own.
    """
    await asyncio.to_thread(built, "envoy-gateway")
    pairs = (f"{name}={value}" for name, value in options.items())
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.peers.cluster", case, peer, *pairs)
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    folder = _folder(case, peer, options)
    figures = _read(folder) if code == 0 else [figure(FAILED, code, note=f"see {folder.relative_to(HERE.parent)}")]
    return rows(title, peer, figures)


def _folder(case: str, peer: str, options: Options) -> Path:
    """Return where the raw files of a measurement stay."""
    return _KEPT / "-".join((case, *(f"{name}{value}" for name, value in options.items()), peer))


def _read(folder: Path) -> list[Figure]:
    found = json.loads((folder / "figures.json").read_text())
    return [Figure(**{**each, "values": tuple(each["values"])}) for each in found]


async def _inside(case: str, peer: str, options: Options) -> None:
    folder = _folder(case, peer, options)
    module = importlib.import_module(f"bench.peers.{case}")
    async with present(folder, getattr(module, "INSTALLED_WITH", ())) as world:
        try:
            loads = [os.getloadavg()[0]]
            running = await installed(world, PLANES[peer])
            found = await module.measure(running, options)
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
    for each in rows(chosen.case, chosen.peer, _read(folder)):
        spread = f"[{each['min']} .. {each['max']}] {each['unit']} {each['note']}"
        print(f"{each['metric']:<60} {each['median']:>12} {spread.rstrip()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
