"""The guarantees of docs/guarantees.md, each with what reads a history for breaches of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.history import answers, quiet, streams, writes
from conformance.history.breach import Breach
from conformance.history.events import Happened

Check = Callable[[Sequence[Happened]], Iterator[Breach]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """A row of the page: its number, its name, and the checks that a history must pass."""

    number: int
    name: str
    checks: tuple[Check, ...]


def guarantees(owners: Mapping[str, str]) -> tuple[Guarantee, ...]:
    """Return the table; `owners` says to which Gateway a marked word belongs."""
    return (
        Guarantee(number=1, name="convergence", checks=(answers.late, quiet.behind)),
        Guarantee(number=2, name="make before break", checks=(answers.wrong, streams.unready, streams.broken)),
        Guarantee(number=3, name="nothing again", checks=(streams.again,)),
        Guarantee(number=4, name="isolation", checks=(writes.unsaid, writes.blamed)),
        Guarantee(number=5, name="Programmed", checks=(writes.early, writes.unprogrammed)),
        Guarantee(number=6, name="one writer", checks=(writes.two_writers,)),
        Guarantee(number=7, name="never back", checks=(answers.back,)),
        Guarantee(number=8, name="revocation", checks=(answers.revoked,)),
        Guarantee(number=9, name="others' bytes", checks=(writes.taken,)),
        Guarantee(number=10, name="equal replicas", checks=(quiet.unequal,)),
        Guarantee(number=11, name="bounded state", checks=(quiet.grown,)),
        Guarantee(number=12, name="nothing of another Gateway's", checks=(streams.foreign(owners),)),
    )


def breaches(events: Sequence[Happened], owners: Mapping[str, str]) -> Mapping[Guarantee, tuple[Breach, ...]]:
    """Judge a history: each guarantee with what broke it."""
    return {
        guarantee: tuple(breach for check in guarantee.checks for breach in check(events))
        for guarantee in guarantees(owners)
    }
