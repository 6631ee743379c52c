"""A node with the real agent and a real Envoy, and a control plane, a kube-proxy and an API server that are the test's.

Pods: `shop` and `blog` call; `one`, `two` and `plain` answer. What the stand-in for kube-proxy leads to is `plain`.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from conformance.harness.node_network import (
    NODE_ADDRESS,
    NODE_ADDRESS_6,
    Network,
    ProgramError,
    has_ipv6,
    ipv6_of,
    network,
)
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import NODE_PROBES_PORT
from gatewayd.reconciler import Reconciler
from gatewayd.store import Delta
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap
from tests.fakes.api_server import ApiServer
from tests.feature.ads_rig import envoy_binary
from tests.feature.harness.echo import Backend, finish, in_tasks
from tests.feature.harness.http1 import Answer, Connection
from tests.feature.harness.publisher import Publisher
from tests.unit.translator.manifests import delta, documents

NODE = "node-1"
DEADLINE = 20.0
PODS = {"shop": "10.244.0.5", "blog": "10.244.0.6", "plain": "10.244.0.20", "one": "10.244.0.21", "two": "10.244.0.22"}
PLAIN_6 = ipv6_of(PODS["plain"])
BACKENDS = ("plain", "one", "two")
VIP, VIP6 = "10.96.0.10", "fd00:96::10"
API_SERVER_PORT = 6443
SERVICES = f"""
kind: XMesh
metadata: {{name: mesh}}
spec: {{controllerName: gatewayd.io/controller}}
---
kind: Service
metadata: {{name: till, namespace: shop}}
spec: {{clusterIP: {VIP}, clusterIPs: [{VIP}, "{VIP6}"], ports: [{{name: http, port: 80}}, {{name: raw, port: 9090}}]}}
"""


def kube_proxy(family: str, address: str, pod: str) -> str:
    return f"""
table {family} kube-proxy {{
  chain services {{
    type nat hook prerouting priority -100; policy accept;
    {family} daddr {address} tcp dport {{ 80, 9090 }} dnat to {pod}:8080;
  }}
}}
"""


def _slice(name: str) -> str:
    return f"""
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{ports: [{{name: http, port: 80}}]}}
---
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints: [{{addresses: [{PODS[name]}]}}]
"""


def route(namespace: str, backend: str, *, port: int = 80) -> str:
    """Return a route of a namespace for the Service till: a producer's in shop, a consumer's elsewhere."""
    return f"""
kind: HTTPRoute
metadata: {{name: to-{backend}, namespace: {namespace}}}
spec:
  parentRefs: [{{group: "", kind: Service, name: till, namespace: shop, port: {port}}}]
  rules: [{{backendRefs: [{{name: {backend}, namespace: shop, port: 80}}]}}]
"""


class Node:
    """See the module's text. `agent` and `envoy` are the processes that run now, `admin` that one's socket."""

    def __init__(self, where: Network, folder: Path, environment: Environment) -> None:
        self.network = where
        self.api = ApiServer()
        self.backends: dict[str, Backend] = {}
        self.agent: asyncio.subprocess.Process | None = None
        self.envoy: asyncio.subprocess.Process | None = None
        self._folder = folder
        self.admin = folder / "envoy" / "admin"
        self._server: AdsServer | None = None
        self._socket = folder / "xds" / "socket"
        self._changed = asyncio.Condition()
        self.fleet = Fleet(lambda *_: None)
        self._reconciler = Reconciler(publisher=Publisher(self.fleet), on_batch=lambda _: None, awaited=())
        self.move(environment)

    def move(self, environment: Environment) -> None:
        """Have the control plane know another environment."""
        self._reconciler.submit((Delta(kind=Environment, key=HERE, obj=environment),))
        self._reconciler.step()

    def apply(self, *manifests: str) -> None:
        """Have objects."""
        self._reconciler.submit(delta(each) for each in documents(*manifests))
        self._reconciler.step()

    def remove(self, *manifests: str) -> None:
        """Have objects no more."""
        changes = [delta(each) for each in documents(*manifests)]
        self._reconciler.submit(Delta(kind=each.kind, key=each.key, obj=None) for each in changes)
        self._reconciler.step()

    def pod(self, namespace: str) -> None:
        """Have the API server know of the pod that calls from a namespace."""
        path = f"/api/v1/namespaces/{namespace}/pods/caller"
        status = {"phase": "Running", "podIPs": [{"ip": PODS[namespace]}, {"ip": ipv6_of(PODS[namespace])}]}
        metadata = {"name": "caller", "namespace": namespace}
        self.api.put(path, {"metadata": metadata, "status": status, "spec.nodeName": NODE})

    async def start_control_plane(self) -> None:
        self._server = AdsServer(self.fleet, (UnixListener(path=self._socket),))
        await self._server.start()

    async def stop_control_plane(self) -> None:
        if self._server is not None:
            await self._server.stop()
            self._server = None

    async def start_what_is_gone(self) -> None:
        """Have an agent and an Envoy, and a control plane."""
        if self._server is None:
            await self.start_control_plane()
        if self.agent is None or self.agent.returncode is not None:
            await self.start_agent()
        if self.envoy is None or self.envoy.returncode is not None:
            await self.start_envoy()

    async def start_agent(self, *how: str) -> None:
        addresses = f"{NODE_ADDRESS},{NODE_ADDRESS_6}" if has_ipv6() else NODE_ADDRESS
        words = (NODE, addresses, str(self._socket), f"http://127.0.0.1:{API_SERVER_PORT}", str(self._folder / "x"))
        command = (sys.executable, "-m", "tests.feature.harness.agent_process", *words, *how)
        self.agent = await self._start("agent", *command)

    async def until_agent_listens(self) -> None:
        """Wait until an Envoy would find the agent: one that does not waits longer each time before it asks again."""

        async def is_there() -> bool:
            # The file alone may be that of an agent before, which nobody listens at.
            try:
                _, writer = await asyncio.open_unix_connection(self._folder / "x")
            except OSError:
                return False
            writer.close()
            return True

        await self.until(is_there)

    async def start_envoy(self, *within: str) -> None:
        """Start an Envoy; `within`: a program that runs it, with its options."""
        home = self.admin.parent
        home.mkdir(mode=0o700, exist_ok=True)
        text = bootstrap(
            node=NODE,
            fleet=MESH_FLEET,
            control_plane=UnixSocket(path=str(self._folder / "x")),
            admin=AdminSocket(path=str(self.admin)),
            probes_port=NODE_PROBES_PORT,
            drain=0.0,
        )
        (home / "bootstrap.json").write_text(json.dumps(text), encoding="utf-8")
        options = ("--concurrency", "1", "--use-dynamic-base-id", "-l", "warning")
        command = (*within, str(envoy_binary()), "-c", str(home / "bootstrap.json"), *options)
        self.envoy = await self._start("envoy", *command)

    async def _start(self, name: str, *command: str) -> asyncio.subprocess.Process:
        with (self._folder / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(*self.network.node.command(*command), stdout=log, stderr=log)

    async def stop(self) -> None:
        for process in (self.envoy, self.agent):
            if process is not None:
                await ended(process, signal.SIGKILL)

    async def serve(self, stack: AsyncExitStack) -> None:
        """Serve what the node needs until the stack ends."""
        await self.start_control_plane()
        stack.push_async_callback(self.stop_control_plane)
        socket = await self.network.node.listening("127.0.0.1", API_SERVER_PORT)
        accepting = web.Server(self.api.answer)  # type: ignore[arg-type] # a StreamResponse is fine
        listener = await asyncio.get_running_loop().create_server(accepting, sock=socket)
        stack.push_async_callback(accepting.shutdown, 1.0)
        stack.callback(listener.close)
        stack.callback(self.api.close)
        for name in BACKENDS:
            await self._backend(name, stack)
        process = await asyncio.create_subprocess_exec(
            *self.network.node.command("nft", "-f", "-"), stdin=asyncio.subprocess.PIPE
        )
        rules = kube_proxy("ip", VIP, PODS["plain"]) + (kube_proxy("ip6", VIP6, f"[{PLAIN_6}]") if has_ipv6() else "")
        await process.communicate(rules.encode())
        assert process.returncode == 0

    async def _backend(self, name: str, stack: AsyncExitStack) -> None:
        tasks: set[asyncio.Task[None]] = set()
        backend = self.backends[name] = Backend(name)
        for address in (PODS[name], ipv6_of(PODS[name])) if has_ipv6() else (PODS[name],):
            socket = await self.network.pods[name].listening(address, 8080)
            server = await asyncio.start_server(in_tasks(backend.serve, tasks), sock=socket)
            stack.callback(server.close)
        stack.push_async_callback(finish, tasks)

    async def connected(self, pod: str, *, port: int = 80, address: str = VIP) -> Connection:
        """Open a connection from a pod. Raises OSError."""
        socket = await self.network.pods[pod].connected(address, port)
        return Connection(*await asyncio.open_connection(sock=socket))

    async def call(self, pod: str, *, port: int = 80, address: str = VIP) -> Answer:
        """Send one request from a pod, on a connection of its own. Raises OSError."""
        connection = await self.connected(pod, port=port, address=address)
        try:
            return await connection.ask(host="till")
        finally:
            await connection.close()

    async def answered(self, pod: str, *, port: int = 80, address: str = VIP) -> str:
        """Return which backend answers a pod, or why none does."""
        try:
            answer = await self.call(pod, port=port, address=address)
        except (OSError, asyncio.IncompleteReadError) as error:
            return type(error).__name__
        return answer.backend or str(answer.status)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until what a coroutine function returns is true: what the kernel does is nobody's event."""
        async with asyncio.timeout(DEADLINE):
            while not await condition():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def until_pods_are_not_watched(self) -> None:
        """Wait until the agent has ended the watch that it had for the last consumer's routes."""

        async def is_so() -> bool:
            return all(each.is_left for each in self.api.watches)

        await self.until(is_so)

    @asynccontextmanager
    async def load(self, pod: str) -> AsyncIterator[list[str]]:
        """Let a pod send one request after the other, each on a connection of its own; give who answers each."""
        answers: list[str] = []
        is_over = asyncio.Event()

        async def go_on() -> None:
            while not is_over.is_set():
                answers.append(await self.answered(pod))

        task = asyncio.create_task(go_on())
        try:
            yield answers
        finally:
            is_over.set()
            await task

    async def until_answered(self, pod: str, backend: str, address: str = VIP) -> None:
        """Wait until a backend answers a pod."""

        async def is_so() -> bool:
            return await self.answered(pod, address=address) == backend

        await self.until(is_so)

    async def table(self) -> str:
        """Return the agent's table as nft prints it, "" for none."""
        with suppress(ProgramError):
            return await self.network.node.output("nft", "--handle", "list", "table", "inet", "gatewayd")
        return ""

    async def handle(self) -> str:
        """Return what the kernel calls the agent's table, which is another name for each that is made, "" for none."""
        return (await self.table()).partition("\n")[0]


async def ended(process: asyncio.subprocess.Process, how: signal.Signals) -> None:
    """End a process, and wait until it has."""
    with suppress(ProcessLookupError):
        process.send_signal(how)
    async with asyncio.timeout(DEADLINE):
        await process.wait()


@asynccontextmanager
async def node(folder: Path, environment: Environment = DEFAULT_ENVIRONMENT) -> AsyncIterator[Node]:
    """Run a node with its services and backends; agent and Envoy are for the test to start."""
    async with network(PODS) as where, AsyncExitStack() as stack:
        found = Node(where, folder, environment)
        await found.serve(stack)
        found.apply(SERVICES, *(_slice(name) for name in BACKENDS))
        stack.push_async_callback(found.stop)
        yield found
