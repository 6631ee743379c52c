"""How many bytes of large responses are on their way to clients at a time.

A response that is being written is copied for its stream, and stays until the client has read it: a thousand proxies
that start at once would have their whole configurations copied, gigabytes, while each can take only so much. So the
large ones take turns. Who does not read gives up its turn after some seconds, and keeps its copy alone: it delays
others once, and small responses never.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LARGE = 256 * 1024
"""Bytes of a response that has to wait for its turn."""
MOST = 64 * 1024 * 1024
TURN = 2.0
"""Seconds after which a response counts as waiting for its client alone."""


class Passage:
    """Lets responses pass in the order in which they came; one that is larger than all may be passes alone."""

    def __init__(self) -> None:
        self._free = MOST
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        """Wait until a response of so many bytes may be written, and count it until it has been, or its turn ends."""
        if size < LARGE:
            yield
            return
        size = min(size, MOST)
        await self._enter(size)
        leave = self._leaving(size)
        timer = asyncio.get_running_loop().call_later(TURN, leave)
        try:
            yield
        finally:
            timer.cancel()
            leave()

    async def _enter(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        turn = (size, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            await turn[1]
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn[1].cancelled():
                self._free += size  # its turn had come in the same moment
            self._call()
            raise

    def _leaving(self, size: int) -> Callable[[], None]:
        """Return what gives the bytes back, once however often it is called."""
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._free += size
                self._call()

        return leave

    def _call(self) -> None:
        """Let those pass whose turn has come."""
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._free -= size
                turn.set_result(None)
