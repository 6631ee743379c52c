"""What a member offers follows from what it says now, whatever it said before and in whichever order."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_KEPT_PARTS
from gatewayd.members.book import Book
from gatewayd.members.kept import packed, unpacked
from gatewayd.members.standing_rows import StandingRows
from tests.unit.members.test_book import WEST, export, piece, service
from tests.unit.translator.manifests import deltas

SAYINGS = (
    *(export(name=name) for name in ("store", "cart")),
    service(),
    service("type: ExternalName, externalName: a.example"),
    service("ports: [{name: web, port: 81, appProtocol: h2c}]").replace("name: store", "name: cart"),
    *(
        piece(*addresses, name=name).replace("service-name: store", f"service-name: {owner}")
        for name in ("p1", "p2")
        for owner in ("store", "cart")
        for addresses in (("10.4.0.1",), ("10.4.0.1", "10.4.0.2"), ("10.9.0.1",), ())
    ),
    export(namespace="payments"),
)

steps = st.lists(st.tuples(st.sampled_from(SAYINGS), st.booleans()), max_size=30)
"""Texts of objects, and whether they are said or taken back."""


def put(book: Book, table: Any, key: Any, obj: Any) -> None:
    for service_key in book.put(table, key, obj):
        book.settle(service_key)


@given(steps)
def test_what_came_before_leaves_no_trace(said: list[tuple[str, bool]]) -> None:
    book, last = Book(WEST), {}
    followed = StandingRows(WEST)
    for text, is_there in said:
        (row,) = deltas(text)
        obj = row.obj if is_there else None
        touched = book.put(row.kind, ObjectKey(*row.key), obj)  # type: ignore[misc]
        for each in touched:
            book.settle(each)
        followed.follow(book, touched)
        last[row.kind, row.key] = obj
    fresh = Book(WEST)
    for (table, key), obj in sorted(last.items(), key=lambda item: (item[0][0] is EndpointSlice, str(item[0][1]))):
        put(fresh, table, key, obj)
    assert book.rows == fresh.rows == followed.rows
    assert book.endpoints == fresh.endpoints
    parts = [packed(book.rows, part, stale=False) or b"" for part in range(MEMBER_KEPT_PARTS)]
    kept, _ = unpacked("west", parts)
    assert {key: row.ports for key, row in kept.items()} == {key: row.ports for key, row in book.rows.items()}
