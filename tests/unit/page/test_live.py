"""When the page looks again, and what is kept while nobody looks."""

import asyncio
import json
from pathlib import Path

from gatewayd.access_log.entry import RuleName
from gatewayd.access_log.minute import Requests
from gatewayd.ir.access_log import FILE
from gatewayd.page.live import Viewing
from gatewayd.page.look import Look
from tests.unit.page.looked_at import LookedAt, many_routes

ALL = Look(words="", gateway="")
DEADLINE = 10.0


async def test_a_change_ends_the_wait() -> None:
    looked_at = LookedAt()
    viewing = Viewing(looked_at.page)
    async with asyncio.timeout(DEADLINE):
        with viewing.changes() as changed:
            before = await viewing.moment(ALL)
            looked_at.save(many_routes(1))
            await changed()
            after = await viewing.moment(ALL)
    assert [len(moment.rows) for moment in (before, after)] == [1, 2]
    viewing.close()


async def test_who_has_left_is_told_of_nothing() -> None:
    looked_at = LookedAt()
    viewing = Viewing(looked_at.page)
    with viewing.changes():
        pass
    await asyncio.sleep(0)  # what was cancelled ends
    looks = looked_at.looks
    looked_at.save(many_routes(1))
    assert looked_at.looks > looks
    assert [task for task in asyncio.all_tasks() if task.get_name() == "requests of the last minute"] == []


async def test_requests_of_the_access_log_are_counted_while_somebody_looks(tmp_path: Path) -> None:
    log = tmp_path / "envoy-1" / FILE
    log.parent.mkdir()
    log.write_text(line(200))
    viewing = Viewing(LookedAt(runtime=tmp_path).page)
    rule = RuleName("httproute", "default", "shop", 0)
    async with asyncio.timeout(DEADLINE):
        with viewing.changes() as changed:
            await asyncio.sleep(0)  # the log is there already
            with log.open("a") as file:
                file.write(line(200) + line(503) + "no line of ours\n")
            while rule not in (await viewing.moment(ALL)).requests:
                await changed()
            assert (await viewing.moment(ALL)).requests == {rule: Requests(1, 0, 0, 1)}
    viewing.close()
    assert (await viewing.moment(ALL)).requests == {}


async def test_columns_are_gathered_once_for_a_config() -> None:
    viewing = Viewing(LookedAt().page)
    with viewing.changes():
        first, second = await viewing.moment(ALL), await viewing.moment(ALL)
        other = await viewing.moment(Look(words="nothing", gateway=""))
    assert first.columns is second.columns
    assert other.columns.hosts == ()
    viewing.close()


async def test_a_gateway_that_is_not_there_gives_the_first() -> None:
    moment = await Viewing(LookedAt().page).moment(Look(words="", gateway="no/such"))
    assert [node.label for node in moment.columns.hosts] == ["shop.example"]


async def test_nothing_is_served() -> None:
    moment = await Viewing(LookedAt(text="").page).moment(ALL)
    assert (moment.rows, moment.columns.listeners) == ((), ())


def line(status: int) -> str:
    return json.dumps({"status": status, "route": "httproute/default/shop/rule/0/match/0"}) + "\n"
