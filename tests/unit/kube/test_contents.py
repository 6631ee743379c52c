"""What is referred to is read, read again when it changes, and forgotten; on a clock that skips waiting."""

import base64
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.backoff import Backoff
from gatewayd.ir.contents import Unread
from gatewayd.ir.limits import CONTENT_READERS, LONGEST_HOLD_SECONDS, LONGEST_PARAMETER
from gatewayd.kube.contents import Contents
from gatewayd.kube.listing import Undecodable
from gatewayd.kube.reflector import Timing
from gatewayd.store import Delta, Event, Synced
from gatewayd.translator.contents import Content
from tests.fakes.api_server import ApiServer, Cluster, Drop, Hole, Then, busy, refused
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes
from tests.unit.translator.manifests import GATEWAY, deltas

CERT, OTHER, CA = (
    Content(kind, ObjectKey("shop", name))
    for kind, name in (("Secret", "cert"), ("Secret", "other"), ("ConfigMap", "ca"))
)
GW = Member(Gateway, ObjectKey("shop", "gw"))
[GATEWAY_DELTA] = deltas(GATEWAY)


def path(content: Content) -> str:
    plural = {"Secret": "secrets", "ConfigMap": "configmaps"}[content.kind]
    return f"/api/v1/namespaces/{content.key.namespace}/{plural}/{content.key.name}"


class Rig:
    """Contents, and what they have submitted. `refers`: what objects on their way refer to."""

    def __init__(self, cluster: Cluster) -> None:
        self.server: ApiServer = cluster.server
        self.rows: dict[Any, Any] = {}
        self.synced: set[str] = set()
        self.passed: list[Delta] = []
        self.failures: list[str] = []
        self.notes: list[Undecodable] = []
        self.refers: frozenset[Content] = frozenset()
        self.contents = Contents(
            client=cluster.client,
            submit=self._submit,
            contents_of=self._contents_of,
            undecodable=self.notes.append,
            timing=Timing(backoff=Backoff(first=1.0, longest=8.0), random=lambda: 1.0),
            on_failure=self.failures.append,
        )

    def _contents_of(self, _row: KubernetesObject) -> frozenset[Content]:
        return self.refers

    def _submit(self, events: Iterable[Event]) -> None:
        for each in events:
            if isinstance(each, Synced):
                self.synced.add(each.kind.__name__)
            elif each.kind in (Secret, ConfigMap, Unread):
                self.rows[each.kind, each.key] = each.obj
                if each.obj is None:
                    del self.rows[each.kind, each.key]
            else:
                self.passed.append(each)

    def put(self, content: Content, **data: str) -> None:
        """Write an object; its watch tells."""
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        document = {"metadata": {"name": content.key.name, "namespace": content.key.namespace}}
        found = self.server.put(path(content), {**document, "data": encoded if content.kind == "Secret" else data})
        self.contents.hear(content, found["metadata"]["resourceVersion"])

    def listed(self) -> None:
        self.contents.listed((Synced(kind=Secret), Synced(kind=ConfigMap)))

    def want(self, *contents: Content, waiting: Iterable[str] = ("Secret", "ConfigMap"), by: Member = GW) -> None:
        self.contents.want({by: frozenset(contents)}, frozenset(waiting))

    def step(self) -> None:
        """Tell that a batch has been, in which nothing changed."""
        self.contents.want({}, frozenset())

    def data(self, content: Content = CERT) -> dict[str, str] | None:
        row = self.rows.get(({"Secret": Secret, "ConfigMap": ConfigMap}[content.kind], content.key))
        return None if row is None else {key: _text(content, value) for key, value in row.data.items()}

    def why(self, content: Content = CERT) -> str:
        row = self.rows.get((Unread, content))
        return "" if row is None else row.why

    def reads(self, content: Content = CERT) -> int:
        return len(self.server.said("GET", path(content)))


def _text(content: Content, value: str) -> str:
    return base64.b64decode(value).decode() if content.kind == "Secret" else value


@pytest_asyncio.fixture
async def rig(cluster: Cluster) -> AsyncIterator[Rig]:
    found = Rig(cluster)
    async with running(found.contents.run()):
        yield found


@pytest_asyncio.fixture
async def ready(rig: Rig) -> Rig:
    """Contents that have synced, with nothing referred to."""
    rig.listed()
    rig.step()
    assert rig.synced == {"Secret", "ConfigMap"}
    return rig


async def test_only_what_is_referred_to_is_read(rig: Rig) -> None:
    for content in (CERT, OTHER, CA):
        rig.put(content, **{"ca.crt": "x"})
    rig.want(CERT, CA)
    await passes(1.0)
    assert (rig.data(CERT), rig.data(CA), rig.reads(OTHER)) == ({"ca.crt": "x"}, {"ca.crt": "x"}, 0)


LONG, TLS, LISTS = "x" * 900_000, {"tls.crt": "a", "tls.key": "b", "ca.crt": "c"}, {"ca.crl": "x" * 900_000}
KEPT = [
    (CERT, {**TLS, "password": "d"}, TLS),
    *((CERT, each, each) for each in (LISTS, {".htpasswd": "ann:x"}, {"ann": "a", "bob": "b"})),
    (CA, {**LISTS, "text": LONG}, {**LISTS, "text": LONG[:LONGEST_PARAMETER]}),
]


@pytest.mark.parametrize(("content", "data", "kept"), KEPT)
async def test_what_is_kept(ready: Rig, content: Content, data: dict[str, str], kept: dict[str, str]) -> None:
    ready.put(content, **data)
    ready.want(content)
    await passes(1.0)
    assert ready.data(content) == kept


async def test_a_change_is_read_and_the_old_content_stands_meanwhile(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "old"})
    ready.want(CERT)
    await passes(1.0)
    ready.server.script("GET", path(CERT), Drop(), refused(500), refused(403))
    ready.put(CERT, **{"tls.crt": "new"})
    await passes(0.5)
    assert ready.data() == {"tls.crt": "old"}
    await passes(60.0)
    assert ready.data() == {"tls.crt": "new"}
    assert ready.why() == ""


async def test_who_is_told_when_to_ask_again_asks_no_sooner(ready: Rig) -> None:
    ready.server.script("GET", path(CERT), busy("20"), busy("20", 503))
    ready.put(CERT, **{"tls.crt": "a"})
    ready.want(CERT)
    await passes(39.9)
    assert (ready.reads(), ready.data()) == (2, None)
    await passes(0.5)
    assert ready.data() == {"tls.crt": "a"}


async def test_the_same_version_is_not_read_twice(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    ready.want(CERT)
    await passes(1.0)
    ready.contents.hear(CERT, ready.server.objects[path(CERT)]["metadata"]["resourceVersion"])
    ready.want(CERT, by=Member(Gateway, ObjectKey("shop", "second")))
    await passes(1.0)
    assert ready.reads() == 1


async def test_a_change_during_a_request_is_read_once_more(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    ready.server.script("GET", path(CERT), Then(act=lambda: ready.contents.hear(CERT, "later")))
    ready.want(CERT)
    await passes(1.0)
    assert ready.reads() == 2


async def test_what_nobody_refers_to_any_more_is_forgotten(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    second = Member(Gateway, ObjectKey("shop", "second"))
    ready.want(CERT)
    ready.want(CERT, by=second)
    await passes(1.0)
    ready.want()
    assert ready.data() is not None
    ready.want(by=second)
    assert ready.data() is None
    ready.put(CERT, **{"tls.crt": "b"})
    await passes(1.0)
    assert (ready.data(), ready.reads()) == (None, 1)
    ready.want(CERT)
    await passes(1.0)
    assert ready.data() == {"tls.crt": "b"}


async def test_what_is_gone_is_gone_and_comes_back(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    ready.want(CERT)
    await passes(1.0)
    ready.contents.hear(CERT, None)
    assert (ready.data(), ready.why()) == (None, "")
    ready.put(CERT, **{"tls.crt": "b"})
    await passes(1.0)
    assert ready.data() == {"tls.crt": "b"}


async def test_what_goes_while_it_is_asked_for_leaves_nothing(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    ready.server.script("GET", path(CERT), Then(act=lambda: ready.contents.hear(CERT, None)))
    ready.want(CERT)
    await passes(1.0)
    assert ready.data() is None


async def test_what_may_not_be_read_is_said_until_it_may(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    ready.server.script("GET", path(CERT), refused(403, "Forbidden", "not you"), refused(403, "Forbidden", "not you"))
    ready.want(CERT)
    await passes(1.0)
    assert ready.why() == "cannot be read; 403 Forbidden: not you"
    await passes(60.0)
    assert (ready.why(), ready.data()) == ("", {"tls.crt": "a"})


async def test_what_is_forgotten_is_not_said_either(ready: Rig) -> None:
    ready.put(CERT)
    ready.server.script("GET", path(CERT), *[refused(403)] * 99)
    ready.want(CERT)
    await passes(1.0)
    ready.want()
    assert ready.rows == {}
    asked = ready.reads()
    await passes(300.0)
    assert ready.reads() == asked


async def test_what_cannot_be_understood_is_noted_and_the_last_good_stands(ready: Rig) -> None:
    ready.put(CA, **{"ca.crt": "a"})
    ready.want(CA)
    await passes(1.0)
    strange = ready.server.put(path(CA), {"metadata": {"name": "ca", "namespace": "shop"}, "data": {"ca.crt": 7}})
    ready.contents.hear(CA, strange["metadata"]["resourceVersion"])
    await passes(1.0)
    assert ready.data(CA) == {"ca.crt": "a"}
    assert [str(each.key) for each in ready.notes] == ["shop/ca"]
    ready.want()
    ready.want(CA)
    await passes(1.0)
    assert ready.why(CA) == "cannot be understood"


async def test_what_no_decoder_bears_is_said_without_its_bytes_and_holds_up_no_other(
    ready: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_kind: object, data: bytes) -> None:
        raise UnicodeDecodeError("utf-8", data, 0, 1, data.decode())

    ready.put(CERT, **{"tls.key": "canary"})
    ready.put(CA, **{"ca.crt": "a"})
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr("gatewayd.kube.contents.decode_bytes", fail)
        ready.want(CERT)
        await passes(0.5)
        assert ready.why() == "cannot be read; UnicodeDecodeError while it was decoded"
    assert [(each["object"], "canary" in repr(each)) for each in logs] == [("Secret shop/cert", False)]
    assert ready.failures == ["contents"]
    ready.want(CERT, CA)
    await passes(60.0)
    assert (ready.data(), ready.data(CA), ready.why()) == ({"tls.key": "canary"}, {"ca.crt": "a"}, "")


async def test_namespaces_take_turns(ready: Rig) -> None:
    many = [Content("Secret", ObjectKey("shop", f"s{at}")) for at in range(4 * CONTENT_READERS)]
    theirs = Content("Secret", ObjectKey("team", "cert"))
    for content in (*many, theirs):
        ready.put(content)
    ready.want(*many, theirs)
    await passes(1.0)
    assert path(theirs) in [each.path for each in ready.server.said("GET")][: CONTENT_READERS + 1]


# --- when it is complete -------------------------------------------------------------------------------------------


async def test_synced_when_all_is_listed_and_what_is_referred_to_was_read(rig: Rig) -> None:
    rig.put(CERT)
    rig.server.script("GET", path(CERT), Drop(), Drop())
    rig.want(CERT, waiting=("Gateway", "Secret", "ConfigMap"))
    rig.contents.listed((Synced(kind=Secret),))
    await passes(0.5)
    assert rig.synced == set()
    rig.contents.listed((Synced(kind=ConfigMap),))
    assert rig.synced == set()
    rig.want(CERT)
    assert rig.synced == set()
    await passes(5.0)
    assert rig.synced == {"Secret", "ConfigMap"}
    assert rig.data() == {}


async def test_what_does_not_exist_holds_nothing_up(rig: Rig) -> None:
    rig.want(CERT)
    rig.listed()
    assert rig.synced == {"Secret", "ConfigMap"}


@pytest.mark.parametrize("how", [refused(403), refused(500), Drop()])
async def test_what_cannot_be_read_holds_nothing_up_for_long(rig: Rig, how: Any) -> None:
    rig.put(CERT)
    rig.server.script("GET", path(CERT), *[how] * 9)
    rig.listed()
    rig.want(CERT)
    await passes(10.0)
    assert rig.synced == {"Secret", "ConfigMap"}
    assert rig.why().startswith("cannot be read; ")


async def test_many_are_read_a_few_at_a_time(rig: Rig) -> None:
    many = [Content("Secret", ObjectKey("shop", f"s{at}")) for at in range(CONTENT_READERS + 1)]
    for content in many:
        rig.put(content)
        rig.server.script("GET", path(content), Hole())
    rig.want(*many)
    await passes(1.0)
    assert sum(rig.reads(content) for content in many) == CONTENT_READERS


# --- objects on their way -----------------------------------------------------------------------------------------


async def test_before_all_is_synced_nothing_waits(rig: Rig) -> None:
    rig.put(CERT)
    rig.refers = frozenset({CERT})
    rig.contents.pass_on((GATEWAY_DELTA,))
    assert rig.passed == [GATEWAY_DELTA]


async def test_an_object_waits_for_what_it_begins_to_refer_to(ready: Rig) -> None:
    ready.put(CERT, **{"tls.crt": "a"})
    ready.put(OTHER, **{"tls.crt": "b"})
    ready.refers = frozenset({CERT, OTHER, Content("Secret", ObjectKey("shop", "absent"))})
    ready.contents.pass_on((GATEWAY_DELTA,))
    assert ready.passed == []
    await passes(0.5)
    assert ready.passed == [GATEWAY_DELTA]
    assert ready.data(CERT) == {"tls.crt": "a"}
    ready.want(CERT)
    assert (ready.data(CERT), ready.data(OTHER)) == ({"tls.crt": "a"}, None)


async def test_it_does_not_wait_for_ever_nor_for_what_cannot_be_read(ready: Rig) -> None:
    ready.put(CERT)
    ready.server.script("GET", path(CERT), Hole())
    ready.refers = frozenset({CERT})
    ready.contents.pass_on((GATEWAY_DELTA,))
    await passes(LONGEST_HOLD_SECONDS - 0.1)
    assert ready.passed == []
    await passes(0.2)
    assert ready.passed == [GATEWAY_DELTA]
    ready.put(OTHER)
    ready.server.script("GET", path(OTHER), refused(403))
    ready.refers = frozenset({OTHER})
    ready.contents.pass_on((GATEWAY_DELTA,))
    await passes(0.1)
    assert len(ready.passed) == 2


async def test_a_later_word_of_the_same_object_takes_the_place_of_one_that_waits(ready: Rig) -> None:
    ready.put(CERT)
    ready.refers = frozenset({CERT})
    gone = Delta(kind=Gateway, key=GATEWAY_DELTA.key, obj=None)
    ready.contents.pass_on((GATEWAY_DELTA, gone))
    await passes(LONGEST_HOLD_SECONDS + 1)
    assert ready.passed == [gone]
    ready.step()
    assert ready.rows == {}


async def test_what_was_read_stands_until_the_object_has_arrived(ready: Rig) -> None:
    ready.put(CERT)
    ready.refers = frozenset({CERT})
    ready.contents.pass_on((GATEWAY_DELTA,))
    ready.step()
    await passes(0.5)
    assert ready.passed == [GATEWAY_DELTA]
    assert ready.data() == {}
    ready.step()
    assert ready.data() is None
