"""The demo's own backends: HTTP servers on the loopback interface that say who they are.

In: names. Out: their ports, for as long as the context lasts. Enough of HTTP/1.1 for Envoy: requests with or without a
Content-Length, one after another on a connection; anything else ends the connection.
https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LONGEST_BODY: Final = 1024 * 1024


@asynccontextmanager
async def serve_backends(names: Iterable[str]) -> AsyncIterator[dict[str, int]]:
    """Serve a backend for each name on a free port; yield the ports by name."""
    async with AsyncExitStack() as stack:
        ports: dict[str, int] = {}
        for name in names:
            server = await asyncio.start_server(_Backend(name).converse, LOOPBACK, 0)
            await stack.enter_async_context(server)
            ports[name] = server.sockets[0].getsockname()[1]
        yield ports


class _Backend:
    """One backend: answers every request with its name and what was asked."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass  # the client has gone, or speaks what this does not understand
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _version = request.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if "transfer-encoding" in headers or not 0 <= length <= _LONGEST_BODY:
            return False
        await reader.readexactly(length)
        body = f"hello from {self._name}: {method} {target}\n".encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"
            + f"x-backend: {self._name}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + (b"" if method == "HEAD" else body)
        )
        return True
