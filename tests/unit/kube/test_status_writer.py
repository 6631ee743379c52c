"""Statuses against an API server with resource versions."""

import asyncio
import copy
import json
from typing import Any

import pytest

from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.api.tcproute import TCPRoute
from gatewayd.incremental.view import Member
from gatewayd.ir.limits import RETRY_FIRST_SECONDS, STATUS_WRITERS
from gatewayd.ir.outcome import Outcome
from gatewayd.kube.live_statuses import LiveStatuses
from gatewayd.kube.status_writer import StatusWriter
from tests.fakes.api_server import Cluster, Drop, Hole, Lose, Reply, Request, Then, busy, refused
from tests.fakes.documents import Json, tcp_route
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes
from tests.unit.status.shorthand import NO, THEM, US, parent, route

KIND = BY_STRUCT[TCPRoute]
FOLDER = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/tcproutes"
OLD_FOLDER = "/apis/gateway.networking.k8s.io/v1alpha2/namespaces/shop/tcproutes"
FOREIGN: Json = {"parentRef": {"name": "gw"}, "controllerName": THEM, "conditions": [{"type": "Odd", "status": "True"}]}


class Rig:
    """A writer, and the watch that tells it how things are."""

    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.results: list[str] = []
        self.failures: list[str] = []
        self.live = LiveStatuses(self._live_changed)
        self.writer = StatusWriter(
            client=cluster.client,
            leadership=self.leader,
            live=self.live,
            controller=US,
            on_write=self._count,
            on_failure=self.failures.append,
        )

    def _count(self, kind: str, result: str) -> None:
        assert kind == "TCPRoute"
        self.results.append(result)

    def _live_changed(self, kind: Kind, key: ObjectKey) -> None:
        self.writer.live_changed(kind, key)

    def exists(self, name: str = "a", *, folder: str = FOLDER, **more: object) -> Json:
        """Store a route and let the watch tell."""
        stored = self.server.put(f"{folder}/{name}", tcp_route(name) | more)
        self.watched(name, folder=folder)
        return stored

    def watched(self, name: str = "a", *, folder: str = FOLDER) -> None:
        found = self.server.objects.get(f"{folder}/{name}")
        raw = json.dumps(found).encode() if found is not None else None
        self.live.hear(KIND, ObjectKey("shop", name), raw)

    def want(self, outcome: Outcome | None, name: str = "a") -> None:
        self.writer.want(Member(TCPRoute, ObjectKey("shop", name)), outcome)

    @property
    def writes(self) -> list[Request]:
        return self.server.writes

    def parents(self, name: str = "a") -> list[str]:
        """Return the controllers that the stored status has entries of."""
        found = self.server.objects[f"{FOLDER}/{name}"]["status"]["parents"]
        return [each["controllerName"] for each in found]


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_a_status_is_written_once(rig: Rig) -> None:
    stored = rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(5.0)
        [write] = rig.writes
        assert (write.method, write.path) == ("PATCH", f"{FOLDER}/a/status")
        assert write.headers["content-type"] == "application/merge-patch+json"
        assert write.query == {"fieldManager": "gatewayd"}
        assert write.body["metadata"] == {"resourceVersion": stored["metadata"]["resourceVersion"]}
        assert rig.parents() == [US]
        assert rig.results == ["written"]
        assert rig.server.said("GET") == []


async def test_an_echo_is_no_reason_to_write(rig: Rig) -> None:
    rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(5.0)
        rig.watched()
        rig.want(route(parent()))
        rig.writer.became_leader()
        await passes(5.0)
        assert len(rig.writes) == 1


async def test_a_real_change_is_one_more_write(rig: Rig) -> None:
    rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        rig.want(route(parent("gw", NO)))
        rig.want(route(parent("gw", NO), generation=3))
        await passes(1.0)
        assert len(rig.writes) == 2
        assert rig.writes[1].body["status"]["parents"][0]["conditions"][0]["status"] == "False"


async def test_an_outcome_may_come_before_the_object(rig: Rig) -> None:
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        assert rig.writes == []
        rig.exists()
        await passes(1.0)
        assert rig.parents() == [US]


async def test_what_others_wrote_is_kept(rig: Rig) -> None:
    rig.exists(status={"parents": [FOREIGN], "unknown": 1})
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        assert rig.parents() == [THEM, US]
        assert rig.writes[0].body["status"]["unknown"] == 1
        assert rig.writes[0].body["status"]["parents"][0] == FOREIGN
        rig.want(None)
        await passes(1.0)
        assert rig.parents() == [THEM]


async def test_somebody_who_takes_our_word_away_is_answered(rig: Rig) -> None:
    rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        rig.exists(status={"parents": [FOREIGN]})
        await passes(1.0)
        assert rig.parents() == [THEM, US]
        assert len(rig.writes) == 2


async def test_who_takes_our_word_away_before_we_hear_that_it_was_written_is_answered(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = rig.exists()
    rig.want(route(parent()))
    request = rig.writer._client.request

    async def overtaken(*args: Any, **more: Any) -> bytes:
        """Let the next event come before the answer to the write."""
        answer = await request(*args, **more)
        if len(rig.writes) == 1:
            rig.server.put(f"{FOLDER}/a", tcp_route("a") | {"status": {}, "metadata": stored["metadata"]})
            rig.watched()
        return answer

    monkeypatch.setattr(rig.writer._client, "request", overtaken)
    async with running(rig.writer.run()):
        await passes(5.0)
        assert rig.parents() == [US]
        assert len(rig.writes) == 2


async def test_a_conflict_is_read_again_and_merged(rig: Rig) -> None:
    rig.exists()
    # The watch has not told of this write yet.
    rig.server.put(f"{FOLDER}/a", tcp_route("a") | {"status": {"parents": [FOREIGN]}})
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        assert rig.parents() == [THEM, US]
        assert rig.results == ["conflict", "written"]


async def test_a_conflict_with_somebody_who_said_the_same_needs_no_write(rig: Rig) -> None:
    rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        stale = copy.deepcopy(rig.server.objects[f"{FOLDER}/a"])
        stale["metadata"]["resourceVersion"] = "1"
        del stale["status"]
        rig.live.hear(KIND, ObjectKey("shop", "a"), json.dumps(stale).encode())
        await passes(1.0)
        assert rig.results == ["written", "conflict"]


async def test_conflicts_without_end_are_left_for_later(rig: Rig) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", *(refused(409, "Conflict") for _ in range(4)))
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert len(rig.writes) == 3
        await passes(RETRY_FIRST_SECONDS * 2)
        assert rig.parents() == [US]


async def test_an_object_that_cannot_be_read_after_a_conflict_is_tried_again_when_the_api_server_said_so(
    rig: Rig,
) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", refused(409, "Conflict"))
    rig.server.script("GET", f"{FOLDER}/a", busy("20"))
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(5.0)
        rig.watched()
        await passes(14.9)
        assert (len(rig.writes), rig.results) == (1, ["conflict", "failed"])
        await passes(0.2)
        assert rig.parents() == [US]


async def test_an_object_that_went_during_a_conflict_is_left_alone(rig: Rig) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", refused(409, "Conflict"))
    del rig.server.objects[f"{FOLDER}/a"]
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(10.0)
        assert len(rig.writes) == 1


async def test_a_status_waits_as_long_as_the_api_server_asks_for_whatever_changes(rig: Rig) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", busy("20"))
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(10.0)
        rig.want(route(parent("gw", NO)))
        rig.watched()
        await passes(9.9)
        assert len(rig.writes) == 1
        await passes(0.2)
        assert (len(rig.writes), rig.parents()) == (2, [US])


@pytest.mark.parametrize("answer", [refused(500), refused(429), Drop(), Hole(), Reply(body=b"<html>")])
async def test_a_failed_write_is_tried_again(rig: Rig, answer: Reply | Drop | Hole) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", answer)
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(30.0)
        assert rig.parents() == [US]
        assert len(rig.writes) == 2
        assert rig.results[-1] == "written"


async def test_a_write_whose_answer_was_lost_is_not_written_twice(rig: Rig) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", Lose())
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(30.0)
        assert rig.results == ["failed", "conflict"]
        assert rig.parents() == [US]


async def test_an_object_that_is_gone_is_not_tried_again(rig: Rig) -> None:
    rig.exists()
    rig.server.objects.clear()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(30.0)
        assert len(rig.writes) == 1


async def test_a_slow_object_holds_up_no_other(rig: Rig) -> None:
    names = [f"r{number}" for number in range(3 * STATUS_WRITERS)]
    rig.server.script("PATCH", f"{FOLDER}/{names[0]}/status", Hole())
    for name in names:
        rig.exists(name)
        rig.want(route(parent()), name)
    async with running(rig.writer.run()):
        await passes(1.0)
        assert rig.results == ["written"] * (len(names) - 1)


async def test_one_object_is_written_by_one_at_a_time(rig: Rig) -> None:
    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", Then(act=lambda: rig.want(route(parent("gw", NO)))))
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        assert rig.results == ["written", "written"]
        assert rig.writes[1].body["status"]["parents"][0]["conditions"][0]["status"] == "False"


async def test_only_the_leader_writes(rig: Rig) -> None:
    rig.leader.leads = False
    rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(60.0)
        assert rig.writes == []
        rig.leader.leads = True
        rig.writer.became_leader()
        await passes(1.0)
        assert rig.parents() == [US]


async def test_leadership_that_is_lost_during_a_conflict_stops_the_write(rig: Rig) -> None:
    def lose() -> None:
        rig.leader.leads = False
        rig.server.put(f"{FOLDER}/a", tcp_route("a"))  # what makes the conflict

    rig.exists()
    rig.server.script("PATCH", f"{FOLDER}/a/status", Then(act=lose))
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(30.0)
        assert (len(rig.writes), rig.results) == (1, ["conflict"])


async def test_a_version_that_the_cluster_serves_is_written(rig: Rig) -> None:
    rig.exists(folder=OLD_FOLDER, apiVersion="gateway.networking.k8s.io/v1alpha2")
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        assert [each.path for each in rig.writes] == [f"{OLD_FOLDER}/a/status"]


async def test_what_is_gone_is_forgotten(rig: Rig) -> None:
    rig.exists()
    rig.want(route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        rig.server.objects.clear()
        rig.watched()
        rig.want(None)
        rig.exists()  # another object of the same name
        await passes(5.0)
        assert len(rig.writes) == 1


async def test_nothing_is_kept_of_what_is_gone_whoever_tells_first(rig: Rig) -> None:
    for outcomes_first in (True, False):
        rig.exists()
        rig.want(route(parent()))
        rig.server.objects.clear()
        for tell in (lambda: rig.want(None), rig.watched)[:: 1 if outcomes_first else -1]:
            tell()
        assert not rig.writer._wanted


async def test_a_stopped_writer_leaves_nothing_running(rig: Rig) -> None:
    async with running(rig.writer.run()):
        await passes(1.0)
    assert [each for each in asyncio.all_tasks() if each.get_name().startswith("status")] == []


async def test_a_status_that_nobody_can_merge_is_its_own_trouble_alone(rig: Rig) -> None:
    rig.exists("odd", status={"parents": [{"controllerName": US, "parentRef": "no mapping"}]})
    rig.exists("fine")
    for name in ("odd", "fine"):
        rig.want(route(parent()), name)
    async with running(rig.writer.run()):
        await passes(30.0)
        assert rig.parents("fine") == [US]
        assert rig.results[0] == "failed"
        # At 0, 1, 3, 7 and 15 seconds: ever more slowly.
        assert rig.failures == ["status"] * 5
        rig.exists("odd")
        await passes(1.0)
        assert rig.parents("odd") == [US]


async def test_many_of_one_namespace_keep_no_other_waiting(rig: Rig) -> None:
    names = [f"r{number}" for number in range(10 * STATUS_WRITERS)]
    for name in names:
        rig.exists(name)
        rig.want(route(parent()), name)
    other = rig.server.put(f"{FOLDER.replace('shop', 'other')}/a", tcp_route("a"))
    rig.live.hear(KIND, ObjectKey("other", "a"), json.dumps(other).encode())
    rig.writer.want(Member(TCPRoute, ObjectKey("other", "a")), route(parent()))
    async with running(rig.writer.run()):
        await passes(1.0)
        assert "namespaces/other" in "".join(each.path for each in rig.writes[: 2 * STATUS_WRITERS])
