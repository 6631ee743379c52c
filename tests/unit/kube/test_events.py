import json
from dataclasses import replace

import pytest

from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.tcproute import TCPRoute
from gatewayd.ir.limits import WAITING_EVENTS
from gatewayd.ir.outcome import Outcome, Verdict
from gatewayd.kube.events import MISSED_SECONDS, EventRecorder, Notice, complaints
from gatewayd.kube.live_statuses import LiveStatuses
from tests.fakes.api_server import Answer, Cluster, Drop, Hole, Reply, Request, refused, terminating
from tests.fakes.documents import Json, tcp_route
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes
from tests.unit.status.shorthand import NO, YES, gateway, gatewayclass, listener, listenerset, parent, policy, route

KIND = BY_STRUCT[TCPRoute]
KEY = ObjectKey("shop", "a")
EVENTS = "/api/v1/namespaces/shop/events"
PARTIAL = Verdict(type="PartiallyInvalid", status=True, reason="UnsupportedValue", message="spec.rules[1]: no")
PENDING = Verdict(type="Programmed", status=False, reason="Pending", message="")
ENDED = Verdict(type="ResolvedRefs", status=True, reason="ResolvedRefs", message="spec.listeners[0].tls: has ended")
REFUSED = Verdict(type="Programmed", status=False, reason="NoResources", message="exceeded quota")
WHY = (NO.reason, NO.message)


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        (None, set()),
        (route(parent()), set()),
        (route(parent("gw", NO)), {WHY}),
        (route(parent("gw", NO), parent("other", NO)), {WHY}),
        (route(parent("gw", YES, PARTIAL)), {(PARTIAL.reason, PARTIAL.message)}),
        (gateway(listener("http", NO)), {WHY}),
        (gateway(verdicts=(NO,)), {WHY}),
        (gateway(verdicts=(PENDING,)), set()),
        (gateway(verdicts=(REFUSED,)), {("NoResources", "exceeded quota")}),
        (listenerset(), {WHY}),
        (policy(parent("gw", NO)), {WHY}),
        (gatewayclass(), set()),
        (gateway(listener("https", ENDED)), {("CertificateWarning", ENDED.message)}),
        (gateway(verdicts=(ENDED,)), {("CertificateWarning", ENDED.message)}),
    ],
)
def test_what_is_complained_of(outcome: Outcome | None, found: set[tuple[str, str]]) -> None:
    assert complaints(outcome) == found


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.live = LiveStatuses(lambda _kind, _key: None)
        self.ending: set[str] = set()
        self.failures: list[str] = []
        self.recorder = EventRecorder(
            client=cluster.client,
            leadership=self.leader,
            live=self.live,
            ending=self.ending,
            on_failure=self.failures.append,
        )
        self.live.hear(KIND, KEY, json.dumps(tcp_route("a")).encode())

    def hears(self, outcome: Outcome | None) -> None:
        self.recorder.hear(KIND, KEY, outcome)

    def warns(self, message: str) -> None:
        self.recorder.warn(Notice(kind=KIND, key=KEY, reason="Invalid", message=message))

    @property
    def written(self) -> list[Request]:
        return self.server.said("POST")

    @property
    def messages(self) -> list[str]:
        return [each.body["message"] for each in self.written]


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_a_complaint_is_an_event_on_the_object(rig: Rig) -> None:
    rig.hears(route(parent("gw", NO)))
    async with running(rig.recorder.run()):
        await passes(1.0)
        [request] = rig.written
        body: Json = request.body
        assert request.path == EVENTS
        assert (body["type"], body["reason"], body["message"]) == ("Warning", *WHY)
        assert body["involvedObject"] == {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "TCPRoute",
            "namespace": "shop",
            "name": "a",
            "uid": "uid-a",
        }
        assert body["metadata"]["namespace"] == "shop"
        assert body["metadata"]["name"].startswith("a.")


async def test_several_complaints_are_said_in_order(rig: Rig) -> None:
    several = [replace(NO, message=f"spec.rules[{at}]: no") for at in (4, 1, 3, 0, 2)]
    rig.hears(route(parent("gw", *several)))
    async with running(rig.recorder.run()):
        await passes(60.0)
        assert rig.messages == [f"spec.rules[{at}]: no" for at in range(5)]


async def test_a_complaint_is_said_once_while_it_lasts(rig: Rig) -> None:
    async with running(rig.recorder.run()):
        for outcome in (route(parent("gw", NO)), route(parent("gw", NO), generation=3), route(parent("gw", NO, YES))):
            rig.hears(outcome)
            await passes(1.0)
        assert rig.messages == [NO.message]


async def test_a_complaint_that_comes_back_is_said_again(rig: Rig) -> None:
    async with running(rig.recorder.run()):
        for outcome in (
            route(parent("gw", NO)),
            route(parent()),
            route(parent("gw", NO)),
            None,
            route(parent("gw", NO)),
        ):
            rig.hears(outcome)
            await passes(1.0)
        assert rig.messages == [NO.message] * 3
        assert len({each.body["metadata"]["name"] for each in rig.written}) == 3


async def test_only_what_is_new_is_said(rig: Rig) -> None:
    async with running(rig.recorder.run()):
        rig.hears(route(parent("gw", NO)))
        await passes(1.0)
        rig.hears(route(parent("gw", NO, PARTIAL)))
        await passes(1.0)
        assert rig.messages == [NO.message, PARTIAL.message]


async def test_the_same_warning_waits_once(rig: Rig) -> None:
    for message in ("one", "two", "one"):
        rig.warns(message)
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert rig.messages == ["one", "two"]


async def test_of_too_many_the_oldest_give_way(rig: Rig) -> None:
    for number in range(WAITING_EVENTS + 10):
        rig.warns(str(number))
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert rig.messages == [str(number) for number in range(10, WAITING_EVENTS + 10)]


async def test_a_message_is_no_longer_than_the_api_server_takes(rig: Rig) -> None:
    rig.warns("x" * 5000)
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert rig.messages == ["x" * 1024]


async def test_a_message_is_one_line_that_no_terminal_obeys(rig: Rig) -> None:
    rig.warns("a\n\x1b[2J\u202e")
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert rig.messages == [r"a\n\x1b[2J\u202e"]


async def test_who_does_not_lead_says_nothing(rig: Rig) -> None:
    rig.leader.leads = False
    rig.warns("one")
    async with running(rig.recorder.run()):
        await passes(1.0)
        rig.leader.leads = True
        rig.warns("two")
        await passes(1.0)
        assert rig.messages == ["two"]


async def test_nothing_is_said_of_an_object_that_is_gone(rig: Rig) -> None:
    rig.live.hear(KIND, KEY, None)
    rig.warns("one")
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert rig.written == []


@pytest.mark.parametrize("answer", [refused(403), refused(500), Drop(), Hole(), Reply(body=b"<html>")])
async def test_an_event_that_cannot_be_written_is_dropped(rig: Rig, answer: Answer) -> None:
    rig.server.script("POST", EVENTS, answer)
    rig.warns("one")
    rig.warns("two")
    async with running(rig.recorder.run()):
        await passes(60.0)
        assert sorted(rig.messages) == ["one", "two"]
        assert rig.failures == ([] if isinstance(answer, Reply) and answer.status == 200 else ["event"])


async def test_events_of_what_has_no_namespace_are_in_the_default_one(rig: Rig) -> None:
    kind, key = BY_STRUCT[GatewayClass], ObjectKey("", "x" * 250)
    rig.live.hear(kind, key, json.dumps({"metadata": {"uid": "u"}}).encode())
    rig.recorder.warn(Notice(kind=kind, key=key, reason="Invalid", message="no"))
    async with running(rig.recorder.run()):
        await passes(1.0)
        [request] = rig.written
        assert request.path == "/api/v1/namespaces/default/events"
        assert len(request.body["metadata"]["name"]) <= 253


async def test_nothing_is_written_into_a_namespace_that_is_being_deleted(rig: Rig) -> None:
    rig.ending.add("shop")
    rig.warns("one")
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert rig.written == []


async def test_a_namespace_that_is_being_deleted_meanwhile_is_no_failure(rig: Rig) -> None:
    rig.server.script("POST", EVENTS, terminating("shop"))
    rig.warns("one")
    async with running(rig.recorder.run()):
        await passes(60.0)
        assert (len(rig.written), rig.failures) == (1, [])


async def test_many_of_one_namespace_drive_out_none_of_another(rig: Rig) -> None:
    rig.live.hear(KIND, ObjectKey("other", "a"), json.dumps(tcp_route("a")).encode())
    rig.recorder.warn(Notice(kind=KIND, key=ObjectKey("other", "a"), reason="Invalid", message="theirs"))
    for number in range(2 * WAITING_EVENTS):
        rig.warns(str(number))
    async with running(rig.recorder.run()):
        await passes(1.0)
        assert "theirs" in rig.messages[:2]


async def test_what_was_heard_while_nobody_led_is_written_by_who_is_elected_next(rig: Rig) -> None:
    rig.leader.leads = False
    async with running(rig.recorder.run()):
        rig.warns("of long ago")
        await passes(MISSED_SECONDS)
        rig.warns("between two leaders")
        await passes(MISSED_SECONDS - 1.0)
        assert rig.messages == []
        rig.leader.leads = True
        rig.recorder.became_leader()
        await passes(1.0)
        assert rig.messages == ["between two leaders"]
        rig.recorder.became_leader()
        await passes(1.0)
        assert rig.messages == ["between two leaders"]


async def test_an_object_whose_status_nobody_keeps_has_its_event_by_its_uid(cluster: Cluster) -> None:
    rig = Rig(cluster)
    notice = Notice(kind=KIND, key=KEY, reason="Invalid", message="no", uid="uid-of-its-own")
    async with running(rig.recorder.run()):
        rig.recorder.warn(notice)
        await passes(1.0)
    (made,) = cluster.server.said("POST", EVENTS)
    assert made.body["involvedObject"]["uid"] == "uid-of-its-own"
