"""Tasks that end with the test that started them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.fakes.skipping_loop import DEADLINE


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run them until the block ends; one that fails fails the test. No task of theirs is left."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        async with asyncio.timeout(DEADLINE):
            yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


class Leader:
    """Leadership that a test gives and takes."""

    def __init__(self) -> None:
        self.leads = True

    def is_leader(self) -> bool:
        return self.leads
