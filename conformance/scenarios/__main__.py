"""The command line: `python -m conformance.scenarios [NAME ...]`; each scenario gets a fresh cluster.

With `--route-discovery host` gatewayd is installed so; with `KUBERNETES=1.37` in the environment the cluster is of that
minor version. Results of these stand beside those of the default.

Outside: bring a cluster up for each scenario and start this module in it. Inside: run it and write its result.
The exit code is 0 when every bar is met.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace

# Before gRPC is imported: child processes never use it, and its care for them costs warnings.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from conformance.build import HERE, kubernetes
from conformance.harness import sandbox
from conformance.scenarios import report
from conformance.scenarios.catalogue import SCENARIOS
from conformance.scenarios.report import Result
from conformance.scenarios.scenario import Figure, Scenario
from conformance.scenarios.world import present
from gatewayd.ir.http import RouteDiscovery

_KEPT = HERE.parent / ".cache" / "scenarios"


def main(arguments: Sequence[str]) -> int:
    """Run chosen scenarios, or all."""
    parser = argparse.ArgumentParser(prog="python -m conformance.scenarios", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all when there is none")
    parser.add_argument("--list", action="store_true", help="print names and claims")
    parser.add_argument("--route-discovery", choices=tuple(RouteDiscovery), help="of gatewayd install; default: none")
    parser.add_argument("--inside", choices=sorted(SCENARIOS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.list:
        for each in SCENARIOS.values():
            print(f"{each.name:<14} {each.claim}")
        return 0
    if options.inside:
        return asyncio.run(_inside(_set_up(SCENARIOS[options.inside], options.route_discovery)))
    if unknown := [name for name in options.names if name not in SCENARIOS]:
        parser.error(f"{' '.join(unknown)}: no such scenario; there are: {', '.join(SCENARIOS)}")
    results = [_outside(SCENARIOS[name], options.route_discovery) for name in options.names or SCENARIOS]
    report.keep(results)
    met = sum(each.is_met for each in results)
    print(f"{met} of {len(results)} scenarios met all their bars")
    return 0 if met == len(results) else 1


def _set_up(scenario: Scenario, discovery: str | None) -> Scenario:
    """Return the scenario as it runs with what was chosen: under a name of its own."""
    release = kubernetes()
    if not release.is_default:
        name, claim = f"{scenario.name}-{release.minor}", f"{scenario.claim}; on Kubernetes {release.version}"
        scenario = replace(scenario, name=name, claim=claim)
    if discovery is None:
        return scenario
    name, claim = f"{scenario.name}-{discovery}", f"{scenario.claim}; with --route-discovery {discovery}"
    return replace(scenario, name=name, claim=claim, options=(*scenario.options, "--route-discovery", discovery))


def _outside(scenario: Scenario, discovery: str | None) -> Result:
    chosen = _set_up(scenario, discovery)
    folder = _KEPT / chosen.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "result.json"
    asked = ("--route-discovery", discovery) if discovery else ()
    command = (sys.executable, "-m", "conformance.scenarios", "--inside", scenario.name, *asked)
    chosen.prepare()
    load = os.getloadavg()[0]
    code = sandbox.run_cluster(chosen.crds, command, audited=chosen.audited)
    if file.exists():
        result = report.read(file)
    else:
        error = f"the run ended with {code} and left no result"
        result = _result(chosen, 0.0, load=load, figures=(), error=error)
        report.show(result)
    return result


async def _inside(scenario: Scenario) -> int:
    folder = _KEPT / scenario.name
    began, load = time.monotonic(), os.getloadavg()[0]
    figures: tuple[Figure, ...] = ()
    error = ""
    async with present(folder, scenario.options) as world:
        try:
            figures = await scenario.run(world)
        except Exception as problem:  # noqa: BLE001 - whatever it was, it is this scenario's result
            traceback.print_exc()
            error = f"{type(problem).__name__}: {problem}"
        shutil.copytree(world.run.logs, folder / "logs", dirs_exist_ok=True)
    result = _result(scenario, time.monotonic() - began, load=load, figures=figures, error=error)
    report.write(folder / "result.json", result)
    report.show(result)
    return 0 if result.is_met else 1


def _result(scenario: Scenario, seconds: float, *, load: float, figures: tuple[Figure, ...], error: str) -> Result:
    return Result(name=scenario.name, claim=scenario.claim, seconds=seconds, load=load, figures=figures, error=error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
