"""Lists and watches against an API server that misbehaves; the clock skips what is waited."""

from collections.abc import Iterable
from typing import Any

import pytest

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.core import ConfigMap
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.tcproute import TCPRoute
from gatewayd.ir.backoff import Backoff
from gatewayd.kube.listing import Listing
from gatewayd.kube.reflector import EVERYTHING, Reflector, Selection, Timing
from gatewayd.own_group import API_VERSION
from gatewayd.store import Delta, Event
from tests.fakes.api_server import Cluster, Drop, Hole, Reply, Request, busy, refused
from tests.fakes.documents import Json, bookmark, config_map, event, failure, page, tcp_route
from tests.fakes.running import running
from tests.fakes.skipping_loop import clock, passes
from tests.unit.policies import policy, target

PATH = "/api/v1/configmaps"
ROUTES = "/apis/gateway.networking.k8s.io/v1/tcproutes"
POLICIES = f"/apis/{API_VERSION}/accesspolicies"
OLD_ROUTES = "/apis/gateway.networking.k8s.io/v1alpha2/tcproutes"


def access_policy(name: str) -> Json:
    made = policy("AccessPolicy", name, target("Namespace"), default={"clients": {"deny": [{"cidr": "192.0.2.1"}]}})
    made["metadata"]["resourceVersion"] = "1"
    return made


class Rig:
    """A reflector and what it has submitted: "+name", "-name" and "synced"."""

    def __init__(self, cluster: Cluster, struct: type[Any] = ConfigMap, selection: Selection = EVERYTHING) -> None:
        self.server = cluster.server
        self.told: list[str] = []
        self.synced_at = 0.0
        self.restarts: list[str] = []
        self.reflector = Reflector(
            client=cluster.client,
            listing=Listing(BY_STRUCT[struct], undecodable=_never, live=_unheard),
            selection=selection,
            submit=self._submit,
            timing=Timing(backoff=Backoff(first=1.0, longest=8.0), random=lambda: 0.0),
            on_restart=self.restarts.append,
        )

    def _submit(self, events: Iterable[Event]) -> None:
        for each in events:
            self.told.append(_shown(each) if isinstance(each, Delta) else "synced")
            if self.told[-1] == "synced":
                self.synced_at = clock()()

    def lists(self, *pages: Json, path: str = PATH) -> None:
        self.server.script("GET", path, *(Reply(body=each) for each in pages))

    def news(self) -> list[str]:
        """Return what was submitted since the last call."""
        told, self.told = self.told, []
        return told

    @property
    def listed(self) -> list[Request]:
        return [each for each in self.server.requests if not each.is_watch]

    @property
    def watched(self) -> list[str]:
        """The versions that watches began at."""
        return [each.query["resourceVersion"] for each in self.server.requests if each.is_watch]


def name_of(delta: Delta) -> str:
    assert isinstance(delta.key, ObjectKey)
    return delta.key.name


def _shown(delta: Delta) -> str:
    return ("+" if delta.obj is not None else "-") + name_of(delta)


def _never(note: object) -> None:
    raise AssertionError(note)


def _unheard(_key: ObjectKey, _raw: bytes | None) -> None:
    pass


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_all_pages_are_listed_before_the_watch(rig: Rig) -> None:
    rig.lists(page(config_map("a"), following="next one"), page(config_map("b"), version=7))
    async with running(rig.reflector.run()):
        await passes(1.0)
        assert rig.news() == ["+a", "+b", "synced"]
        assert [each.query for each in rig.listed] == [{"limit": "500"}, {"limit": "500", "continue": "next one"}]
        assert rig.server.watches[0].request.query == {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": "7",
            "timeoutSeconds": "300",
        }


async def test_only_what_is_selected_is_asked_for(cluster: Cluster) -> None:
    rig = Rig(cluster, selection=Selection(fields="type=a", labels="b=c"))
    rig.lists(page())
    async with running(rig.reflector.run()):
        await passes(1.0)
        assert [each.query["fieldSelector"] for each in rig.server.requests] == ["type=a"] * 2
        assert [each.query["labelSelector"] for each in rig.server.requests] == ["b=c"] * 2


async def test_events_follow_the_list(rig: Rig) -> None:
    rig.lists(page(config_map("a")))
    async with running(rig.reflector.run()):
        await passes(1.0)
        rig.news()
        [watch] = rig.server.watches
        await watch.send(event("ADDED", config_map("b", version=2)), event("DELETED", config_map("a", version=3)))
        await passes(1.0)
        assert rig.news() == ["+b", "-a"]


@pytest.mark.parametrize("how", ["end", "drop"])
async def test_a_watch_that_ends_goes_on_where_it_was(rig: Rig, how: str) -> None:
    rig.lists(page(config_map("a"), version=5))
    async with running(rig.reflector.run()):
        await passes(1.0)
        await rig.server.watches[0].send(event("ADDED", config_map("b", version=8)))
        await passes(1.0)
        getattr(rig.server.watches[0], how)()
        await passes(3.0)
        await rig.server.watches[1].send(bookmark(20))
        await passes(1.0)
        getattr(rig.server.watches[1], how)()
        await passes(3.0)
        assert rig.watched == ["5", "8", "20"]
        assert len(rig.listed) == 1
        assert rig.news() == ["+a", "synced", "+b"]
        assert rig.restarts == ([] if how == "end" else ["ConfigMap"] * 2)


async def test_a_silent_watch_is_taken_up_again(rig: Rig) -> None:
    rig.lists(page(version=5))
    async with running(rig.reflector.run()):
        await passes(100.0)
        assert rig.watched == ["5", "5"]
        assert len(rig.listed) == 1


@pytest.mark.parametrize("place", ["in the stream", "at the start"])
async def test_410_lists_again_as_a_difference(rig: Rig, place: str) -> None:
    rig.lists(page(config_map("a"), config_map("b"), version=5), page(config_map("b"), config_map("c"), version=9))
    if place == "at the start":
        rig.server.script("WATCH", PATH, refused(410, "Expired"))
    async with running(rig.reflector.run()):
        await passes(1.0)
        if place == "in the stream":
            await rig.server.watches[0].send(event("ERROR", failure(410, "Expired")))
            await passes(1.0)
        assert rig.news() == ["+a", "+b", "synced", "+b", "+c", "-a"]
        assert rig.watched[-1] == "9"


async def test_410_between_two_pages_lists_from_the_start(rig: Rig) -> None:
    rig.server.script("GET", PATH, Reply(body=page(config_map("a"), following="x")), refused(410, "Expired"))
    rig.lists(page(config_map("b")))
    async with running(rig.reflector.run()):
        await passes(1.0)
        assert rig.news() == ["+a", "+b", "-a", "synced"]
        assert "continue" not in rig.listed[-1].query


async def test_410_again_and_again_does_not_hammer_the_api_server(rig: Rig) -> None:
    rig.server.script("GET", PATH, *(Reply(body=page(version=5)) for _ in range(1000)))
    rig.server.script("WATCH", PATH, *(refused(410, "Expired") for _ in range(1000)))
    async with running(rig.reflector.run()):
        await passes(60.0)
        assert len(rig.listed) < 100


async def test_a_failed_list_removes_nothing_and_is_tried_again(rig: Rig) -> None:
    rig.lists(page(config_map("a"), version=5))
    rig.server.script("WATCH", PATH, refused(410, "Expired"))
    rig.server.script("GET", PATH, refused(500), Drop(), Drop(), Hole(), refused(403), Reply(body=b"<html>"))
    rig.lists(page(config_map("a"), version=9))
    async with running(rig.reflector.run()):
        await passes(60.0)
        assert rig.news() == ["+a", "synced", "+a"]
        # aiohttp itself asks a second time when an old connection turns out to be closed.
        assert rig.restarts == ["ConfigMap"] * 5


async def test_nothing_is_synced_before_a_whole_list(rig: Rig) -> None:
    rig.server.script("GET", PATH, Reply(body=page(config_map("a"), following="x")), refused(500))
    rig.lists(page(config_map("a")))
    async with running(rig.reflector.run()):
        await passes(0.3)
        assert rig.news() == ["+a"]
        await passes(5.0)
        assert rig.news() == ["+a", "synced"]


async def test_waits_grow_and_start_anew_after_a_success(rig: Rig) -> None:
    rig.server.script("GET", PATH, *(refused(500) for _ in range(6)))
    rig.lists(page())
    began = clock()()
    async with running(rig.reflector.run()):
        await passes(20.0)
        # Half of 1, 2, 4, 8, 8, 8: this random is 0.
        assert 15.4 < rig.synced_at - began < 16.0
        rig.server.watches[0].drop()
        await passes(0.6)
        assert len(rig.server.watches) == 2


async def test_events_that_say_error_are_waited_out(rig: Rig) -> None:
    rig.lists(page(config_map("a"), version=5))
    async with running(rig.reflector.run()):
        await passes(1.0)
        added = event("ADDED", config_map("b", version=7))
        await rig.server.watches[0].send(added, event("ERROR", failure(500)), event("DELETED", config_map("a")))
        await passes(2.0)
        assert rig.news() == ["+a", "synced", "+b"]
        assert rig.watched == ["5", "7"]
        assert len(rig.listed) == 1


@pytest.mark.parametrize("cut", [b'{"type": "ADDED", "object": {"metada', b'{"type": "ADDED", "obj\n', b"\xff\n"])
async def test_a_broken_line_is_asked_for_again(rig: Rig, cut: bytes) -> None:
    rig.lists(page(version=5))
    async with running(rig.reflector.run()):
        await passes(1.0)
        await rig.server.watches[0].send(event("ADDED", config_map("a", version=6)))
        await rig.server.watches[0].raw(cut)
        rig.server.watches[0].end()
        await passes(2.0)
        await rig.server.watches[1].send(event("ADDED", config_map("b", version=7)))
        await passes(1.0)
        assert rig.watched == ["5", "6"]
        assert rig.news() == ["synced", "+a", "+b"]


async def test_the_same_event_twice_is_harmless(rig: Rig) -> None:
    rig.lists(page(version=5))
    async with running(rig.reflector.run()):
        await passes(1.0)
        twice = [event("ADDED", config_map("a", version=6)), event("DELETED", config_map("a", version=7))] * 2
        await rig.server.watches[0].send(*twice)
        await passes(1.0)
        assert rig.news() == ["synced", "+a", "-a", "+a", "-a"]


async def test_a_large_object_arrives(rig: Rig) -> None:
    rig.lists(page(version=5))
    async with running(rig.reflector.run()):
        await passes(1.0)
        await rig.server.watches[0].send(event("ADDED", config_map("large", version=6, data="x" * 5_000_000)))
        await passes(30.0)
        assert rig.news() == ["synced", "+large"]


async def test_watches_that_end_at_once_do_not_hammer_the_api_server(rig: Rig) -> None:
    rig.lists(page(version=5))
    rig.server.script("WATCH", PATH, *(Reply(body=b"") for _ in range(10_000)))
    async with running(rig.reflector.run()):
        await passes(60.0)
        assert len(rig.watched) < 30


async def test_a_kind_without_crd_is_synced_and_found_later(cluster: Cluster) -> None:
    rig = Rig(cluster, TCPRoute)
    async with running(rig.reflector.run()):
        await passes(1.0)
        assert rig.news() == ["synced"]
        assert [each.path for each in rig.listed] == [ROUTES, OLD_ROUTES]
        rig.lists(page(tcp_route("a")), path=ROUTES)
        await passes(5.0)
        assert rig.news() == ["+a"]
        assert rig.restarts == []


async def test_an_older_version_is_read_when_no_newer_is_served(cluster: Cluster) -> None:
    rig = Rig(cluster, TCPRoute)
    rig.lists(page(tcp_route("a", api_version="gateway.networking.k8s.io/v1alpha2")), path=OLD_ROUTES)
    async with running(rig.reflector.run()):
        await passes(1.0)
        assert rig.news() == ["+a", "synced"]
        assert rig.server.watches[0].request.path == OLD_ROUTES
        rig.server.watches[0].drop()
        await passes(2.0)
        assert rig.server.watches[1].request.path == OLD_ROUTES


async def test_when_a_crd_is_removed_its_objects_go(cluster: Cluster) -> None:
    rig = Rig(cluster, TCPRoute)
    rig.lists(page(tcp_route("a")), path=ROUTES)
    async with running(rig.reflector.run()):
        await passes(1.0)
        rig.news()
        rig.server.script("WATCH", ROUTES, refused(404))
        rig.server.watches[0].end()
        await passes(10.0)
        assert rig.news() == ["-a"]


@pytest.mark.parametrize("code", [429, 503])
async def test_who_is_told_when_to_ask_again_asks_no_sooner(rig: Rig, code: int) -> None:
    rig.server.script("GET", PATH, busy("20", code))
    rig.lists(page())
    async with running(rig.reflector.run()):
        await passes(19.9)
        assert (len(rig.listed), rig.news()) == (1, [])
        await passes(0.2)
        assert (len(rig.listed), rig.news()) == (2, ["synced"])


async def test_who_is_told_to_ask_again_at_once_waits_as_long_as_ever(rig: Rig) -> None:
    rig.server.script("GET", PATH, busy("0"), busy("0"))
    rig.lists(page())
    async with running(rig.reflector.run()):
        await passes(60.0)
        assert rig.synced_at == 1.5


async def test_when_the_crd_of_a_kind_that_protects_is_removed_its_objects_stay(cluster: Cluster) -> None:
    """Deleting a CRD deletes all policies at once, and with them every door that they kept closed."""
    rig = Rig(cluster, AccessPolicy)
    rig.lists(page(access_policy("a")), path=POLICIES)
    async with running(rig.reflector.run()):
        await passes(1.0)
        assert rig.news() == ["+a", "synced"]
        rig.server.script("WATCH", POLICIES, refused(404))
        rig.server.watches[0].end()
        await passes(10.0)
        assert rig.news() == []
        # What the kind has when it is back is what counts.
        rig.lists(page(access_policy("b")), path=POLICIES)
        await passes(10.0)
        assert rig.news() == ["+b", "-a"]


async def test_a_kind_that_may_not_be_listed_is_not_taken_for_empty(cluster: Cluster) -> None:
    rig = Rig(cluster, AccessPolicy)
    rig.server.script("GET", POLICIES, *(refused(403) for _ in range(100)))
    async with running(rig.reflector.run()):
        await passes(60.0)
        assert rig.news() == []
        assert rig.restarts


async def test_a_kind_that_protects_and_was_never_there_is_empty(cluster: Cluster) -> None:
    rig = Rig(cluster, AccessPolicy)
    async with running(rig.reflector.run()):
        await passes(10.0)
        assert rig.news() == ["synced"]
