"""What a control-plane pod can say of itself to whoever may run a command in it: `gatewayd status` and `gatewayd why`.

In: the reconciler and the fleet. Out: a Status when it is asked for. Until the first question nothing is kept for it;
from then on the rows of the board are, and a question costs what changed since the last one. The work is done in slices
of a few milliseconds, between which proxies and batches have their turn.
"""

import asyncio
from collections.abc import Callable, Iterator

from gatewayd.ads.fleet import Fleet
from gatewayd.introspection.live_board import LiveBoard
from gatewayd.introspection.route_progress import SLICE
from gatewayd.introspection.rows import Board
from gatewayd.introspection.run_answers import RunAnswers
from gatewayd.introspection.run_status import run_status
from gatewayd.introspection.status import Status
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import NO_FLEET, FleetReport
from gatewayd.manifests.admission import Identity
from gatewayd.reconciler import Reconciler
from gatewayd.translator.outcomes.overview import BOARD


class Insight:
    """One replica. What proxies hold is what those connected to this replica do; `where` names the replica."""

    def __init__(
        self, *, reconciler: Reconciler, fleet: Fleet, where: str, notices: Callable[[], tuple[str, ...]]
    ) -> None:
        self._reconciler = reconciler
        self._fleet = fleet
        self._where = where
        self._notices = notices
        self._board = LiveBoard(fleet.holding)
        self._shown: frozenset[FleetKey] = frozenset()
        self._begun = self._finished = 0
        self._is_catching_up = False

    async def status(self) -> Status:
        """Return Gateways, routes and proxies as they are now."""
        for _ in self.catching_up():
            await asyncio.sleep(0)
        return run_status(self.board(), self._fleet, self._reconciler.snapshots, self._where)

    def board(self) -> Board:
        """Return the rows as they are since somebody caught up last."""
        return self._board.board((), self._notices())

    @property
    def answers(self) -> RunAnswers:
        """What the replica answers beside its status."""
        return RunAnswers(reconciler=self._reconciler, report=self.report, place_of=_in_no_file, where=self._where)

    def report(self, fleet: FleetKey) -> FleetReport:
        """Return what a fleet's proxies have, whichever replica they are connected to."""
        return self._reconciler.store.engine.get(FleetReport, fleet) or NO_FLEET

    def catching_up(self) -> Iterator[None]:
        """Bring the board up to date with everything but notices, by a pass that begins after this was asked for.

        There is one at a time, and all who ask during one share the next.
        """
        wanted = self._begun + 1
        while self._finished < wanted:
            if self._is_catching_up:
                yield
            else:
                yield from self._pass()

    def _pass(self) -> Iterator[None]:
        self._begun += 1
        number, self._is_catching_up = self._begun, True
        try:
            yield from self._steps()
            self._finished = number
        finally:
            self._is_catching_up = False

    def _steps(self) -> Iterator[None]:
        """Take over what has changed in slices; no time is told, since nobody took it."""
        yield from self._describing()
        configs = dict(self._reconciler.configs)
        for fleet in sorted(self._shown - configs.keys()):
            self._board.retired(fleet)
        self._shown = frozenset(configs)
        for fleet, config in configs.items():
            yield from self._board.publishing(config, 0.0)
            self._board.reported(fleet, self.report(fleet), 0.0)
            yield from self._board.counting(fleet, 0.0)
        yield from self._board.refreshing()

    def _describing(self) -> Iterator[None]:
        """Take over what objects came to; before all of them are here that would be the truth of half of them."""
        store = self._reconciler.store
        is_done = bool(store.waiting_for)
        while not is_done:
            self._board.described(store.engine.drain(BOARD, SLICE))
            is_done = not store.engine.undrained(BOARD)
            yield


def _in_no_file(_identity: Identity) -> None:
    """Say where an object stands that came from the API server."""
