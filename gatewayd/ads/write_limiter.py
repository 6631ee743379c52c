"""How many bytes of large responses are on their way to clients at a time, and whose.

A response that is being written is copied for its stream, and stays until the client has read it: a thousand proxies
that start at once would have their whole configurations copied, gigabytes, while each can take only so much. So the
large ones take turns, the Gateways one after the other, and one response of each Gateway is always on its way: nobody
waits for the clients of another. Copying one takes milliseconds, for which everything waits, so at most one begins in
each turn of the event loop. Who does not read gives up its turn after some seconds and keeps its copy alone; its next
turn comes after those of all who do. Small responses never wait.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import LARGE_RESPONSE, PASSAGE_BYTES, TURN_SECONDS

_Turn: TypeAlias = tuple[int, asyncio.Future[None]]


@dataclass(slots=True, eq=False)
class _Lane:
    """What is on its way to the clients of one Gateway, and what waits; `late`: of those that let a turn run out."""

    passing: int = 0
    prompt: deque[_Turn] = field(default_factory=deque)
    late: deque[_Turn] = field(default_factory=deque)

    @property
    def is_idle(self) -> bool:
        """Return whether there is nothing to remember."""
        return not (self.passing or self.prompt or self.late)


class Passage:
    """The turns of all streams. What is larger than all may be passes alone."""

    def __init__(self) -> None:
        self._free = PASSAGE_BYTES
        self._lanes: dict[FleetKey, _Lane] = {}  # in the order of their next turns
        self._is_calling = False

    def __len__(self) -> int:
        """Return of how many Gateways something is known."""
        return len(self._lanes)

    def reader(self, fleet: FleetKey) -> "StreamTurns":
        """Return what a stream of a Gateway takes its turns by."""
        return StreamTurns(self, fleet)

    async def enter(self, fleet: FleetKey, size: int, *, is_late: bool) -> None:
        """Wait for a turn."""
        lane = self._lanes.setdefault(fleet, _Lane())
        queue = lane.late if is_late else lane.prompt
        turn = (size, asyncio.get_running_loop().create_future())
        queue.append(turn)
        self._call()
        try:
            await turn[1]
        except asyncio.CancelledError:
            if turn in queue:
                queue.remove(turn)
                self._call()
            elif not turn[1].cancelled():
                self.leave(fleet, size)  # its turn had come in the same moment
            raise
        finally:
            self._forget_if_idle(fleet)

    def leave(self, fleet: FleetKey, size: int) -> None:
        """End a turn."""
        self._lanes[fleet].passing -= 1
        self._free += size
        self._call()
        self._forget_if_idle(fleet)

    def _call(self) -> None:
        """Let those pass whose turn has come, one in each turn of the event loop."""
        if not self._is_calling and self._call_next():
            self._is_calling = True
            asyncio.get_running_loop().call_soon(self._call_again)

    def _call_again(self) -> None:
        self._is_calling = False
        self._call()

    def _call_next(self) -> bool:
        """Let one pass: of each Gateway in its turn, those that are late after all others; return whether one may."""
        if any(self._call_one(lane.prompt, fleet, lane) for fleet, lane in self._in_turn()):
            return True
        if any(lane.prompt for lane in self._lanes.values()):
            return False
        return any(self._call_one(lane.late, fleet, lane) for fleet, lane in self._in_turn())

    def _in_turn(self) -> Iterator[tuple[FleetKey, _Lane]]:
        yield from tuple(self._lanes.items())

    def _call_one(self, queue: deque[_Turn], fleet: FleetKey, lane: _Lane) -> bool:
        """Let the first of a queue pass if it may; its Gateway's next turn comes after those of the others."""
        if not queue:
            return False
        is_alone = not lane.passing and queue is lane.prompt
        if queue[0][0] > self._free and not is_alone:
            return False
        size, turn = queue.popleft()
        if not turn.cancelled():
            self._free -= size
            lane.passing += 1
            turn.set_result(None)
        self._lanes[fleet] = self._lanes.pop(fleet)
        return True

    def _forget_if_idle(self, fleet: FleetKey) -> None:
        if fleet in self._lanes and self._lanes[fleet].is_idle:
            del self._lanes[fleet]


class StreamTurns:
    """One stream's way through the passage."""

    __slots__ = ("_fleet", "_is_late", "_passage")

    def __init__(self, passage: Passage, fleet: FleetKey) -> None:
        self._passage = passage
        self._fleet = fleet
        self._is_late = False

    @asynccontextmanager
    async def turn(self, size: int) -> AsyncIterator[None]:
        """Wait until a response of so many bytes may be written, and count it until it has been, or its turn ends."""
        if size < LARGE_RESPONSE:
            yield
            return
        counted = min(size, PASSAGE_BYTES)
        await self._passage.enter(self._fleet, counted, is_late=self._is_late)
        self._is_late = False
        timer = asyncio.get_running_loop().call_later(TURN_SECONDS, self._run_out, counted)
        try:
            yield
        finally:
            timer.cancel()
            if not self._is_late:
                self._passage.leave(self._fleet, counted)

    def _run_out(self, counted: int) -> None:
        self._is_late = True
        self._passage.leave(self._fleet, counted)
