"""Lists of a member within bounds: what is too much, elsewhere or absent takes nothing away."""

import json

import msgspec
import pytest

from gatewayd.api.core import Service
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.kube import member_listing
from gatewayd.kube.listing import Page, decode_page
from gatewayd.kube.member_listing import Allowance, MemberListing, TooMuchError
from tests.fakes.documents import Json, event, page


def service(name: str, namespace: str = "shop") -> Json:
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace, "resourceVersion": "1"}, "spec": {}}


def listing(allowance: Allowance | None = None) -> MemberListing:
    return MemberListing(BY_STRUCT[Service], "shop", allowance or Allowance(), lambda _note: None)


def pages(*documents: Json) -> Page:
    return decode_page(msgspec.json.encode(page(*documents)))


def line(kind: str, document: Json) -> bytes:
    return json.dumps(event(kind, document)).encode()


def keys(deltas: object) -> list[str]:
    return [str(each.key) for each in deltas]  # type: ignore[attr-defined]


def test_it_lists_what_it_was_asked_for() -> None:
    found = listing()
    assert keys(found.page(pages(service("a"), service("b", "payments")))) == ["shop/a"]
    assert not found.is_complete
    assert keys(found.listed("5")) == []
    assert found.is_complete
    assert keys(found.event(line("ADDED", service("c", "kube-system")))) == []
    assert keys(found.event(line("DELETED", service("a")))) == ["shop/a"]


def test_a_kind_that_is_not_served_takes_nothing_away() -> None:
    found = listing()
    list(found.page(pages(service("a"))))
    list(found.listed("5"))
    assert keys(found.forget()) == []
    assert (found.is_absent, found.has_objects) == (True, True)
    assert keys(found.page(pages())) == []
    assert not found.is_absent


def test_all_listings_of_a_member_share_what_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_listing, "MEMBER_OBJECTS", 3)
    allowance = Allowance()
    one, two = listing(allowance), listing(allowance)
    list(one.page(pages(service("a"), service("b"))))
    list(one.listed("5"))
    with pytest.raises(TooMuchError, match="it lists more than 3 objects"):
        list(two.page(pages(service("c"), service("d"))))
    two.begin()
    list(two.page(pages(service("c"))))
    list(two.listed("5"))
    assert allowance.objects == 3
    list(one.event(line("DELETED", service("a"))))
    assert (allowance.objects, allowance.bytes > 0) == (2, True)
    for name in ("b", "c"):
        for each in (one, two):
            list(each.event(line("DELETED", service(name))))
    assert (allowance.objects, allowance.bytes) == (0, 0)


def test_bytes_have_an_end_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_listing, "MEMBER_BYTES", 300)
    found = listing()
    list(found.event(line("ADDED", service("a"))))
    large = service("a") | {"status": {"x": "y" * 300}}
    with pytest.raises(TooMuchError, match="it lists objects of more than 300 bytes"):
        list(found.event(line("MODIFIED", large)))


def test_an_object_that_cannot_be_read_is_left_out() -> None:
    notes: list[object] = []
    found = MemberListing(BY_STRUCT[Service], "shop", Allowance(), notes.append)
    assert keys(found.page(pages(service("a") | {"spec": 5}, service("b")))) == ["shop/b"]
    assert len(notes) == 1
    assert ObjectKey("shop", "a") not in found._readable
