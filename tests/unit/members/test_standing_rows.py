"""Unknown is not empty: what a member said last stands until it is known to say something else."""

from dataclasses import replace
from ipaddress import ip_network

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.members import Exported, ExportedEndpoint, ExportedPort, ExportKey, MemberCluster, Standing
from gatewayd.members.book import Book
from gatewayd.members.standing_rows import StandingRows
from gatewayd.store import Delta
from tests.unit.members.test_book import STORE, WEST, export, piece, service, told

OTHER = ObjectKey("payments", "store")


def row(*addresses: str, namespace: str = "shop") -> Exported:
    endpoints = tuple(ExportedEndpoint(address, 8080, ready=True) for address in addresses)
    port = ExportedPort(number=80, transport="TCP", app_protocol="", endpoints=endpoints)
    return Exported(cluster="west", namespace=namespace, name="store", created="", ports=(port,))


def changed(deltas: tuple[Delta, ...]) -> dict[object, object]:
    return {each.key: each.obj for each in deltas}


def test_what_is_kept_stands_until_all_is_listed() -> None:
    rows = StandingRows(WEST)
    assert rows.stand(Standing.KEPT) == (
        Delta(
            kind=MemberCluster,
            key="west",
            obj=MemberCluster(trust=10, region="", when_stale=WEST.when_stale, standing=Standing.KEPT),
        ),
    )
    kept = row("10.4.0.1")
    assert changed(rows.restore({STORE: kept})) == {ExportKey("west", "shop", "store"): kept}
    book = told(export(), service(), piece("10.4.0.2"))
    (delta,) = rows.swap(book)
    assert isinstance(delta.obj, Exported)
    assert delta.obj.ports == row("10.4.0.2").ports
    assert rows.swap(book) == ()
    assert changed(rows.swap(Book(WEST))) == {ExportKey("west", "shop", "store"): None}


def test_what_is_kept_counts_as_far_as_it_is_allowed_today() -> None:
    rows = StandingRows(WEST)
    kept = {STORE: row("10.4.0.1", "10.9.0.1"), OTHER: row("10.4.0.2", namespace="payments")}
    assert changed(rows.restore(kept)) == {ExportKey("west", "shop", "store"): row("10.4.0.1")}


def test_what_is_allowed_no_more_goes_at_once() -> None:
    rows = StandingRows(replace(WEST, namespaces=("shop", "payments")))
    rows.stand(Standing.CURRENT)
    rows.restore({STORE: row("10.4.0.1", "10.4.9.1"), OTHER: row("10.4.0.2", namespace="payments")})
    narrow = replace(WEST, networks=(ip_network("10.4.0.0/24"),))
    assert changed(rows.declare(narrow)) == {
        ExportKey("west", "payments", "store"): None,
        ExportKey("west", "shop", "store"): row("10.4.0.1"),
    }
    assert [each.kind for each in rows.declare(replace(narrow, trust=5))] == [MemberCluster]


def test_one_service_is_followed() -> None:
    rows = StandingRows(WEST)
    book = told(export(), service(), piece("10.4.0.2"))
    rows.swap(book)
    told(piece("10.4.0.3"), book=book)
    assert list(changed(rows.follow(book, [STORE]))) == [ExportKey("west", "shop", "store")]
    assert rows.follow(book, [STORE, OTHER]) == ()


def test_who_leaves_takes_everything_along() -> None:
    rows = StandingRows(WEST)
    rows.stand(Standing.CURRENT)
    rows.restore({STORE: row("10.4.0.1")})
    assert changed(rows.leave()) == {ExportKey("west", "shop", "store"): None, "west": None}
    assert rows.rows == {}
