"""One watch of a member that answers as it likes: what it does to us is nothing but its own."""

from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from gatewayd.api.meta import ObjectKey
from gatewayd.kube.client import KubeClient
from gatewayd.kube.member_watch import MemberWatch
from gatewayd.members.credentials import Credentials
from gatewayd.members.declaration import MemberDeclaration
from tests.fakes.api_server import Cluster, Reply, access
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes
from tests.unit.kube.member_rig import CA, EXPORTS, SERVICES, SLICES, TIMING, said
from tests.unit.members.test_book import STORE, WEST

REACHED = Credentials(url="https://m.example", authority=CA.decode(), server_name="", token="one")


class Heard:
    """Who hears of a watch."""

    def __init__(self, url: str, declaration: MemberDeclaration = WEST, longest: int = 100_000) -> None:
        self.watch = MemberWatch(declaration, REACHED, TIMING, self)
        self.restarts = 0
        self.changed: set[ObjectKey] = set()
        self._url = url
        self._longest = longest

    def heard(self, watch: MemberWatch, changed: Iterable[ObjectKey]) -> None:
        assert watch is self.watch
        self.changed |= set(changed)

    def restarted(self, watch: MemberWatch) -> None:
        assert watch is self.watch
        self.restarts += 1

    async def run(self) -> None:
        await self.watch.run(lambda _pace: KubeClient(access(self._url), longest=self._longest))


async def test_everything_is_listed_once(member: Cluster) -> None:
    said(member, "10.4.0.1")
    heard = Heard(member.url)
    assert not heard.watch.is_complete
    async with running(heard.run()):
        await passes(1.0)
        assert heard.watch.is_complete
        assert (heard.changed, list(heard.watch.book.rows)) == ({STORE}, [STORE])
        assert (heard.watch.trouble, heard.watch.failure, heard.restarts) == ("", "", 0)
    assert {each.headers["authorization"] for each in member.server.requests} == {"Bearer token-of-ours"}
    assert {each.method for each in member.server.requests} == {"GET"}
    assert not [each.path for each in member.server.requests if "secrets" in each.path]


@pytest.mark.parametrize(
    "answer",
    [
        Reply(body=b"<html>no</html>"),
        Reply(body=b"x" * 200_000),
        Reply(body=b'{"metadata": {}, "items": ' + b"[" * 50_000),
        Reply(body=b'{"metadata": {}, "items": [5]}'),
        Reply(body=b'{"metadata": {}, "items": [{"metadata": {"name": 5}}]}'),
        Reply(body=b'{"metadata": {"resourceVersion": "1", "continue": "more"}, "items": []}'),
        Reply(status=302, body={}),
        Reply(status=500, body=b"y" * 200_000),
    ],
    ids=["html", "long", "deep", "no-objects", "no-names", "endless", "redirect", "long-error"],
)
async def test_an_answer_that_is_none_is_asked_for_again(member: Cluster, answer: Reply) -> None:
    said(member, "10.4.0.1")
    member.server.script("GET", SLICES, *[answer] * 3)
    heard = Heard(member.url)
    async with running(heard.run()):
        await passes(60.0)
        assert heard.watch.is_complete
        assert [each.address for port in heard.watch.book.rows[STORE].ports for each in port.endpoints] == ["10.4.0.1"]
        assert heard.watch.failure == ""


async def test_a_redirect_leads_nowhere(member: Cluster) -> None:
    said(member, "10.4.0.1")
    heard = Heard(member.url)
    async with running(heard.run()):
        await passes(1.0)
    assert {each.path for each in member.server.requests} == {SERVICES, SLICES, EXPORTS}


async def test_a_line_without_an_end_is_cut(member: Cluster) -> None:
    said(member, "10.4.0.1")
    heard = Heard(member.url, longest=2_000)
    async with running(heard.run()):
        await passes(1.0)
        (watch,) = [each for each in member.server.watches if each.request.path == SLICES]
        await watch.raw(b'{"type": "ADDED", "object": "' + b"x" * 10_000)
        await passes(0.5)
        assert heard.restarts == 1
        assert heard.watch.failure == "1 of 3 watches failed: EndpointSlice of shop"
        await passes(60.0)
        assert heard.watch.is_complete


async def test_what_nobody_thought_of_is_begun_anew(member: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    said(member, "10.4.0.1")
    heard = Heard(member.url)
    monkeypatch.setattr("gatewayd.members.book.Book.settle", _fails)
    with capture_logs() as logs:
        async with running(heard.run()):
            await passes(10.0)
            assert not heard.watch.is_complete or heard.restarts
            monkeypatch.undo()
            await passes(30.0)
            assert list(heard.watch.book.rows) == [STORE]
    assert "member failed" in [each["event"] for each in logs]


class FailingOnce(Heard):
    """One who fails at the next thing that it hears of, when it is told to."""

    is_to_fail = False

    def heard(self, watch: MemberWatch, changed: Iterable[ObjectKey]) -> None:
        if self.is_to_fail:
            self.is_to_fail = False
            raise ZeroDivisionError
        super().heard(watch, changed)


async def test_what_fails_once_all_was_heard_fails_for_the_first_time(member: Cluster) -> None:
    said(member, "10.4.0.1")
    heard = FailingOnce(member.url)
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Service", "metadata": {"resourceVersion": "1"}}}
    async with running(heard.run()):
        for _failure in range(3):
            await passes(5.0)
            assert heard.watch.is_complete
            asked = len(member.server.requests)
            heard.is_to_fail = True
            await member.server.watches[-1].send(bookmark)
            await passes(0.4)
            assert (heard.is_to_fail, len(member.server.requests)) == (False, asked)
            await passes(0.2)
            assert len(member.server.requests) > asked


def _fails(_book: object, _service: object) -> None:
    raise ZeroDivisionError


async def test_objects_that_cannot_be_read_are_said_once(member: Cluster) -> None:
    said(member, "10.4.0.1")
    for number in range(20):
        name = f"odd-{number}"
        member.server.put(f"{SERVICES}/{name}", {"metadata": {"name": name, "namespace": "shop"}, "spec": 5})
    heard = Heard(member.url)
    with capture_logs() as logs:
        async with running(heard.run()):
            await passes(1.0)
    assert [each["event"] for each in logs].count("object not understood") == 1
    assert list(heard.watch.book.rows) == [STORE]
