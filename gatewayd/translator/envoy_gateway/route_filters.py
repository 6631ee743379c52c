"""HTTPRouteFilter of Envoy Gateway -> the spec of a RouteFilter. What cannot be had fails the rule that names it.

https://gateway.envoyproxy.io/docs/api/extension_types/#httproutefilterspec
"""

from collections.abc import Mapping
from typing import Any

from gatewayd.api.envoy_gateway.outside import FilterAnswer, FilterSpec
from gatewayd.api.routefilter import DirectAnswer, PathRewrite, RouteFilterSpec
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import Telling

FORBIDDEN = "?#"
"""Letters that end a path."""


def route_filter(written: Mapping[str, Any], telling: Telling) -> RouteFilterSpec:
    """Return what a filter says, as far as it can be had; the rest is told."""
    spec = read(written, FilterSpec, telling)
    if spec is None:
        return RouteFilterSpec()
    path = spec.url_rewrite.path if spec.url_rewrite is not None else None
    replacement = path.replace_regex_match if path is not None else None
    if path is not None and replacement is None:
        telling.refuse("spec.urlRewrite.path.replaceRegexMatch", "is required")
    if replacement is not None and any(letter in replacement.substitution for letter in FORBIDDEN):
        telling.refuse("spec.urlRewrite.path.replaceRegexMatch.substitution", "must have no '?' and no '#'")
    return RouteFilterSpec(
        path_rewrite=PathRewrite(pattern=replacement.pattern, substitution=replacement.substitution)
        if replacement is not None
        else None,
        direct_response=_answer(spec.direct_response, telling) if spec.direct_response is not None else None,
    )


def _answer(written: FilterAnswer, telling: Telling) -> DirectAnswer:
    body = written.body.inline if written.body is not None else None
    if body is not None and "%" in body:
        telling.differ("spec.directResponse.body.inline", "what stands between % and % is said as it is written")
    return DirectAnswer(status=written.status_code, body=body, content_type=written.content_type)
