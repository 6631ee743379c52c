"""The measurements of the mesh run, with a real Envoy, and their rows have what the gates look at."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.gates import GATES
from conformance.harness.node_network import lacking

WHY = lacking() or ("" if shutil.which("go") else "the client is built by Go")
pytestmark = [pytest.mark.envoy, pytest.mark.skipif(bool(WHY), reason=WHY)]
ROOT = Path(__file__).parents[2]


def measured(module: str, *arguments: int) -> dict[str, Any]:
    command = (sys.executable, "-m", module, *map(str, arguments))
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300).stdout
    row: dict[str, Any] = json.loads(told.splitlines()[-1])
    return row


def test_memory_of_routed_ports() -> None:
    row = measured("bench.mesh", 30, 20)
    assert row["envoy_mib"] > row["envoy_idle_mib"]
    assert 0 < row["change_bytes"] < 5_000
    assert all(gate.value([row] * 3) >= 0 for gate in GATES["mesh"])


def test_the_hop() -> None:
    row = measured("bench.mesh_hop", 2, 1)
    assert row["wrong_answers"] == 0
    assert row["requests"] > 100
    assert row["kept_envoy_cpu_us"] > 0
    # A request goes through one program more.
    assert row["kept_mesh_us_p50"] > row["kept_plain_us_p50"]
