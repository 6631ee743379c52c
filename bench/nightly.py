"""`python -m bench.nightly [PART ...] [--small]`: everything that takes hours, one after the other, and one page of it.

Each part is a target of the Makefile. bench/results/nightly.{json,md} keep the last nights: when, of which code, what
held and in what words; a small run (to prove the machinery) goes to .cache/nightly/trial.{json,md}. What a part
printed stays in .cache/nightly/PART.log. The exit code is 1 when a part failed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from conformance.provenance import ROOT, provenance

RESULTS: Final = Path(__file__).parent / "results" / "nightly.json"
KEPT: Final = Path(".cache") / "nightly"
TRIAL: Final = ROOT / KEPT / "trial.json"
NIGHTS: Final = 60
"""Runs that the page keeps: two months show a slow change, and the page can still be read."""

WORDS: Final = 160
"""Characters of a part's last line on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Arguments of make; `small` are those of a run of a minute."""

    claim: str
    command: tuple[str, ...]
    small: tuple[str, ...]


PARTS: Final[Mapping[str, Part]] = {
    "simulation": Part(
        claim="whole control planes under drawn faults end where they should",
        command=("simulate", "SEEDS=500"),
        small=("simulate", "SEEDS=2"),
    ),
    "worlds": Part(
        claim="drawn worlds are taken by Envoy, read the same twice, and answer as explain says",
        command=("worlds", "WORLDS=20000"),
        small=("worlds", "WORLDS=10"),
    ),
    "round-trips": Part(
        claim="drawn Ingresses, converted, do what a model of ingress-nginx did",
        command=("round-trips", "SETS=5000"),
        small=("round-trips", "SETS=10"),
    ),
    "skew": Part(
        claim="five minor versions of Envoy take and refuse what is known of them",
        command=("skew",),
        small=("skew", "CASE=l4"),
    ),
    "mutants": Part(
        claim="our own rules turned round are noticed", command=("mutants",), small=("mutants", "RULE=grant")
    ),
    "scenarios": Part(claim="failures in a cluster", command=("scenarios",), small=("scenarios", "TEST=provisioning")),
    "scenarios-host": Part(
        claim="requests under changes with routes per host",
        command=("scenarios", "TEST=requests", "ROUTES=host"),
        small=("scenarios", "TEST=provisioning", "ROUTES=host"),
    ),
    "conformance": Part(
        claim="five gateway profiles",
        command=("conformance",),
        small=("conformance", "TEST=HTTPRouteSimpleSameNamespace"),
    ),
    "kubernetes": Part(
        claim="what another minor version of Kubernetes may do otherwise",
        command=("scenarios", "TEST=provisioning grants statuses blackhole", "KUBERNETES=1.37"),
        small=("scenarios", "TEST=provisioning", "KUBERNETES=1.37"),
    ),
    "kubernetes-conformance": Part(
        claim="five gateway profiles on that version",
        command=("conformance", "KUBERNETES=1.37"),
        small=("conformance", "TEST=HTTPRouteSimpleSameNamespace", "KUBERNETES=1.37"),
    ),
    "bench": Part(claim="gates of ratios and counts", command=("bench",), small=("bench", "NAMES=translation --trial")),
    "bench-peers": Part(claim="goals beside peers", command=("bench-peers",), small=("bench-peers", "CASE=--help")),
}


_OF_MAKE: Final = re.compile(r"make(\[[0-9]+\])?: ")
"""What a line of make's own begins with; with its depth where another make has started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a part: its exit code, how long it took, and the last line that it printed."""

    part: str
    code: int
    seconds: float
    said: str


def run(name: str, arguments: Sequence[str], root: Path) -> Outcome:
    """Make targets of a tree; what is printed goes to a log of this name."""
    log = root / KEPT / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as file:
        command = ("make", "--no-print-directory", *arguments)
        code = subprocess.run(command, cwd=root, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    words = [line for line in lines if not _OF_MAKE.match(line)]
    said = words[-1][:WORDS] if words else ""
    return Outcome(part=name, code=code, seconds=round(time.monotonic() - began, 1), said=said)


def page(nights: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of the nights, the latest last in and first out."""
    latest = nights[-1]
    lines = [
        "# What held, night by night",
        "",
        "Written by `make nightly`.",
        "",
        f"## {latest['when']}, commit {latest['commit']}, gatewayd {latest['gatewayd']}",
        "",
        "| part | | seconds | what it said |",
        "|---|---|--:|---|",
        *(_row(each) for each in latest["parts"]),
        "",
        "## The nights before",
        "",
        "| when | commit | gatewayd | load | held | failed |",
        "|---|---|---|--:|--:|---|",
        *(_night(each) for each in reversed(nights)),
    ]
    return "\n".join(lines) + "\n"


def _row(part: Mapping[str, Any]) -> str:
    said = part["said"].replace("|", "\\|")
    return f"| {part['part']} | {'held' if part['code'] == 0 else '**failed**'} | {part['seconds']:,.0f} | {said} |"


def _night(night: Mapping[str, Any]) -> str:
    failed = [each["part"] for each in night["parts"] if each["code"]]
    held = f"{len(night['parts']) - len(failed)} of {len(night['parts'])}"
    when, load = night["when"], night["load"]
    return f"| {when} | {night['commit']} | {night['gatewayd']} | {load} | {held} | {', '.join(failed)} |"


def keep(file: Path, night: Mapping[str, Any]) -> None:
    """Put a night at the end of those before, and write the page."""
    nights = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    nights = [*nights, night][-NIGHTS:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(nights, indent=1) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(page(nights), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run parts, and write what came of them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.nightly", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--small", action="store_true", help="a minute each, and leave the results as they are")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.parts if name not in PARTS]:
        parser.error(f"{' '.join(unknown)}: no such part; there are: {', '.join(PARTS)}")
    found = {
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        **provenance(),
        "load": round(os.getloadavg()[0], 1),
    }
    outcomes = []
    for name in chosen.parts or PARTS:
        print(f"{name}: {PARTS[name].claim} ...", flush=True)
        outcome = run(name, PARTS[name].small if chosen.small else PARTS[name].command, ROOT)
        print(
            f"  {'held' if outcome.code == 0 else 'failed'} after {outcome.seconds:.0f} s: {outcome.said}", flush=True
        )
        outcomes.append(outcome)
    keep(TRIAL if chosen.small else RESULTS, {**found, "parts": [asdict(each) for each in outcomes]})
    return int(any(each.code for each in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
