"""HTTPRoute rules -> Routes.

https://gateway-api.sigs.k8s.io/reference/spec/#httproute
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from gatewayd.api.durations import milliseconds
from gatewayd.api.httproute import (
    HTTPHeaderMatch,
    HTTPPathMatch,
    HTTPQueryParamMatch,
    HTTPRoute,
    HTTPRouteMatch,
    HTTPRouteRetry,
    HTTPRouteRule,
    HTTPRouteTimeouts,
)
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, View
from gatewayd.ir.backend import Protocol
from gatewayd.ir.http import (
    CANNOT,
    NO_REWRITE,
    NO_TIMEOUTS,
    Action,
    ExactPath,
    ExactValue,
    Forward,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
    Retry,
    Timeouts,
)
from gatewayd.translator.policies.session_persistence import persistence, refused
from gatewayd.translator.problems import Problem, Unsupported
from gatewayd.translator.protocols import group_kind
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.filters import FilterPlace
from gatewayd.translator.rules.forwarding import NO_FILTERS, Filtered, filtered, shares, to_one_backend
from gatewayd.translator.rules.rule_set import Done, RankedMatch, RuleAt, RuleResult, RuleSet, fold, rule_result
from gatewayd.untrusted.regexes import regex_problem

_UNCONDITIONAL = HTTPRouteMatch()
KIND = group_kind(HTTPRoute)


def rules(view: View, row: HTTPRoute, *, of_service: bool = False) -> RuleSet:
    """Return what the rules of an HTTPRoute say; `of_service`: where its parent is a Service."""
    key = row.metadata.key
    return fold([
        _rule(view, key, at, FilterPlace(KIND, key.namespace, Protocol.HTTP1, f"spec.rules[{at}]", of_service), rule)
        for at, rule in enumerate(row.spec.rules)
    ])  # fmt: skip


def _rule(view: View, key: ObjectKey, at: int, place: FilterPlace, rule: HTTPRouteRule) -> RuleResult:
    path = place.path
    steps = filtered(view, place._replace(path=f"{path}.filters"), rule.filters) if rule.filters else NO_FILTERS
    action, problems = view.attempt(
        Attempt("rule", (key, at)),
        partial(_action, view, place, rule, steps, f"httproute/{key}/{rule.name or path}"),
        partial(failing, path),
    )
    done = Done(action, steps.filters, (*steps.problems, *problems))
    matches = [
        usable_match(view, key, f"{path}.matches[{number}]", partial(usable, match))
        for number, match in enumerate(rule.matches or (_UNCONDITIONAL,))
    ]
    return rule_result(RuleAt("HTTPRoute", key, at, rule.name or ""), done, matches)


def _action(
    view: View, place: FilterPlace, rule: HTTPRouteRule, steps: Filtered, name: str
) -> tuple[Action, tuple[Problem, ...]]:
    """Return what a rule does; `name` is what its sessions are known by."""
    unkept = refused(rule.session_persistence, f"{place.path}.sessionPersistence")
    if steps.redirect is not None and not steps.broken and unkept is None:
        return steps.redirect, ()
    if steps.response is not None and not steps.broken and unkept is None:
        return steps.response, ()
    plain = to_one_backend(view, place, rule.backend_refs[0]) if _sends_plainly(rule, steps) else None
    if plain is not None:
        return plain, ()
    targets = shares(view, place, rule.backend_refs)
    problems = (*targets.problems, *(() if unkept is None else (unkept,)))
    if steps.broken or any(isinstance(problem, Unsupported) for problem in problems):
        return CANNOT, problems
    forward = Forward(
        backends=targets.backends,
        mirrors=steps.mirrors,
        rewrite=steps.rewrite,
        timeouts=_timeouts(rule.timeouts),
        retry=_retry(rule.retry),
        persistence=persistence(rule.session_persistence, name) if rule.session_persistence is not None else None,
    )
    return forward, problems


def _sends_plainly(rule: HTTPRouteRule, steps: Filtered) -> bool:
    """Return whether a rule sends requests to one backend, and as they are but for what its filters change."""
    if steps.broken or steps.mirrors or steps.rewrite is not NO_REWRITE:
        return False
    if len(rule.backend_refs) != 1 or rule.backend_refs[0].filters:
        return False
    return rule.timeouts is None and rule.retry is None and rule.session_persistence is None


def _timeouts(written: HTTPRouteTimeouts | None) -> Timeouts:
    if written is None:
        return NO_TIMEOUTS
    return Timeouts(request_ms=milliseconds(written.request), backend_request_ms=milliseconds(written.backend_request))


def _retry(written: HTTPRouteRetry | None) -> Retry | None:
    """Return the retry policy; `attempts: 0` is none.

    https://gateway-api.sigs.k8s.io/geps/gep-1731/
    """
    if written is None or written.attempts == 0:
        return None
    return Retry(codes=written.codes, attempts=written.attempts, backoff_ms=milliseconds(written.backoff))


def usable_match(
    view: View, key: ObjectKey, where: str, make: Callable[[str], RankedMatch | Unsupported]
) -> RankedMatch | Unsupported:
    """Return what `make` returns for the field path `where`; a match that gatewayd fails on is left out."""
    return view.attempt(Attempt("match", (key, where)), partial(make, where), partial(_no_match, where))


def _no_match(where: str, error: Exception) -> Unsupported:
    return Unsupported(blame(where, error))


def usable(match: HTTPRouteMatch, where: str) -> RankedMatch | Unsupported:
    """Return a match with its place, or what is wrong with it; `where` is its field path."""
    if match == _UNCONDITIONAL:
        return _EVERYTHING
    wrong = [
        f"{where}.{field}.value: {problem}"
        for field, entry in _fields(match)
        if entry.type == "RegularExpression" and (problem := regex_problem(entry.value))
    ]
    if wrong:
        return Unsupported("; ".join(wrong))
    request_match = _match(match)
    return RankedMatch(rank(request_match), request_match)


def failing(path: str, error: Exception) -> tuple[Action, tuple[Problem, ...]]:
    """Return what a rule does that gatewayd fails on."""
    return CANNOT, (Unsupported(blame(path, error)),)


def _fields(written: HTTPRouteMatch) -> Iterator[tuple[str, HTTPPathMatch | HTTPHeaderMatch | HTTPQueryParamMatch]]:
    yield "path", written.path
    yield from ((f"headers[{at}]", each) for at, each in enumerate(written.headers))
    yield from ((f"queryParams[{at}]", each) for at, each in enumerate(written.query_params))


def _match(written: HTTPRouteMatch) -> RequestMatch:
    return RequestMatch(
        path=_path(written.path),
        methods=(written.method,) if written.method else (),
        headers=named_matches((each.name.lower(), each.value, each.type) for each in written.headers),
        queries=named_matches((each.name, each.value, each.type) for each in written.query_params),
        grpc=False,
    )


def _path(written: HTTPPathMatch) -> PathMatch:
    if written.type == "Exact":
        return ExactPath(value=written.value)
    if written.type == "RegularExpression":
        return RegexPath(pattern=written.value)
    return PrefixPath(value=written.value.rstrip("/") or "/")


def named_matches(entries: Iterable[tuple[str, str, str]]) -> tuple[NamedMatch, ...]:
    """Return matches of (name, value, type), of equal names the first only.

    https://gateway-api.sigs.k8s.io/reference/spec/#httpheadermatch (name)
    """
    by_name: dict[str, NamedMatch] = {}
    for name, value, kind in entries:
        wanted = RegexValue(pattern=value) if kind == "RegularExpression" else ExactValue(value=value)
        by_name.setdefault(name, NamedMatch(name=name, value=wanted))
    return tuple(by_name.values())


def rank(match: RequestMatch) -> tuple[int, ...]:
    """Return a match's place among those of one host.

    Exact path, then the longest, then method, then number of headers, then of query parameters. Regular expressions,
    whose place the spec leaves open, stand between exact paths and prefixes.
    https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches)
    """
    if isinstance(match.path, ExactPath):
        path = (3, len(match.path.value))
    elif isinstance(match.path, RegexPath):
        path = (2, len(match.path.pattern))
    else:
        path = (1, len(match.path.value))
    return _rank(*path, len(match.methods), len(match.headers), len(match.queries))


@lru_cache(maxsize=1024)
def _rank(*parts: int) -> tuple[int, ...]:
    """Return the parts; ranks are few, and each is kept once."""
    return parts


_ANYTHING = _match(_UNCONDITIONAL)
_EVERYTHING = RankedMatch(rank(_ANYTHING), _ANYTHING)
"""What most matches of most routes are, kept once."""
