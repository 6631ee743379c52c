"""The command line from end to end: processes, signals, files and a real Envoy."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from envoy.config.cluster.v3 import cluster_pb2

from gatewayd.demo.backends import serve_backends
from gatewayd.introspection.client import fetch
from gatewayd.ir.envoy_releases import ENVOY
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.manifests.read_once import parse
from gatewayd.offline.envoy_check import rehearse
from gatewayd.offline.translation import Translation, translate
from gatewayd.run.clock import time_now
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy
from gatewayd.xds.resource import CLUSTER, resource
from tests.feature.harness.http1 import ask
from tests.feature.harness.ports import free_port

pytestmark = pytest.mark.envoy

GATEWAYD = (sys.executable, "-m", "gatewayd")
DEADLINE = 30.0


def gateway(name: str, port: int) -> str:
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: http, protocol: HTTP, port: {port}}}]
"""


def route(backend: int, path: str = "/") -> str:
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: shop}}
spec:
  parentRefs: [{{name: web}}]
  rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]
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


def sockets(env: dict[str, str]) -> list[Path]:
    return list(Path(env["XDG_RUNTIME_DIR"]).glob("gatewayd-*/xds/socket"))


async def run(env: dict[str, str], *arguments: object, where: Path | None = None) -> tuple[int, str]:
    """Run a command to its end; return its code and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        *GATEWAYD, *map(str, arguments), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=where
    )
    async with asyncio.timeout(DEADLINE):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


class Running:
    """A command that runs, and the lines that it has written so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def line(self, *parts: str) -> str:
        """Wait for a line that has all the parts."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            while data := await self.process.stdout.readline():
                self.lines.append(data.decode().rstrip())
                if all(part in self.lines[-1] for part in parts):
                    return self.lines[-1]
        raise AssertionError(f"it ended; it wrote {self.lines}")

    async def stop(self) -> int:
        """Ask it to end and return its code."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE):
            assert self.process.stdout is not None
            self.lines += (await self.process.stdout.read()).decode().splitlines()
            return await self.process.wait()


@asynccontextmanager
async def started(env: dict[str, str], *arguments: object, where: Path | None = None) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *GATEWAYD, *map(str, arguments), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=where
    )
    found = Running(process)
    try:
        yield found
    finally:
        await found.stop()


async def test_the_demo_answers_as_it_says(runtime: dict[str, str]) -> None:
    code, out = await run(runtime, "demo", "--check")

    assert code == 0, out
    assert sum(line.startswith("ok  curl ") for line in out.splitlines()) == 4


async def test_a_folder_is_served_followed_and_told_of(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        async with started(runtime, "up", folder) as up:
            await up.line("HTTPRoute default/shop", "Programmed yes", "ACKed by 1/1 proxy in ")
            assert (await ask(port, "/cart")).body == b"hello from one: GET /cart\n"

            (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"], "/only"))
            await up.line("HTTPRoute default/shop", "Programmed yes")
            assert (await ask(port, "/cart")).status == 404
            assert (await ask(port, "/only")).status == 200

            code, out = await run(runtime, "status", "-o", "json")
            status = json.loads(out)
            assert code == 0
            assert status["routes"][0]["programmed"]["status"] == "True"
            assert [(each["envoyVersion"], each["synced"]) for each in status["proxies"]] == [(ENVOY, True)]
            (found,) = sockets(runtime)
            assert (await asyncio.to_thread(fetch, found)).folder == str(folder)

            assert await up.stop() == 0
        assert sockets(runtime) == []
        with pytest.raises(ConnectionRefusedError):
            await ask(port, "/only")


async def test_a_bad_edit_is_told_and_the_good_one_still_served(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        async with started(runtime, "up", folder) as up:
            await up.line("HTTPRoute default/shop", "Programmed yes")

            (folder / "web.yaml").write_text(
                gateway("web", port) + route(backends["one"]).replace("value: /", "value: x")
            )
            line = await up.line("spec.rules[0].matches[0].path")

            assert line.partition(" ")[2].startswith(f"{folder}/web.yaml:")
            assert "still serving the last good version of HTTPRoute default/shop" in line
            assert (await ask(port, "/")).status == 200


async def test_one_gateway_for_each_port(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one"]) as backends:
        (folder / "web.yaml").write_text(gateway("also", port) + gateway("web", port) + route(backends["one"]))
        async with started(runtime, "up", folder) as up:
            line = await up.line(f"port {port} of Gateway default/web", "one Gateway for each port is allowed")
            assert "Gateway default/also listens there" in line

            (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
            await up.line("HTTPRoute default/shop", "Programmed yes")
            assert (await ask(port, "/")).status == 200


async def test_a_port_of_somebody_else(runtime: dict[str, str], folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (folder / "web.yaml").write_text(gateway("web", port) + route(1))

        code, out = await run(runtime, "up", folder, "--once")

    assert code == 3
    assert f"port {port} of Gateway default/web: " in out
    assert f"(process {os.getpid()}) listens there; stop it, or take another port" in out


async def test_once_ends_with_what_came_of_it(runtime: dict[str, str], folder: Path) -> None:
    (folder / "web.yaml").write_text(gateway("web", free_port()) + route(1))
    assert (await run(runtime, "up", folder, "--once"))[0] == 0

    (folder / "bad.yaml").write_text("a: [")
    code, out = await run(runtime, "up", folder, "--once", "-o", "json")

    assert code == 1
    last = json.loads(out.splitlines()[-1])
    assert "not valid YAML" in last["problems"][0]["message"]
    assert last["routes"][0]["programmed"]["status"] == "True"


async def test_an_envoy_that_cannot_run_ends_it(runtime: dict[str, str], folder: Path) -> None:
    (folder / "web.yaml").write_text(gateway("web", free_port()) + route(1))

    code, out = await run(runtime, "up", folder, "--envoy-path", "/bin/false")

    assert code == 3
    assert "gatewayd: Envoy refused its bootstrap" in out


async def test_to_serves_one_backend(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one"]) as backends:
        to = f"http://127.0.0.1:{backends['one']}"
        async with started(runtime, "up", folder / "new", "--to", to, "--port", port) as up:
            await up.line("HTTPRoute default/app", "Programmed yes")
            assert (await ask(port, "/any")).body == b"hello from one: GET /any\n"


@pytest.mark.alone
async def test_the_first_answer_comes_within_two_seconds(runtime: dict[str, str], folder: Path) -> None:
    port = free_port()
    async with serve_backends(["one"]) as backends:
        (folder / "web.yaml").write_text(gateway("web", port) + route(backends["one"]))
        # The best of some: other processes of this machine are no concern of the test.
        times = [await first_answer(runtime, folder, port) for _ in range(3)]

    assert min(times) < 2.0, times


async def first_answer(runtime: dict[str, str], folder: Path, port: int) -> float:
    began = time.monotonic()
    async with started(runtime, "up", folder, "--drain", 0), asyncio.timeout(DEADLINE):
        while True:
            try:
                if (await ask(port, "/")).status == 200:
                    return time.monotonic() - began
            except OSError:
                await asyncio.sleep(0.01)


async def test_no_standalone_command_imports_the_kubernetes_client(runtime: dict[str, str], folder: Path) -> None:
    (folder / "web.yaml").write_text(gateway("web", free_port()) + route(1))
    arguments = (("up", str(folder), "--once"), ("demo", "--check"), ("check", str(folder)), ("translate", str(folder)))
    for each in arguments:
        code = (
            "import sys\n"
            "from gatewayd.cli.main import run\n"
            "try:\n"
            f"    run({each!r})\n"
            "except SystemExit as ended:\n"
            "    assert not ended.code, ended.code\n"
            "assert 'kubernetes_asyncio' not in sys.modules\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=runtime, stdout=subprocess.DEVNULL
        )
        assert await process.wait() == 0, each


async def test_check_asks_envoy(runtime: dict[str, str], folder: Path) -> None:
    # The port is somebody else's, which is no concern of a check.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        udp = "\n  - {name: udp, protocol: UDP, port: 9}"
        text = gateway("web", taken.getsockname()[1]).replace(
            f"listeners: [{{name: http, protocol: HTTP, port: {taken.getsockname()[1]}}}]",
            f"listeners:\n  - {{name: http, protocol: HTTP, port: {taken.getsockname()[1]}}}{udp}",
        )
        (folder / "web.yaml").write_text(text + route(1))

        assert await run(runtime, "check", folder, "--envoy") == (0, "4 objects in 1 file: all is well\n")


def spoilt(text: str) -> Translation:
    """Translate manifests, and break a cluster in a way that only Envoy sees."""
    found = translate(parse({"web.yaml": text.encode()}), time_now())
    snapshot = found.reconciler.snapshots[GatewayFleet(namespace="default", name="web")]
    (item,) = snapshot.of(CLUSTER).values()
    message = cluster_pb2.Cluster.FromString(item.body)
    message.connect_timeout.seconds = -1
    bad = resource(CLUSTER, item.name, message.SerializeToString())
    resources = MappingProxyType({**snapshot.resources, CLUSTER: MappingProxyType({item.name: bad})})
    found.reconciler.snapshots[GatewayFleet(namespace="default", name="web")] = replace(snapshot, resources=resources)
    return found


async def test_what_envoy_refuses_stands_at_the_object_that_caused_it() -> None:
    envoy = find_envoy(None)
    assert not isinstance(envoy, NoEnvoy)

    (finding,) = await rehearse(spoilt(gateway("web", free_port()) + route(1)), envoy, None)

    assert (finding.file, finding.line, finding.object) == ("web.yaml", 16, "Service default/cart")
    assert finding.message.startswith("Envoy refused Cluster default/cart/80/http1: ")
