"""What a member says, and what of it counts: each row here is a way in that a hostile one would try."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.members import ExportedEndpoint, WhenStale
from gatewayd.members import book as book_module
from gatewayd.members import declaration
from gatewayd.members.book import Book
from gatewayd.members.declaration import MemberDeclaration
from tests.unit.translator.manifests import deltas

WEST = MemberDeclaration(
    cluster="west",
    namespaces=("shop",),
    networks=(ip_network("10.4.0.0/16"), ip_network("fd00:4::/64")),
    trust=10,
    region="",
    when_stale=WhenStale.KEEP,
)
STORE = ObjectKey("shop", "store")


def export(namespace: str = "shop", name: str = "store", created: str = "2026-01-01T00:00:00Z") -> str:
    return f"""
    kind: ServiceExport
    metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: "{created}"}}
    """


def service(spec: str = "ports: [{name: web, port: 80}]", namespace: str = "shop") -> str:
    return f"""
    kind: Service
    metadata: {{name: store, namespace: {namespace}}}
    spec: {{{spec}}}
    """


def piece(*addresses: str, name: str = "store-1", more: str = "", port: str = "web", labels: str = "") -> str:
    listed = ", ".join(f"{{addresses: ['{each}']{more}}}" for each in addresses)
    return f"""
    kind: EndpointSlice
    metadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: store{labels}}}}}
    addressType: IPv4
    ports: [{{name: {port}, port: 8080}}]
    endpoints: [{listed}]
    """


def told(*texts: str, declaration: MemberDeclaration = WEST, book: Book | None = None) -> Book:
    book = book or Book(declaration)
    for each in deltas(*texts):
        key: Any = each.key
        for at in book.put(each.kind, key, each.obj):
            book.settle(at)
    return book


def endpoints(book: Book) -> list[tuple[str, int, bool]]:
    return [each[:3] for port in book.rows[STORE].ports for each in port.endpoints]


def test_what_is_exported_is_offered() -> None:
    book = told(export(), service(), piece("10.4.0.2", "10.4.0.1"), piece("10.4.0.3", name="store-2"))
    assert endpoints(book) == [("10.4.0.1", 8080, True), ("10.4.0.2", 8080, True), ("10.4.0.3", 8080, True)]
    row = book.rows[STORE]
    assert (row.cluster, row.created, row.left_out) == ("west", "2026-01-01T00:00:00Z", ())
    assert [(each.number, each.transport) for each in row.ports] == [(80, "TCP")]
    assert book.endpoints == 3


def test_what_is_not_exported_is_not_offered() -> None:
    assert told(service(), piece("10.4.0.1")).rows == {}
    assert told(export(), piece("10.4.0.1")).rows == {}
    assert told(export(), service("type: ExternalName, externalName: a.example")).rows == {}


@pytest.mark.parametrize("gone", ["export", "service"])
def test_what_is_no_longer_exported_goes(gone: str) -> None:
    book = told(export(), service(), piece("10.4.0.1"))
    for each in deltas(export() if gone == "export" else service()):
        key: Any = each.key
        for at in book.put(each.kind, key, None):
            book.settle(at)
    assert (book.rows, book.endpoints) == ({}, 0)


def test_a_namespace_of_somebody_else_is_not_its_to_speak_of() -> None:
    texts = (export("payments"), service(namespace="payments"))
    assert told(*texts).rows == {}
    assert told(*texts, declaration=replace(WEST, namespaces=("payments",))).rows.keys() == {
        ObjectKey("payments", "store")
    }


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.5.0.1", "192.0.2.1", "0.0.0.0", "224.0.0.1"])
def test_addresses_elsewhere_are_left_out_and_said(address: str) -> None:
    book = told(export(), service(), piece("10.4.0.1", address))
    assert endpoints(book) == [("10.4.0.1", 8080, True)]
    (said,) = book.rows[STORE].left_out
    assert said.startswith(address)


def test_what_is_said_of_them_has_an_end() -> None:
    book = told(export(), service(), piece(*(f"10.5.0.{number}" for number in range(50))))
    assert len(book.rows[STORE].left_out) == 21
    assert book.rows[STORE].left_out[-1] == "and 30 more"


def test_what_is_said_of_them_comes_by_the_slices_names_not_by_when_they_came() -> None:
    late, early = piece("10.5.0.1", name="store-9"), piece("10.6.0.1", name="store-1")
    first = told(export(), service(), late, early).rows[STORE]
    assert [each.partition(" ")[0] for each in first.left_out] == ["10.6.0.1", "10.5.0.1"]
    assert first == told(export(), service(), early, late).rows[STORE]


def test_slices_of_no_pods_are_not_read() -> None:
    imported = piece("10.4.0.1", labels=", multicluster.kubernetes.io/service-name: store")
    names = piece("a.example").replace("addressType: IPv4", "addressType: FQDN")
    assert endpoints(told(export(), service(), imported)) == []
    assert endpoints(told(export(), service(), names)) == []


def test_a_port_that_the_member_does_not_have_is_not_offered() -> None:
    assert endpoints(told(export(), service(), piece("10.4.0.1", port="admin"))) == []
    assert endpoints(told(export(), service("ports: [{name: web, port: 80, protocol: UDP}]"), piece("10.4.0.1"))) == []


def test_who_is_about_to_end_is_told_apart() -> None:
    ending = piece("10.4.0.1", more=", conditions: {ready: false, serving: true, terminating: true}")
    assert endpoints(told(export(), service(), ending)) == [("10.4.0.1", 8080, False)]
    ended = piece("10.4.0.1", more=", conditions: {ready: false, serving: false, terminating: true}")
    assert endpoints(told(export(), service(), ended)) == []
    twice = told(export(), service(), ending, piece("10.4.0.1", name="store-2"))
    assert endpoints(twice) == [("10.4.0.1", 8080, True)]


def test_a_slice_that_becomes_anothers() -> None:
    book = told(export(), service(), piece("10.4.0.1"))
    told(piece("10.4.0.1").replace("service-name: store", "service-name: other"), book=book)
    assert endpoints(book) == []
    told(piece("10.4.0.9"), book=book)
    assert endpoints(book) == [("10.4.0.9", 8080, True)]


def test_an_object_of_another_kind_than_was_asked_for_is_passed_over() -> None:
    (export_row,) = deltas(export())
    book = Book(WEST)
    assert book.put(type(deltas(service())[0].obj), STORE, export_row.obj) == ()
    assert book.rows == {}


def test_a_flood_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MEMBER_ENDPOINTS", 2)
    book = told(export(), service(), piece("10.4.0.1", "10.4.0.2"))
    assert book.excess == ""
    told(piece("10.4.0.3", name="store-2"), book=book)
    assert book.excess == "it has 3 endpoints; at most 2 are allowed"
    monkeypatch.setattr(book_module, "MEMBER_EXPORTS", 0)
    assert book.excess.startswith("it exports 1 Services; at most 0")


def test_nothing_is_made_of_what_is_too_much_until_it_is_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MEMBER_ENDPOINTS", 2)
    book = told(export(), service(), piece("10.4.0.1", "10.4.0.2", "10.4.0.3"))
    assert (book.excess, endpoints(book)) == ("it has 3 endpoints; at most 2 are allowed", [])
    other = [text.replace("name: store", "name: other") for text in (export(), service())]
    told(*other, book=book)
    assert list(book.rows) == [STORE]
    told(piece("10.4.0.1"), book=book)
    assert (book.excess, endpoints(book), book.endpoints) == ("", [("10.4.0.1", 8080, True)], 1)
    assert ObjectKey("shop", "other") in book.rows


def test_ports_of_a_service_have_a_limit_which_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MEMBER_PORTS", 2)
    ports = ", ".join(f"{{name: p{at}, port: {at}}}" for at in range(1, 6))
    book = told(export(), service(f"ports: [{ports}]"), piece("10.4.0.1", port="p2"))
    told(piece("10.4.0.2", port="p3", name="store-2"), book=book)
    assert [each.number for each in book.rows[STORE].ports] == [1, 2]
    assert book.rows[STORE].left_out == ("ports after the first 2",)
    assert book.endpoints == 1


def test_how_much_work_a_change_is() -> None:
    book = told(export(), service("ports: [{name: web, port: 80}, {name: admin, port: 81}]"), piece("10.4.0.1"))
    assert book.settle(STORE) == 1 + 2
    assert book.settle(ObjectKey("shop", "nobody")) == 0


def test_both_families() -> None:
    book = told(export(), service(), piece("10.4.0.1"), piece("fd00:4::1", name="store-2").replace("IPv4", "IPv6"))
    assert [each.address for port in book.rows[STORE].ports for each in port.endpoints] == ["10.4.0.1", "fd00:4::1"]
    assert book.rows[STORE].ports[0].endpoints[0] == ExportedEndpoint("10.4.0.1", 8080, ready=True)


@pytest.mark.parametrize("text", ["", "10.4.0.1" * 1000, "\x1b[31m", "\ud800", "1" * 10_000_000], ids=len)
def test_what_is_called_an_address_is_remembered_only_when_it_may_be_one(text: str) -> None:
    before = declaration._outside.cache_info().currsize
    book = told(export(), service(), piece("10.4.0.1"))
    (odd,) = deltas(piece("10.4.0.2"))
    endpoint = replace_struct(odd.obj.endpoints[0], addresses=(text,))  # type: ignore[union-attr]
    for at in book.put(odd.kind, odd.key, replace_struct(odd.obj, endpoints=(endpoint,))):  # type: ignore[arg-type]
        book.settle(at)
    assert endpoints(book) == []
    assert len(book.rows[STORE].left_out[0]) <= 64 + len(" is no IP address")
    assert declaration._outside.cache_info().currsize <= before + 2


def test_where_an_endpoint_is_says_its_slice() -> None:
    here = piece("10.4.0.1", more=", zone: eu-1a")
    hinted = piece("10.4.0.2", name="store-2", more=", zone: eu-1a, hints: {forZones: [{name: eu-1b}]}")
    book = told(export(), service(), here, hinted, piece("10.4.0.3", name="store-3"))
    assert [each.zone for each in book.rows[STORE].ports[0].endpoints] == ["eu-1a", "eu-1b", ""]


@pytest.mark.parametrize("text", ["", "a b", "-a", "x" * 64, "\ud800", "\x1b[31m"], ids=len)
def test_what_is_no_zone_is_none(text: str) -> None:
    (odd,) = deltas(piece("10.4.0.1"))
    book = told(export(), service())
    endpoint = replace_struct(odd.obj.endpoints[0], zone=text)  # type: ignore[union-attr]
    for at in book.put(odd.kind, odd.key, replace_struct(odd.obj, endpoints=(endpoint,))):  # type: ignore[arg-type]
        book.settle(at)
    assert [each.zone for each in book.rows[STORE].ports[0].endpoints] == [""]


@pytest.mark.parametrize("text", ["a/b", "../x", "x" * 300, "\ud800", "A"])
def test_names_that_no_api_server_has_are_passed_over(text: str) -> None:
    (row,) = deltas(export())
    assert Book(WEST).put(row.kind, ObjectKey("shop", text), row.obj) == ()


def test_what_is_shown_and_kept_has_its_form() -> None:
    book = told(export(created="yesterday"), service("ports: [{name: web, port: 80, appProtocol: kubernetes.io/h2c}]"))
    assert (book.rows[STORE].created, book.rows[STORE].ports[0].app_protocol) == ("9999", "kubernetes.io/h2c")
    (odd,) = deltas(service())
    port = replace_struct(odd.obj.spec.ports[0], app_protocol="\ud800")  # type: ignore[union-attr]
    spec = replace_struct(odd.obj.spec, ports=(port,))  # type: ignore[union-attr]
    for at in book.put(odd.kind, STORE, replace_struct(odd.obj, spec=spec)):  # type: ignore[type-var]
        book.settle(at)
    assert book.rows[STORE].ports[0].app_protocol == ""
