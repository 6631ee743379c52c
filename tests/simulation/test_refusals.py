"""What a route says while proxies refuse it, with several replicas: it comes, stays through everything, and goes."""

import asyncio
from collections.abc import Iterator

import pytest

from gatewayd.xds.resource import ROUTE
from tests.fakes.skipping_loop import SkippingLoop
from tests.simulation.plan import GROUP, QUIET_SECONDS, found, key, put
from tests.simulation.quiet import differences
from tests.simulation.world import World

REFUSED = "gatewayd.io/RefusedByProxy"
EDITS = 12


def edit(world: World, number: int) -> None:
    """Write a route of g1, another one each time."""
    rule = {"matches": [{"path": {"value": f"/{number}"}}], "backendRefs": [{"name": "one", "port": 80}]}
    spec = {"parentRefs": [{"name": "g1"}], "hostnames": ["told.example"], "rules": [rule]}
    put(world, key(GROUP, "httproutes", "told"), "HTTPRoute", spec)


def told(world: World) -> Iterator[str]:
    """Yield what the route's status says of refusals."""
    document = world.state.objects[key(GROUP, "httproutes", "told")]
    for parent in (document.get("status") or {}).get("parents", ()):
        yield from (each["message"] for each in parent["conditions"] if each["type"] == REFUSED)


async def lived(seed: int) -> list[str]:
    """Live through refusals, edits, lost streams and a lost replica; return what is wrong."""
    world, wrong = World(seed), []
    try:
        found(world)
        edit(world, 0)
        for replica in world.replicas:
            replica.start()
        await asyncio.sleep(QUIET_SECONDS)
        wrong += ["told before anything is refused"] if [*told(world)] else []
        pods = [each for each in world.workloads.pods.values() if str(each.envoy.fleet) == "shop/g1"]
        for pod in pods:
            pod.envoy.refuses = ROUTE
        for number in range(1, EDITS):
            edit(world, number)
            await asyncio.sleep(world.dice.choice((4.0, 0.3, 12.0)) if number > 1 else 5.0)
            if number % 3 == 0:
                world.dice.choice(pods).hang_up()
            if number == EDITS // 2:
                lost = next(each for each in world.replicas if each.leads)
                await lost.kill()
                lost.start()
            wrong += [] if [*told(world)] else [f"not told at edit {number}"]
        for pod in pods:
            pod.envoy.refuses = None
            pod.hang_up()
        await asyncio.sleep(QUIET_SECONDS)
        return [*wrong, *(f"told still: {each}" for each in told(world)), *differences(world)]
    finally:
        await world.end()


@pytest.mark.parametrize("seed", range(3))
def test_a_route_says_so_from_the_first_refusal_to_the_last(seed: int) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert runner.run(lived(seed)) == []
