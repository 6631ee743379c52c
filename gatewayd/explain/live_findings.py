"""What is wrong with the objects that are served, kept object by object while they change.

In: what a batch changed of statuses, and of the engine's output BOARD. Out: `Finding`s, with the places of now: a file
may be written anew so that an object stands on another line, and nothing else changes.
Invariant: a change costs what it changes. Findings cost what is wrong, and a line is only looked for where the text is
another one than it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gatewayd.explain.findings import Complaint, Finding, complaints, findings_of, identity_of
from gatewayd.explain.parent_findings import Unserved
from gatewayd.incremental.engine import Change, Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import Outcome
from gatewayd.ir.overview import OtherClass, RouteOverview
from gatewayd.manifests.documents import Place
from gatewayd.manifests.folder import PlaceOf


class _Placed(NamedTuple):
    """The findings of an object, and where it stood."""

    place: Place | None
    findings: tuple[Finding, ...]


class LiveFindings:
    """See the module's text."""

    def __init__(self, engine: Engine) -> None:
        """`engine` has the objects that no status is written for."""
        self._engine = engine
        self._statuses: dict[Member, tuple[Complaint, ...]] = {}
        self._unserved: dict[Member, None] = {}
        self._placed: dict[Member, _Placed] = {}

    def concluded(self, outcomes: Mapping[Member, Outcome | None]) -> None:
        """Take the statuses that are other ones now; None stands for what is gone."""
        for member, outcome in outcomes.items():
            complained = () if outcome is None else complaints(outcome)
            if self._statuses.get(member, ()) == complained:
                continue
            self._placed.pop(member, None)
            if complained:
                self._statuses[member] = complained
            else:
                del self._statuses[member]

    def described(self, changes: Iterable[Change]) -> None:
        """Take what the engine's output BOARD came to: it tells which objects no status is written for."""
        for change in changes:
            if _is_unserved(change.value):
                self._unserved[change.member] = None
            else:
                self._unserved.pop(change.member, None)

    def findings(self, place_of: PlaceOf) -> Iterator[Finding]:
        """Yield what is wrong now."""
        for member, complained in self._statuses.items():
            identity = identity_of(member)
            place, placed = place_of(identity), self._placed.get(member)
            if placed is None or placed.place != place:
                placed = self._placed[member] = _Placed(place, tuple(findings_of(identity, complained, place_of)))
            yield from placed.findings
        # What they lead to is told as it is now: another object may be the one that was meant.
        unserved = Unserved(self._engine, frozenset(), place_of)
        for member in self._unserved:
            yield from (judged.finding for judged in unserved.of(member))


def _is_unserved(overview: object) -> bool:
    return isinstance(overview, OtherClass) or (isinstance(overview, RouteOverview) and not overview.parents)
