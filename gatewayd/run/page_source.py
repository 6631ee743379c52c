"""What the page shows of a run without a cluster.

In: the run, and who is told of everything in it. Out: what `PageSource` promises; all of it is there anyway.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from gatewayd.access_log.entry import RuleName
from gatewayd.access_log.minute import Requests
from gatewayd.diff.compare import gateway_changes
from gatewayd.diff.words import gateway_lines
from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Trace, Translated, traces
from gatewayd.introspection.rows import Board
from gatewayd.introspection.run_status import connected_proxies
from gatewayd.introspection.status import ProxyRow
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.folder import PlaceOf
from gatewayd.page.source import NOTHING_SAVED, Saved
from gatewayd.run.observer import LastSave, Onlooker
from gatewayd.run.standalone import Standalone
from gatewayd.untrusted.printable import shown_path

_MOST_LINES: Final = 1_000
"""Of a difference: the first save may add thousands of resources, and a page is no file."""


class _Compared(NamedTuple):
    """A save, the versions that were published when it was compared, and what came of that."""

    save: LastSave
    versions: Mapping[FleetKey, str]
    saved: Saved


class RunPage:
    """See the module's text."""

    def __init__(self, run: Standalone, onlooker: Onlooker) -> None:
        self._run = run
        self._onlooker = onlooker
        self._compared: _Compared | None = None

    @property
    def title(self) -> str:
        """The folder as it was named."""
        return shown_path(self._run.options.folder)

    @property
    def configs(self) -> Mapping[FleetKey, ProxyConfig]:
        """What the proxies of each Gateway shall do."""
        return self._run.reconciler.configs

    @property
    def place_of(self) -> PlaceOf:
        """Where objects stand in files."""
        return self._run.folder.place_of

    def refreshing(self) -> Iterator[None]:
        """Bring the rows of the board up to date in slices."""
        return self._run.board.refreshing()

    def board(self) -> Board:
        """Return the overview, as the terminal has it."""
        return self._onlooker.board()

    def proxies(self) -> tuple[ProxyRow, ...]:
        """Return the connected proxies."""
        return connected_proxies(self._run.fleet, self._run.reconciler.snapshots)

    def traces(self, sent: Sent, port: int | None) -> tuple[Trace, ...]:
        """Return what becomes of a request."""
        return traces(Translated.of(self._run.reconciler.store.engine, self.configs), sent, port)

    def saved(self) -> Saved:
        """Return what the last save has led to; what it will is not known before it is published.

        Snapshots are compared once for each save and what is published after it, however often somebody looks.
        """
        save, after = self._onlooker.last_save, self._run.reconciler.snapshots
        if not save.at:
            return NOTHING_SAVED
        versions = {fleet: snapshot.version for fleet, snapshot in after.items()}
        compared = self._compared
        if compared is None or compared.save is not save or compared.versions != versions:
            lines = (line for change in gateway_changes(save.before, after) for line in gateway_lines(change))
            saved = Saved(at=save.at, objects=save.objects, lines=tuple(islice(lines, _MOST_LINES)))
            compared = self._compared = _Compared(save, versions, saved)
        return compared.saved

    def requests(self) -> Mapping[RuleName, Requests]:
        """Return the requests of the last minute by rule."""
        return self._onlooker.last_minute.counts()

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Have `on_change` called whenever something may look different; return what ends that."""
        ends = (self._onlooker.watch(on_change), self._onlooker.last_minute.watch(on_change))

        def end() -> None:
            for each in ends:
                each()

        return end
