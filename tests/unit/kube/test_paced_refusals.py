import asyncio
from itertools import pairwise

from gatewayd.ir.fleet import FleetKey
from gatewayd.kube.paced_refusals import FIRST_SECONDS, LONGEST_SECONDS, PacedRefusals
from tests.fakes.skipping_loop import passes, skipping
from tests.unit.kube.fleet_shorthand import GATEWAY, standing

NOTHING = ()


class Rig:
    def __init__(self) -> None:
        self.due: list[FleetKey] = []
        self.paced = PacedRefusals(self.due.append)


@skipping
async def test_the_first_change_is_told_at_once_and_the_next_one_waits() -> None:
    rig = Rig()
    assert rig.paced.to_tell(GATEWAY, standing(1, 2)) == standing(1, 2)
    assert rig.paced.to_tell(GATEWAY, NOTHING) == standing(1, 2)
    await passes(FIRST_SECONDS + 0.1)
    assert rig.due == [GATEWAY]
    assert rig.paced.to_tell(GATEWAY, NOTHING) == NOTHING


@skipping
async def test_whoever_mends_it_later_does_not_wait() -> None:
    rig = Rig()
    for told in (standing(1, 2), NOTHING, standing(1, 2), NOTHING):
        assert rig.paced.to_tell(GATEWAY, told) == told
        await passes(2 * FIRST_SECONDS + 0.1)
    assert rig.due == []


@skipping
async def test_numbers_that_no_status_says_are_told_always() -> None:
    rig = Rig()
    rig.paced.to_tell(GATEWAY, standing(2, 40))
    for proxies, of in ((3, 40), (3, 41), (2, 5)):
        assert rig.paced.to_tell(GATEWAY, standing(proxies, of)) == standing(proxies, of)
    # One, or all of them, is in other words.
    assert rig.paced.to_tell(GATEWAY, standing(5, 5)) == standing(2, 5)
    assert rig.paced.to_tell(GATEWAY, standing(1, 5)) == standing(2, 5)


@skipping
async def test_a_proxy_that_refuses_and_takes_without_end_is_told_of_ever_more_seldom() -> None:
    rig, loop = Rig(), asyncio.get_running_loop()
    told, changes, begun = (), list[float](), loop.time()
    for number in range(4_000):
        now = rig.paced.to_tell(GATEWAY, standing(1, 1) if number % 2 else NOTHING)
        if now != told:
            told = now
            changes.append(loop.time() - begun)
        await passes(0.1)
    waits = [round(after - before) for before, after in pairwise(changes)]
    assert waits[:4] == [5, 10, 20, 40]
    assert set(waits[4:]) == {round(LONGEST_SECONDS)}


@skipping
async def test_a_gateway_that_is_made_anew_begins_anew() -> None:
    rig = Rig()
    rig.paced.to_tell(GATEWAY, standing(1, 1))
    rig.paced.forget(GATEWAY)
    assert rig.paced.to_tell(GATEWAY, standing(2, 2)) == standing(2, 2)
