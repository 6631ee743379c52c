"""Route discovery by destination: how a connection manager finds the routes for where a request was sent to.

The key of a scope is the port of the proxy and the address that the connection was for before it was led there. A
header holds it while the request is in the proxy, written before the route is looked for, whatever a client wrote. The
port is in the key since all connection managers of a proxy have all scopes.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/scoped_route.proto
"""

from typing import Any, Final

from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb

from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.proxy import RedirectedTraffic
from gatewayd.xds import names
from gatewayd.xds.encoding import serialised
from gatewayd.xds.filters.early_headers import mutations, removal
from gatewayd.xds.filters.scope import HEADER, found_by, key_header, scoped_routes

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
    key = key_header(_key(traffic.port, "%DOWNSTREAM_LOCAL_ADDRESS%"))
    whole = _FRAGMENT(header_value_extractor=_FRAGMENT.HeaderValueExtractor(name=HEADER, index=0))
    return {
        "early_header_mutation_extensions": mutations(removal(_STEERING), key),
        "scoped_routes": scoped_routes(str(traffic.port), whole),
    }


def destination_scope(key: RouteTableKey) -> Any:
    """Return the ScopedRouteConfiguration that leads to the routes of a destination."""
    name = names.route_table(key)
    return found_by(name, name, _key(key.port, key.destination))
