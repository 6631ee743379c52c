"""The requests of a run are read once, for all who watch, and by nobody when nobody does."""

import asyncio
import json
from pathlib import Path

from gatewayd.access_log.entry import RuleName
from gatewayd.access_log.minute import Requests
from gatewayd.ir.access_log import FILE
from gatewayd.run.requests import LastMinute

RULE = RuleName("httproute", "default", "shop", 0)
LINE = json.dumps({"status": 200, "route": "httproute/default/shop/rule/0/match/0"}) + "\n"
DEADLINE = 10.0


async def test_all_who_watch_are_told_of_one_count(tmp_path: Path) -> None:
    log = tmp_path / "envoy-1" / FILE
    log.parent.mkdir()
    log.write_text(LINE)
    minute = LastMinute(lambda: tmp_path)
    told = (asyncio.Event(), asyncio.Event())
    ends = [minute.watch(each.set) for each in told]
    assert [task.get_name() for task in asyncio.all_tasks()].count("requests of the last minute") == 1
    await asyncio.sleep(0)  # what stands in the log is passed over
    with log.open("a") as file:
        file.write(LINE * 2)
    async with asyncio.timeout(DEADLINE):
        for each in told:
            await each.wait()
    assert minute.counts() == {RULE: Requests(2, 0, 0, 0)}
    for end in ends:
        end()
    assert minute.counts() == {}


async def test_before_there_is_a_run_nothing_is_read() -> None:
    minute = LastMinute(lambda: None)
    end = minute.watch(lambda: None)
    await asyncio.sleep(0)
    assert minute.counts() == {}
    end()
