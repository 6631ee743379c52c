"""`python -m bench.peers [CASE ...] [NAME=NUMBER ...] [--trial]`: runs the cases, all by default.

A case is a module with `async def run(report) -> list[Row]`: rows with the keys case, peer, metric, median, min, max,
unit, note, goal and met. NAME=NUMBER are further arguments of `run`, as `budget=1200` of the probe. What was run
replaces all rows of its case in bench/results/peers.{json,md}, what is not run stays as it was; a trial goes to
.cache/peers/trial.{json,md}. The exit code is 1 when a peer was not
measured, or gatewayd missed a goal.
"""

import argparse
import asyncio
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.peers import pages
from bench.peers.cluster import FAILED
from bench.peers.goals import Row
from conformance.provenance import provenance

CASES = {
    "fanout": "bench.fanout",
    "probe": "bench.peers.probe",
    "changes": "bench.peers.changes",
    "churn": "bench.peers.churn",
    "envoycost": "bench.peers.envoycost",
    "policies": "bench.peers.policies",
}
RESULTS = Path(__file__).parents[1] / "results" / "peers.json"
TRIAL = Path(__file__).parents[2] / ".cache" / "peers" / "trial.json"


def report(text: str) -> None:
    print(f"  {text}", flush=True)


def circumstances() -> dict[str, Any]:
    """Return what the figures of a case depend on beside the code."""
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return {
        "when": _now(),
        **provenance(),
        "cpu": model.partition(":")[2].strip(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load average before": _load(),
    }


def after() -> dict[str, Any]:
    """Return what has changed of that when the case has ended."""
    return {"until": _now(), "load average after": _load()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def main(arguments: Sequence[str]) -> int:
    """Run cases and write their rows; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="CASE or NAME=NUMBER", help=f"of {', '.join(CASES)}")
    parser.add_argument("--trial", action="store_true", help="leave the results as they are")
    chosen = parser.parse_args(arguments)
    names = [each for each in chosen.words if "=" not in each]
    options = {name: int(value) for name, _, value in (each.partition("=") for each in chosen.words if "=" in each)}
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"{' '.join(unknown)}: no such case; there are: {', '.join(CASES)}")
    failed = False
    for name in names or CASES:
        print(f"{name} ...", flush=True)
        found = circumstances()
        rows = asyncio.run(importlib.import_module(CASES[name]).run(report, **options))
        failed |= any(row["metric"] == FAILED for row in rows) | _missed(rows)
        _keep(TRIAL if chosen.trial else RESULTS, name, {**found, **after(), "rows": rows})
    return int(failed)


def _missed(rows: Sequence[Row]) -> bool:
    """Say which goals are missed, and return whether there is one."""
    missed = [row for row in rows if row["met"] is False]
    for row in missed:
        print(f"  missed: {row['case']}: {row['metric']} {row['median']:,} is not {row['goal']}", flush=True)
    return bool(missed)


def _keep(file: Path, name: str, result: dict[str, Any]) -> None:
    """Put the result of a case beside those of the others, and write the page of all."""
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    results[name] = result
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1) + "\n")
    file.with_suffix(".md").write_text(pages.page({each: results[each] for each in CASES if each in results}))
    print(f"  written to {file.with_suffix('.md')}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
