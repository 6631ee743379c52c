"""Large responses take turns."""

import asyncio
from contextlib import AsyncExitStack

from gatewayd.ads.write_limiter import Passage, StreamTurns
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import LARGE_RESPONSE as LARGE
from gatewayd.ir.limits import PASSAGE_BYTES as MOST
from gatewayd.ir.limits import TURN_SECONDS as TURN
from tests.fakes.skipping_loop import passes, skipping

HALF = MOST // 2
GATEWAY = GatewayFleet(namespace="shop", name="edge")


class Writer:
    """A response that is on its way until it is told that the client has it."""

    def __init__(self, reader: StreamTurns, size: int) -> None:
        self.passes = False
        self.read = asyncio.Event()
        self.task = asyncio.create_task(self._write(reader, size))

    async def _write(self, reader: StreamTurns, size: int) -> None:
        async with reader.turn(size):
            self.passes = True
            await self.read.wait()

    async def ends(self) -> None:
        self.read.set()
        await self.task


def stream(passage: Passage, gateway: GatewayFleet = GATEWAY) -> StreamTurns:
    return passage.reader(gateway)


async def writers(stack: AsyncExitStack, *sizes: int, passage: Passage | None = None) -> list[Writer]:
    """Let a stream each write a response of these sizes."""
    through = Passage() if passage is None else passage
    found = [Writer(stream(through), size) for size in sizes]
    for each in found:
        stack.push_async_callback(each.ends)
    for _ in sizes:
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
async def test_one_begins_in_each_turn_of_the_event_loop_whatever_room_there_is() -> None:
    passage, begun = Passage(), list[int]()

    async def write(gateway: GatewayFleet) -> None:
        async with stream(passage, gateway).turn(LARGE):
            begun.append(turns)

    writing = [
        asyncio.create_task(write(GatewayFleet(namespace="shop", name=f"edge-{number % 3}"))) for number in range(30)
    ]
    turns = 0
    while len(begun) < len(writing):
        turns += 1
        await asyncio.sleep(0)
    assert len(set(begun)) == len(begun)
    assert turns <= len(writing) + 3
    await asyncio.gather(*writing)


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


async def begun(reader: StreamTurns, size: int, stack: AsyncExitStack) -> Writer:
    writer = Writer(reader, size)
    stack.push_async_callback(writer.ends)
    await passes(0.0)
    return writer


@skipping
async def test_clients_of_one_gateway_delay_those_of_no_other() -> None:
    async with AsyncExitStack() as stack:
        passage = Passage()
        slow = await writers(stack, *[MOST] * 60, passage=passage)
        assert passing(slow).count(True) == 1
        other = await begun(stream(passage, GatewayFleet(namespace="bank", name="vault")), MOST, stack)
        assert other.passes
        await other.ends()
        assert (await begun(stream(passage, GatewayFleet(namespace="bank", name="vault")), MOST, stack)).passes


@skipping
async def test_gateways_take_turns() -> None:
    async with AsyncExitStack() as stack:
        passage = Passage()
        first = await writers(stack, *[HALF] * 6, passage=passage)
        others = [
            await begun(stream(passage, GatewayFleet(namespace="bank", name="vault")), HALF, stack) for _ in range(4)
        ]
        assert (passing(first), passing(others)) == ([True, True, *[False] * 4], [True, False, False, False])
        for each in first[:2]:
            await each.ends()
            await passes(0.0)
        # Room for one more: it is the turn of the Gateway that has waited longer.
        assert (passing(first).count(True), passing(others).count(True)) == (3, 1)
        await first[2].ends()
        await passes(0.0)
        # Now it is the other's, and one of each is always on its way.
        assert (passing(first).count(True), passing(others).count(True)) == (4, 2)


@skipping
async def test_who_let_a_turn_run_out_gets_the_next_one_last() -> None:
    async with AsyncExitStack() as stack:
        passage = Passage()
        slow = stream(passage)
        first = await begun(slow, MOST, stack)
        await passes(TURN)
        await first.ends()
        holder = await begun(stream(passage), MOST, stack)
        again = await begun(slow, MOST, stack)
        prompt = await begun(stream(passage), MOST, stack)
        await holder.ends()
        await passes(0.0)
        assert passing([again, prompt]) == [False, True]
        await prompt.ends()
        await passes(0.0)
        assert again.passes


@skipping
async def test_who_takes_a_late_turn_in_time_is_late_no_more() -> None:
    async with AsyncExitStack() as stack:
        passage = Passage()
        reader = stream(passage)
        await begun(reader, MOST, stack)
        await passes(TURN)
        (await begun(reader, MOST, stack)).read.set()
        await passes(0.0)
        holder = await begun(stream(passage), MOST, stack)
        again, prompt = await begun(reader, MOST, stack), await begun(stream(passage), MOST, stack)
        await holder.ends()
        await passes(0.0)
        assert passing([again, prompt]) == [True, False]


@skipping
async def test_nothing_is_kept_of_those_who_are_through() -> None:
    passage = Passage()
    slow = [Writer(stream(passage), size) for size in (3 * MOST, MOST, MOST)]
    await passes(0.0)
    slow[2].task.cancel()
    await asyncio.wait({slow[2].task})
    await passes(2 * TURN)
    assert (passing(slow), len(passage)) == ([True, True, False], 0)
    await slow[0].ends()
    await slow[1].ends()
    assert len(passage) == 0
