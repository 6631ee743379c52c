"""`python -m bench.peers [CASE ...]`: runs the cases, all by default; results in bench/results/peers.{json,md}.

A case is a module with `async def run(report) -> list[dict]`: rows with the keys case, peer, metric, median, min, max,
unit and goal. What is not run this time stays in the results as it was.
"""

import asyncio
import importlib
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.peers import pages

CASES = {
    "fanout": "bench.fanout",
    "probe": "bench.peers.probe",
    "changes": "bench.peers.changes",
    "churn": "bench.peers.churn",
    "envoycost": "bench.peers.envoycost",
}
RESULTS = Path(__file__).parents[1] / "results"


def report(text: str) -> None:
    print(f"  {text}", flush=True)


def circumstances() -> dict[str, Any]:
    """Return what the figures of a case depend on beside the code."""
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False)
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cpu": model.partition(":")[2].strip(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load average before": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    file = RESULTS / "peers.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    for name in sys.argv[1:] or CASES:
        print(f"{name} ...", flush=True)
        found = circumstances()
        rows = asyncio.run(importlib.import_module(CASES[name]).run(report))
        results[name] = {**found, "load average after": round(os.getloadavg()[0], 2), "rows": rows}
        RESULTS.mkdir(exist_ok=True)
        file.write_text(json.dumps(results, indent=1) + "\n")
        file.with_suffix(".md").write_text(pages.page({each: results[each] for each in CASES if each in results}))


if __name__ == "__main__":
    main()
