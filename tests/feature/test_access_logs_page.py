"""docs/access-logs.md: the example writes what the page says."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from gatewayd.access_log.tail import Tail
from gatewayd.ir.access_log import OTHER_FIELDS, USUAL_FIELDS
from tests.feature.harness.world import DEADLINE, World

pytestmark = pytest.mark.envoy

PAGE = (Path(__file__).parents[2] / "docs" / "access-logs.md").read_text(encoding="utf-8")
FENCES = dict(re.findall(r"^```(yaml|requests|json)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
TABLE = PAGE.partition("| field |")[2].partition("\n\n")[0]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example(world: World) -> None:
    tail = Tail(world.socket.parent.parent)
    await world.apply(FENCES["yaml"].replace("port: 8080", "port: <http>"))
    for line in FENCES["requests"].splitlines():
        target, _, status = line.removeprefix("GET ").rpartition(": ")
        host, _, path = target.partition("/")
        assert (await world.ask(f"/{path}", host=host)).status == int(status)
    wanted: list[dict[str, Any]] = [json.loads(line) for line in FENCES["json"].splitlines()]
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(DEADLINE):
        while len(found) < len(wanted):
            await asyncio.sleep(0.02)
            found += map(json.loads, tail.lines())
    tail.close()
    assert [{name: line.get(name) for name in want} for line, want in zip(found, wanted, strict=True)] == wanted


def test_every_field_is_described() -> None:
    described = set(
        re.findall(r"`([a-z_]+)`", "\n".join(row.split("|")[1] for row in TABLE.splitlines() if "|" in row))
    )
    assert described == set(USUAL_FIELDS)
    on_request = PAGE.partition("On request only: ")[2].partition(".")[0]
    assert tuple(re.findall(r"`([a-z_]+)`", on_request)) == OTHER_FIELDS
