"""What a route's rules come to, and how their problems add up to verdicts.

A rule with a broken reference answers 500 and the route stays accepted. A rule that asks for what we cannot do answers
500 too, so that nothing less strict gets its requests; a match that we cannot make is left out; a route of nothing
but such rules is refused.
https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.ir.http import Route
from gatewayd.ir.l4 import L4Forward
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.problems import Problem, Unsupported, unresolved_verdict


class Ranked(NamedTuple):
    """A Route with its place among matches of one host: larger ranks are tried first."""

    rank: tuple[int, ...]
    route: Route


class RuleResult(NamedTuple):
    """One rule: its routes and what is wrong with it."""

    routes: tuple[Ranked, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules of a route. HTTP kinds fill `routes`, the others `forward`.

    `refusal`: not accepted by any parent. `unresolved`: the bad ResolvedRefs verdict. `partial`: some rules left out.
    """

    routes: tuple[Ranked, ...]
    forward: L4Forward | None
    refusal: Verdict | None
    unresolved: Verdict | None
    partial: Verdict | None


NO_RULES = RuleSet(routes=(), forward=None, refusal=None, unresolved=None, partial=None)


def fold(results: Iterable[RuleResult]) -> RuleSet:
    """Add up the rules of a route."""
    all_results = tuple(results)
    problems = tuple(problem for result in all_results for problem in result.problems)
    unsupported = "; ".join(problem.message for problem in problems if isinstance(problem, Unsupported))
    works = any(_works(result) for result in all_results)
    return RuleSet(
        routes=tuple(ranked for result in all_results for ranked in result.routes),
        forward=None,
        refusal=verdicts.unsupported_value(unsupported) if unsupported and not works else None,
        unresolved=unresolved_verdict(problems),
        partial=verdicts.rule_dropped(unsupported) if unsupported and works else None,
    )


def _works(result: RuleResult) -> bool:
    return bool(result.routes) and not any(isinstance(problem, Unsupported) for problem in result.problems)
