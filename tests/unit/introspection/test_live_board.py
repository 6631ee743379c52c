"""The overview, kept row by row: it tells what changed, and an edit among many costs what it changes."""

from collections import Counter
from collections.abc import Callable

import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.introspection import live_board
from gatewayd.introspection.live_board import BoardChanges, LiveBoard
from gatewayd.introspection.rows import ConditionMark, GatewayRow, RouteRow
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.translator.outcomes.overview import BOARD
from gatewayd.xds.resource import ROUTE, Snapshot, TypeUrl
from tests.unit.translator.manifests import SHOP, deltas

MANY = 300
GW = GatewayFleet(namespace="shop", name="gw")
ONE = FleetReport(connected=1, acked_listeners=frozenset(), rejections=())
ROUTE_TEXT = """
kind: HTTPRoute
metadata: {name: r%d, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  hostnames: [h%d.example]
  rules: [{matches: [{path: {value: %s}}], backendRefs: [{name: %s, port: 80}]}]
"""


def route(at: int, path: str = "/", backend: str = "cart") -> str:
    return ROUTE_TEXT % (at, at, path, backend)


class Watched:
    """Objects that change, with a board beside them as in `gatewayd up`; `held` are the resources that a proxy has."""

    def __init__(self, *manifests: str) -> None:
        self.held: Counter[str] = Counter()
        self.has_all = False
        self.asked = 0
        self.board = LiveBoard(self._holders)
        self.reconciler = Reconciler(publisher=self, on_batch=self._on_batch, awaited=())
        self.change(Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *deltas(*manifests))

    def _holders(self, fleet: FleetKey, type_url: TypeUrl) -> Callable[[str], int]:
        assert (fleet, type_url) == (GW, ROUTE)
        return self._held

    def _held(self, name: str) -> int:
        self.asked += 1
        return 1 if self.has_all else self.held[name]

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        self.board.published(config, 1.0)
        self.board.answered(snapshot.fleet, 1.0)

    def retire(self, fleet: FleetKey) -> None:
        self.board.retired(fleet)

    def _on_batch(self, _batch: Batch) -> None:
        self.board.described(self.reconciler.store.engine.drain(BOARD))

    def change(self, *events: Delta) -> None:
        self.reconciler.submit(events)
        self.reconciler.step()

    def connect(self, report: FleetReport = ONE) -> None:
        """Let a proxy connect, which has everything from then on."""
        self.has_all = True
        self.board.reported(GW, report, 1.0)
        self.board.answered(GW, 1.5)

    def rows(self) -> dict[str, RouteRow]:
        return {row.name: row for row in self.board.board((), ()).routes}

    def seen(self) -> int:
        """Look at everything; return the revision of that."""
        return self.board.changes(0).revision

    def since(self, revision: int) -> tuple[list[str], list[str]]:
        changes = self.board.changes(revision)
        assert not changes.is_whole
        return [row.name for row in changes.rows], [name for _, name in changes.gone]


@pytest.fixture(scope="module")
def many() -> Watched:
    """Share the routes: each test changes one that no other test looks at."""
    watched = Watched(SHOP, *(route(at) for at in range(MANY)))
    watched.connect()
    watched.board.refresh()
    return watched


def test_one_edit_among_many_makes_one_row(many: Watched) -> None:
    revision, made, asked = many.seen(), many.board.rows_made, many.asked
    many.change(*deltas(route(17, "/edited")))
    many.board.refresh()
    assert many.board.rows_made - made == 1
    assert many.asked - asked == 1
    # It arrived in no time, so there is nothing new to see.
    assert many.since(revision)[0] in ([], ["shop/r17"])


def test_one_route_that_breaks_among_many_is_the_first_to_be_seen(many: Watched) -> None:
    before, made = many.seen(), many.board.rows_made
    many.change(*deltas(route(18, backend="none")))
    assert many.since(before) == (["shop/r18"], [])
    assert many.board.rows_made - made == 1
    assert [row.name for row in many.board.page(lambda _row: True, 2)] == ["shop/r18", "shop/r0"]
    many.change(*deltas(route(18)))


def test_one_route_that_goes_among_many_makes_no_row(many: Watched) -> None:
    before, made = many.seen(), many.board.rows_made
    many.change(Delta(kind=HTTPRoute, key=ObjectKey("shop", "r19"), obj=None))
    assert many.since(before) == ([], ["shop/r19"])
    assert many.board.rows_made == made


def test_a_board_shares_the_rows_that_are_as_they_were(many: Watched) -> None:
    before = many.board.board((), ())
    assert many.board.board((), ()).routes is before.routes
    many.change(*deltas(route(20, backend="none")))
    after = many.board.board((), ())
    assert sum(old is not new for old, new in zip(before.routes, after.routes, strict=True)) == 1
    many.change(*deltas(route(20)))


def test_rows_are_sorted_and_those_in_trouble_come_first() -> None:
    watched = Watched(SHOP, route(2), route(1), route(3, backend="none"))
    watched.connect()
    board = watched.board.board((), ("a notice",))
    assert [row.name for row in board.routes] == ["shop/r1", "shop/r2", "shop/r3"]
    assert [row.name for row in board.routes_by_trouble()] == ["shop/r3", "shop/r1", "shop/r2"]
    assert ([row.name for row in board.gateways], board.notices) == ([str(GW)], ("a notice",))


def test_a_page_has_what_a_filter_admits() -> None:
    watched = Watched(SHOP, *(route(at) for at in range(4)))
    assert [row.name for row in watched.board.page(lambda row: row.name > "shop/r1", 5)] == ["shop/r2", "shop/r3"]


def test_a_route_is_on_its_way_until_a_proxy_has_it() -> None:
    watched = Watched(SHOP, route(1))
    assert watched.board.unarrived() == {GW}
    assert str(watched.rows()["shop/r1"].programmed) == "no: Pending: no proxy is connected yet"
    watched.board.reported(GW, ONE, 1.0)
    assert not watched.board.answered(GW, 1.25)
    assert str(watched.rows()["shop/r1"].programmed) == "no: Pending: not ACKed yet"
    watched.held["80"] = 1
    assert watched.board.answered(GW, 1.5)
    watched.board.acked(GW, "12:00:00")
    assert str(watched.rows()["shop/r1"].acked) == "ACKed by 1/1 proxy in 500 ms"
    assert watched.board.unarrived() == frozenset()
    assert [row.acked_at for row in watched.board.board((), ()).gateways] == ["12:00:00"]


def test_when_the_last_proxy_goes_everything_has_to_arrive_again() -> None:
    watched = Watched(SHOP, route(1), route(2))
    watched.connect()
    before = watched.seen()
    watched.board.reported(GW, FleetReport(connected=0, acked_listeners=frozenset(), rejections=()), 9.0)
    assert {row.programmed.mark for row in watched.rows().values()} == {ConditionMark.FALSE}
    assert watched.since(before)[0] == ["shop/r1", "shop/r2"]


def test_a_second_proxy_is_seen_at_every_route_and_a_refusal_at_what_waits() -> None:
    watched = Watched(SHOP, route(1), route(2))
    watched.connect()
    before = watched.seen()
    watched.board.reported(GW, FleetReport(connected=2, acked_listeners=frozenset(), rejections=()), 2.0)
    assert watched.since(before)[0] == ["shop/r1", "shop/r2"]
    made = watched.board.rows_made
    rejection = Rejection(type_url=ROUTE, names=("80",), message="bad")
    watched.board.reported(GW, FleetReport(connected=2, acked_listeners=frozenset(), rejections=(rejection,)), 3.0)
    watched.board.refresh()
    assert watched.board.rows_made == made


def test_how_many_hold_a_route_is_counted_when_somebody_asks() -> None:
    watched = Watched(SHOP, route(1))
    watched.connect()
    watched.has_all = False
    watched.held["80"] = 5
    assert [None for _ in watched.board.counting(GW, 0.0)] == [None]
    acked = watched.rows()["shop/r1"].acked
    assert acked is not None
    assert acked.proxies == 5
    watched.held["80"] = 0
    for _ in watched.board.counting(GW, 0.0):
        pass
    assert watched.rows()["shop/r1"].programmed.mark is ConditionMark.FALSE


def test_a_gateway_that_is_gone_takes_its_row_and_leaves_its_routes() -> None:
    watched = Watched(SHOP, route(1))
    watched.connect()
    watched.board.acked(GW, "12:00:00")
    before = watched.seen()
    (gateway,) = (delta for delta in deltas(SHOP) if delta.kind.__name__ == "Gateway")
    watched.change(Delta(kind=gateway.kind, key=gateway.key, obj=None))
    assert watched.since(before) == (["shop/r1"], [str(GW)])
    assert str(watched.rows()["shop/r1"].accepted) == "-: no Gateway of gatewayd"


# --- changes ---------------------------------------------------------------------------------------------------


def test_who_has_seen_nothing_gets_everything() -> None:
    watched = Watched(SHOP, route(1))
    changes = watched.board.changes(0)
    assert changes.is_whole
    assert {type(row) for row in changes.rows} == {GatewayRow, RouteRow}
    assert watched.board.changes(changes.revision) == BoardChanges(
        revision=changes.revision, is_whole=False, rows=(), gone=()
    )


def test_a_revision_of_another_run_is_answered_with_everything() -> None:
    assert Watched(SHOP, route(1)).board.changes(10_000).is_whole


def test_who_has_not_looked_for_long_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_board, "MOST_GONE", 1)
    watched = Watched(SHOP, *(route(at) for at in range(4)))
    before = watched.seen()
    for at in range(2):
        watched.change(Delta(kind=HTTPRoute, key=ObjectKey("shop", f"r{at}"), obj=None))
        watched.board.refresh()
    assert watched.board.changes(before).is_whole
    assert watched.since(before + 1) == ([], ["shop/r1"])


def test_a_row_that_comes_back_is_not_gone() -> None:
    watched = Watched(SHOP, route(1))
    before = watched.seen()
    watched.change(Delta(kind=HTTPRoute, key=ObjectKey("shop", "r1"), obj=None))
    watched.board.refresh()
    watched.change(*deltas(route(1)))
    assert watched.since(before) == (["shop/r1"], [])


def test_rows_are_made_in_slices() -> None:
    watched = Watched(SHOP, *(route(at) for at in range(250)))
    assert watched.board.is_stale
    assert sum(1 for _ in watched.board.refreshing()) == 2
    assert not watched.board.is_stale
    assert len(watched.rows()) == 250
