"""A saved file of `gatewayd up`: until its content is told, and until Envoy answers by it.

`python -m bench.saved` prints one JSON line. A real `gatewayd up` and its Envoy serve a folder; one route of it is
saved again and again, in turns as editors do it: a new file put in its place, and the file itself written anew.
Milliseconds are of the clock, from the moment when the file is whole. `told` is when a watch like that of
`gatewayd up`, in this process, has handed the content on; `served` when the first answer came that shows it, where
questions follow one another on one connection.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.tables_envoy import free_port
from gatewayd.demo.backends import serve_backends
from gatewayd.manifests.watch import watch_folder

EDITS: Final = 60
PATIENCE: Final = 60.0
_PAUSE: Final = 0.2
"""Seconds between two edits: nothing of the one before may be under way."""
_HEADER: Final = "x-edit"


def documents(port: int, backend: int, edit: int) -> str:
    """Return a Gateway and a route that says in its answers which edit it is."""
    return f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: web}}
spec: {{gatewayClassName: gatewayd, listeners: [{{name: http, protocol: HTTP, port: {port}}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: shop}}
spec:
  parentRefs: [{{name: web}}]
  rules:
  - filters: [{{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: {_HEADER}, value: "{edit}"}}]}}}}]
    backendRefs: [{{name: cart, port: 80}}]
---
apiVersion: v1
kind: Service
metadata: {{name: cart}}
spec: {{ports: [{{name: http, port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: cart, labels: {{kubernetes.io/service-name: cart}}}}
addressType: IPv4
endpoints: [{{addresses: ["127.0.0.1"]}}]
ports: [{{name: http, port: {backend}}}]
"""


def saved(file: Path, text: str, edit: int) -> float:
    """Save as one kind of editors does, or as the other; return the moment when the file was whole."""
    if edit % 2:
        draft = file.with_name(f".{file.name}.draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    else:
        file.write_text(text, encoding="utf-8")
    return time.monotonic()


class Told:
    """A watch of the folder, and when it has handed on each edit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.at: dict[int, float] = {}
        self.heard = asyncio.Condition()

    async def watch(self) -> None:
        async with aclosing(watch_folder(self._folder)) as batches:
            async for batch in batches:
                for content in batch.values():
                    if isinstance(content, bytes) and b'value: "' in content:
                        await self._note(int(content.partition(b'value: "')[2].partition(b'"')[0]), time.monotonic())

    async def _note(self, edit: int, at: float) -> None:
        async with self.heard:
            self.at[edit] = at
            self.heard.notify_all()

    async def of(self, edit: int) -> float:
        """Wait until an edit is told; return when it was."""
        async with asyncio.timeout(PATIENCE), self.heard:
            await self.heard.wait_for(lambda: edit in self.at)
            return self.at[edit]


async def served(session: aiohttp.ClientSession, address: str, edit: int) -> float:
    """Ask until the answer is of an edit; return when it was."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.get(address) as answer:
                    await answer.read()
                    if answer.headers.get(_HEADER) == str(edit):
                        return time.monotonic()
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(_PAUSE)  # the first one: there is no listener yet


async def measured(folder: Path) -> dict[str, Any]:
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    file, told = folder / "web.yaml", Told(folder)
    until_told: list[float] = []
    until_served: list[float] = []
    async with serve_backends(["cart"]) as backends, aiohttp.ClientSession() as session:
        saved(file, documents(port, backends["cart"], 0), 0)
        command = (sys.executable, "-m", "gatewayd", "up", str(folder))
        environment = {**os.environ, "GATEWAYD_LOG_LEVEL": "error"}
        running = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        watching = asyncio.create_task(told.watch())
        try:
            await served(session, address, 0)
            for edit in range(1, EDITS + 1):
                await asyncio.sleep(_PAUSE)
                began = saved(file, documents(port, backends["cart"], edit), edit)
                until_served.append(await served(session, address, edit) - began)
                until_told.append(await told.of(edit) - began)
        finally:
            watching.cancel()
            running.terminate()
            await running.wait()
    return {
        "edits": EDITS,
        **{f"told_ms_{name}": value for name, value in _spread(until_told).items()},
        **{f"served_ms_{name}": value for name, value in _spread(until_served).items()},
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    tenths = statistics.quantiles(seconds, n=10)
    found = {"median": statistics.median(seconds), "nine_tenths": tenths[-1], "max": max(seconds)}
    return {name: round(value * 1000, 1) for name, value in found.items()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measured(Path(folder)))))
