"""Clients for bytes: TCP, TLS and UDP."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

from tests.feature.harness import http1

DEADLINE = 10.0
CLOSED = ""
"""What `greeting` returns for a connection that ends without a word."""


async def greeting(port: int, *, tls: ssl.SSLContext | None = None, server_name: str | None = None) -> str:
    """Return the name by which a TCP backend greets, `CLOSED` when the proxy closes; check that bytes go both ways."""
    try:
        connection = await http1.connect(port, tls=tls, server_name=server_name)
    except (ssl.SSLError, ConnectionError):
        return CLOSED
    try:
        async with asyncio.timeout(DEADLINE):
            name = await connection.reader.readline()
            if not name:
                return CLOSED
            connection.writer.write(b"hello")
            assert await connection.reader.readexactly(5) == b"hello"
            return name.decode().rstrip("\n")
    except (ssl.SSLError, ConnectionError):
        return CLOSED
    finally:
        await connection.close()


@dataclass
class Datagrams(asyncio.DatagramProtocol):
    """One UDP socket: a session of its own."""

    answers: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)
    transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        self.answers.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """Let a refusal pass: it is no answer."""

    def send(self, data: bytes = b"hello") -> None:
        self.transport.sendto(data)

    async def ask(self, data: bytes = b"hello") -> str:
        """Send a datagram and return the name of the backend that answers it."""
        self.send(data)
        async with asyncio.timeout(DEADLINE):
            name, _, rest = (await self.answers.get()).partition(b" ")
        assert rest == data
        return name.decode()

    def close(self) -> None:
        self.transport.close()


async def datagrams(port: int) -> Datagrams:
    """Open a UDP socket to a port."""
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(Datagrams, remote_addr=("127.0.0.1", port))
    return protocol
