"""The load client as a process that tells what it sees: it runs until its standard input is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar


class Listener(Protocol):
    """Who hears what the client says."""

    async def listen(self) -> None:
        """Read its standard output until it ends."""


_Listener = TypeVar("_Listener", bound=Listener)


@asynccontextmanager
async def heard(
    command: Sequence[str], listener_to: Callable[[asyncio.subprocess.Process], _Listener], name: str
) -> AsyncIterator[_Listener]:
    """Run the client until the block ends, and give its listener. Raises RuntimeError when it fails; `name` is its."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    listener = listener_to(process)
    listening = asyncio.create_task(listener.listen())
    try:
        yield listener
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await listening
        code = await process.wait()
    if code != 0:
        raise RuntimeError(f"{name} ended with {code}")
