"""`gatewayd serve` up to where the cluster begins; tests/unit/test_incluster.py goes on from there."""

import gc
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from gatewayd.cli.output import CANNOT_START, OK
from tests.unit.cli.command import Gatewayd

DEADLINE = 60.0


@pytest.fixture(autouse=True)
def nothing_stays_configured() -> Iterator[None]:
    thresholds, logs = gc.get_threshold(), structlog.get_config()
    yield
    gc.set_threshold(*thresholds)
    structlog.configure(**logs)


def kubeconfig(folder: Path, port: int) -> Path:
    file = folder / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file.write_text(json.dumps(document))
    return file


def test_outside_of_a_cluster_it_says_why_it_cannot_start(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    ran = gatewayd("serve")
    assert ran.code == CANNOT_START
    assert "cannot serve" in ran.err
    assert "AccessError" in ran.err


def test_without_an_api_server_it_says_why_it_cannot_start(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ran = gatewayd("serve", "--kubeconfig", kubeconfig(tmp_path, port))
    assert ran.code == CANNOT_START
    assert str(port) in ran.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as api_server:
        api_server.settimeout(DEADLINE)
        file = kubeconfig(tmp_path, api_server.getsockname()[1])
        command = [sys.executable, "-m", "gatewayd", "serve", "--kubeconfig", str(file)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            connection, _ = api_server.accept()
            with connection:
                connection.settimeout(DEADLINE)
                asked = connection.recv(100)
                process.send_signal(number)
                _, said = process.communicate(timeout=DEADLINE)
    assert asked.startswith(b"GET /api/v1/namespaces/gatewayd-system/secrets/gatewayd-ca ")
    assert (process.returncode, said) == (OK, b"")
