"""Members of a replica: declared, listed, cut off, restarted, rotated, removed."""

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from gatewayd.ir.member_limits import (
    MEMBER_DRAIN_SECONDS,
    MEMBER_FIRST_SECONDS,
    MEMBER_KEEP_SECONDS,
    MEMBER_KEPT_PARTS,
    MEMBER_STALE_SECONDS,
)
from gatewayd.kube import member_listing, members
from gatewayd.members import book
from tests.fakes.api_server import Cluster, Drop, Hole, busy, refused
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes
from tests.unit.kube.member_rig import EXPORTS, HOME, KEPT, SERVICES, SLICES, Rig, piece, said, secret


@pytest_asyncio.fixture
async def rig(cluster: Cluster, member: Cluster) -> Rig:
    return Rig(cluster, member)


def cut(member: Cluster, count: int = 500) -> None:
    """Have a member answer nothing any more."""
    for path in (SERVICES, SLICES, EXPORTS):
        member.server.script("GET", path, *[Drop()] * count)
        member.server.script("WATCH", path, *[Drop()] * count)
    for watch in member.server.watches:
        watch.drop()


async def test_without_members_nothing_is_waited_for(rig: Rig) -> None:
    async with running(rig.reflect(), rig.members.run()):
        await passes(1.0)
        assert rig.is_synced
        assert rig.rows == {}


async def test_a_member_is_listed_and_followed(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1", "127.0.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        assert rig.is_synced
        assert (rig.addresses(), rig.standing()) == (["10.4.0.1"], "current")
        await rig.member_says(SLICES, "MODIFIED", piece("10.4.0.1", "10.4.0.2"))
        await passes(0.1)
        assert rig.addresses() == ["10.4.0.1", "10.4.0.2"]
        (state,) = rig.members.states()
        assert (state.cluster, state.exports, state.endpoints, state.trouble) == ("west", 1, 2, "")
        assert rig.members.refusals() == {}


async def test_a_member_that_is_down_holds_the_first_answer_up_for_a_while(rig: Rig, member: Cluster) -> None:
    cut(member)
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(MEMBER_FIRST_SECONDS - 1)
        assert not rig.is_synced
        await passes(2.0)
        assert rig.is_synced
        assert rig.restarts
        (state,) = rig.members.states()
        assert "watches failed" in state.trouble or state.trouble == "not everything has been listed yet"


async def test_unknown_is_not_empty_over_a_restart(rig: Rig, cluster: Cluster, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(10.0)
        rows = dict(rig.rows)
    assert [path for path in cluster.server.objects if path.startswith(KEPT)]
    cut(member, 5000)
    again = Rig(cluster, member)
    async with running(again.reflect(), again.members.run()):
        await passes(1.0)
        assert again.is_synced
        assert again.addresses() == ["10.4.0.1"]
        assert {key: row for key, row in again.rows.items() if key != "west"} == {
            key: row for key, row in rows.items() if key != "west"
        }
        await passes(600.0)
        assert (again.addresses(), again.standing()) == (["10.4.0.1"], "stale")
        member.server.forget_scripts()
        said(member, "10.4.0.7")
        await passes(60.0)
        assert (again.addresses(), again.standing()) == (["10.4.0.7"], "current")


async def test_what_a_member_said_stands_while_it_is_cut_off(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        cut(member, 5000)
        await passes(3.0)
        assert (rig.addresses(), rig.standing()) == (["10.4.0.1"], "kept")
        with capture_logs() as logs:
            await passes(MEMBER_STALE_SECONDS)
        assert "member not heard of" in [each["event"] for each in logs]
        assert (rig.addresses(), rig.standing()) == (["10.4.0.1"], "stale")
        (state,) = rig.members.states()
        assert state.silent > MEMBER_STALE_SECONDS
        assert state.trouble.startswith("3 of 3 watches failed: ")


async def test_a_proxy_in_between_that_answers_404_takes_nothing_away(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        member.server.objects.clear()  # the fake answers lists of nothing with 404
        for watch in member.server.watches:
            watch.drop()
        for path in (SERVICES, SLICES, EXPORTS):
            member.server.script("WATCH", path, *[refused(404, "NotFound")] * 50)
        await passes(60.0)
        assert rig.addresses() == ["10.4.0.1"]
        assert rig.members.states()[0].trouble == "it says that it serves no EndpointSlice, Service, ServiceExport"


async def test_a_token_is_replaced_without_a_gap(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        changes, watches = rig.changes, len(member.server.watches)
        member.server.script("GET", SLICES, *[refused(401, "Unauthorized")] * 2)
        await rig.tell("MODIFIED", secret(identity="two"))
        await passes(1.0)
        await rig.member_says(SLICES, "MODIFIED", piece("10.4.0.1", "10.4.0.2"))
        await passes(30.0)
        assert rig.addresses() == ["10.4.0.1", "10.4.0.2"]
        assert rig.changes == changes + 1
        assert len(member.server.watches) == watches + 3
        assert rig.standing() == "current"


async def test_rights_that_are_taken_away_are_gone_at_once(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        cut(member)
        await rig.tell("MODIFIED", secret(cidrs="10.5.0.0/16"))
        await passes(1.0)
        assert rig.addresses() == []
        await rig.tell("MODIFIED", secret(namespaces="other"))
        await passes(1.0)
        assert rig.addresses() is None


async def test_members_and_refusals_come_by_name_whichever_was_declared_first(rig: Rig) -> None:
    rig.declare(secret("zenith"))
    async with running(rig.reflect(), rig.members.run()):
        await passes(1.0)
        for name in ("west", "east", "north"):
            await rig.tell("ADDED", secret(name))
            await rig.tell("ADDED", secret(f"bad-{name}", cidrs="0.0.0.0/0"))
        await passes(1.0)
        assert [each.cluster for each in rig.members.states()] == ["east", "north", "west", "zenith"]
        assert [key.name for key in rig.members.refusals()] == ["bad-east", "bad-north", "bad-west"]


async def test_a_secret_that_is_no_good_any_more_changes_nothing(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        await rig.tell("MODIFIED", secret(kubeconfig="AAAA"))
        await rig.tell("MODIFIED", secret(cidrs="0.0.0.0/0"))
        await passes(2.0)
        assert (rig.addresses(), rig.standing()) == (["10.4.0.1"], "current")
        assert [each.split(": ")[1] for each in rig.refused] == [
            "data[kubeconfig]",
            "metadata.annotations[gatewayd.io/pod-cidrs]",
        ]
        assert list(rig.members.refusals().values()) == [rig.refused[-1].partition(": ")[2]]
        await rig.tell("MODIFIED", secret())
        await passes(1.0)
        assert rig.members.refusals() == {}


async def test_a_member_whose_kubeconfig_is_refused_is_not_waited_for(rig: Rig) -> None:
    rig.declare(secret(kubeconfig="AAAA"))
    async with running(rig.reflect(), rig.members.run()):
        await passes(1.0)
        assert rig.is_synced
        assert rig.members.states()[0].trouble.startswith("data[kubeconfig]: ")


async def test_who_is_over_a_limit_keeps_what_it_had_and_its_secret_says_so(
    rig: Rig, member: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "MEMBER_ENDPOINTS", 2)
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        assert rig.warned == []
        await rig.member_says(SLICES, "MODIFIED", piece("10.4.0.1", "10.4.0.2", "10.4.0.3"))
        await passes(60.0)
        assert rig.addresses() == ["10.4.0.1"]
        over = "gatewayd-system/west: it has 3 endpoints; at most 2 are allowed; what it said before stands"
        assert rig.warned == [("OverLimit", over)]
        assert (rig.members.states()[0].excess, rig.members.refusals()) == (over.split(": ")[1].rpartition("; ")[0], {})
        await rig.member_says(SLICES, "MODIFIED", piece("10.4.0.2"))
        await passes(2.0)
        assert (rig.addresses(), rig.members.states()[0].excess) == (["10.4.0.2"], "")


async def test_another_watch_that_is_too_much_never_takes_over_and_is_said(
    rig: Rig, member: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_listing, "MEMBER_OBJECTS", 3)
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        said(member, "10.4.0.2", name="more")
        await rig.tell("MODIFIED", secret(identity="two"))
        await passes(5.0)
        assert rig.addresses() == ["10.4.0.1"]
        over = "gatewayd-system/west: it lists more than 3 objects; what it said before stands"
        assert rig.warned == [("OverLimit", over)]


async def test_a_member_that_was_not_heard_of_for_long_is_said_where_its_secret_is(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        cut(member, 5000)
        await passes(MEMBER_STALE_SECONDS + 10)
        (not_current, quiet), (stale, message) = rig.warned
        assert (not_current, stale) == ("NotCurrent", "Stale")
        assert "what it said before stands" in quiet
        assert message.startswith("gatewayd-system/west: it has not been heard of for 30")
        assert "3 of 3 watches failed" in message


async def test_a_member_that_is_removed_drains(rig: Rig, cluster: Cluster, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(10.0)
        await rig.tell("DELETED", secret())
        await passes(2.0)
        assert (rig.addresses(), rig.standing()) == (["10.4.0.1"], "leaving")
        await passes(MEMBER_DRAIN_SECONDS + 2)
        assert rig.rows == {}
        assert not [path for path in cluster.server.objects if path.startswith(KEPT)]
        assert rig.members.states() == ()


async def test_a_secret_that_is_written_anew_is_no_removal(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        await rig.tell("DELETED", secret())
        await passes(2.0)
        await rig.tell("ADDED", secret())
        await passes(60.0)
        assert (rig.addresses(), rig.standing()) == (["10.4.0.1"], "current")


async def test_of_two_secrets_the_older_counts(rig: Rig, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret(name="a", created="2026-02-01T00:00:00Z", cidrs="10.9.0.0/16"))
    rig.declare(secret(name="b"))
    async with running(rig.reflect(), rig.members.run()):
        await passes(2.0)
        assert rig.addresses() == ["10.4.0.1"]
        assert rig.refused == [
            "gatewayd-system/a: member west is declared by the older Secret gatewayd-system/b",
        ]
        await passes(5.0)
        assert len(rig.refused) == 1


async def test_there_is_an_end_to_members(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MEMBERS", 1)
    rig.declare(secret("a"))
    rig.declare(secret("b", created="2026-02-01T00:00:00Z"))
    async with running(rig.reflect(), rig.members.run()):
        await passes(1.0)
        assert [each.cluster for each in rig.members.states()] == ["a"]
        assert rig.refused == ["gatewayd-system/b: there are 1 members already; no more are allowed"]


async def test_who_does_not_lead_writes_nothing(rig: Rig, cluster: Cluster, member: Cluster) -> None:
    rig.leader.leads = False
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(20.0)
        assert cluster.server.writes == []
        rig.leader.leads = True
        await passes(20.0)
        assert {each.path.rsplit("-", 1)[0] for each in cluster.server.writes} == {f"{KEPT}/gatewayd-member-west"}
        written = len(cluster.server.writes)
        await passes(60.0)
        assert len(cluster.server.writes) == written


async def test_what_is_kept_of_nobody_goes(rig: Rig, cluster: Cluster, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(10.0)
    del cluster.server.objects[f"{HOME}/west"]
    again = Rig(cluster, member)
    async with running(again.reflect(), again.members.run()):
        await passes(10.0)
        assert again.rows == {}
    assert not [path for path in cluster.server.objects if path.startswith(KEPT)]


@pytest.mark.parametrize("answer", [refused(500), Drop()])
async def test_nothing_is_served_before_it_is_known_what_is_kept(rig: Rig, cluster: Cluster, answer: object) -> None:
    cluster.server.script("GET", KEPT, *[answer] * 3)  # type: ignore[list-item]
    async with running(rig.reflect(), rig.members.run()):
        await passes(0.5)
        assert not rig.is_synced
        await passes(30.0)
        assert rig.is_synced


async def test_what_is_kept_is_asked_for_again_when_the_api_server_said_so(rig: Rig, cluster: Cluster) -> None:
    cluster.server.script("GET", KEPT, busy("20"))
    async with running(rig.reflect(), rig.members.run()):
        await passes(19.0)
        assert not rig.is_synced
        await passes(2.0)
        assert rig.is_synced


async def test_what_is_kept_is_written_again_when_the_api_server_said_so(
    rig: Rig, cluster: Cluster, member: Cluster
) -> None:
    said(member, "10.4.0.1")
    for part in range(MEMBER_KEPT_PARTS):
        cluster.server.script("PATCH", f"{KEPT}/gatewayd-member-west-{part}", busy("60"))
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(60.0)
        assert len(cluster.server.writes) == 1
        await passes(20.0)
        assert [path for path in cluster.server.objects if path.startswith(KEPT)]


async def test_what_is_kept_of_who_is_gone_is_not_asked_for_every_second(
    rig: Rig, cluster: Cluster, member: Cluster
) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    async with running(rig.reflect(), rig.members.run()):
        await passes(10.0)
        paths = [path for path in cluster.server.objects if path.startswith(KEPT)]
        cluster.server.script("DELETE", paths[0], *[refused(500)] * 3)
        await rig.tell("DELETED", secret())
        await passes(MEMBER_DRAIN_SECONDS + 2 + 2 * MEMBER_KEEP_SECONDS)
        asked = [each.path for each in cluster.server.writes if each.method == "DELETE"]
        assert 2 <= asked.count(paths[0]) <= 3
        await passes(60.0)
        assert not [path for path in paths if path in cluster.server.objects]


async def test_a_write_that_fails_is_tried_again(rig: Rig, cluster: Cluster, member: Cluster) -> None:
    said(member, "10.4.0.1")
    rig.declare(secret())
    for part in range(8):
        cluster.server.script("PATCH", f"{KEPT}/gatewayd-member-west-{part}", refused(403), Hole())
    async with running(rig.reflect(), rig.members.run()):
        await passes(400.0)
        assert len([path for path in cluster.server.objects if path.startswith(KEPT)]) == 8
