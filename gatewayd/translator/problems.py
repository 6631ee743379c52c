"""What may be wrong with a rule, a filter or a reference, as values that add up to a verdict."""

from collections.abc import Iterable
from typing import NamedTuple

from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts


class Unresolved(NamedTuple):
    """A reference that leads nowhere; `reason` as in ResolvedRefs."""

    reason: str
    message: str


class Unsupported(NamedTuple):
    """Something asked for that we cannot do."""

    message: str


Problem = Unresolved | Unsupported


def unresolved_verdict(problems: Iterable[Problem]) -> Verdict | None:
    """Return the bad ResolvedRefs verdict: the reason of the first problem, the messages of all."""
    unresolved = [problem for problem in problems if isinstance(problem, Unresolved)]
    if not unresolved:
        return None
    return verdicts.unresolved(
        unresolved[0].reason, "; ".join(dict.fromkeys(problem.message for problem in unresolved))
    )
