"""No request gets a wrong answer while routes move, switch, are reordered, and a host grows past a list of rules."""

import random
from collections.abc import Iterable

import pytest

from tests.feature.harness.closed_loop import NOT_FOUND, closed_loop, said
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World
from tests.feature.never_lost_rig import route

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "two", "three")


def rule(says: str, backend: str, *, path: str = "") -> str:
    """Return one rule of a list."""
    match = f"matches: [{{path: {{value: {path}}}}}], " if path else ""
    return f"- {{{match}filters: [<route:{says}>], backendRefs: [{{name: {backend}, port: 80}}]}}\n"


async def test_a_backend_that_is_switched_again_and_again(world: World) -> None:
    """First each switch is awaited, then they come as fast as they can be written."""
    await world.apply(route("r", "v0", "one"))
    async with closed_loop(world) as loop:
        target = loop.target("r.example", said("v0"))
        for turn in range(1, 251):
            backend = BACKENDS[turn % 3]
            target.become(said(f"v{turn}", backend))
            world.put(route("r", f"v{turn}", backend))
            await (loop.arrived() if turn <= 50 else loop.turns(0))
        await loop.arrived()


async def test_rules_that_are_reordered_keep_their_backends(world: World) -> None:
    """Rules of one route in any order, some put in before the others and taken out again."""
    order = random.Random(1)  # noqa: S311 - the same orders each time
    rules = [rule(f"p{at}", BACKENDS[at % 3], path=f"/p{at}") for at in range(12)]

    def shuffled(turn: int) -> str:
        first = [rule("first", "two", path="/first")] if turn % 2 else []
        marks = [rule(f"v{turn}", BACKENDS[turn % 3], path="/turn")]
        return http_route("r", "".join(first + order.sample(rules + marks, k=13)), host="reordered.example")

    await world.apply(shuffled(0))
    async with closed_loop(world) as loop:
        for at in range(12):
            loop.target("reordered.example", said(f"p{at}", BACKENDS[at % 3]), path=f"/p{at}")
        turned = loop.target("reordered.example", said("v0"), path="/turn")
        for turn in range(1, 51):
            turned.become(said(f"v{turn}", BACKENDS[turn % 3]))
            world.put(shuffled(turn))
            await loop.arrived()


async def test_equal_matches_in_another_order(world: World) -> None:
    """The first of two rules for the same requests has them; its backend comes with it."""

    def in_order(turn: int) -> str:
        own = rule(f"v{turn}", BACKENDS[turn % 3]), rule("second", "one")
        return http_route("r", "".join(own), host="equal.example")

    await world.apply(in_order(0))
    async with closed_loop(world) as loop:
        target = loop.target("equal.example", said("v0"))
        for turn in range(1, 31):
            target.become(said(f"v{turn}", BACKENDS[turn % 3]))
            world.put(in_order(turn))
            await loop.arrived()


async def test_hosts_that_two_routes_exchange(world: World) -> None:
    hosts = ("left.example", "right.example")

    def routes(turn: int) -> str:
        return "".join(
            http_route(name, rule(f"{name}{turn}", name), host=hosts[(at + turn) % 2])
            for at, name in enumerate(("one", "two"))
        )

    await world.apply(routes(0))
    async with closed_loop(world) as loop:
        targets = [loop.target(host, said(f"{name}0", name)) for host, name in zip(hosts, ("one", "two"), strict=True)]
        for turn in range(1, 31):
            for at, name in enumerate(("one", "two")):
                targets[(at + turn) % 2].become(said(f"{name}{turn}", name))
            world.put(routes(turn))
            await loop.arrived()


async def test_a_route_that_goes_from_host_to_host(world: World) -> None:
    await world.apply(http_route("r", rule("v", "one"), host="h0.example"))
    async with closed_loop(world) as loop:
        targets = [loop.target(f"h{at}.example", said("v") if at == 0 else NOT_FOUND) for at in range(6)]
        for turn in range(1, 25):
            targets[(turn - 1) % 6].become(NOT_FOUND)
            targets[turn % 6].become(said("v"))
            world.put(http_route("r", rule("v", "one"), host=f"h{turn % 6}.example"))
            await loop.arrived()


async def test_hosts_that_split_off_into_routes_of_their_own(world: World) -> None:
    """A route of two hosts becomes two routes, and one again; one of the hosts never notices."""
    await world.apply(http_route("r", rule("whole", "one"), host="a.example b.example"))
    async with closed_loop(world) as loop:
        loop.target("a.example", said("whole"))
        b = loop.target("b.example", said("whole"))
        for _ in range(15):
            b.become(said("half", "two"))
            world.put(
                http_route("r", rule("whole", "one"), host="a.example")
                + http_route("s", rule("half", "two"), host="b.example")
            )
            await loop.arrived()
            b.become(said("whole"))
            world.drop("HTTPRoute shop/s")
            del world.applied["HTTPRoute shop/s"]
            world.put(http_route("r", rule("whole", "one"), host="a.example b.example"))
            await loop.arrived()


RULES_A_ROUTE = 12
FEW, LARGE = 96, 108


def many(numbers: Iterable[int]) -> str:
    """Return routes of one host with these rules, which are a prefix each."""
    wanted = list(numbers)
    chunks = [wanted[at : at + RULES_A_ROUTE] for at in range(0, len(wanted), RULES_A_ROUTE)]
    return "".join(
        http_route(
            f"many-{chunk[0]}",
            "".join(rule(f"p{at}", BACKENDS[at % 3], path=f"/p{at}") for at in chunk),
            host="many.example",
        )
        for chunk in chunks
    )


async def test_rules_of_one_host_that_grow_past_a_hundred_and_back(world: World) -> None:
    """More than 100 rules under one host are matched by a tree; who asks does not notice."""
    await world.apply(many(range(FEW)))
    async with closed_loop(world) as loop:
        for at in (0, 1, 10, 50, FEW - 1):
            loop.target("many.example", said(f"p{at}", BACKENDS[at % 3]), path=f"/p{at}")
        loop.target("many.example", NOT_FOUND, path="/else")
        more = [loop.target("many.example", NOT_FOUND, path=f"/p{at}") for at in range(FEW, LARGE)]
        for _ in range(2):
            for at, target in enumerate(more, FEW):
                target.become(said(f"p{at}", BACKENDS[at % 3]))
                world.put(
                    http_route(f"more-{at}", rule(f"p{at}", BACKENDS[at % 3], path=f"/p{at}"), host="many.example")
                )
                await loop.arrived()
            for at, target in enumerate(more, FEW):
                target.become(NOT_FOUND)
                world.drop(f"HTTPRoute shop/more-{at}")
                del world.applied[f"HTTPRoute shop/more-{at}"]
                await loop.arrived()
