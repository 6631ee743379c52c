"""Bytes between two connections, both ways, until either ends."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import NamedTuple

_CHUNK = 1 << 16


class Ends(NamedTuple):
    """A connection as asyncio's streams have it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def opened(connection: socket.socket) -> Ends:
    """Return the streams of a socket that is connected already."""
    return Ends(*await asyncio.open_connection(sock=connection))


async def carry(one: Ends, other: Ends) -> None:
    """Copy until one of both ends; what it had sent by then has been written to the other."""
    copies = [
        asyncio.create_task(_copy(one.reader, other.writer), name="there"),
        asyncio.create_task(_copy(other.reader, one.writer), name="back"),
    ]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)


async def close(ends: Ends) -> None:
    """Close a connection when all has been sent; one that is broken is fine."""
    ends.writer.close()
    with suppress(OSError):
        await ends.writer.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
