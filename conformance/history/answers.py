"""What clients saw: G1 convergence, G2 nothing wrong on the way, G7 never the old after the new, G8 what is revoked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from conformance.history.breach import Breach
from conformance.history.events import Answer, Happened, Right, Write, of
from conformance.history.patience import Patience

ARRIVAL_SECONDS = 5.0
"""From the word that something else is right to the last old answer, where nothing hinders it.

A change takes milliseconds; this is for machines on which everything, clients and cluster too, shares two CPUs.
"""
REVOCATION_SECONDS = 1.0
"""From the API server's answer to the deletion to the last request that is still let through."""
_NOT_KNOWN_YET = frozenset({"404", "500", "503"})
"""What a proxy says of a host that it does not know, of a rule whose backend its replica does not know yet, and of one
whose endpoints its replica knows to have gone while it does not know of the route that went before them."""


@dataclass(slots=True, kw_only=True)
class _Target:
    """What was right of one target, one after the other, and every answer."""

    rights: list[Right] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


def _targets(events: Sequence[Happened]) -> dict[str, _Target]:
    targets: dict[str, _Target] = {}
    for event in of(events, Right, Answer):
        target = targets.setdefault(event.target, _Target())
        (target.rights if isinstance(event, Right) else target.answers).append(event)
    for target in targets.values():
        target.answers.sort(key=lambda answer: answer.began)
    return targets


def unhindered(events: Sequence[Happened]) -> tuple[int, int]:
    """Return how many changes, and how many revocations, had all their time without a hindrance."""
    patience, rights = Patience(events), of(events, Right)
    changes = sum(patience.until(each.at, ARRIVAL_SECONDS) == each.at + ARRIVAL_SECONDS for each in rights)
    revocations = [each for each in rights if each.revoked]
    return changes, sum(patience.until(each.at, ARRIVAL_SECONDS) == each.at + ARRIVAL_SECONDS for each in revocations)


def late(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield answers that were still the old ones when the new one must have arrived (G1)."""
    patience = Patience(events)
    for name, target in _targets(events).items():
        began = [answer.began for answer in target.answers]
        for right, after in _periods(target.rights):
            due = patience.until(right.at, ARRIVAL_SECONDS)
            for answer in target.answers[bisect_right(began, due) :]:
                if answer.at >= after:
                    break
                if answer.said not in right.answers and _was_right(target.rights, answer):
                    yield Breach(
                        at=answer.at,
                        what=f"{name} still says {answer.said!r} {answer.began - right.at:.1f} s after {right.answers}",
                    )


def _periods(rights: Sequence[Right]) -> Iterator[tuple[Right, float]]:
    """Yield each right with the moment of the next one."""
    for number, right in enumerate(rights):
        yield right, rights[number + 1].at if number + 1 < len(rights) else float("inf")


def _was_right(rights: Sequence[Right], answer: Answer) -> bool:
    return any(answer.said in right.answers for right in rights if right.at <= answer.at)


def wrong(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield answers that had never been right when they came, no answer at all among them (G2)."""
    for name, answer, is_known in _never_right(events):
        if not is_known:
            yield Breach(at=answer.at, what=f"{name} said {answer.said!r} on {answer.connection}, never right")


def excused(events: Sequence[Happened]) -> list[Answer]:
    """Return the wrong answers that the limit of G2 knows.

    A replica that hears what it has missed may know of a route before it knows of the route's Service.
    """
    return [answer for _, answer, is_known in _never_right(events) if is_known]


def _never_right(events: Sequence[Happened]) -> Iterator[tuple[str, Answer, bool]]:
    patience = Patience(events)
    for name, target in _targets(events).items():
        for answer in target.answers:
            if not _was_right(target.rights, answer):
                yield name, answer, answer.said in _NOT_KNOWN_YET and patience.is_catching_up(answer.at)


def back(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield answers that are older than what the same connection had seen (G7).

    Where the same words are right again later the earliest state that they fit is taken, so nothing is blamed in doubt.
    """
    patience = Patience(events)
    for name, target in _targets(events).items():
        seen: dict[str, int] = {}
        for answer in sorted(target.answers, key=lambda each: each.at):
            first = seen.get(answer.connection, 0)
            fits = [
                number
                for number, right in enumerate(target.rights)
                if answer.said in right.answers and right.at <= answer.at
            ]
            later = [number for number in fits if number >= first]
            if later:
                seen[answer.connection] = later[0]
            elif fits and not patience.is_hindered(target.rights[fits[-1]].at, answer.at):
                was = target.rights[first].answers
                yield Breach(at=answer.at, what=f"{name} said {answer.said!r} on {answer.connection} after {was}")


def revoked(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield requests that were let through after what allowed them had been gone for too long (G8)."""
    patience = Patience(events)
    deletions = [write for write in of(events, Write) if write.verb == "delete" and write.code < 300]
    for name, target in _targets(events).items():
        for right, after in _periods(target.rights):
            if not right.revoked:
                continue
            gone = [each.at for each in deletions if each.subject == right.revoked and right.at <= each.at < after]
            if not gone:
                yield Breach(at=right.at, what=f"{right.revoked} was to be deleted and was not")
                continue
            due = patience.until(gone[0], REVOCATION_SECONDS)
            for answer in target.answers:
                if due < answer.began and answer.at < after and answer.said not in right.answers:
                    yield Breach(
                        at=answer.at,
                        what=f"{name} said {answer.said!r} {answer.began - gone[0]:.2f} s after {right.revoked} went",
                    )
