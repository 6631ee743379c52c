"""Seconds from the start of `gatewayd up` to the first 200 through Envoy: `python docs/first_answer.py`.

The backend runs already; the folder is written by `--to`. Python's start, gatewayd's and Envoy's are all in it.
"""  # noqa: INP001 - a program beside the page that quotes it, no package

import http.client
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from gatewayd.demo.ports import free_port
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy

RUNS: Final = 5
DEADLINE: Final = 30.0


class Backend(BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def is_served(port: int) -> bool:
    """Ask once through Envoy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def seconds(port: int, backend: int) -> float:
    """Start gatewayd, ask until it answers, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        arguments = ("up", f"{folder}/gateway", "--to", f"http://127.0.0.1:{backend}", "--port", str(port))
        command = (sys.executable, "-m", "gatewayd", *arguments, "--drain", "0")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1]) as running:
            try:
                while not is_served(port):
                    if running.poll() is not None or time.monotonic() > began + DEADLINE:
                        raise SystemExit("no answer")
                    time.sleep(0.005)
                return time.monotonic() - began
            finally:
                running.terminate()


def main() -> None:
    """Measure a few times and print all."""
    envoy = find_envoy(None)
    if isinstance(envoy, NoEnvoy):
        raise SystemExit(envoy.message)
    backend = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    found = sorted(seconds(free_port(18080, envoy), backend.server_port) for _ in range(RUNS))
    sys.stdout.write(f"first 200 after {', '.join(f'{each:.2f}' for each in found)} s\n")


if __name__ == "__main__":
    main()
