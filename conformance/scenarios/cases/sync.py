"""Nothing is served before everything has been listed once: each kind's list is held back in turn at a start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from conformance.scenarios import witness
from conformance.scenarios.apifault import Request, Rule, Stand, standing, unhindered
from conformance.scenarios.lies import PASS, Action, Delay
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.tap import ARGUMENTS, Tap, tapped
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import World
from gatewayd.api.kinds import KINDS
from gatewayd.infra import layout

_NAME = "slow"
_PORT = 7001
_DELAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One start with one kind held back. Unix seconds: the list let go, the first answer to a new proxy.

    A kind of which the cluster has no version is listed once for each version, so its last list is let go later.
    """

    plural: str
    released: float
    last_released: float
    first: float
    ready_early: bool
    envoy_early: int
    """Responses to the real Envoy before the list was let go."""

    @property
    def wait(self) -> float:
        """Return how long the first answer took after the last list was let go, in seconds."""
        return self.first - self.last_released


async def sync(world: World) -> tuple[Figure, ...]:
    """Start gatewayd once for each kind, under load through an Envoy that has its configuration."""
    async with standing(world, _PORT) as stand:
        await world.replicas(_NAME, count=1, arguments=ARGUMENTS, api_port=_PORT)
        async with tapped(world) as tap:
            await world.echoes("echo")
            address = await world.gateway()
            targets = await stable_routes(world, 20, "echo")
            await until_right(world, address, targets)
            rounds: list[_Round] = []
            async with load(world, f"{address}:80", targets, rate=50) as running:
                for kind in KINDS:
                    rounds.append(await _round(world, stand, tap, kind.plural))
                    print(f"  {kind.plural}: answered {rounds[-1].wait:+.2f} s", flush=True)
    return (
        Figure(what="kinds held back in turn", value=len(rounds), at_least=len(KINDS)),
        none_of("starts that answered a new proxy too early", sum(each.first < each.released for each in rounds)),
        none_of("responses to the Envoy before all was listed", sum(each.envoy_early for each in rounds)),
        none_of("starts that were ready too early", sum(each.ready_early for each in rounds)),
        Figure(what="last list to first answer, longest", value=max(each.wait for each in rounds), unit="s"),
        *running.figures(),
    )


def _holding(plural: str) -> Rule:
    def rule(request: Request) -> Action:
        return Delay(seconds=_DELAY_SECONDS) if request.is_list and request.plural == plural else PASS

    return rule


async def _round(world: World, stand: Stand, tap: Tap, plural: str) -> _Round:
    began = time.time()
    stand.rule = _holding(plural)
    pod = await _replaced(world)
    tap.upstream = f"{pod.address}:{layout.XDS_PORT}"
    first = asyncio.create_task(witness.first_answer(world, pod))

    def held() -> list[Request]:
        return [each for each in stand.requests if each.is_list and each.plural == plural and each.began >= began]

    await world.until(_soon(lambda: bool(held())), f"{plural} are listed")
    await asyncio.sleep(_DELAY_SECONDS - 1.5)
    ready_early = await _is_ready(pod)
    answered = await first
    await world.until(_soon(lambda: any(each.passed_on for each in held())), f"the list of {plural} is let go")
    passed_on = [each.passed_on for each in held() if each.passed_on]
    released = passed_on[0]
    last = max((each for each in passed_on if each <= answered), default=released)
    early = sum(response.at < released for each in tap.since(began) for response in each.responses)
    stand.rule = unhindered
    return _Round(
        plural=plural,
        released=released,
        last_released=last,
        first=answered,
        ready_early=ready_early,
        envoy_early=early,
    )


def _soon(true: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return true()

    return asked


async def _replaced(world: World) -> PodHandle:
    """Take the Pod away at once and return the one that comes in its place."""
    old = {each.name for each in await world.control_plane()}
    for name in old:
        path = f"/api/v1/namespaces/{layout.NAMESPACE}/pods/{name}"
        await world.api.delete(path, {"gracePeriodSeconds": 0})
    found: list[PodHandle] = []

    async def is_there() -> bool:
        found[:] = [each for each in await world.control_plane() if each.name not in old]
        return bool(found)

    await world.until(is_there, "there is a new Pod")
    return found[0]


async def _is_ready(pod: PodHandle) -> bool:
    url = f"http://{pod.address}:{layout.HEALTH_PORT}/readyz"
    try:
        async with aiohttp.ClientSession() as client, client.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, OSError):
        return False
