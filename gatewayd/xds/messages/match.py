"""RequestMatch -> RouteMatch.

Invariant: whatever text stands in the match is compared literally, unless the user asked for a regular expression;
an expression must match the whole value, as in the IR.

Rules: https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

import re
from typing import Any, assert_never

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as pb
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from envoy.type.v3 import percent_pb2

from gatewayd.ir.http import (
    GRPC_CONTENT_TYPE,
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
    ValueMatch,
)

MILLION = 1_000_000


def route_match(match: RequestMatch) -> Any:
    """Return the RouteMatch that holds for exactly the requests that `match` holds for."""
    return pb.RouteMatch(
        **_path(match.path),
        headers=[*([_GRPC] if match.grpc else ()), *_methods(match.methods), *_headers(match.headers)],
        query_parameters=_queries(match.queries),
    )


def has_port() -> Any:
    """Return the matcher of a Host that names a port: "shop.example:8080", "[::1]:8080"."""
    return pb.HeaderMatcher(name=":authority", string_match=string_pb2.StringMatcher(safe_regex=regex(".*:[0-9]+")))


# Envoy's own matcher for gRPC knows no parameters of the content type.
_GRPC = pb.HeaderMatcher(
    name="content-type",
    string_match=string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=GRPC_CONTENT_TYPE)),
)


def fraction(parts_per_million: int) -> Any:
    """Return the fraction of requests, for a match or a mirror. It has no runtime key: only the snapshot decides."""
    share = percent_pb2.FractionalPercent(
        numerator=parts_per_million, denominator=percent_pb2.FractionalPercent.MILLION
    )
    return base_pb2.RuntimeFractionalPercent(default_value=share)


def regex(pattern: str) -> Any:
    """Return an RE2 matcher; Envoy always matches the whole text."""
    return regex_pb2.RegexMatcher(regex=pattern)


def _path(path: PathMatch) -> dict[str, Any]:
    match path:
        case ExactPath():
            return {"path": path.value}
        case PrefixPath(value="/"):
            return {"prefix": "/"}
        case PrefixPath() if "?" in path.value or "#" in path.value:
            # Envoy refuses these in path_separated_prefix, and no path contains them.
            return {"safe_regex": regex(f"{re.escape(path.value)}(?:/.*)?")}
        case PrefixPath():
            return {"path_separated_prefix": path.value}
        case RegexPath():
            return {"safe_regex": regex(path.pattern)}
        case _:
            assert_never(path)


def _methods(methods: tuple[str, ...]) -> list[Any]:
    if not methods:
        return []
    if len(methods) == 1:
        value = string_pb2.StringMatcher(exact=methods[0])
    else:
        value = string_pb2.StringMatcher(safe_regex=regex("|".join(map(re.escape, methods))))
    return [pb.HeaderMatcher(name=":method", string_match=value)]


def _headers(headers: tuple[NamedMatch, ...]) -> list[Any]:
    # "If multiple entries specify equivalent header names, only the first entry with an equivalent name MUST be
    # considered for a match." https://gateway-api.sigs.k8s.io/reference/spec/#httpheadermatch
    if not headers:
        return []
    first = {header.name.lower(): header for header in reversed(headers)}
    chosen = [header for header in headers if first[header.name.lower()] is header]
    return [pb.HeaderMatcher(name=header.name, string_match=_value(header.value)) for header in chosen]


def _queries(queries: tuple[NamedMatch, ...]) -> list[Any]:
    # The same rule as for headers, with case: https://gateway-api.sigs.k8s.io/reference/spec/#httpqueryparammatch
    if not queries:
        return []
    first = {query.name: query for query in reversed(queries)}
    chosen = [query for query in queries if first[query.name] is query]
    return [pb.QueryParameterMatcher(name=query.name, string_match=_value(query.value)) for query in chosen]


def _value(value: ValueMatch) -> Any:
    match value:
        case ExactValue():
            return string_pb2.StringMatcher(exact=value.value)
        case RegexValue():
            return string_pb2.StringMatcher(safe_regex=regex(value.pattern))
        case _:
            assert_never(value)
