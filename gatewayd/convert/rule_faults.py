"""Rules of a route that nobody would take, so that one of them takes no other with it.

In: an HTTPRoute as it would be written, and what is wrong with it. Out: the route without those rules. Requests for
them get a 500, as of a rule that leads nowhere; a rule whose matches are wrong is for no request that may be sent.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from gatewayd.api.decode import read_as
from gatewayd.api.httproute import HTTPRouteFilter
from gatewayd.api.meta import Problem
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.rules.headers import Side, modified
from gatewayd.translator.rules.paths import new_path

JSONObject = dict[str, Any]

_RULE: Final = re.compile(r"spec\.rules\[([0-9]+)\](\.matches\b)?")
_KEPT: Final = ("name", "matches")


class MendedRoute(NamedTuple):
    """A route of which no rule is wrong, and what was."""

    written: JSONObject
    problems: tuple[Problem, ...]


def mended(route: JSONObject, problems: Sequence[Problem], *, is_guarded: bool) -> MendedRoute | None:
    """Return a route without the rules that have problems; None where more than rules is wrong, or nothing is left.

    What is for a rule that goes, others of the route get: where that may have kept somebody out (`is_guarded`: the
    route has an AccessPolicy), nothing is left either.
    """
    faulty: dict[int, bool] = {}
    for problem in problems:
        place = _RULE.match(problem.path)
        if route["kind"] != "HTTPRoute" or place is None:
            return None
        number = int(place[1])
        faulty[number] = faulty.get(number, False) or place[2] is not None
    written = route["spec"]["rules"]
    if any(is_gone and (is_guarded or _answers(written[at])) for at, is_gone in faulty.items()):
        return None
    rules = [
        {key: rule[key] for key in _KEPT if key in rule} if at in faulty else rule
        for at, rule in enumerate(written)
        if not faulty.get(at, False)
    ]
    told = tuple(_told(problem, is_gone=faulty[int(_RULE.match(problem.path)[1])]) for problem in problems)  # type: ignore[index]
    return MendedRoute({**route, "spec": {**route["spec"], "rules": rules}}, told) if rules else None


def _answers(rule: JSONObject) -> bool:
    """Return whether a rule may answer by itself, as those do that are closed."""
    return any(each["type"] == "ExtensionRef" for each in rule.get("filters", ()))


def _told(problem: Problem, *, is_gone: bool) -> Problem:
    what = "the rule is not written" if is_gone else "requests for this rule get a 500"
    return Problem(path=problem.path, message=f"{problem.message}; {what}")


def filter_faults(route: JSONObject) -> Iterator[Problem]:
    """Yield what is wrong with filters of an HTTPRoute that a rule may have, and that do what no filter may do."""
    for at, rule in enumerate(route["spec"].get("rules", ()) if route["kind"] == "HTTPRoute" else ()):
        for number, each in enumerate(rule.get("filters", ())):
            read = read_as(each, HTTPRouteFilter)
            changes = _changes(read) if isinstance(read, HTTPRouteFilter) else ()
            wrong = (change.message for change in changes if isinstance(change, Unsupported))
            yield from (Problem(path=f"spec.rules[{at}].filters[{number}]", message=message) for message in wrong)


def _changes(read: HTTPRouteFilter) -> Iterator[object]:
    """Yield what a filter does to paths and headers, as far as it may not do everything that can be written."""
    changed = read.request_redirect or read.url_rewrite
    if changed is not None and changed.path is not None:
        yield new_path("path", changed.path)
    if read.request_header_modifier is not None:
        yield modified("requestHeaderModifier", read.request_header_modifier, Side.REQUEST)
    if read.response_header_modifier is not None:
        yield modified("responseHeaderModifier", read.response_header_modifier, Side.RESPONSE)
