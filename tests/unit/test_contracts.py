"""The import contracts of pyproject.toml bite: each is broken on purpose, in a copy of the tree's layout."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Planted(NamedTuple):
    """A forbidden import, and what lint-imports must say of it."""

    module: str
    imported: str
    said: str


PLANTED: Mapping[str, tuple[Planted, ...]] = {
    "Layers: what stands above may import what stands below, never the reverse": (
        Planted("store", "gatewayd.reconciler", "gatewayd.store is not allowed to import gatewayd.reconciler"),
        Planted(
            "translator/hostnames", "gatewayd.xds.names", "gatewayd.translator is not allowed to import gatewayd.xds"
        ),
    ),
    "The translator is a staircase: no import runs back up": (
        Planted(
            "translator/backends/endpoints",
            "gatewayd.translator.gateways.listeners",
            "gatewayd.translator.backends is not allowed to import gatewayd.translator.gateways",
        ),
    ),
    "The ADS server: streams below, what they have in common at the bottom": (
        Planted(
            "ads/protocol/ledger",
            "gatewayd.ads.fleet",
            "gatewayd.ads.protocol is not allowed to import gatewayd.ads.fleet",
        ),
    ),
    "Envoy's configuration: built of messages, messages of filters": (
        Planted(
            "xds/filters/cors",
            "gatewayd.xds.messages.route",
            "gatewayd.xds.filters is not allowed to import gatewayd.xds.messages",
        ),
    ),
    # Modules of the standard library count as external packages: this is where that is known from.
    "The core never awaits": (
        Planted("translator/proxies/proxy_config", "asyncio", "gatewayd.translator.proxies.proxy_config -> asyncio"),
        Planted("xds/build/snapshot_builder", "logging", "gatewayd.xds.build.snapshot_builder -> logging"),
    ),
    "The core has no clock and no dice": (
        Planted("status/merge", "time", "gatewayd.status.merge -> time"),
        Planted("incremental/engine", "random", "gatewayd.incremental.engine -> random"),
    ),
    "The IR knows nobody": (
        Planted("ir/http", "gatewayd.api.meta", "gatewayd.ir.http -> gatewayd.api.meta"),
        Planted("ir/tls", "cryptography", "gatewayd.ir.tls -> cryptography"),
    ),
    "Only xds and ads speak Envoy": (
        Planted("translator/rules/filters", "google.protobuf", "gatewayd.translator.rules.filters -> google"),
        Planted("status/route", "envoy.config", "gatewayd.status.route -> envoy"),
    ),
    "Only kube speaks to the API server": (
        Planted("reconciler", "kubernetes_asyncio", "gatewayd.reconciler -> kubernetes_asyncio"),
    ),
    "Only kube, keysets and the page speak HTTP": (
        Planted("supervisor/process", "aiohttp", "gatewayd.supervisor.process -> aiohttp"),
    ),
}


def contracts() -> frozenset[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return frozenset(each["name"] for each in settings["tool"]["importlinter"]["contracts"])


def lay_out(copy: Path) -> None:
    """Make the packages and modules of gatewayd, empty."""
    for source in (ROOT / "gatewayd").rglob("*.py"):
        target = copy / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    (copy / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())


def lint(copy: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "200"}
    arguments = [program, "--no-cache", "--no-logo"]
    return subprocess.run(arguments, cwd=copy, env=environment, check=False, capture_output=True, text=True)


def verdict(output: str, contract: str) -> str:
    found = re.search(rf"{re.escape(contract)} (KEPT|BROKEN)", " ".join(output.split()))
    return found[1] if found else "not checked"


def test_every_contract_is_kept_where_nothing_is_imported(tmp_path: Path) -> None:
    lay_out(tmp_path)
    linted = lint(tmp_path)
    assert {verdict(linted.stdout, name) for name in contracts()} == {"KEPT"}, linted.stdout
    assert linted.returncode == 0


def test_every_contract_breaks_on_what_it_forbids(tmp_path: Path) -> None:
    lay_out(tmp_path)
    planted = [each for several in PLANTED.values() for each in several]
    for each in planted:
        (tmp_path / "gatewayd" / f"{each.module}.py").write_text(f"import {each.imported}\n", encoding="utf-8")
    linted = lint(tmp_path)
    assert linted.returncode == 1
    assert {verdict(linted.stdout, name) for name in contracts()} == {"BROKEN"}, linted.stdout
    assert [each.said for each in planted if each.said not in linted.stdout] == [], linted.stdout


def test_every_contract_is_broken_on_purpose_above() -> None:
    assert contracts() == PLANTED.keys()


@pytest.mark.parametrize("planted", [each for several in PLANTED.values() for each in several], ids=str)
def test_what_is_planted_stands_in_a_module_that_exists(planted: Planted) -> None:
    assert (ROOT / "gatewayd" / f"{planted.module}.py").is_file()


def test_a_package_must_have_its_layer(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "gatewayd" / "somewhere.py").touch()
    linted = lint(tmp_path)
    assert linted.returncode == 1
    assert "gatewayd.somewhere" in linted.stdout
