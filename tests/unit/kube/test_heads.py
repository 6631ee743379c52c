import json

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.kube.heads import HeadListing, HeardListing
from gatewayd.kube.listing import decode_page
from gatewayd.translator.contents import Content
from tests.fakes.documents import config_map, event, page

A, B = (Content("Secret", ObjectKey("shop", name)) for name in "ab")


def lists(listing: HeadListing | HeardListing, *names: str) -> list[object]:
    listing.begin()
    found = page(*(config_map(name, version=5, text="x") for name in names))
    return [*listing.page(decode_page(json.dumps(found))), *listing.listed("9")]


def test_heads_are_names_and_versions_and_no_rows() -> None:
    heard: list[tuple[Content, str | None]] = []
    listing = HeadListing(BY_STRUCT[Secret], lambda content, version: heard.append((content, version)))
    assert lists(listing, "a", "b") == []
    assert heard == [(A, "5"), (B, "5")]
    heard.clear()
    assert lists(listing, "a") == []
    assert heard == [(A, "5"), (B, None)]
    heard.clear()
    assert list(listing.event(json.dumps(event("MODIFIED", config_map("a", version=6))).encode())) == []
    assert list(listing.event(json.dumps(event("DELETED", config_map("a", version=7))).encode())) == []
    assert heard == [(A, "6"), (A, None)]


def test_what_is_heard_is_no_row_and_stands_for_no_kind_that_others_wait_for() -> None:
    heard: dict[ObjectKey, bytes | None] = {}
    listing = HeardListing(BY_STRUCT[ConfigMap], heard.__setitem__)
    assert listing.kind.struct is not ConfigMap
    assert lists(listing, "a") == []
    assert json.loads(heard[A.key] or b"")["data"] == {"text": "x"}
    assert lists(listing) == []
    assert heard == {A.key: None}
