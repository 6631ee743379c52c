"""The command line: `up`, `run -- CMD`, `exec -- CMD`, `clean`."""

from __future__ import annotations

import argparse
import sys

from conformance.build import BuildError
from conformance.harness import crds, rundir, sandbox


def main() -> int:
    """Run one subcommand and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m conformance.harness", description=__doc__)
    commands = parser.add_subparsers(dest="verb", required=True)
    up = commands.add_parser("up", help="bring a cluster up, print its kubeconfig, stay until Ctrl-C")
    run = commands.add_parser("run", help="bring a fresh cluster up, run a command in its node, tear it down")
    enter = commands.add_parser("exec", help="run a command in the node of a cluster that is up")
    commands.add_parser("clean", help="remove what dead runs left behind")
    for each in (up, run):
        each.add_argument(
            "--crds", choices=sorted(crds.SUMS), default=crds.NEWEST, help="release of the Gateway API's CRDs"
        )
    enter.add_argument("--run", default="", help="id of the run; not needed when there is only one")
    for each in (run, enter):
        each.add_argument("command", nargs="+", metavar="CMD")
    arguments = parser.parse_args()
    try:
        match arguments.verb:
            case "up":
                return sandbox.run_cluster(arguments.crds, ())
            case "run":
                return sandbox.run_cluster(arguments.crds, arguments.command)
            case "exec":
                return _enter(arguments.run, arguments.command)
            case _:
                return _clean()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1


def _enter(wanted: str, command: list[str]) -> int:
    runs = [run for run in rundir.living() if run.ready.exists() and wanted in {"", run.run_id}]
    if len(runs) != 1:
        names = " ".join(run.run_id for run in runs) or "none"
        print(f"--run: exactly one run must match; ready are: {names}", file=sys.stderr)
        return 2
    return sandbox.enter(runs[0], command)


def _clean() -> int:
    for run_id in rundir.remove_dead():
        print(f"removed {run_id}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
