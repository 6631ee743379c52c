"""Rules about the rules of routes: matches, paths, timeouts, hostnames.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
"""

import ipaddress
from typing import Final

import re2

from gatewayd.api.durations import milliseconds
from gatewayd.api.grpcroute import GRPCMethodMatch, GRPCRouteSpec
from gatewayd.api.httproute import (
    HTTPPathMatch,
    HTTPPathModifier,
    HTTPRouteFilter,
    HTTPRouteRule,
    HTTPRouteSpec,
    HTTPRouteTimeouts,
)
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.names import is_dns_subdomain, shown
from gatewayd.api.tcproute import TCPRouteSpec
from gatewayd.api.tlsroute import TLSRouteSpec
from gatewayd.api.udproute import UDPRouteSpec

_MATCHES_LIMIT: Final = 128
_PATH: Final = re2.compile(r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$")
_NOT_IN_PATH: Final = ("//", "/./", "/../", "%2f", "%2F", "#")
_NOT_AT_END: Final = ("/..", "/.")
_GRPC_SERVICE: Final = re2.compile(r"^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$")
_GRPC_METHOD: Final = re2.compile(r"^[A-Za-z_][A-Za-z_0-9]*$")


def path_absolute(match: HTTPPathMatch) -> Problems:
    """Check that exact and PathPrefix values start with "/" (spec.rules[].matches[].path)."""
    if match.type != "RegularExpression" and not match.value.startswith("/"):
        yield Problem(path="value", message=f"must start with '/' for type {match.type}")


def path_normal(match: HTTPPathMatch) -> Problems:
    """Check that exact and PathPrefix values hold no empty or dot segment, no encoded slash and no "#"."""
    if match.type == "RegularExpression":
        return
    for part in _NOT_IN_PATH:
        if part in match.value:
            yield Problem(path="value", message=f"must not contain '{part}' for type {match.type}")
    for end in _NOT_AT_END:
        if match.value.endswith(end):
            yield Problem(path="value", message=f"must not end with '{end}' for type {match.type}")


def path_characters(match: HTTPPathMatch) -> Problems:
    """Check that exact and PathPrefix values hold only characters of RFC 3986 paths (the same place)."""
    if match.type != "RegularExpression" and not _PATH.search(match.value):
        yield Problem(
            path="value",
            message=f"{shown(match.value)} is no path; letters, digits, %XX and any of -._~!$&'()*+,;=:@/ are allowed",
        )


def timeouts_ordered(timeouts: HTTPRouteTimeouts) -> Problems:
    """Check that the time for one try is not above that for the request (if not "0s") (spec.rules[].timeouts)."""
    if timeouts.request is None or timeouts.backend_request is None:
        return
    request = milliseconds(timeouts.request)
    if request and milliseconds(timeouts.backend_request) > request:
        yield Problem(
            path="backendRequest",
            message=f"{timeouts.backend_request} is too long; request, {timeouts.request}, is the most allowed",
        )


def redirect_without_backends(rule: HTTPRouteRule) -> Problems:
    """Check that a rule that redirects has no backendRefs (spec.rules[])."""
    if rule.backend_refs and any(item.request_redirect is not None for item in rule.filters):
        yield Problem(path="backendRefs", message="must not be set beside a RequestRedirect filter")


def _modifier(item: HTTPRouteFilter) -> HTTPPathModifier | None:
    action = item.request_redirect or item.url_rewrite
    return action.path if action is not None else None


def _replaces_prefix(item: HTTPRouteFilter) -> bool:
    modifier = _modifier(item)
    return modifier is not None and modifier.type == "ReplacePrefixMatch" and modifier.replace_prefix_match is not None


def prefix_to_replace(rule: HTTPRouteRule) -> Problems:
    """Check that replacePrefixMatch, in filters or in a backendRef's, needs exactly one match, a PathPrefix one."""
    if len(rule.matches) == 1 and rule.matches[0].path.type == "PathPrefix":
        return
    lists = [("filters", rule.filters)]
    lists += [(f"backendRefs[{index}].filters", backend.filters) for index, backend in enumerate(rule.backend_refs)]
    for path, filters in lists:
        for index, item in enumerate(filters):
            if _replaces_prefix(item):
                yield Problem(
                    path=f"{path}[{index}]",
                    message="replaces a path prefix; the rule must have exactly one match, of path type PathPrefix",
                )


def matches_in_total(spec: HTTPRouteSpec | GRPCRouteSpec) -> Problems:
    """Check that all rules together have at most 128 matches (spec.rules)."""
    total = sum(len(rule.matches) for rule in spec.rules)
    if total > _MATCHES_LIMIT:
        yield Problem(path="rules", message=f"have {total} matches; at most {_MATCHES_LIMIT} are allowed in all")


def grpc_match_not_empty(match: GRPCMethodMatch) -> Problems:
    """Check that a method match names a service, a method or both (spec.rules[].matches[].method)."""
    if match.service is None and match.method is None:
        yield Problem(path="", message="must have service, method or both")


def grpc_service_formed(match: GRPCMethodMatch) -> Problems:
    """Check that the service of an Exact match is a protobuf name (the same place)."""
    if match.type == "Exact" and match.service is not None and not _GRPC_SERVICE.search(match.service):
        yield Problem(path="service", message=f"{shown(match.service)} is not a gRPC service, such as shop.v1.Cart")


def grpc_method_formed(match: GRPCMethodMatch) -> Problems:
    """Check that the method of an Exact match is a protobuf name (the same place)."""
    if match.type == "Exact" and match.method is not None and not _GRPC_METHOD.search(match.method):
        yield Problem(path="method", message=f"{shown(match.method)} is not a gRPC method, such as GetItem")


def server_names_given(spec: TLSRouteSpec) -> Problems:
    """Check that a TLSRoute of v1 or v1alpha3 has hostnames (the schema of spec.hostnames)."""
    if not spec.hostnames:
        yield Problem(path="hostnames", message="is required; only v1alpha2 allows a TLSRoute without")


def server_names_formed(spec: TLSRouteSpec) -> Problems:
    """Check that server names are DNS names, not IP addresses, with a wildcard only as first label (spec.hostnames)."""
    for index, hostname in enumerate(spec.hostnames):
        if _is_ipv4(hostname):
            yield Problem(path=f"hostnames[{index}]", message=f"{hostname} is an IP address; a DNS name is allowed")
        if not is_dns_subdomain(hostname.removeprefix("*.")):
            yield Problem(path=f"hostnames[{index}]", message=f"{shown(hostname)} is not a lower-case DNS name")


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def one_rule(spec: TLSRouteSpec | TCPRouteSpec | UDPRouteSpec) -> Problems:
    """Check that tLSRoute, TCPRoute and UDPRoute have one rule, except at v1alpha2 (the schema of spec.rules)."""
    if len(spec.rules) > 1:
        yield Problem(path="rules", message=f"has {len(spec.rules)} items; at most 1 is allowed, except at v1alpha2")
