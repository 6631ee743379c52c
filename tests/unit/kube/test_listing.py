import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.core import ConfigMap
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.tcproute import TCPRoute
from gatewayd.kube.api_errors import GoneError
from gatewayd.kube.listing import Listing, Undecodable, decode_page
from gatewayd.store import Delta
from tests.fakes.documents import Json, bookmark, config_map, event, failure, page, tcp_route
from tests.unit.policies import policy, target


class Rig:
    """A listing of one kind, and what it says on the side."""

    def __init__(self, struct: type[Any] = ConfigMap) -> None:
        self.undecodable: list[Undecodable] = []
        self.live: list[tuple[str, bool]] = []
        self.listing = Listing(BY_STRUCT[struct], undecodable=self.undecodable.append, live=self._hear)

    def _hear(self, key: ObjectKey, raw: bytes | None) -> None:
        self.live.append((key.name, raw is not None))

    def lists(self, *pages: Json, version: int) -> list[str]:
        self.listing.begin()
        return [
            *(each for one in pages for each in self.shows(one)),
            *shown(self.listing.listed(str(version))),
        ]

    def shows(self, one: Json) -> list[str]:
        return shown(self.listing.page(decode_page(json.dumps(one))))

    def hears(self, line: Json) -> list[str]:
        return shown(self.listing.event(json.dumps(line).encode()))


def name_of(delta: Delta) -> str:
    assert isinstance(delta.key, ObjectKey)
    return delta.key.name


def shown(deltas: Any) -> list[str]:
    found: list[Delta] = list(deltas)
    return [("+" if each.obj is not None else "-") + name_of(each) for each in found]


def test_a_first_list_is_everything() -> None:
    rig = Rig()
    assert rig.lists(page(config_map("a"), following="x"), page(config_map("b")), version=7) == ["+a", "+b"]
    assert rig.listing.version == "7"
    assert rig.live == [("a", True), ("b", True)]


def test_another_list_removes_only_what_is_gone() -> None:
    rig = Rig()
    rig.lists(page(config_map("a"), config_map("b"), config_map("c")), version=7)
    assert rig.lists(page(config_map("b"), config_map("d")), version=9) == ["+b", "+d", "-a", "-c"]
    assert rig.live[-2:] == [("a", False), ("c", False)]


def test_what_a_watch_brought_is_part_of_what_is_known() -> None:
    rig = Rig()
    rig.lists(page(config_map("a")), version=7)
    assert rig.hears(event("ADDED", config_map("b", version=8))) == ["+b"]
    assert rig.hears(event("DELETED", config_map("a", version=9))) == ["-a"]
    assert rig.lists(page(), version=10) == ["-b"]


def test_a_list_that_broke_off_leaves_nothing_behind() -> None:
    rig = Rig()
    rig.listing.begin()
    assert rig.shows(page(config_map("a"), following="x")) == ["+a"]
    assert rig.lists(page(config_map("b")), version=9) == ["+b", "-a"]


def test_a_list_that_broke_off_hides_no_deletion() -> None:
    rig = Rig()
    rig.lists(page(config_map("a")), version=7)
    rig.listing.begin()
    rig.shows(page(config_map("a"), following="x"))
    assert rig.lists(page(config_map("b")), version=9) == ["+b", "-a"]


def test_events_move_the_version() -> None:
    rig = Rig()
    rig.lists(page(), version=7)
    assert rig.hears(event("ADDED", config_map("a", version=8))) == ["+a"]
    assert rig.hears(event("MODIFIED", config_map("a", version=9))) == ["+a"]
    assert rig.hears(bookmark(12)) == []
    assert rig.listing.version == "12"


def test_the_same_event_twice_is_harmless() -> None:
    rig = Rig()
    rig.lists(page(), version=7)
    again = event("DELETED", config_map("a", version=9))
    assert rig.hears(event("ADDED", config_map("a", version=8))) == ["+a"]
    assert rig.hears(event("ADDED", config_map("a", version=8))) == ["+a"]
    assert rig.hears(again) == rig.hears(again) == ["-a"]


def test_410_ends_the_watch() -> None:
    rig = Rig()
    rig.lists(page(config_map("a")), version=7)
    with pytest.raises(GoneError, match="too old"):
        rig.hears(event("ERROR", failure(410, "Expired", "too old")))
    assert rig.listing.version == "7"


def test_another_error_is_no_reason_to_list_again() -> None:
    rig = Rig()
    rig.lists(page(config_map("a")), version=7)
    with pytest.raises(msgspec.DecodeError, match="500: etcd is away"):
        rig.hears(event("ERROR", failure(500, message="etcd is away")))
    assert rig.listing.version == "7"


@pytest.mark.parametrize("line", [b'{"type": "ADDED", "obj', b"", b"null", b"\xff\xfe", b'{"type": "ADDED"}'])
def test_a_broken_line_changes_nothing(line: bytes) -> None:
    rig = Rig()
    rig.lists(page(config_map("a")), version=7)
    with pytest.raises(msgspec.MsgspecError):
        list(rig.listing.event(line))
    assert rig.listing.version == "7"


def test_what_cannot_be_read_is_told_and_the_last_good_one_stays() -> None:
    rig = Rig(TCPRoute)
    broken = tcp_route("a", version=8) | {"spec": {"rules": "many"}}
    rig.lists(page(tcp_route("a")), version=7)
    assert rig.hears(event("MODIFIED", broken)) == []
    [note] = rig.undecodable
    assert (note.kind.kind, note.key) == ("TCPRoute", ObjectKey("shop", "a"))
    assert "spec.rules" in note.message
    assert rig.live[-1] == ("a", True)
    assert rig.lists(page(broken), version=9) == []
    assert rig.lists(page(), version=10) == ["-a"]


def test_a_kind_that_is_gone_takes_its_objects_with_it() -> None:
    rig = Rig()
    rig.lists(page(config_map("a"), config_map("b")), version=7)
    rig.listing.begin()
    rig.shows(page(config_map("b")))
    assert shown(rig.listing.forget()) == ["-a", "-b"]
    assert shown(rig.listing.forget()) == []


class Odd(ConfigMap, frozen=True, kw_only=True):
    """A kind whose decoder fails in a way that nobody expects, for one object."""

    def __post_init__(self) -> None:
        if self.metadata.name == "odd":
            raise ZeroDivisionError("odd")


def test_an_object_that_no_decoder_bears_is_said_and_holds_up_no_other() -> None:
    rig = Rig()
    rig.listing = Listing(replace(BY_STRUCT[ConfigMap], struct=Odd), undecodable=rig.undecodable.append, live=rig._hear)
    assert rig.lists(page(config_map("a"), config_map("odd"), config_map("b")), version=7) == ["+a", "+b"]
    assert rig.hears(event("MODIFIED", config_map("odd", version=8))) == []
    assert rig.hears(event("MODIFIED", config_map("a", version=9))) == ["+a"]
    assert [(each.key.name, each.message) for each in rig.undecodable] == [
        ("odd", "cannot be read; ZeroDivisionError('odd')")
    ] * 2


def test_who_hears_of_an_object_and_fails_holds_up_no_other() -> None:
    def fails(key: ObjectKey, _raw: bytes | None) -> None:
        if key.name == "odd":
            raise ValueError("odd")

    rig = Rig()
    rig.listing = Listing(BY_STRUCT[ConfigMap], undecodable=rig.undecodable.append, live=fails)
    assert rig.lists(page(config_map("odd"), config_map("b")), version=7) == ["+odd", "+b"]
    assert [each.key.name for each in rig.undecodable] == ["odd"]


def test_a_policy_that_cannot_be_read_is_told_as_one_that_closes() -> None:
    """Once it could be read, its last good version stays."""
    denying = {"clients": {"deny": [{"cidr": "192.0.2.1"}]}}
    good = policy("AccessPolicy", "a", target("Namespace"), default=denying)
    newer = policy("AccessPolicy", "a", target("Namespace"), default={"spnego": {}})
    notes: list[Undecodable] = []
    listing = Listing(BY_STRUCT[AccessPolicy], undecodable=notes.append, live=lambda *_: None)
    lines = (json.dumps({"type": "MODIFIED", "object": each}).encode() for each in (newer, good, newer))
    first, second = (each.obj for line in lines for each in listing.event(line))
    assert isinstance(first, AccessPolicy)
    assert isinstance(second, AccessPolicy)
    assert (bool(first.unreadable), second.unreadable) == (True, "")
    assert [note.key.name for note in notes] == ["a", "a"]
