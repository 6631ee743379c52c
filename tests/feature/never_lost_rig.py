"""A world behind an adversary, with a route that answers, and what its tests change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gatewayd.ir.fleet import GatewayFleet
from tests.feature.harness.adversary import Adversary, adversary
from tests.feature.harness.closed_loop import ClosedLoop, Target, closed_loop, said
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.world import World, running_world

EDGE = GatewayFleet(namespace="infra", name="edge")
BACKENDS = ("one", "two")
MANY = 100
"""More hosts than these may be discovered another way."""


def route(name: str, says: str, backend: str, *, port: int = 80) -> str:
    """Return an HTTPRoute for the host "NAME.example", which tells its backend what it `says`."""
    rules = f"- {{filters: [<route:{says}>], backendRefs: [{{name: {backend}, port: {port}}}]}}"
    return http_route(name, rules, host=f"{name}.example")


@dataclass(frozen=True, slots=True)
class Siege:
    """A world, what stands between it and its Envoy, clients, and the target r.example, which says v1 of one."""

    world: World
    adversary: Adversary
    loop: ClosedLoop
    r: Target


@asynccontextmanager
async def siege(*, base: str = GATEWAY) -> AsyncIterator[Siege]:
    """Serve r.example and steady.example, and ask for both; the latter must answer all the time."""
    async with running_world() as world:
        world.doorway = world.socket.parent.parent / "adversary"
        between = await world.stack.enter_async_context(adversary(world.doorway, world.socket))
        for name in BACKENDS:
            await world.backend(name)
        await world.apply(base, route("steady", "steady", "one"), route("r", "v1", "one"))
        async with closed_loop(world) as loop:
            loop.target("steady.example", said("steady"))
            r = loop.target("r.example", said("v1"))
            await loop.arrived()
            yield Siege(world, between, loop, r)
