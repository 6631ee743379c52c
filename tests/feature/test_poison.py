"""One route that is good, then broken, good again and gone, with a restart while it is broken."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from gatewayd.demo.backends import serve_backends
from tests.feature.harness.http1 import ask
from tests.feature.harness.ports import free_port
from tests.feature.test_cli import DEADLINE, gateway, route
from tests.feature.test_output import answered, serving

pytestmark = pytest.mark.envoy


def odd(path: object) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: odd}}
spec:
  parentRefs: [{{name: web}}]
  rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]
"""


async def status(port: int, path: str, wanted: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            answer = await ask(port, path)
            if answer.status == wanted:
                return
            await asyncio.sleep(0.02)


async def test_good_broken_good_and_gone(runtime: dict[str, str], folder: Path) -> None:
    port, broken = free_port(), odd("[5]")
    async with serve_backends(["one"]) as backends:
        world = gateway("web", port)
        (folder / "web.yaml").write_text(world + route(backends["one"], "/main"))
        (folder / "odd.yaml").write_text(odd("/odd"))
        async with serving(runtime, folder, subprocess.DEVNULL, subprocess.DEVNULL):
            await answered(port, "/odd", "one")
            (folder / "odd.yaml").write_text(broken)
            (folder / "web.yaml").write_text(world + route(backends["one"], "/edited"))
            await answered(port, "/edited", "one")
            assert (await ask(port, "/odd")).status == 200  # the last good one goes on
        async with serving(runtime, folder, subprocess.DEVNULL, subprocess.DEVNULL):
            await answered(port, "/edited", "one")
            assert (await ask(port, "/odd")).status == 404  # nobody knows the last good one any more
            (folder / "odd.yaml").write_text(odd("/good"))
            await answered(port, "/good", "one")
            (folder / "odd.yaml").unlink()
            await status(port, "/good", 404)
            assert (await ask(port, "/edited")).status == 200
