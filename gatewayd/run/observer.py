"""Who is told of everything in a run without a cluster, and remembers what people want to see of it.

In: what `Audience` hears. Out: a Board and a Status at any time, and a call to `on_change` whenever they may differ.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, assert_never

from gatewayd.explain.findings import Finding, in_rejections
from gatewayd.introspection.rows import EMPTY, Board, ConditionMark, GatewayRow
from gatewayd.introspection.run_status import run_status
from gatewayd.introspection.status import NOTHING, Status
from gatewayd.ir.fleet import FleetKey
from gatewayd.manifests.documents import FileProblem
from gatewayd.manifests.folder import FolderChange
from gatewayd.reconciler import Batch
from gatewayd.run.requests import LastMinute
from gatewayd.run.standalone import Standalone
from gatewayd.supervisor.events import Draining, EnvoyEvent, Exited, GaveUp, Started, Stopped, Up
from gatewayd.untrusted.printable import shown_path
from gatewayd.xds.resource import Snapshot

_KEPT: Final = 6
_NAMED: Final = 20
"""Objects of a save that are named; a folder that is read for the first time has thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSave:
    """A change of the folder: its first objects, and what was published `before`, which shares what has not changed."""

    at: str
    objects: tuple[str, ...]
    before: Mapping[FleetKey, Snapshot]


NOT_SAVED: Final = LastSave(at="", objects=(), before={})


class Onlooker:
    """The Audience of one run. `gave_up` is why Envoy cannot be started, None while it can.

    `page_address` is where the page is, "" where there is none. `last_minute` counts requests for who watches it.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.gave_up: str | None = None
        self.run: Standalone | None = None
        self.page_address = ""
        self.last_save = NOT_SAVED
        self.last_minute = LastMinute(self._runtime)
        self._watching = [on_change]
        self._notices: deque[str] = deque(maxlen=_KEPT)
        self._is_empty_told = False

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Have somebody else called, too, whenever something may look different; return what ends that."""
        self._watching.append(on_change)
        return lambda: self._watching.remove(on_change)

    def _runtime(self) -> Path | None:
        return None if self.run is None or self.run.runtime == Path() else self.run.runtime

    def changed(self) -> None:
        """Say that something may look different."""
        for on_change in self._watching:
            on_change()

    def folder_read(self, step: FolderChange) -> None:
        """Hear what a change of the folder led to."""
        if step.deltas and self.run is not None:
            self.last_save = LastSave(
                at=time.strftime("%H:%M:%S"),
                objects=tuple(f"{delta.kind.__name__} {delta.key}" for delta in step.deltas[:_NAMED]),
                before=dict(self.run.reconciler.snapshots),
            )
        if self.run is not None and not self.run.folder.documents and not self._is_empty_told:
            self._is_empty_told = True
            self.note(f"{shown_path(self.run.options.folder)}: no .yaml, .yml or .json file; waiting for one")
        self.changed()

    def batch_done(self, batch: Batch) -> None:
        """Hear what a batch changed."""
        is_stale = self.run is not None and self.run.board.is_stale
        if batch.outcomes or batch.published or batch.retired or is_stale:
            self.changed()

    def fleet_answered(self, fleet: FleetKey) -> None:
        """Hear that an Envoy of a fleet ACKed or refused something, came or went."""
        del fleet
        self.changed()

    def envoy_event(self, fleet: FleetKey, event: EnvoyEvent) -> None:
        """Hear what became of an Envoy process."""
        if isinstance(event, GaveUp):
            self.gave_up = event.reason
        words = event_words(fleet, event)
        if words:
            self.note(words)

    def logged(self, level: str, line: str) -> None:
        """Hear a line of the log."""
        self.note(f"{level}: {line}")

    def note(self, words: str) -> None:
        """Remember a line, with the time of day."""
        self._notices.append(f"{time.strftime('%H:%M:%S')} {words}")
        self.changed()

    def board(self) -> Board:
        """Return what is to be seen now."""
        run = self.run
        if run is None:
            return EMPTY
        board = run.board.board(problems=self.problems(), notices=self.notices())
        return replace(board, gateways=_with_causes(board.gateways, run)) if run.claims.refusals else board

    def problems(self) -> tuple[FileProblem, ...]:
        """Return what is wrong with files, and with the objects in them."""
        return () if self.run is None else (*self.run.step.problems, *_as_problems(self.findings()))

    def notices(self) -> tuple[str, ...]:
        """Return what else there is to say: where the page is, ports that cannot be had, then what has happened."""
        page = (f"page: {self.page_address}",) if self.page_address else ()
        return () if self.run is None else (*page, *self._refusals(self.run), *self._notices)

    async def status(self) -> Status:
        """Return what to tell whoever asks over the socket."""
        run = self.run
        if run is None:
            return NOTHING
        return run_status(self.board(), run.fleet, run.reconciler.snapshots, shown_path(run.options.folder))

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the objects that are served, sorted by place."""
        return () if self.run is None else tuple(sorted(self._findings(self.run), key=lambda each: each.order))

    def _findings(self, run: Standalone) -> Iterator[Finding]:
        place_of = run.folder.place_of
        yield from run.findings.findings(place_of)
        for fleet in run.fleet.known():
            yield from in_rejections(fleet, run.fleet.report(fleet).rejections, place_of)

    def _refusals(self, run: Standalone) -> Iterator[str]:
        for refusals in run.claims.refusals.values():
            yield from map(str, refusals.values())


def event_words(fleet: FleetKey, event: EnvoyEvent) -> str:
    """Say what happened to an Envoy; "" for what goes without saying."""
    who = f"Envoy of {fleet}"
    match event:
        case Started():
            return ""
        case Up():
            return f"{who} is up ({event.seconds:.2f} s, process {event.pid})"
        case Exited():
            return f"{who} ended: {event.reason}; starts again in {event.restart_in:.1f} s"
        case GaveUp():
            return f"{who} cannot be started: {event.reason}"
        case Draining():
            return f"{who} finishes the requests under way"
        case Stopped():
            return f"{who} has ended" + (f"; {event.cut_off} requests were cut off" if event.cut_off else "")
        case _:
            assert_never(event)


def _with_causes(rows: Iterable[GatewayRow], run: Standalone) -> tuple[GatewayRow, ...]:
    """Return the rows of Gateways; those that wait for a port say who has it."""
    refused = {str(fleet): "; ".join(map(str, refusals.values())) for fleet, refusals in run.claims.refusals.items()}
    return tuple(
        row
        if row.name not in refused or row.programmed.mark is ConditionMark.TRUE
        else replace(row, programmed=replace(row.programmed, reason=f"PortUnavailable: {refused[row.name]}"))
        for row in rows
    )


def _as_problems(findings: Iterable[Finding]) -> Iterator[FileProblem]:
    for each in findings:
        if each.file:
            yield FileProblem(
                file=each.file, line=each.line, message=each.message, object=each.object, reason=each.reason
            )
