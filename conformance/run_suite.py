"""Run the upstream conformance suite in a fresh cluster: `python -m conformance.run_suite [--test NAME ...]`.

Out: the report in `conformance/reports/` when all of the profiles ran against the installation as it is
(`.cache/conformance/RUN/` for chosen tests, a chosen route discovery, or another Kubernetes), the suite's whole output
in `.cache/conformance/RUN/suite.log`, one line a test on the terminal. The exit code is the suite's.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

from conformance.build import HERE, built, kubernetes
from conformance.harness import crds, sandbox
from conformance.installation import install
from conformance.kubectl import Kubectl, KubectlError
from conformance.profiles import ALL_FEATURES, GATEWAY, PARTS, Figures, Part, figures, lost
from gatewayd.ir.http import RouteDiscovery

_REPOSITORY = HERE.parent
_REPORTS = HERE / "reports"
_PARTIAL = _REPOSITORY / ".cache" / "conformance"
_KUBECTL = Kubectl()
_USABLE_ADDRESS = "198.51.100.200"  # in the LoadBalancer range, in the half that is given on request only
_UNUSABLE_ADDRESS = "203.0.113.1"  # TEST-NET-3, which no part of the cluster owns
_VERDICT = re.compile(r"^    --- (PASS|FAIL|SKIP): TestConformance/(\S+) \((\S+)\)")
_REFUSED: Mapping[str, tuple[str, ...]] = {"v1.6.3": ("HTTPRouteRetry",)}
"""Tests whose manifests an older CRD refuses, so that no implementation can run them: `retry.attempts: 0`."""


def main(arguments: Sequence[str]) -> int:
    """Outside: bring a cluster up and start this module in it. Inside: install gatewayd and run the suite."""
    options = _parser().parse_args(arguments)
    if "GATEWAYD_RUN" in os.environ:
        return _inside(options)
    return sandbox.run_cluster(options.crds, (sys.executable, "-m", "conformance.run_suite", *arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance.run_suite", description=__doc__)
    parser.add_argument("--test", action="append", default=[], help="short name of one test; may be given again")
    parser.add_argument(
        "--crds",
        default=crds.NEWEST,
        choices=sorted(crds.SUMS),
        help="release of the CRDs; an older one leaves no report",
    )
    parser.add_argument("--profiles", default=GATEWAY, choices=tuple(PARTS), help="whose conformance profiles")
    parser.add_argument(
        "--features",
        help="all (of a gateway), or the claimed ones, separated by commas; default: all that the profiles have",
    )
    parser.add_argument("--exempt", default="", help="features that are not claimed, separated by commas")
    parser.add_argument("--skip", default="", help="tests to skip, separated by commas")
    parser.add_argument("--install", action="append", help="manifests to apply; default: gatewayd install --print")
    parser.add_argument("--route-discovery", choices=tuple(RouteDiscovery), help="of gatewayd install; default: none")
    parser.add_argument("--no-install", action="store_true", help="apply nothing but the GatewayClass")
    parser.add_argument("--gateway-class", default="gatewayd", help="name of the GatewayClass under test")
    parser.add_argument("--controller", default="gatewayd.io/controller", help="its spec.controllerName")
    parser.add_argument("--organization", default="gatewayd")
    parser.add_argument("--project", default="gatewayd")
    parser.add_argument("--url", default="https://gatewayd.io")
    parser.add_argument("--contact", default="https://gatewayd.io")
    parser.add_argument("--version", default=_version())
    parser.add_argument("--timeout", default="45m", help="of the whole suite")
    parser.add_argument("flags", nargs="*", metavar="FLAG", help="further flags of the suite, after --")
    return parser


def _inside(options: argparse.Namespace) -> int:
    part = PARTS[options.profiles]
    kept = _PARTIAL / Path(os.environ["GATEWAYD_RUN"]).name
    is_chosen = options.test or options.route_discovery or options.no_install
    is_other = options.crds != crds.NEWEST or not kubernetes().is_default
    folder = kept if is_chosen or is_other else _REPORTS
    kept.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    report = folder / f"experimental-{options.version}-{_mode(options)}-report.yaml"
    if not options.no_install:
        discovery = ("--route-discovery", options.route_discovery) if options.route_discovery else ()
        try:
            install(options.install, (*part.install, *discovery))
        except KubectlError:
            _keep_logs(kept / "logs")
            raise
    _ensure_class(options.gateway_class, options.controller)
    code, passed = _run(_command(options, part, report), kept / "suite.log")
    if code != 0:
        _keep_logs(kept / "logs")
    elif not options.test:
        return _compared(report, part.ceilings[options.crds]) or _beside(part, passed)
    return code


def _mode(options: argparse.Namespace) -> str:
    """Return what a report calls how the implementation was set up."""
    return options.route_discovery or PARTS[options.profiles].mode


def _beside(part: Part, passed: Collection[str]) -> int:
    """Print which tests in no profile have passed, if there are such; 1 when one has not."""
    missing = [test for test in part.beside if test not in passed]
    if part.beside:
        count = f"{len(part.beside) - len(missing)} of {len(part.beside)}"
        print(f"in no profile: {count}: {'SHORT: ' + ', '.join(missing) if missing else 'full'}")
    return 1 if missing else 0


def _compared(report: Path, ceilings: Mapping[str, Figures]) -> int:
    """Print what each profile of a report has, beside what there is to have; 1 when they differ."""
    short = 0
    for profile in yaml.safe_load(report.read_text())["profiles"]:
        found = figures(profile)
        whole = found == ceilings[profile["name"]] and not lost(profile)
        short += not whole
        text = f"core {found.core}, extended {found.extended}, features {found.features}"
        print(f"{profile['name']}: {text}: {'full' if whole else 'SHORT'}")
    return 1 if short else 0


def _ensure_class(name: str, controller: str) -> None:
    """Create the GatewayClass unless the installation brought it."""
    present = _KUBECTL("get", "gatewayclass", name, "--ignore-not-found", "-o", "name")
    if not present:
        body = {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": {"controllerName": controller},
        }
        _KUBECTL.apply(body)


def _command(options: argparse.Namespace, part: Part, report: Path) -> tuple[str, ...]:
    chosen = "|".join(re.escape(test) for test in options.test)
    features = options.features or part.features
    claimed = ("--all-features",) if features == ALL_FEATURES else (f"--supported-features={features}",)
    return (
        str(built("suite.test")),
        "-test.v",
        f"-test.timeout={options.timeout}",
        f"-test.run=^TestConformance$/^({chosen})$" if chosen else "-test.run=^TestConformance$",
        f"--gateway-class={options.gateway_class}",
        f"--conformance-profiles={part.profiles}",
        *claimed,
        f"--exempt-features={options.exempt}",
        f"--skip-tests={','.join((*filter(None, [options.skip]), *_REFUSED.get(options.crds, ())))}",
        f"--usable-address={_USABLE_ADDRESS}",
        f"--unusable-address={_UNUSABLE_ADDRESS}",
        f"--organization={options.organization}",
        f"--project={options.project}",
        f"--url={options.url}",
        f"--version={options.version}",
        f"--mode={_mode(options)}",
        f"--contact={options.contact}",
        f"--report-output={report}",
        # The suite refuses the CRDs of another release unless it is told otherwise.
        *(("--allow-crds-mismatch",) if options.crds != crds.NEWEST else ()),
        *options.flags,
    )


def _run(command: Sequence[str], log: Path) -> tuple[int, Collection[str]]:
    """Run the suite, its output in `log`, and print one line for each test and what failed outside the tests.

    Return its exit code and the tests that passed.
    """
    tests: Mapping[str, list[str]] = {"PASS": [], "FAIL": [], "SKIP": []}
    with (
        log.open("w") as sink,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as suite,
    ):
        for line in suite.stdout or ():
            sink.write(line)
            sink.flush()
            if verdict := _VERDICT.match(line):
                tests[verdict[1]].append(verdict[2])
                print(f"{verdict[1]}  {verdict[2]}  {verdict[3]}", flush=True)
    counts = {verdict: len(names) for verdict, names in tests.items()}
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped; output: {log}")
    if suite.returncode != 0 and not tests["FAIL"]:
        print("".join(log.read_text().splitlines(keepends=True)[-25:]))
    return suite.returncode, tests["PASS"]


def _keep_logs(target: Path) -> None:
    """Copy the logs of the control plane and of every Pod out of the run's folder."""
    shutil.copytree(Path(os.environ["GATEWAYD_RUN"]) / "logs", target)
    print(f"logs of the cluster: {target}")


def _version() -> str:
    project = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text())["project"]
    return f"v{project['version']}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
