"""RouteFilter -> what a rule that names it does. Whatever of it cannot be had is a problem, which fails the rule.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter (extensionRef)
"""

import re
from collections.abc import Iterator

import re2

from gatewayd.api.envoy_gateway.objects import EnvoyRouteFilter
from gatewayd.api.meta import ObjectKey
from gatewayd.api.names import shown
from gatewayd.api.routefilter import DirectAnswer, PathRewrite, RouteFilter, RouteFilterSpec
from gatewayd.incremental.view import View
from gatewayd.ir.filters import RequestHeaders, ResponseHeaders
from gatewayd.ir.http import DirectResponse, RegexReplacement, URLRewrite
from gatewayd.ir.limits import ANSWER_BYTES
from gatewayd.translator import verdicts
from gatewayd.translator.envoy_gateway.route_filters import route_filter
from gatewayd.translator.envoy_gateway.taken import Telling
from gatewayd.translator.problems import Problem, Unresolved, Unsupported
from gatewayd.translator.rules.headers import Side, modified
from gatewayd.untrusted.regexes import regex_problem

Part = RequestHeaders | ResponseHeaders | URLRewrite | DirectResponse
_PATHS = ("spec.pathRewrite", "spec.urlRewrite.path.replaceRegexMatch")
"""The field of ours that an expression stands in, and that of Envoy Gateway's."""
_ESCAPED = re.compile(r"\\(.?)")


def own_filter(view: View, key: ObjectKey, path: str, *, calls: bool) -> tuple[Part, ...] | Problem:
    """Return what a RouteFilter does, or what is wrong with it; `path` is the field that names it.

    `calls`: gRPC calls, whose paths are names of methods and whose answers are no bodies.
    """
    row = view.get(RouteFilter, key)
    named = f'{path}: RouteFilter "{key}"'
    if row is None:
        return Unresolved(verdicts.INVALID_FILTER, f"{named} does not exist")
    if calls and (row.spec.path_rewrite is not None or row.spec.direct_response is not None):
        return Unsupported(f"{named} has more than headers; for gRPC spec.headers is allowed")
    parts = tuple(_parts(row.spec))
    wrong = next((each for each in parts if isinstance(each, Unsupported)), None)
    if wrong is not None:
        return Unsupported(f"{named}: {wrong.message}")
    return tuple(each for each in parts if not isinstance(each, Unsupported))


def foreign_filter(view: View, key: ObjectKey, path: str, *, calls: bool) -> tuple[Part, ...] | Problem | None:
    """Return what an HTTPRouteFilter of Envoy Gateway does, or what is wrong with it; None when there is none."""
    row = view.get(EnvoyRouteFilter, key)
    if row is None:
        return None
    telling = Telling(namespace=key.namespace)
    spec = route_filter(row.spec, telling)
    named = f'{path}: HTTPRouteFilter "{key}"'
    if calls and not telling.refused:
        return Unresolved(
            verdicts.INVALID_FILTER, f"{named} is for HTTP; for gRPC a RouteFilter with spec.headers is allowed"
        )
    parts = () if telling.refused else tuple(_parts(spec))
    wrong = next((each.message for each in parts if isinstance(each, Unsupported)), "")
    if telling.refused or wrong:
        why = "; ".join(map(str, telling.refused)) or wrong.replace(*_PATHS)
        return Unresolved(verdicts.INVALID_FILTER, f"{named}: {why}")
    return tuple(each for each in parts if not isinstance(each, Unsupported))


def _parts(spec: RouteFilterSpec) -> Iterator[Part | Unsupported]:
    for side, filter_of in ((Side.REQUEST, RequestHeaders), (Side.RESPONSE, ResponseHeaders)):
        name = side.name.lower()
        modifier = getattr(spec.headers, name) if spec.headers is not None else None
        if modifier is not None:
            changes = modified(f"spec.headers.{name}", modifier, side)
            yield changes if isinstance(changes, Unsupported) else filter_of(changes=changes)
    if spec.path_rewrite is not None:
        yield path_rewrite(spec.path_rewrite)
    if spec.direct_response is not None:
        yield _answer(spec.direct_response)


def path_rewrite(written: PathRewrite) -> URLRewrite | Unsupported:
    """Return what a rewrite by an expression does, or what is wrong with it."""
    if why := regex_problem(written.pattern):
        return Unsupported(f"spec.pathRewrite.pattern: {why}")
    groups: int = re2.compile(written.pattern).groups
    for escaped in _ESCAPED.findall(written.substitution):
        if escaped == "\\" or (escaped.isdigit() and int(escaped) <= groups):
            continue
        allowed = f"allowed: \\0 to \\{groups}, for what the pattern and its groups match, and \\\\"
        return Unsupported(f"spec.pathRewrite.substitution: {shown(written.substitution)} has \\{escaped}; {allowed}")
    return URLRewrite(host=None, path=RegexReplacement(pattern=written.pattern, value=written.substitution))


def _answer(written: DirectAnswer) -> DirectResponse | Unsupported:
    size = len((written.body or "").encode())
    if size > ANSWER_BYTES:
        return Unsupported(f"spec.directResponse.body: has {size} bytes; at most {ANSWER_BYTES} are allowed")
    return DirectResponse(status=written.status, body=written.body or "", content_type=written.content_type or "")
