"""Bytes between two connections: what one end sent before it ended is had by the other."""

import asyncio
import socket

from conformance.harness import relay

DEADLINE = 5.0


async def test_both_ways_until_one_end_closes() -> None:
    left, left_inside = socket.socketpair()
    right, right_inside = socket.socketpair()
    client, program = await relay.opened(left), await relay.opened(right)
    ends = (await relay.opened(left_inside), await relay.opened(right_inside))
    async with asyncio.timeout(DEADLINE):
        carrying = asyncio.ensure_future(relay.carry(*ends))
        client.writer.write(b"asked")
        assert await program.reader.readexactly(5) == b"asked"
        program.writer.write(b"answered" * 50_000)
        await relay.close(program)
        await carrying
        await asyncio.gather(*(relay.close(each) for each in ends), _read(client))
        await relay.close(client)


async def _read(client: relay.Ends) -> None:
    assert await client.reader.read() == b"answered" * 50_000
