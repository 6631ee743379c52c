"""Results of scenarios -> a table on the terminal, and `scenarios.json` and `.md` in conformance/reports."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.build import HERE
from conformance.provenance import provenance
from conformance.scenarios.scenario import Figure, number

_FILE = HERE / "reports" / "scenarios.json"
_PAGE = HERE / "reports" / "scenarios.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run of a scenario left: its figures, or what went wrong. `load` is the machine's at its beginning."""

    name: str
    claim: str
    seconds: float
    load: float
    figures: tuple[Figure, ...]
    error: str = ""

    @property
    def is_met(self) -> bool:
        """Return whether every bar is met."""
        return not self.error and all(each.is_met for each in self.figures)


def read(file: Path) -> Result:
    """Read what `write` wrote."""
    found = json.loads(file.read_text())
    return Result(**{**found, "figures": tuple(Figure(**each) for each in found["figures"])})


def write(file: Path, result: Result) -> None:
    """Write one result as JSON."""
    file.write_text(json.dumps(asdict(result), indent=1))


def show(result: Result) -> None:
    """Print the table of one result."""
    print(f"\n{result.name}: {result.claim}  ({result.seconds:.0f} s, load {result.load:.1f})")
    width = max((len(each.what) for each in result.figures), default=0)
    for each in result.figures:
        verdict = "" if not each.bar else "ok" if each.is_met else "MISSED"
        value = f"{number(each.value)} {each.unit}"
        print(f"  {each.what:<{width}}  {value:>14}  {each.bar:>10}  {verdict}")
    if result.error:
        print(f"  FAILED: {result.error}")
    print(flush=True)


def keep(results: Sequence[Result]) -> None:
    """Put results beside those of scenarios that did not run this time, into both files."""
    known: dict[str, Mapping[str, object]] = {}
    if _FILE.exists():
        known = {each["name"]: each for each in json.loads(_FILE.read_text())["scenarios"]}
    stamp = time.strftime("%Y-%m-%d", time.gmtime())
    code = provenance()
    known |= {each.name: {**asdict(each), "met": each.is_met, "date": stamp, **code} for each in results}
    rows = [known[name] for name in sorted(known)]
    machine = {"cpus": os.cpu_count(), "kernel": platform.release(), "machine": platform.machine()}
    _FILE.parent.mkdir(exist_ok=True)
    _FILE.write_text(json.dumps({"machine": machine, "scenarios": rows}, indent=1) + "\n")
    _PAGE.write_text("\n".join(_page(machine, rows)) + "\n")


def _page(machine: Mapping[str, object], rows: Sequence[Mapping[str, object]]) -> list[str]:
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    lines = [
        "# Scenarios in a cluster",
        "",
        "Written by `make scenarios`. Each scenario ran in a fresh cluster of `conformance/harness`, with real Envoys.",
        f"Machine: {facts}. Everything shares these CPUs: cluster, control plane, proxies, backends, load.",
    ]
    for row in rows:
        verdict = "all bars met" if row["met"] else "**bars missed**"
        of = f", commit {row['commit']}, gatewayd {row['gatewayd']}" if row.get("commit") else ""
        head = f"{row['date']}{of}, {row['seconds']:.0f} s, {verdict}."
        lines += ["", f"## {row['name']}: {row['claim']}", "", head, ""]
        if row["error"]:
            lines += [f"Failed: {row['error']}", ""]
        lines += ["| figure | measured | bar |", "|---|---:|---|"]
        figures = row["figures"]
        assert isinstance(figures, (list, tuple))  # noqa: S101 - for the type checker: JSON has no type
        for each in figures:
            figure = Figure(**each)
            missed = "" if figure.is_met else " **missed**"
            lines.append(f"| {figure.what} | {number(figure.value)} {figure.unit} | {figure.bar}{missed} |")
    return lines
