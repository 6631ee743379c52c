"""What a member says is read at a rate, and no more of it than there may be."""

import json
from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_BURST, MEMBER_LINE_UNITS, MEMBER_UNIT_BYTES, MEMBER_UNITS_A_SECOND
from gatewayd.kube import member_watch
from gatewayd.kube.member_access import member_access
from gatewayd.kube.member_client import MemberClient, MemberPace
from gatewayd.kube.member_watch import MemberWatch
from tests.fakes.api_server import Cluster, Reply, access
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes
from tests.unit.kube.member_rig import SERVICES, SLICES, said
from tests.unit.kube.test_member_watch import REACHED, Heard

MINUTE = 60.0
MOST = MEMBER_BURST + MINUTE * MEMBER_UNITS_A_SECOND
"""Units in a minute."""


async def slowed(member: Cluster) -> list[str]:
    """Watch a member for a minute; return the events of the log."""
    heard = Heard(member.url)
    with capture_logs() as logs:
        async with running(heard.watch.run(lambda pace: MemberClient(access(member.url), pace))):
            await passes(MINUTE)
    return [each["event"] for each in logs]


async def test_a_member_is_taken_no_more_of_than_it_may_say() -> None:
    client = MemberClient(member_access(REACHED), MemberPace())
    assert client._longest == 32 * 1024 * 1024
    await client.close()


async def test_pages_without_end_are_turned_at_a_rate(member: Cluster) -> None:
    said(member, "10.4.0.1")
    page = Reply(body=b'{"metadata": {"resourceVersion": "1", "continue": "more"}, "items": []}')
    member.server.script("GET", SLICES, *[page] * 10_000)
    assert (await slowed(member)).count("member slowed") == 1
    asked = sum(each.path == SLICES for each in member.server.requests)
    assert MOST * 0.9 < asked <= MOST + 1


async def test_long_pages_cost_more(member: Cluster) -> None:
    said(member, "10.4.0.1")
    body = (
        b'{"metadata": {"resourceVersion": "1", "continue": "more"}, "items": []' + b" " * 4 * MEMBER_UNIT_BYTES + b"}"
    )
    member.server.script("GET", SLICES, *[Reply(body=body)] * 10_000)
    assert (await slowed(member)).count("member slowed") == 1
    asked = sum(each.path == SLICES for each in member.server.requests)
    assert MOST / 5 * 0.9 < asked <= MOST / 5 + 1


class Counting(Heard):
    """One who counts how often a watch says something."""

    times = 0

    def heard(self, watch: MemberWatch, changed: Iterable[ObjectKey]) -> None:
        self.times += 1
        super().heard(watch, changed)


async def test_events_without_end_are_read_at_a_rate(member: Cluster) -> None:
    said(member, "10.4.0.1")
    heard = Counting(member.url)
    bookmark = b'{"type": "BOOKMARK", "object": {"kind": "Service", "metadata": {"resourceVersion": "1"}}}\n'
    async with running(heard.watch.run(lambda pace: MemberClient(access(member.url), pace))):
        await passes(1.0)
        (watch,) = [each for each in member.server.watches if each.request.path == SERVICES]
        heard.times = 0
        async with running(watch.raw(bookmark * 100_000)):
            await passes(MINUTE)
    cost = MEMBER_LINE_UNITS + len(bookmark) / MEMBER_UNIT_BYTES
    assert MOST / cost * 0.9 < heard.times <= (MOST + MEMBER_UNITS_A_SECOND) / cost


async def test_a_change_of_much_costs_more_than_one_of_little(member: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_watch, "MEMBER_UNIT_STEPS", 0.5)
    said(member, "10.4.0.1", "10.4.0.2")
    heard = Counting(member.url)
    event = json.dumps({"type": "MODIFIED", "object": member.server.objects[f"{SLICES}/store-1"]}).encode() + b"\n"
    async with running(heard.watch.run(lambda pace: MemberClient(access(member.url), pace))):
        await passes(1.0)
        (watch,) = [each for each in member.server.watches if each.request.path == SLICES]
        heard.times = 0
        async with running(watch.raw(event * 100_000)):
            await passes(MINUTE)
    cost = MEMBER_LINE_UNITS + len(event) / MEMBER_UNIT_BYTES + (2 + 1) / 0.5
    assert MOST / cost * 0.9 < heard.times <= (MOST + MEMBER_UNITS_A_SECOND) / cost


@pytest.mark.parametrize("count", [1, 200])
async def test_who_says_much_at_once_is_not_slowed(member: Cluster, count: int) -> None:
    for number in range(count):
        said(member, "10.4.0.1", name=f"store-{number}")
    assert "member slowed" not in await slowed(member)
