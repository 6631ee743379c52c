"""A real `gatewayd up --ui` of a folder, with a real Envoy and a backend, and a window of a real Chromium."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.looking import CHROMIUM, MILLISECONDS, SHOTS, Served, Window, manifests, windows
from tests.feature.harness.ports import free_port

DEADLINE = 60.0

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""No sandbox: root has none. The rest keeps Chromium from looking for servers of its maker."""


class _Backend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the base class)
        """Write nothing."""


@pytest.fixture(scope="session")
def backend() -> Iterator[int]:
    """Give the port of a backend that answers everything with 200."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Backend)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def served(tmp_path: Path, backend: int) -> Iterator[Served]:
    """Serve a folder, and give where the page is."""
    folder, runtime = tmp_path / "gateway", tmp_path / "run"
    folder.mkdir()
    runtime.mkdir(mode=0o700)
    port = free_port()
    (folder / "shop.yaml").write_text(manifests(port, backend))
    command = (sys.executable, "-m", "gatewayd", "up", str(folder), "--ui", "--drain", "0")
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True)
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout or ()])
    reader.start()
    try:
        yield Served(process=process, address=_address(lines), folder=folder, port=port, backend=backend)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)
        reader.join()
        process.stdout.close()


def _address(lines: "Queue[str]") -> str:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            line = lines.get(timeout=1)
        except Empty:
            continue
        if line.startswith("page: "):
            return line.removeprefix("page: ").strip()
    raise AssertionError("no address of a page was printed")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(params=windows(), ids=lambda window: f"{window.width}x{window.height}")
def window(request: pytest.FixtureRequest, chromium: Browser, served: Served) -> Iterator[Window]:
    """Give a window of the page; what its script does wrong fails the test, and a picture of its end is kept."""
    size = request.param
    context = chromium.new_context(viewport={"width": size.width, "height": size.height}, color_scheme="light")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.set_default_timeout(MILLISECONDS)
    page.goto(served.address)
    expect(page.locator("#live")).to_have_text("Live.", timeout=MILLISECONDS)
    yield Window(page=page, served=served, faults=faults)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{request.node.name}.png".replace("/", "-"), full_page=True)
    context.close()
    assert faults == []
