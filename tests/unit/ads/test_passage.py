"""Large responses take turns."""

import asyncio
from contextlib import AsyncExitStack

from gatewayd.ads.passage import LARGE, MOST, TURN, Passage
from tests.fakes.skipping_loop import passes, skipping

HALF = MOST // 2


class Writer:
    """A response that is on its way until it is told that the client has it."""

    def __init__(self, passage: Passage, size: int) -> None:
        self.passes = False
        self.read = asyncio.Event()
        self.task = asyncio.create_task(self._write(passage, size))

    async def _write(self, passage: Passage, size: int) -> None:
        async with passage.of(size):
            self.passes = True
            await self.read.wait()

    async def ends(self) -> None:
        self.read.set()
        await self.task


async def writers(stack: AsyncExitStack, *sizes: int) -> list[Writer]:
    passage = Passage()
    found = [Writer(passage, size) for size in sizes]
    for each in found:
        stack.push_async_callback(each.ends)
    await passes(0.0)
    return found


def passing(found: list[Writer]) -> list[bool]:
    return [each.passes for each in found]


@skipping
async def test_they_pass_in_order_as_long_as_there_is_room() -> None:
    async with AsyncExitStack() as stack:
        found = await writers(stack, HALF, HALF, HALF, LARGE, HALF)
        assert passing(found) == [True, True, False, False, False]
        await found[1].ends()
        await passes(0.0)
        assert passing(found) == [True, True, True, False, False]
        await found[0].ends()
        await passes(0.0)
        assert passing(found) == [True, True, True, True, False]


@skipping
async def test_small_ones_never_wait() -> None:
    async with AsyncExitStack() as stack:
        assert passing(await writers(stack, MOST, LARGE - 1, LARGE)) == [True, True, False]


@skipping
async def test_who_does_not_read_delays_others_once() -> None:
    async with AsyncExitStack() as stack:
        found = await writers(stack, MOST, MOST)
        await passes(TURN)
        assert passing(found) == [True, True]
        await found[0].ends()
        late = await writers(stack, MOST)
        assert passing(late) == [True]


@skipping
async def test_what_is_larger_than_all_passes_alone() -> None:
    async with AsyncExitStack() as stack:
        found = await writers(stack, 3 * MOST, LARGE)
        assert passing(found) == [True, False]
        await found[0].ends()
        await passes(0.0)
        assert passing(found) == [True, True]


@skipping
async def test_who_leaves_the_queue_keeps_nobody_waiting() -> None:
    async with AsyncExitStack() as stack:
        found = await writers(stack, HALF, MOST, LARGE)
        assert passing(found) == [True, False, False]
        found[1].read.set()
        found[1].task.cancel()
        await asyncio.wait({found[1].task})
        await passes(0.0)
        assert passing(found) == [True, False, True]
        stack.pop_all()
        await found[0].ends()
        await found[2].ends()
