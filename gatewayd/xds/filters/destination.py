"""Route discovery by destination: how a connection manager finds the routes for where a request was sent to.

The key of a scope is the port of the proxy and the address that the connection was for before it was led there. A
header holds it while the request is in the proxy, written before the route is looked for, whatever a client wrote. The
port is in the key since all connection managers of a proxy have all scopes.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/scoped_route.proto
"""

from typing import Any, Final

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_pb2, scoped_route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2

from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.proxy import RedirectedTraffic
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, extension, serialised
from gatewayd.xds.filters.scope import HEADER

_Mutation = mutation_rules_pb2.HeaderMutation
_APPEND = base_pb2.HeaderValueOption
_FRAGMENT = pb.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder
_STEERING: Final = "x-gatewayd-.*|x-envoy-.*"
"""An RE2 expression for the headers that would steer this very proxy; all others pass between services as they come."""


def _key(port: int, destination: str) -> str:
    return f"{port}|{destination}"


def destination_tail() -> bytes:
    """Return the end of every RouteConfiguration that is found by a destination: no backend sees the key."""
    return serialised(route_pb2.RouteConfiguration(request_headers_to_remove=[HEADER]))


def destination_fields(traffic: RedirectedTraffic) -> dict[str, Any]:
    """Return the fields of a connection manager that find the RouteConfigurations of its port."""
    matcher = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=_STEERING))
    steering = _Mutation(remove_on_match=_Mutation.RemoveOnMatch(key_matcher=matcher))
    key = _APPEND(
        header=base_pb2.HeaderValue(key=HEADER, value=_key(traffic.port, "%DOWNSTREAM_LOCAL_ADDRESS%")),
        append_action=_APPEND.OVERWRITE_IF_EXISTS_OR_ADD,
    )
    mutation = header_mutation_pb2.HeaderMutation(mutations=[steering, _Mutation(append=key)])
    whole = _FRAGMENT(header_value_extractor=_FRAGMENT.HeaderValueExtractor(name=HEADER, index=0))
    return {
        "early_header_mutation_extensions": [extension("envoy.http.early_header_mutation.header_mutation", mutation)],
        "scoped_routes": pb.ScopedRoutes(
            name=str(traffic.port),
            scope_key_builder=pb.ScopedRoutes.ScopeKeyBuilder(fragments=[whole]),
            rds_config_source=ADS,
            scoped_rds=pb.ScopedRds(scoped_rds_config_source=ADS),
        ),
    }


def destination_scope(key: RouteTableKey) -> Any:
    """Return the ScopedRouteConfiguration that leads to the routes of a destination."""
    fragment = scoped_route_pb2.ScopedRouteConfiguration.Key.Fragment(string_key=_key(key.port, key.destination))
    return scoped_route_pb2.ScopedRouteConfiguration(
        name=names.route_table(key),
        route_configuration_name=names.route_table(key),
        key=scoped_route_pb2.ScopedRouteConfiguration.Key(fragments=[fragment]),
    )
