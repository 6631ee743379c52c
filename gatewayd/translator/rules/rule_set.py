"""What a route's rules come to, and how their problems add up to verdicts.

A rule with a broken reference answers 500 and the route stays accepted. A rule that asks for what we cannot do answers
500 too, so that nothing less strict gets its requests; a match that we cannot make is left out; a route of nothing
but such rules is refused.
https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.http import Action, RequestMatch, Route, RuleRef
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


class RuleAt(NamedTuple):
    """A rule of a route object: which, and the name that the user gave it, or ""."""

    kind: str
    route: ObjectKey
    number: int
    name: str


class RankedMatch(NamedTuple):
    """A match with its place among those of one host."""

    rank: tuple[int, ...]
    match: RequestMatch


class Done(NamedTuple):
    """What is done to the requests of a rule, and what is wrong with that."""

    action: Action
    filters: tuple[HTTPFilter, ...]
    problems: tuple[Problem, ...]


def rule_result(at: RuleAt, done: Done, matches: Sequence[RankedMatch | Unsupported]) -> RuleResult:
    """Return a rule with a Route for each match that can be made."""
    kind, route, rule, name = at
    routes = tuple([
        Ranked(
            match.rank,
            Route(
                source=RuleRef(kind=kind, namespace=route.namespace, name=route.name, rule=rule, match=number),
                rule_name=name,
                match=match.match,
                action=done.action,
                filters=done.filters,
            ),
        )
        for number, match in enumerate(matches)
        if isinstance(match, RankedMatch)
    ])  # fmt: skip
    return RuleResult(routes, (*done.problems, *[each for each in matches if isinstance(each, Unsupported)]))


class RuleSet(NamedTuple):
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
    routes = tuple([ranked for result in all_results for ranked in result.routes])
    problems = tuple([problem for result in all_results for problem in result.problems])
    if not problems:
        return RuleSet(routes=routes, forward=None, refusal=None, unresolved=None, partial=None)
    unsupported = "; ".join(problem.message for problem in problems if isinstance(problem, Unsupported))
    works = any(_works(result) for result in all_results)
    return RuleSet(
        routes=routes,
        forward=None,
        refusal=verdicts.unsupported_value(unsupported) if unsupported and not works else None,
        unresolved=unresolved_verdict(problems),
        partial=verdicts.rule_dropped(unsupported) if unsupported and works else None,
    )


def _works(result: RuleResult) -> bool:
    return bool(result.routes) and not any(isinstance(problem, Unsupported) for problem in result.problems)
