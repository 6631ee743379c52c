"""A ReferenceGrant taken away under load: live traffic stops."""

from __future__ import annotations

import asyncio
import time

from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Answer, load, target, until_right
from conformance.scenarios.world import SHOP, World

_STORE = "store"
_TIMES = 5
_BAR_SECONDS = 1.0


async def grants(world: World) -> tuple[Figure, ...]:
    """Give and take the grant several times."""
    await world.install()
    await world.put(manifests.namespace(_STORE))
    await world.echoes("echo", where=_STORE)
    grant = manifests.grant(_STORE, "to-shop", SHOP)
    await world.put(grant, manifests.route(SHOP, "borrowed", ["borrowed.example"], f"{_STORE}/echo"))
    address = await world.gateway()
    wanted = target("borrowed.example", routes=["borrowed"], backends=["echo"])
    await until_right(world, address, [wanted])
    taken: list[float] = []
    given: list[float] = []
    async with load(world, f"{address}:80", [wanted], rate=200) as running:
        await asyncio.sleep(0.5)
        for _ in range(_TIMES):
            taken.append(time.time())
            await world.delete(grant)
            await asyncio.sleep(2)
            given.append(time.time())
            await world.put(grant)
            await asyncio.sleep(2)
    # Each period lasts until the next one begins.
    ends = [*taken[1:], float("inf")]
    after_taking = [_between(running.answers, start, end) for start, end in zip(taken, given, strict=True)]
    after_giving = [_between(running.answers, start, end) for start, end in zip(given, ends, strict=True)]
    stopped = [_settled(answers, start, 500) for answers, start in zip(after_taking, taken, strict=True)]
    resumed = [_settled(answers, start, 200) for answers, start in zip(after_giving, given, strict=True)]
    others = sum(each.status not in {200, 500} for each in running.answers)
    wrong = sum(each.status == 200 and not each.is_right(wanted) for each in running.answers)
    return (
        Figure(what="requests", value=len(running.answers), at_least=1),
        Figure(what="grants taken away", value=_TIMES),
        Figure(
            what="last answer of the backend after taking, worst", value=max(stopped), unit="s", at_most=_BAR_SECONDS
        ),
        Figure(what="back after giving, worst", value=max(resumed), unit="s", at_most=_BAR_SECONDS),
        none_of("answers other than 200 and 500", others),
        none_of("answers 200 of a wrong route or backend", wrong),
    )


def _between(answers: list[Answer], start: float, end: float) -> list[Answer]:
    """Return what was asked and answered in a period: what is open when the next one begins may have either answer."""
    return [each for each in answers if start <= each.began and each.began + each.seconds < end]


def _settled(answers: list[Answer], since: float, status: int) -> float:
    """Return how long after a moment the last answer with another status was asked for (seconds)."""
    return max((each.began + each.seconds - since for each in answers if each.status != status), default=0.0)
