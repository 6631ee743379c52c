"""An HTTP/1.1 client that sends exactly what it is told and reads exactly one answer at a time."""

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass
from typing import Any

DEADLINE = 10.0
Headers = tuple[tuple[str, str], ...]

_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Header names are lower-case."""

    status: int
    headers: Headers
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]

    def one(self, name: str) -> str | None:
        """Return the only value of a header, None when it is not there."""
        found = self.all(name)
        assert len(found) <= 1, f"{name} stands there {len(found)} times: {found}"
        return found[0] if found else None

    @property
    def echo(self) -> dict[str, Any]:
        """Return what the backend saw."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def seen(self, name: str) -> list[str]:
        """Return every value of a request header as the backend saw it."""
        return [value for key, value in self.echo["headers"] if key == name.lower()]

    @property
    def backend(self) -> str | None:
        """Return the name of the backend that answered, None when the proxy did."""
        return self.one("x-backend")

    @property
    def route(self) -> str | None:
        """Return the name that the route gave itself (`<route:name>` or `<tag:name>`)."""
        if self.one("x-route") is not None:
            return self.one("x-route")
        return next(iter(self.seen("x-route")), None) if self.backend else None

    @property
    def said(self) -> tuple[int, str | None, str | None]:
        """Return status, route and backend: who answered."""
        return self.status, self.route, self.backend


class Connection:
    """One connection; requests go one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(
        self, path: str = "/", *headers: tuple[str, str], host: str = "", method: str = "GET", body: bytes = b""
    ) -> Answer:
        """Send a request and read its answer."""
        async with asyncio.timeout(DEADLINE):
            self.send(path, *headers, host=host, method=method, body=body)
            await self.writer.drain()
            return await self.answer(has_body=method != "HEAD")

    def send(
        self, path: str, *headers: tuple[str, str], host: str = "", method: str = "GET", body: bytes = b""
    ) -> None:
        """Write a request."""
        sent = [("host", host), *headers] if host else [*headers]
        if body:
            sent.append(("content-length", str(len(body))))
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent)
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)

    async def answer(self, *, has_body: bool = True) -> Answer:
        """Read one answer, past any interim ones except a switch of protocols."""
        while True:
            status, headers = parsed_head(await self.reader.readuntil(b"\r\n\r\n"))
            if status == 101 or status >= 200:
                break
        body = b""
        if has_body and status not in _WITHOUT_BODY and status != 101:
            body = await _body(self.reader, dict(headers))
        return Answer(status, headers, body)

    async def close(self) -> None:
        """Close the connection, in whatever state it is."""
        self.writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()


def parsed_head(head: bytes) -> tuple[int, Headers]:
    """Return status and headers of a response."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), tuple((name.lower(), value.strip()) for name, _, value in pairs)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.read()
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return body


async def connect(
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    server_name: str | None = None,
    address: str = "127.0.0.1",
    source: str = "",
) -> Connection:
    """Open a connection, from `source` if given, with TLS when there is a context; `server_name` is the SNI."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(
            address,
            port,
            ssl=tls,
            server_hostname=(server_name or "") if tls else None,
            local_addr=(source, 0) if source else None,
        )
    return Connection(reader, writer)


async def ask(
    port: int,
    path: str = "/",
    *headers: tuple[str, str],
    host: str = "shop.example",
    method: str = "GET",
    body: bytes = b"",
    tls: ssl.SSLContext | None = None,
    server_name: str | None = None,
    source: str = "",
    address: str = "127.0.0.1",
) -> Answer:
    """Send one request on a connection of its own."""
    connection = await connect(port, tls=tls, server_name=server_name, source=source, address=address)
    try:
        return await connection.ask(path, *headers, host=host, method=method, body=body)
    finally:
        await connection.close()
