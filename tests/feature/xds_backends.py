"""Backends that tell what they were asked, and a client that asks through Envoy."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

DEADLINE = 60.0
SHARES = 400
"""How often a weighted choice is asked for."""

_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"


def near(count: int, percent: int) -> bool:
    """Whether a count of SHARES is within five standard deviations of what it should be: wrong once in two million."""
    expected = percent / 100
    return abs(count - SHARES * expected) < 5 * (SHARES * expected * (1 - expected)) ** 0.5


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
