"""`gatewayd serve` up to where the cluster begins; tests/unit/run/test_cluster.py goes on from there."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gatewayd.run.exit_codes import CANNOT_START, OK

DEADLINE = 60.0


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


def serve(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "gatewayd", "serve", *map(str, arguments)]


def test_outside_of_a_cluster_it_says_why_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    ran = subprocess.run(serve(), check=False, capture_output=True, text=True, timeout=DEADLINE)
    assert ran.returncode == CANNOT_START
    why = "this is no pod: KUBERNETES_SERVICE_HOST is not set; --kubeconfig names a file"
    assert ran.stderr == f"gatewayd: cannot serve: {why}\n"


def test_a_kubeconfig_that_is_not_there() -> None:
    ran = subprocess.run(serve("--kubeconfig", "/none"), check=False, capture_output=True, text=True, timeout=DEADLINE)
    assert (ran.returncode, ran.stdout) == (CANNOT_START, "")
    assert ran.stderr == "gatewayd: cannot serve: /none: there is no such file\n"


def test_without_an_api_server_it_says_why_it_cannot_start(tmp_path: Path) -> None:
    with socket.socket() as held:  # without listening: nobody answers there, and nobody else is given the port
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        command = serve("--kubeconfig", kubeconfig(tmp_path, port))
        ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE)
    assert ran.returncode == CANNOT_START
    assert str(port) in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as api_server:
        api_server.settimeout(DEADLINE)
        file = kubeconfig(tmp_path, api_server.getsockname()[1])
        with subprocess.Popen(serve("--kubeconfig", file), stderr=subprocess.PIPE) as process:
            connection, _ = api_server.accept()
            with connection:
                connection.settimeout(DEADLINE)
                asked = connection.recv(100)
                process.send_signal(number)
                _, said = process.communicate(timeout=DEADLINE)
    assert asked.startswith(b"GET /api/v1/namespaces/gatewayd-system/secrets/gatewayd-ca ")
    assert (process.returncode, said) == (OK, b"")
