"""`python -m bench [NAME ...] [--trial]`: measurements, all by default; tables on the way.

What was measured replaces the rows of its name in bench/results/latest.{json,md}, with the commit and the contents of
gatewayd/ that it is of; what is not measured stays as it was. The exit code is 1 when one of bench/gates.py is missed.
A trial measures the smallest size of each, goes to .cache/bench/trial.{json,md} and is not judged.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.gates import Verdict, verdicts
from bench.yardstick import yardstick_ms
from conformance.provenance import provenance

RESULTS: Final = Path(__file__).parent / "results" / "latest.json"
TRIAL: Final = Path(__file__).parents[1] / ".cache" / "bench" / "trial.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A program of bench/, run once for each tuple of arguments; it prints one JSON object."""

    title: str
    module: str
    arguments: tuple[tuple[int, ...], ...]


MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "translation": Measurement(
        title="Translation: objects to bytes",
        module="bench.translation",
        arguments=((100,), (1_000,), (5_000,), (10_000,), (50_000,)),
    ),
    "listenersets": Measurement(
        title="ListenerSets: N with M routes each",
        module="bench.listenersets",
        arguments=((250, 1), (2_500, 1), (2_500, 4)),
    ),
    "ingresses": Measurement(
        title="Ingresses: N hosts on one Gateway, without annotations and with",
        module="bench.ingresses",
        arguments=((2_000, 0), (10_000, 0), (10_000, 1), (100_000, 0)),
    ),
    "members": Measurement(
        title="Member clusters: N endpoints of two of them", module="bench.members", arguments=((3_000,), (30_000,))
    ),
    "crowds": Measurement(
        title="Crowds: Gateways, ListenerSets with certificates, Secrets that matter to few",
        module="bench.crowds",
        arguments=((300, 100, 3_000), (3_000, 1_000, 30_000)),
    ),
    "largehost": Measurement(
        title="One host of many rules, list and tree", module="bench.largehost", arguments=((1_000,), (5_000,))
    ),
    "observers": Measurement(
        title="Observers: an edit for who watches, a status for who asks",
        module="bench.observers",
        arguments=((500,), (5_000,)),
    ),
    "page": Measurement(
        title="The page: until it is there, and until an edit is", module="bench.page", arguments=((500,), (5_000,))
    ),
    "paint": Measurement(
        title="The page in a browser: until it is painted, and until an edit is seen",
        module="bench.paint",
        arguments=((500,), (5_000,)),
    ),
    "saved": Measurement(
        title="A saved file of `gatewayd up`: until it is told, until it is served",
        module="bench.saved",
        arguments=((),),
    ),
    "hosts": Measurement(
        title="Envoy and many hosts: first load, and a change of one",
        module="bench.hosts",
        arguments=((5_000,), (50_000,)),
    ),
    "requests": Measurement(
        title="A proxied request, by how its route is found", module="bench.requests", arguments=((),)
    ),
    "access_log": Measurement(title="A line of the access log", module="bench.access_log", arguments=((),)),
    "policies": Measurement(
        title="Policies: filters that are there, and an AccessPolicy for all routes",
        module="bench.policies",
        arguments=((5_000,),),
    ),
    "memory": Measurement(
        title="Memory: routes, Services and EndpointSlices, stage by stage",
        module="bench.memory",
        arguments=((5_000,),),
    ),
    "fanout": Measurement(
        title="ADS fan-out: one change to N clients",
        module="bench.fanout",
        arguments=((1, 5_000), (10, 5_000), (100, 5_000), (1_000, 5_000), (1_000, 100)),
    ),
    "mesh": Measurement(
        title="The mesh: routed Service ports, and Services that their routes lead to",
        module="bench.mesh",
        arguments=((200, 20), (2_000, 20), (2_000, 2_000)),
    ),
    "mesh_fanout": Measurement(
        title="The mesh: one change of a route to N nodes",
        module="bench.mesh_fanout",
        arguments=((1, 2_000), (100, 2_000)),
    ),
    "mesh_hop": Measurement(
        title="The mesh: what the hop through a node's proxy adds to a request",
        module="bench.mesh_hop",
        arguments=((20, 2),),
    ),
}


def rows(of: Measurement, console: Console) -> Iterator[dict[str, Any]]:
    for each in of.arguments:
        console.print(f"[dim]{of.module} {' '.join(map(str, each))} ...[/dim]")
        command = [sys.executable, "-m", of.module, *map(str, each)]
        yield json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def drawn(title: str, found: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    for name in found[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in found:
        table.add_row(*(f"{value:,}" for value in row.values()))
    return table


def markdown(result: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{key}: {value}" for key, value in result.items() if key not in ("title", "rows", "gates"))
    found = result["rows"]
    head = [name.replace("_", " ") for name in found[0]]
    lines = [head, ["--:"] * len(head), *([f"{value:,}" for value in row.values()] for row in found)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    gates = "".join(
        f"- {gate['what']}: {gate['value']:,} ({gate['goal']}{'' if gate['is_met'] else ', **missed**'})\n"
        for gate in result["gates"]
    )
    return f"## {result['title']}\n\n{facts}\n\n{table}\n" + (f"\n{gates}" if gates else "")


def measured(name: str, of: Measurement, console: Console) -> dict[str, Any]:
    """Measure, and return the rows with what they hang on."""
    circumstances = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        **provenance(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "yardstick_ms": yardstick_ms(),
    }
    found = list(rows(of, console))
    return {
        "title": of.title,
        **circumstances,
        "rows": found,
        "gates": [asdict(each) for each in verdicts(name, found)],
    }


def keep(file: Path, results: Mapping[str, Any]) -> None:
    """Put results beside those of other measurements, and write the page of all."""
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    known |= results
    ordered = {name: known[name] for name in MEASUREMENTS if name in known}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(ordered, indent=1) + "\n")
    text = "# Measured by `make bench`\n\n" + "\n".join(map(markdown, ordered.values()))
    file.with_suffix(".md").write_text(text)


def main(arguments: Sequence[str]) -> int:
    """Run measurements and write their rows; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--trial", action="store_true", help="the smallest size, and leave the results as they are")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in MEASUREMENTS]:
        parser.error(f"{' '.join(unknown)}: no such measurement; there are: {', '.join(MEASUREMENTS)}")
    console = Console()
    missed: list[Verdict] = []
    for name in chosen.names or MEASUREMENTS:
        of = MEASUREMENTS[name]
        if chosen.trial:
            of = Measurement(title=of.title, module=of.module, arguments=of.arguments[:1])
        result = measured(name, of, console)
        console.print(drawn(of.title, result["rows"]))
        missed += [Verdict(**gate) for gate in result["gates"] if not gate["is_met"]]
        keep(TRIAL if chosen.trial else RESULTS, {name: result})
    for gate in missed:
        console.print(f"[red]missed[/red] {gate.what}: {gate.value:,} is not {gate.goal}")
    return int(bool(missed) and not chosen.trial)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
