"""Tables in the packet filter, for as long as a block takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from conformance.scenarios.pods import output


@asynccontextmanager
async def packet_table(name: str, content: str) -> AsyncIterator[None]:
    """Have a table of both families of addresses until the block ends."""
    await output("nft", "-f", "-", stdin=f"table inet {name} {{\n{content}}}\n".encode())
    try:
        yield
    finally:
        await output("nft", "delete", "table", "inet", name)
