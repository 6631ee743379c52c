"""The overview, kept row by row, for whoever looks at it again and again: a terminal, `gatewayd status`, a page.

In: changes of the engine's output BOARD, what is published, what proxies answer. Out: a `Board` at any time, whose rows
share everything with the one before that has not changed; and `changes` since a revision that somebody has seen.
Rows are made when somebody looks, each once, however often it changed meanwhile.
Invariant: what a change costs grows with the rows that it changes, not with those that stand beside them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Change
from gatewayd.incremental.rows import SortedRows
from gatewayd.incremental.view import Member, Table
from gatewayd.introspection.board import gateway_row, route_row
from gatewayd.introspection.carried import RouteName
from gatewayd.introspection.route_progress import SLICE, Holders, Progress
from gatewayd.introspection.rows import Board, GatewayRow, RouteRow
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.outcome import NO_FLEET, FleetReport
from gatewayd.ir.overview import GatewayOverview, RouteOverview
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.documents import FileProblem
from gatewayd.translator.protocols import ROUTE_TABLES

Row = GatewayRow | RouteRow

MOST_GONE: Final = 1_000
"""Rows that are gone and still told of: who has not looked for longer than that gets everything anew."""

_RANKS: Final[dict[Table, int]] = {table: rank for rank, table in enumerate(ROUTE_TABLES)}
_TABLES: Final[dict[str, Table]] = {table.__name__.lower(): table for table in ROUTE_TABLES}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardChanges:
    """What differs from a board seen earlier. `is_whole`: these are all rows, and whatever else was seen is gone.

    `gone` are kinds and names of rows ("HTTPRoute", "shop/cart").
    """

    revision: int
    is_whole: bool
    rows: tuple[Row, ...]
    gone: tuple[tuple[str, str], ...]


class LiveBoard:
    """See the module's text. `rows_made` counts the rows that were made since the start."""

    def __init__(self, holders: Holders) -> None:
        """`holders` tells how many proxies of a Gateway have the resources of a type."""
        self.revision = 0
        self.rows_made = 0
        self._progress = Progress(holders)
        self._reports: dict[FleetKey, FleetReport] = {}
        self._acked_at: dict[FleetKey, str] = {}
        self._overviews: dict[Member, GatewayOverview | RouteOverview] = {}
        self._stale: dict[Member, None] = {}
        self._rows: dict[Member, Row] = {}
        self._gateways, self._routes, self._troubled = SortedRows(), SortedRows(), SortedRows()
        # By the revision of the last change, the latest at the end.
        self._changed: dict[Member, int] = {}
        self._gone: dict[Member, int] = {}
        self._forgotten = 0

    # --- what happens ------------------------------------------------------------------------------------------

    def described(self, changes: Iterable[Change]) -> None:
        """Take what the engine's output BOARD came to."""
        for change in changes:
            if isinstance(change.value, GatewayOverview | RouteOverview):
                if self._overviews.get(change.member) != change.value:
                    self._overviews[change.member] = change.value
                    self._stale[change.member] = None
            elif self._overviews.pop(change.member, None) is not None:
                self._stale[change.member] = None

    def published(self, config: ProxyConfig, now: float) -> None:
        """Take what the proxies of a Gateway shall have since `now`, in seconds of a clock that does not go back."""
        for _ in self.publishing(config, now):
            pass

    def publishing(self, config: ProxyConfig, now: float) -> Iterator[None]:
        """Do the same in slices; to be exhausted before the next config of the Gateway."""
        for names in self._progress.publishing(config, now):
            self._mark(names)
            yield

    def answered(self, fleet: FleetKey, now: float) -> bool:
        """Take it that a proxy of a Gateway ACKed or refused something; return whether a route has arrived by that."""
        if not self._report(fleet).connected:
            return False  # nobody holds anything: there is nothing to count
        arrived = self._progress.answered(fleet, now)
        self._mark(arrived)
        return bool(arrived)

    def acked(self, fleet: FleetKey, time_of_day: str) -> None:
        """Take it that a route arrived at a Gateway then."""
        self._acked_at[fleet] = time_of_day
        self._mark_gateway(fleet)

    def counting(self, fleet: FleetKey, now: float) -> Iterator[None]:
        """Look, in slices, how many proxies of a Gateway hold each route now; nobody has told of their answers."""
        for names in self._progress.counting(fleet, now):
            self._mark(names)
            yield

    def reported(self, fleet: FleetKey, report: FleetReport, now: float) -> None:
        """Take what the fleet says of a Gateway."""
        before = self._report(fleet)
        self._reports[fleet] = report
        if not report.connected:
            self._mark(self._progress.lost(fleet, now))
        if report.connected != before.connected:
            self._mark(self._progress.routes(fleet))
        elif report.rejections != before.rejections:
            self._mark(self._progress.waiting_at(fleet))

    def retired(self, fleet: FleetKey) -> None:
        """Forget what was published for a Gateway."""
        self._mark(self._progress.retired(fleet))
        self._reports.pop(fleet, None)
        if self._acked_at.pop(fleet, None) is not None:
            self._mark_gateway(fleet)

    def _mark_gateway(self, fleet: FleetKey) -> None:
        if isinstance(fleet, GatewayFleet):
            self._stale[Member(Gateway, ObjectKey(fleet.namespace, fleet.name))] = None

    def _report(self, fleet: FleetKey) -> FleetReport:
        return self._reports.get(fleet, NO_FLEET)

    def _mark(self, names: Iterable[RouteName]) -> None:
        for name in names:
            self._stale[Member(_TABLES[name.kind], ObjectKey(name.namespace, name.name))] = None

    # --- what is to be seen ------------------------------------------------------------------------------------

    @property
    def is_stale(self) -> bool:
        """Whether a row may be another one than when somebody looked last."""
        return bool(self._stale)

    def refresh(self, most: int | None = None) -> bool:
        """Make the rows that are not what they were, `most` of them at most; return whether some are left."""
        stale = tuple(islice(self._stale, most))
        revision = self.revision + 1
        for member in stale:
            del self._stale[member]
            if self._put(member):
                self.revision = revision
                self._note(member)
        return bool(self._stale)

    def refreshing(self) -> Iterator[None]:
        """Do it in slices."""
        while self.refresh(SLICE):
            yield

    def board(self, problems: tuple[FileProblem, ...], notices: tuple[str, ...]) -> Board:
        """Return what is to be seen now: Gateways and routes by kind, namespace and name."""
        self.refresh()
        return Board(
            gateways=self._gateways.values(),
            routes=self._routes.values(),
            troubled=self._troubled.values(),
            problems=problems,
            notices=notices,
        )

    def changes(self, since: int) -> BoardChanges:
        """Return what is other than it was at a revision, oldest change first; 0 for somebody who has seen nothing."""
        self.refresh()
        if not self._forgotten <= since <= self.revision or since == 0:
            return BoardChanges(revision=self.revision, is_whole=True, rows=tuple(self._rows.values()), gone=())
        return BoardChanges(
            revision=self.revision,
            is_whole=False,
            rows=tuple(self._rows[member] for member in _later(self._changed, since)),
            gone=tuple((member.table.__name__, str(member.key)) for member in _later(self._gone, since)),
        )

    def page(self, admits: Callable[[RouteRow], bool], most: int) -> tuple[RouteRow, ...]:
        """Return the first routes that a filter admits; those that are not well come before all others."""
        return tuple(islice(filter(admits, self.board((), ()).routes_by_trouble()), most))

    def unarrived(self) -> frozenset[FleetKey]:
        """Return the Gateways of which something has been published that no proxy has ACKed."""
        return frozenset(fleet for fleet, _ in self._progress.waiting())

    def _put(self, member: Member) -> bool:
        """Bring one row up to date; return whether it is another one now."""
        row, before = self._made(member), self._rows.get(member)
        if row == before:
            return False
        key = ObjectKey(*member.key)  # type: ignore[misc]
        if member.table is Gateway:
            _set(self._gateways, key, row)
        else:
            at = (_RANKS[member.table], key)
            _set(self._routes, at, row)
            _set(self._troubled, at, row if isinstance(row, RouteRow) and not row.is_well else None)
        if row is None:
            del self._rows[member]
        else:
            self._rows[member] = row
        return True

    def _made(self, member: Member) -> Row | None:
        overview = self._overviews.get(member)
        if overview is None:
            return None
        self.rows_made += 1
        key = ObjectKey(*member.key)  # type: ignore[misc]
        if isinstance(overview, GatewayOverview):
            return gateway_row(
                key, overview, self._acked_at.get(GatewayFleet(namespace=key.namespace, name=key.name), "")
            )
        name = RouteName(member.table.__name__.lower(), key.namespace, key.name)
        return route_row(member.table, key, overview, self._progress.at(name), self._report)

    def _note(self, member: Member) -> None:
        """Note that a row changed, or went, at the revision of now."""
        self._changed.pop(member, None)
        self._gone.pop(member, None)
        (self._changed if member in self._rows else self._gone)[member] = self.revision
        if len(self._gone) > MOST_GONE:
            oldest = next(iter(self._gone))
            self._forgotten = self._gone.pop(oldest)


def _set(rows: SortedRows, key: object, row: Row | None) -> None:
    if row is None:
        rows.drop(key)
    else:
        rows.put(key, row)


def _later(revisions: dict[Member, int], since: int) -> list[Member]:
    """Return what changed after a revision, oldest first."""
    later: list[Member] = []
    for member, revision in reversed(revisions.items()):
        if revision <= since:
            break
        later.append(member)
    return later[::-1]
