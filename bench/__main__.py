"""`python -m bench`: every measurement, tables on the way, results in bench/results as JSON and Markdown."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
TRANSLATION = (100, 1_000, 5_000, 10_000, 50_000)
MEMORY = ((5_000,),)
OBSERVERS = ((500,), (5_000,))
LISTENER_SETS = ((250, 1), (2_500, 1), (2_500, 4))
LARGE_HOSTS = ((1_000,), (5_000,))
HOSTS = ((5_000,), (50_000,))
FANOUT = ((1, 5_000), (10, 5_000), (100, 5_000), (1_000, 5_000), (1_000, 100))


def rows(module: str, arguments: tuple[tuple[int, ...], ...], console: Console) -> Iterator[dict[str, Any]]:
    for each in arguments:
        console.print(f"[dim]{module} {' '.join(map(str, each))} ...[/dim]")
        command = [sys.executable, "-m", module, *map(str, each)]
        yield json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def drawn(title: str, found: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    for name in found[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in found:
        table.add_row(*(f"{value:,}" for value in row.values()))
    return table


def markdown(title: str, found: list[dict[str, Any]]) -> str:
    head = [name.replace("_", " ") for name in found[0]]
    lines = [head, ["--:"] * len(head), *([f"{value:,}" for value in row.values()] for row in found)]
    return f"## {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> None:
    console = Console()
    measured = {
        "Translation: objects to bytes": list(rows("bench.translation", tuple((n,) for n in TRANSLATION), console)),
        "ListenerSets: N with M routes each": list(rows("bench.listenersets", LISTENER_SETS, console)),
        "One host of many rules, list and tree": list(rows("bench.largehost", LARGE_HOSTS, console)),
        "Observers: an edit for who watches, a status for who asks": list(rows("bench.observers", OBSERVERS, console)),
        "Envoy and many hosts: first load, and a change of one": list(rows("bench.hosts", HOSTS, console)),
        "A proxied request, by how its route is found": list(rows("bench.requests", ((),), console)),
        "Memory: routes, Services and EndpointSlices, stage by stage": list(rows("bench.memory", MEMORY, console)),
        "ADS fan-out: one change to N clients": list(rows("bench.fanout", FANOUT, console)),
    }
    for title, found in measured.items():
        console.print(drawn(title, found))
    machine = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps({"machine": machine, **measured}, indent=1) + "\n")
    text = "# Measured by `make bench`\n\n" + f"Machine: {json.dumps(machine)}\n\n"
    (RESULTS / "latest.md").write_text(text + "\n".join(markdown(*each) for each in measured.items()))


if __name__ == "__main__":
    main()
