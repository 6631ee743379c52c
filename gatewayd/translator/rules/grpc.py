"""GRPCRoute rules -> Routes: a gRPC method is a POST to /service/method.

https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute
"""

from functools import partial

from gatewayd.api.grpcroute import GRPCMethodMatch, GRPCRoute, GRPCRouteMatch, GRPCRouteRule
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, View
from gatewayd.ir.backend import Protocol
from gatewayd.ir.http import (
    CANNOT,
    NO_TIMEOUTS,
    Action,
    ExactPath,
    Forward,
    PathMatch,
    PrefixPath,
    RegexPath,
    RequestMatch,
)
from gatewayd.translator.policies.session_persistence import persistence, refused
from gatewayd.translator.problems import Problem, Unsupported
from gatewayd.translator.protocols import group_kind
from gatewayd.translator.rules.filters import FilterPlace
from gatewayd.translator.rules.forwarding import Filtered, filtered, shares
from gatewayd.translator.rules.http import failing, named_matches, usable_match
from gatewayd.translator.rules.rule_set import Done, RankedMatch, RuleAt, RuleResult, RuleSet, fold, rule_result
from gatewayd.untrusted.regexes import regex_problem

ANY_METHOD = GRPCMethodMatch()
KIND = group_kind(GRPCRoute)
_UNCONDITIONAL = GRPCRouteMatch()
_NAME = "[^/]+"


def rules(view: View, row: GRPCRoute, *, of_service: bool = False) -> RuleSet:
    """Return what the rules of a GRPCRoute say; none is the same as one without backends: every call fails."""
    written = row.spec.rules or (GRPCRouteRule(),)
    key = row.metadata.key
    return fold([
        _rule(view, key, at, FilterPlace(KIND, key.namespace, Protocol.HTTP2, f"spec.rules[{at}]", of_service), rule)
        for at, rule in enumerate(written)
    ])  # fmt: skip


def _rule(view: View, key: ObjectKey, at: int, place: FilterPlace, rule: GRPCRouteRule) -> RuleResult:
    path = place.path
    steps = filtered(view, place._replace(path=f"{path}.filters"), rule.filters)
    action, problems = view.attempt(
        Attempt("rule", (key, at)),
        partial(_action, view, place, rule, steps, f"grpcroute/{key}/{rule.name or path}"),
        partial(failing, path),
    )
    done = Done(action, steps.filters, (*steps.problems, *problems))
    matches = [
        usable_match(view, key, f"{path}.matches[{number}]", partial(_usable, match))
        for number, match in enumerate(rule.matches or (_UNCONDITIONAL,))
    ]
    return rule_result(RuleAt("GRPCRoute", key, at, rule.name or ""), done, matches)


def _action(
    view: View, place: FilterPlace, rule: GRPCRouteRule, steps: Filtered, name: str
) -> tuple[Action, tuple[Problem, ...]]:
    targets = shares(view, place, rule.backend_refs)
    unkept = refused(rule.session_persistence, f"{place.path}.sessionPersistence")
    problems = (*targets.problems, *(() if unkept is None else (unkept,)))
    if steps.broken or any(isinstance(problem, Unsupported) for problem in (*steps.problems, *problems)):
        return CANNOT, problems
    forward = Forward(
        backends=targets.backends,
        mirrors=steps.mirrors,
        rewrite=steps.rewrite,
        timeouts=NO_TIMEOUTS,
        retry=None,
        persistence=persistence(rule.session_persistence, name),
    )
    return forward, problems


def _usable(match: GRPCRouteMatch, where: str) -> RankedMatch | Unsupported:
    method = match.method or ANY_METHOD
    patterns = []
    if method.type == "RegularExpression":
        patterns = [(f"{where}.method.service", method.service), (f"{where}.method.method", method.method)]
    patterns += [
        (f"{where}.headers[{index}].value", entry.value)
        for index, entry in enumerate(match.headers)
        if entry.type == "RegularExpression"
    ]
    wrong = [f"{field}: {problem}" for field, text in patterns if text and (problem := regex_problem(text))]
    if wrong:
        return Unsupported("; ".join(wrong))
    request_match = _match(match)
    return RankedMatch(_rank(match, request_match), request_match)


def _match(written: GRPCRouteMatch) -> RequestMatch:
    return RequestMatch(
        path=_path(written.method or ANY_METHOD),
        methods=(),
        headers=named_matches((each.name.lower(), each.value, each.type) for each in written.headers),
        queries=(),
        grpc=True,
    )


def _path(method: GRPCMethodMatch) -> PathMatch:
    if method.type == "RegularExpression":
        return RegexPath(pattern=f"/(?:{method.service or _NAME})/(?:{method.method or _NAME})")
    if method.service and method.method:
        return ExactPath(value=f"/{method.service}/{method.method}")
    if method.service:
        return PrefixPath(value=f"/{method.service}")
    if method.method:
        # Names of methods have no characters that mean something in an expression but for what the CRD lets through.
        return RegexPath(pattern=f"/{_NAME}/{_escaped(method.method)}")
    return PrefixPath(value="/")


def _escaped(text: str) -> str:
    return "".join(char if char.isalnum() or char == "_" else f"\\{char}" for char in text)


def _rank(written: GRPCRouteMatch, match: RequestMatch) -> tuple[int, ...]:
    """Return a match's place among those of GRPCRoutes: characters of the service, of the method, number of headers.

    What names both literally goes first and regular expressions, whose place the spec leaves open, follow.
    https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule (matches)
    """
    method = written.method or ANY_METHOD
    service, name = len(method.service or ""), len(method.method or "")
    tier = 1 if method.type == "RegularExpression" else 2 * isinstance(match.path, ExactPath)
    return (tier, service, name, len(match.headers))
