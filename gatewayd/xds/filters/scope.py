"""Route discovery per host: how a connection manager finds the RouteConfiguration of a request's host by itself.

Scoped routes find it by a key that is compared as it is, and know no "otherwise". So the key has two parts, the route
table and the host up to its port, in a header that is set before the route is looked for; and where that finds no
virtual host, a script looks again: by the host in lower case, then in the RouteConfiguration of all the other domains
of the table, wildcards and "*", which Envoy matches as it matches any. A request whose host is known by name never
runs the script: every RouteConfiguration turns it off.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/scoped_route.proto
"""

from collections.abc import Iterable
from typing import Any

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2, scoped_route_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from google.protobuf import struct_pb2

from gatewayd.ir.client_settings import ClientSettings
from gatewayd.ir.http import RouteTableKey
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, packed, serialised
from gatewayd.xds.filters.early_headers import early_mutation

HEADER = "x-gatewayd-scope"
"""Holds the key while a request is in the proxy; no backend sees it."""

_NAME = "scope"
_KNOWN = "known"

_LOOK_AGAIN = f"""
function envoy_on_request(handle)
  local headers = handle:headers()
  local of_table, host = string.match(headers:get("{HEADER}"), "^([^:]*:)([^:]*)")
  local lower = string.lower(host)
  if lower ~= host then
    headers:replace("{HEADER}", of_table .. lower)
    handle:clearRouteCache()
    -- Reading metadata is what makes Envoy look for the route anew.
    handle:metadata()
  end
  -- Asked once: Envoy gives the first answer for ever. A known host may have no route for the request.
  if not handle:virtualHost():metadata():get("{_KNOWN}") then
    headers:replace("{HEADER}", of_table .. "{names.ANY}")
    handle:clearRouteCache()
  end
end
"""

_FRAGMENT = pb.ScopedRoutes.ScopeKeyBuilder.FragmentBuilder
_STRING = scoped_route_pb2.ScopedRouteConfiguration.Key.Fragment
_APPEND = base_pb2.HeaderValueOption

KNOWN = serialised(
    route_components_pb2.VirtualHost(
        metadata=base_pb2.Metadata(
            filter_metadata={_NAME: struct_pb2.Struct(fields={_KNOWN: struct_pb2.Value(bool_value=True)})}
        )
    )
)
"""What tells the script that a virtual host was found, whatever becomes of the request there."""


def scope_filter() -> Any:
    """Return the filter that looks again; it must stand before all that routes configure."""
    script = base_pb2.DataSource(inline_string=_LOOK_AGAIN)
    return pb.HttpFilter(name=_NAME, typed_config=packed(lua_pb2.Lua(default_source_code=script)))


def scoped_tail(opted_into: Iterable[str]) -> bytes:
    """Return the end of every RouteConfiguration that is found by a scope.

    The filters of a request are made before the script finds its route, so those that routes opt into are on in the
    connection manager. They are off here, and so is the script: a request that needs no script meets only those that
    its route or virtual host turns on again.
    """
    off = packed(route_components_pb2.FilterConfig(disabled=True))
    return serialised(
        route_pb2.RouteConfiguration(
            request_headers_to_remove=[HEADER], typed_per_filter_config=dict.fromkeys((_NAME, *opted_into), off)
        )
    )


def scoped_fields(table: RouteTableKey, clients: ClientSettings) -> dict[str, Any]:
    """Return the fields of a connection manager that find the RouteConfigurations of a table."""
    name = names.route_table(table)
    return {
        "early_header_mutation_extensions": early_mutation(clients, key_header(f"{name}:%REQ(:AUTHORITY)%")),
        "scoped_routes": scoped_routes(name, _fragment(0), _fragment(1)),
    }


def key_header(value: str) -> Any:
    """Return the mutation that writes the key of a request, whatever a client wrote."""
    key = _APPEND(
        header=base_pb2.HeaderValue(key=HEADER, value=value), append_action=_APPEND.OVERWRITE_IF_EXISTS_OR_ADD
    )
    return mutation_rules_pb2.HeaderMutation(append=key)


def scoped_routes(name: str, *fragments: Any) -> Any:
    """Return how a connection manager finds RouteConfigurations by the parts of the key."""
    return pb.ScopedRoutes(
        name=name,
        scope_key_builder=pb.ScopedRoutes.ScopeKeyBuilder(fragments=fragments),
        rds_config_source=ADS,
        scoped_rds=pb.ScopedRds(scoped_rds_config_source=ADS),
    )


def scope(table: RouteTableKey, domain: str, configuration: str) -> Any:
    """Return the ScopedRouteConfiguration that leads an exact domain of a table to a RouteConfiguration."""
    return found_by(names.scope(table, domain), configuration, names.route_table(table), domain)


def found_by(name: str, configuration: str, *parts: str) -> Any:
    """Return the ScopedRouteConfiguration of a name that leads to a RouteConfiguration by the parts of a key."""
    fragments = [_STRING(string_key=each) for each in parts]
    key = scoped_route_pb2.ScopedRouteConfiguration.Key(fragments=fragments)
    return scoped_route_pb2.ScopedRouteConfiguration(name=name, route_configuration_name=configuration, key=key)


def own_scope(table: RouteTableKey, configuration: str) -> Any:
    """Return the ScopedRouteConfiguration that leads to a RouteConfiguration by its own name.

    That of all domains that are no hosts ("*") is found by the script. The others are no host's: Envoy asks for a
    RouteConfiguration when a scope leads to it, so it has each of them before the scope of a host leads there.
    """
    return scope(table, names.within_table(configuration), configuration)


def _fragment(index: int) -> Any:
    extractor = _FRAGMENT.HeaderValueExtractor(name=HEADER, element_separator=":", index=index)
    return _FRAGMENT(header_value_extractor=extractor)
