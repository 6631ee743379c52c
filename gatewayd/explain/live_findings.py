"""What is wrong with the objects that are served, kept object by object while they change.

In: what a batch changed of statuses, and of the engine's output BOARD. Out: `Finding`s, with the places of now: a file
may be written anew so that an object stands on another line, and nothing else changes.
Invariant: a change costs what it changes. Findings cost what is wrong, and a line is only looked for where the text is
another one than it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gatewayd.explain.findings import (
    NO_PARENT,
    Complaint,
    Finding,
    complaints,
    findings_of,
    identity_of,
    other_class,
)
from gatewayd.incremental.engine import Change
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

    def __init__(self) -> None:
        self._statuses: dict[Member, tuple[Complaint, ...]] = {}
        self._unconcerned: dict[Member, tuple[Complaint, ...]] = {}
        self._placed: dict[Member, _Placed] = {}

    def concluded(self, outcomes: Mapping[Member, Outcome | None]) -> None:
        """Take the statuses that are other ones now; None stands for what is gone."""
        for member, outcome in outcomes.items():
            self._set(self._statuses, member, () if outcome is None else complaints(outcome))

    def described(self, changes: Iterable[Change]) -> None:
        """Take what the engine's output BOARD came to: it tells which objects no status is written for."""
        for change in changes:
            self._set(self._unconcerned, change.member, _unconcerned(change.value))

    def findings(self, place_of: PlaceOf) -> Iterator[Finding]:
        """Yield what is wrong now."""
        for member in {**self._statuses, **self._unconcerned}:
            identity = identity_of(member)
            place, placed = place_of(identity), self._placed.get(member)
            if placed is None or placed.place != place:
                complained = (*self._statuses.get(member, ()), *self._unconcerned.get(member, ()))
                placed = self._placed[member] = _Placed(place, tuple(findings_of(identity, complained, place_of)))
            yield from placed.findings

    def _set(
        self, known: dict[Member, tuple[Complaint, ...]], member: Member, complained: tuple[Complaint, ...]
    ) -> None:
        if known.get(member, ()) == complained:
            return
        self._placed.pop(member, None)
        if complained:
            known[member] = complained
        else:
            del known[member]


def _unconcerned(overview: object) -> tuple[Complaint, ...]:
    match overview:
        case OtherClass():
            return (other_class(overview.name),)
        case RouteOverview(parents=()):
            return (NO_PARENT,)
        case _:
            return ()
