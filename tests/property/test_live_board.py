"""Whatever happens in whatever order: a board that is kept is the board that a fresh start makes."""

from collections.abc import Callable, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.incremental.engine import Change
from gatewayd.incremental.view import Member
from gatewayd.introspection.live_board import LiveBoard, Row
from gatewayd.introspection.rows import RouteRow
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import NO_FLEET, FleetReport, Rejection
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.translator.outcomes.overview import BOARD
from gatewayd.xds.resource import ROUTE, Snapshot, TypeUrl
from tests.property.objects import EDIT, START, worlds

REPORTS = st.builds(
    lambda connected, refused: FleetReport(
        connected=connected,
        acked_listeners=frozenset(),
        rejections=(Rejection(type_url=ROUTE, names=refused, message="bad"),) if refused else (),
    ),
    st.integers(0, 3),
    st.sampled_from([(), ("80",), ("8080",)]),
)
HELD = st.dictionaries(st.sampled_from(["80", "8080", "443", "tcp-443", "tcp-80"]), st.integers(0, 3))
STEPS = st.lists(st.tuples(st.lists(EDIT, max_size=6), HELD, REPORTS), min_size=1, max_size=5)


class World:
    """Objects, what proxies hold of them, and a board that is told of everything."""

    def __init__(self) -> None:
        self.held: Mapping[str, int] = {}
        self.report = NO_FLEET
        self.overviews: dict[Member, object] = {}
        self.kept = LiveBoard(self._holders)
        self.seen: dict[tuple[str, str], Row] = {}
        self.revision = 0
        self.reconciler = Reconciler(publisher=self, on_batch=self._on_batch, awaited=())

    def _holders(self, _fleet: FleetKey, _type_url: TypeUrl) -> Callable[[str], int]:
        return lambda name: self.held.get(name, 0)

    def publish(self, _snapshot: Snapshot, config: ProxyConfig) -> None:
        self.kept.published(config, 0.0)

    def retire(self, fleet: FleetKey) -> None:
        self.kept.retired(fleet)

    def _on_batch(self, _batch: Batch) -> None:
        changes = tuple(self.reconciler.store.engine.drain(BOARD))
        self.kept.described(changes)
        self.overviews.update((change.member, change.value) for change in changes)

    def step(self, edits: list[Delta], held: Mapping[str, int], report: FleetReport) -> None:
        self.held, self.report = held, report
        self.reconciler.submit(edits)
        self.reconciler.step()
        _answered(self.kept, self.reconciler, report)
        self._look()

    def _look(self) -> None:
        """Take what changed since the last look into what was seen then."""
        changes = self.kept.changes(self.revision)
        if changes.is_whole:
            self.seen = {}
        self.seen |= {_title(row): row for row in changes.rows}
        for title in changes.gone:
            del self.seen[title]
        self.revision = changes.revision

    def fresh(self) -> LiveBoard:
        board = LiveBoard(self._holders)
        board.described(Change(member=member, value=value) for member, value in self.overviews.items())
        for config in self.reconciler.configs.values():
            board.published(config, 0.0)
        _answered(board, self.reconciler, self.report)
        return board


def _answered(board: LiveBoard, reconciler: Reconciler, report: FleetReport) -> None:
    for fleet in reconciler.configs:
        board.reported(fleet, report, 0.0)
        for _ in board.counting(fleet, 0.0):
            pass


def _title(row: Row) -> tuple[str, str]:
    return (row.kind if isinstance(row, RouteRow) else "Gateway", row.name)


@settings(max_examples=60)
@given(worlds(), STEPS)
def test_a_board_that_is_kept_is_the_board_of_a_fresh_start(
    objects: list[Delta], steps: list[tuple[list[Delta], Mapping[str, int], FleetReport]]
) -> None:
    world = World()
    for edits, held, report in (([*START, *objects], {}, NO_FLEET), *steps):
        world.step(edits, held, report)
        board, fresh = world.kept.board((), ()), world.fresh().board((), ())
        assert board == fresh
        assert tuple(board.troubled) == tuple(row for row in board.routes if not row.is_well)
        assert world.seen == {_title(row): row for row in (*board.gateways, *board.routes)}
