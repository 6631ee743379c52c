"""Backends that tell what they were asked, under their own name: HTTP/1.1 with WebSocket, and raw TCP and UDP.

What an HTTP backend does beside echoing is asked for by request headers:
`x-echo-status: N` answers with N; `x-echo-fail: N` does so for the first N requests with the same `x-echo-key` only;
`x-echo-hang: N` never answers the first N of them, `x-echo-reset: N` resets their connection;
`x-echo-wait` waits until the test opens the backend's gate; `x-echo-headers` is a JSON object of response headers.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as a backend received it; header names lower-case."""

    method: str
    path: str
    headers: Headers
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key == name]


@dataclass
class Backend:
    """One server. `requests` holds what came in, `peers` who connected; `gate` keeps requests with `x-echo-wait`."""

    name: str
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    tries: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    peers: list[object] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _never: asyncio.Event = field(default_factory=asyncio.Event)

    async def received(self, wanted: Callable[[list[Seen]], bool]) -> None:
        """Wait until the requests so far are as wanted."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: wanted(self.requests))

    async def note(self, seen: Seen) -> None:
        """Record a request."""
        async with self._arrived:
            self.requests.append(seen)
            self._arrived.notify_all()

    def echoed(self, seen: Seen, **more: object) -> bytes:
        """Return the body that tells what was seen."""
        told = {
            "backend": self.name,
            "method": seen.method,
            "path": seen.path,
            "headers": seen.headers,
            "body": seen.body.decode("latin-1"),
            **more,
        }
        return json.dumps(told).encode()

    async def behave(self, seen: Seen) -> int | None:
        """Do what the request asks for; return the status, None for a reset."""
        wanted = dict(seen.headers)
        key = wanted.get("x-echo-key", "")
        self.tries[key] += 1
        tried = self.tries[key]
        if "x-echo-wait" in wanted:
            await self.gate.wait()
        if tried <= int(wanted.get("x-echo-hang", "0")):
            await self._never.wait()
        if tried <= int(wanted.get("x-echo-reset", "0")):
            return None
        if tried <= int(wanted.get("x-echo-fail", "1000000")):
            return int(wanted.get("x-echo-status", "200"))
        return 200

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of HTTP/1.1."""
        self.connections += 1
        self.peers.append(writer.get_extra_info("peername"))
        try:
            while await self._serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        seen = await _request(reader)
        await self.note(seen)
        wanted = dict(seen.headers)
        if wanted.get("upgrade", "").lower() == "websocket":
            await _websocket(self.name, wanted, reader, writer)
            return False
        status = await self.behave(seen)
        if status is None:
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        tls = writer.get_extra_info("ssl_object")
        sni = getattr(tls, "wanted_name", None)
        body = self.echoed(seen, sni=sni, protocol="http/1.1", peer=writer.get_extra_info("peername"))
        extra = json.loads(wanted.get("x-echo-headers", "{}"))
        more = "".join(
            f"{name}: {value}\r\n"
            for name, values in extra.items()
            for value in (values if isinstance(values, list) else [values])
        )
        head = f"HTTP/1.1 {status} Echo\r\nx-backend: {self.name}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
        writer.write(head.encode() + (b"" if seen.method == "HEAD" else body))
        await writer.drain()
        return True

    def release(self) -> None:
        """Let everything go that still hangs."""
        self._never.set()
        self.gate.set()


async def _request(reader: asyncio.StreamReader) -> Seen:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    known = dict(headers)
    body = b""
    if "content-length" in known:
        body = await reader.readexactly(int(known["content-length"]))
    elif "chunked" in known.get("transfer-encoding", ""):
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readline()
    return Seen(method, path, headers, body)


async def _websocket(
    name: str, wanted: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Accept an upgrade (RFC 6455) and echo bytes as they are."""
    accept = base64.b64encode(hashlib.sha1(wanted["sec-websocket-key"].encode() + _GUID).digest())  # noqa: S324
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"x-backend: " + name.encode() + b"\r\nsec-websocket-accept: " + accept + b"\r\n\r\n"
    )
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def http_backend(
    name: str, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Backend]:
    """Serve HTTP/1.1 until the block ends, on any port unless one is given."""
    backend = Backend(name)
    tasks: set[asyncio.Task[None]] = set()

    server = await asyncio.start_server(in_tasks(backend.serve, tasks), host, port, ssl=tls)
    backend.port = server.sockets[0].getsockname()[1]
    try:
        yield backend
    finally:
        backend.release()
        server.close()
        await finish(tasks)


@asynccontextmanager
async def tcp_backend(name: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Backend]:
    """Greet each TCP connection with the backend's name and a newline, then echo, until the block ends."""
    backend = Backend(name)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backend.connections += 1
        with contextlib.suppress(OSError):
            writer.write(f"{name}\n".encode())
            while data := await reader.read(4096):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(in_tasks(serve, tasks), "127.0.0.1", 0, ssl=tls)
    backend.port = server.sockets[0].getsockname()[1]
    try:
        yield backend
    finally:
        server.close()
        await finish(tasks)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, name: str) -> None:
        self._name = name
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(f"{self._name} ".encode() + data, addr)


@asynccontextmanager
async def udp_backend(name: str) -> AsyncIterator[Backend]:
    """Answer each datagram with the backend's name, a space and the datagram, until the block ends."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(name), local_addr=("127.0.0.1", 0))
    backend = Backend(name, port=transport.get_extra_info("sockname")[1])
    try:
        yield backend
    finally:
        transport.close()


_Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def in_tasks(
    serve: _Serve, tasks: set[asyncio.Task[None]]
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """Return what serves each connection in a task of its own; asyncio complains of its own when they end early."""

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        # Also when the task was ended before it began.
        task.add_done_callback(lambda _: writer.close())

    return start


async def finish(tasks: set[asyncio.Task[None]]) -> None:
    """End tasks and wait for them."""
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
