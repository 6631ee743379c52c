"""No request gets a wrong answer while the hosts of a Gateway grow to where they are discovered another way.

Each test has a Gateway of its own: what has grown once stays discovered per host.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio

from tests.feature.harness.closed_loop import NOT_FOUND, Said, closed_loop, said
from tests.feature.harness.http1 import Connection
from tests.feature.harness.manifests import GATEWAY
from tests.feature.harness.world import World, running_world
from tests.feature.never_lost_rig import MANY, route

pytestmark = [pytest.mark.envoy]

BACKENDS = ("one", "two", "three")
HOSTS = 3 * MANY
OTHERS = range(MANY // 2, MANY + 1)
"""With half as many as are many, these are too many for one table."""


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with running_world() as fresh:
        for name in BACKENDS:
            await fresh.backend(name)
        await fresh.apply(GATEWAY)
        yield fresh


async def test_hosts_that_grow_to_many_and_back(world: World) -> None:
    """Many hosts are discovered one by one, few in one table; who asks does not notice when that changes."""
    await world.apply(*(route(f"few-{at}", f"few-{at}", BACKENDS[at % 3]) for at in range(3)))
    async with closed_loop(world) as loop:
        for at in range(3):
            loop.target(f"few-{at}.example", said(f"few-{at}", BACKENDS[at % 3]))
        loop.target("nobody.example", NOT_FOUND)
        more = [loop.target(f"more-{at}.example", NOT_FOUND) for at in range(0, HOSTS, 50)]
        for turn in range(3):
            for at, target in zip(range(0, HOSTS, 50), more, strict=True):
                target.become(said(f"v{turn}", BACKENDS[at % 3]))
            for step in range(0, HOSTS, 20):
                put_more(world, range(step, step + 20), f"v{turn}")
                await loop.turns(0)
            await loop.arrived()
            await world.settle()
            for target in more:
                target.become(NOT_FOUND)
            for step in range(0, HOSTS, 20):
                drop_more(world, range(step, step + 20))
                await loop.turns(0)
            await loop.arrived()
            await world.settle()


async def test_hosts_that_become_one_too_many_again_and_again(world: World) -> None:
    """Before Envoy has done with the listener that it had before."""
    await world.apply(route("few", "few", "one"))
    put_more(world, range(MANY // 2))
    await world.settle()
    async with closed_loop(world) as loop:
        loop.target("few.example", said("few"))
        loop.target("more-7.example", said("v", BACKENDS[7 % 3]))
        loop.target("nobody.example", NOT_FOUND)
        for _ in range(10):
            put_more(world, OTHERS)
            await world.settle()
            await loop.turns(2)
            drop_more(world, OTHERS)
            await world.settle()
            await loop.turns(2)


async def test_a_connection_that_was_idle_meanwhile(world: World) -> None:
    """Its next request goes to the listener that it was opened to, however that found its routes."""
    await world.apply(route("few", "few", "one"))
    put_more(world, range(MANY // 2))
    await world.settle()
    idle = [await world.connect() for _ in range(5)]
    for each in idle:
        assert (await each.ask(host="few.example")).said == said("few")
    put_more(world, OTHERS)
    await world.settle()
    assert {await said_unless_closed(each) for each in idle} <= {said("few"), None}


async def test_a_connection_outlives_whoever_adds_and_removes_hosts(world: World) -> None:
    """Once there were many, a namespace that crosses the number again and again ends no connection of another."""
    await world.apply(route("few", "few", "one"))
    put_more(world, range(MANY + 1))
    await world.settle()
    connection = await world.connect()
    for _ in range(5):
        drop_more(world, range(MANY + 1))
        await world.settle()
        assert (await connection.ask(host="few.example")).said == said("few")
        put_more(world, range(MANY + 1))
        await world.settle()
        assert (await connection.ask(host="few.example")).said == said("few")


async def said_unless_closed(connection: Connection) -> Said | None:
    """Ask on a connection that Envoy may have closed by now, as it does with what was idle; None: it has."""
    try:
        return (await connection.ask(host="few.example")).said
    except (OSError, asyncio.IncompleteReadError):
        return None


def put_more(world: World, numbers: Iterable[int], says: str = "v") -> None:
    """Add routes with a host each."""
    world.put("".join(route(f"more-{at}", says, BACKENDS[at % 3]) for at in numbers))


def drop_more(world: World, numbers: Iterable[int]) -> None:
    """Take routes away."""
    gone = [f"HTTPRoute shop/more-{at}" for at in numbers]
    for each in gone:
        del world.applied[each]
    world.drop(*gone)
