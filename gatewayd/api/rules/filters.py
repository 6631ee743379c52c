"""Rules about the filters of routes and listeners.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from gatewayd.api.accesspolicy import CorsSection, ExternalAuthSection
from gatewayd.api.filters import Fraction, HTTPExternalAuthFilter, RequestMirror
from gatewayd.api.grpcroute import GRPCBackendRef, GRPCRouteFilter, GRPCRouteRule
from gatewayd.api.httproute import HTTPCORS, HTTPBackendRef, HTTPPathModifier, HTTPRouteFilter, HTTPRouteRule
from gatewayd.api.listeners import ListenerRequestFilter
from gatewayd.api.meta import Problem, Problems

Filter = HTTPRouteFilter | GRPCRouteFilter | ListenerRequestFilter
Filtered = HTTPRouteRule | HTTPBackendRef | GRPCRouteRule | GRPCBackendRef

_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "RequestHeaderModifier": ("request_header_modifier", "requestHeaderModifier"),
    "ResponseHeaderModifier": ("response_header_modifier", "responseHeaderModifier"),
    "RequestMirror": ("request_mirror", "requestMirror"),
    "RequestRedirect": ("request_redirect", "requestRedirect"),
    "URLRewrite": ("url_rewrite", "urlRewrite"),
    "CORS": ("cors", "cors"),
    "ExternalAuth": ("external_auth", "externalAuth"),
    "ExtensionRef": ("extension_ref", "extensionRef"),
}
_ONCE: Final = ("RequestHeaderModifier", "ResponseHeaderModifier", "CORS", "RequestRedirect", "URLRewrite")


def member_of_type_given(item: Filter) -> Problems:
    """Check that a filter's type names the member that must be set (each filters[])."""
    attribute, wire = _MEMBERS[item.type]
    if getattr(item, attribute, None) is None:
        yield Problem(path=wire, message=f"is required for type {item.type}")


def other_members_absent(item: Filter) -> Problems:
    """Check that a filter's other members must not be set (each filters[])."""
    for name, (attribute, wire) in _MEMBERS.items():
        if name != item.type and getattr(item, attribute, None) is not None:
            yield Problem(path=wire, message=f"must not be set for type {item.type}")


def filters_not_repeated(item: Filtered) -> Problems:
    """Check that header modifiers, CORS, redirects and rewrites stand at most once in a list (each filters)."""
    if len(item.filters) < 2:
        return
    counts = Counter(entry.type for entry in item.filters)
    for name in _ONCE:
        if counts[name] > 1:
            yield Problem(path="filters", message=f"have {name} {counts[name]} times; once is allowed")


def redirect_or_rewrite(item: HTTPRouteRule | HTTPBackendRef) -> Problems:
    """Check that a list has a RequestRedirect or a URLRewrite, not both (each filters)."""
    if {"RequestRedirect", "URLRewrite"} <= {entry.type for entry in item.filters}:
        yield Problem(path="filters", message="have RequestRedirect and URLRewrite; one of them is allowed")


def percent_or_fraction(mirror: RequestMirror) -> Problems:
    """Check that a mirror has a percent or a fraction, not both (requestMirror)."""
    if mirror.percent is not None and mirror.fraction is not None:
        yield Problem(path="fraction", message="must not be set together with percent")


def fraction_at_most_one(fraction: Fraction) -> Problems:
    """Check that a fraction is not above one (requestMirror.fraction)."""
    if fraction.numerator > fraction.denominator:
        yield Problem(
            path="numerator",
            message=f"{fraction.numerator} is too large; the denominator {fraction.denominator} is allowed",
        )


def protocol_config_given(auth: HTTPExternalAuthFilter) -> Problems:
    """Check that gRPC needs grpc and HTTP needs http (externalAuth)."""
    if (auth.grpc if auth.protocol == "GRPC" else auth.http) is None:
        yield Problem(path=auth.protocol.lower(), message=f"is required for protocol {auth.protocol}")


def other_protocol_config_absent(auth: HTTPExternalAuthFilter | ExternalAuthSection) -> Problems:
    """Check that grpc is only for GRPC and http only for HTTP (externalAuth)."""
    if auth.protocol is None:
        return
    path, other = ("http", auth.http) if auth.protocol == "GRPC" else ("grpc", auth.grpc)
    if other is not None:
        yield Problem(path=path, message=f"must not be set for protocol {auth.protocol}")


def cors_wildcard_alone(cors: HTTPCORS | CorsSection) -> Problems:
    """Check that "*" stands alone in allowOrigins, allowMethods and allowHeaders (cors)."""
    lists = (
        ("allowOrigins", cors.allow_origins),
        ("allowMethods", cors.allow_methods),
        ("allowHeaders", cors.allow_headers),
    )
    for path, values in lists:
        if "*" in values and len(values) > 1:
            yield Problem(path=path, message="has '*' beside other values; '*' must stand alone")


def replacement_given(modifier: HTTPPathModifier) -> Problems:
    """Check that a path modifier has the member that its type names (requestRedirect.path, urlRewrite.path)."""
    full = modifier.type == "ReplaceFullPath"
    if (modifier.replace_full_path if full else modifier.replace_prefix_match) is None:
        path = "replaceFullPath" if full else "replacePrefixMatch"
        yield Problem(path=path, message=f"is required for type {modifier.type}")


def other_replacement_absent(modifier: HTTPPathModifier) -> Problems:
    """Check that the other member of a path modifier must not be set (requestRedirect.path, urlRewrite.path)."""
    full = modifier.type == "ReplaceFullPath"
    if (modifier.replace_prefix_match if full else modifier.replace_full_path) is not None:
        path = "replacePrefixMatch" if full else "replaceFullPath"
        yield Problem(path=path, message=f"must not be set for type {modifier.type}")
