"""No request gets a wrong answer, and no connection ends, while listeners beside come, change and go."""

import ssl

import pytest

from tests.feature.harness.closed_loop import NOT_FOUND, closed_loop, said
from tests.feature.harness.https import ALL, CA, gateway, https, plain
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World
from tests.feature.never_lost_rig import route

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

FIRST = plain("http", "http")


def named(name: str, hostname: str, port: str = "http") -> str:
    """Return an HTTP listener for one host name."""
    return f"  - {{name: {name}, port: <{port}>, protocol: HTTP, hostname: '{hostname}', {ALL}}}\n"


async def test_a_port_that_comes_and_goes(world: World) -> None:
    await world.apply(route("steady", "steady", "one"))
    async with closed_loop(world) as loop:
        loop.target("steady.example", said("steady"))
        for _ in range(5):
            await world.apply(gateway("edge", FIRST, plain("more", "more")))
            beside = loop.target("steady.example", said("steady"), port="more")
            await loop.turns(5)
            loop.forget(beside)
            await loop.turns(1)
            await world.apply(gateway("edge", FIRST))
        assert loop.reconnects == 0


async def test_listeners_of_one_port_that_come_and_go(world: World) -> None:
    """Each takes its host over and gives it back; the route answers for both."""
    await world.apply(route("steady", "steady", "one"), route("own", "own", "two"))
    async with closed_loop(world) as loop:
        loop.target("steady.example", said("steady"))
        loop.target("own.example", said("own", "two"))
        for turn in range(10):
            world.put(gateway("edge", FIRST, named("own", "own.example"), named(f"l{turn}", f"l{turn}.example")))
            await world.settle()
            await loop.turns(2)
            world.put(gateway("edge", FIRST))
            await world.settle()
            await loop.turns(2)
        assert loop.reconnects == 0


async def test_the_hostname_of_a_listener_is_edited(world: World) -> None:
    await world.apply(gateway("edge", named("steady", "steady.example"), named("own", "h0.example")))
    wide = http_route("wide", "- {filters: [<route:wide>], backendRefs: [{name: two, port: 80}]}")
    await world.apply(route("steady", "steady", "one"), wide.replace("name: edge,", "name: edge, sectionName: own,"))
    async with closed_loop(world) as loop:
        loop.target("steady.example", said("steady"))
        hosts = [loop.target(f"h{at}.example", said("wide", "two") if at == 0 else NOT_FOUND) for at in range(3)]
        for turn in range(1, 13):
            hosts[(turn - 1) % 3].become(NOT_FOUND)
            hosts[turn % 3].become(said("wide", "two"))
            world.put(gateway("edge", named("steady", "steady.example"), named("own", f"h{turn % 3}.example")))
            await loop.arrived()
        assert loop.reconnects == 0


async def test_a_listener_that_is_renamed(world: World) -> None:
    await world.apply(route("steady", "steady", "one"))
    async with closed_loop(world) as loop:
        loop.target("steady.example", said("steady"))
        for turn in range(10):
            world.put(gateway("edge", plain(f"http-{turn}", "http")))
            await world.settle()
            await loop.turns(2)
        assert loop.reconnects == 0


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return CA.trusting()


async def test_certificates_and_hosts_of_tls_beside(world: World, trusting: ssl.SSLContext) -> None:
    """Listeners with certificates of their own come and go on one port; who is connected to another stays so."""
    own, others = CA.issue("steady.example").secret("own"), CA.issue("*.example").secret("others")
    steady = https("steady", "tls", "{name: own}", "steady.example")
    await world.apply(own + others + gateway("edge", FIRST, steady), route("steady", "steady", "one"))
    async with closed_loop(world) as loop:
        loop.target("steady.example", said("steady"))
        loop.target("steady.example", said("steady"), port="tls", tls=trusting)
        for turn in range(5):
            beside = https("beside", "tls", "{name: others}", f"h{turn}.example")
            await world.apply(gateway("edge", FIRST, steady, beside), route(f"h{turn}", f"h{turn}", "two"))
            found = loop.target(f"h{turn}.example", said(f"h{turn}", "two"), port="tls", tls=trusting)
            await loop.turns(5)
            await world.apply(CA.issue("steady.example").secret("own"))
            await loop.turns(2)
            loop.forget(found)
            await loop.turns(1)
            await world.apply(gateway("edge", FIRST, steady))
            await loop.turns(2)
        assert loop.reconnects == 0
