"""Who is told of everything in a run without a cluster, and remembers what people want to see of it.

In: what `Audience` hears. Out: a Board and a Status at any time, and a call to `on_change` whenever they may differ.
"""

import importlib.metadata
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, assert_never

from gatewayd.explain.findings import Finding, in_outcomes, in_rejections, without_effect
from gatewayd.introspection.board import Sight, board
from gatewayd.introspection.rows import EMPTY, Board
from gatewayd.introspection.status import GatewayVersion, Status, proxy_rows
from gatewayd.ir.fleet import FleetKey
from gatewayd.manifests.documents import FileProblem
from gatewayd.manifests.folder import Step
from gatewayd.reconciler import Batch
from gatewayd.run.standalone import Standalone
from gatewayd.supervisor.events import Draining, EnvoyEvent, Exited, GaveUp, Started, Stopped, Up
from gatewayd.untrusted.printable import shown_path
from gatewayd.xds.resource import TypeUrl

_KEPT: Final = 6


class Onlooker:
    """The Audience of one run. `gave_up` is why Envoy cannot be started, None while it can."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.gave_up: str | None = None
        self.run: Standalone | None = None
        self._on_change = on_change
        self._notices: deque[str] = deque(maxlen=_KEPT)

    def folder_read(self, step: Step) -> None:
        """Hear what a change of the folder led to."""
        del step
        self._on_change()

    def batch_done(self, batch: Batch) -> None:
        """Hear what a batch changed."""
        if batch.outcomes or batch.published or batch.retired:
            self._on_change()

    def fleet_answered(self, fleet: FleetKey) -> None:
        """Hear that an Envoy of a fleet ACKed or refused something, came or went."""
        del fleet
        self._on_change()

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
        self._on_change()

    def board(self) -> Board:
        """Return what is to be seen now."""
        run = self.run
        if run is None:
            return EMPTY
        return board(
            Sight(
                engine=run.reconciler.store.engine,
                outcomes=run.reconciler.outcomes,
                progress=run.progress,
                report=run.fleet.report,
                acked_at=run.acked_at,
                problems=(*run.step.problems, *_as_problems(self._findings(run))),
                notices=(*self._refusals(run), *self._notices),
            )
        )

    def status(self) -> Status:
        """Return what to tell whoever asks over the socket."""
        run = self.run
        snapshots = {} if run is None else run.reconciler.snapshots
        proxies = () if run is None else tuple(each for key in run.fleet.known() for each in run.fleet.proxies(key))

        def count(fleet: FleetKey, type_url: str) -> int:
            found = snapshots.get(fleet)
            return 0 if found is None else len(found.of(TypeUrl(type_url)))

        return Status(
            board=self.board(),
            proxies=tuple(proxy_rows(proxies, count)),
            snapshots=tuple(GatewayVersion(gateway=str(key), version=each.version) for key, each in snapshots.items()),
            folder="" if run is None else shown_path(run.options.folder),
            version=importlib.metadata.version("gatewayd"),
        )

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the objects that are served, sorted by place."""
        return () if self.run is None else tuple(sorted(self._findings(self.run), key=lambda each: each.order))

    def _findings(self, run: Standalone) -> Iterator[Finding]:
        outcomes, place_of = run.reconciler.outcomes, run.folder.place_of
        yield from in_outcomes(outcomes, place_of)
        yield from without_effect(run.reconciler.store.engine, outcomes, place_of)
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


def _as_problems(findings: Iterator[Finding]) -> Iterator[FileProblem]:
    for each in sorted(findings, key=lambda found: found.order):
        if each.file:
            yield FileProblem(file=each.file, line=each.line, message=f"{each.object}: {each.message}")
