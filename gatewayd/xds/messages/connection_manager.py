"""HTTPTraffic -> the connection manager of a filter chain, with the defaults of a proxy that faces the internet.

Edge defaults: https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge
"""

from typing import Any, assert_never

from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.access_log import AccessLog
from gatewayd.ir.edge import IGNORED_UPGRADES, UPGRADE, EscapedSlashes
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.limits import CONNECTION_IDLE_SECONDS, HEADER_KIB, HEADER_SECONDS, HEADERS, STREAM_IDLE_SECONDS
from gatewayd.ir.proxy import HTTPTraffic
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, seconds
from gatewayd.xds.filters.authority import REFUSAL, authority_filter
from gatewayd.xds.filters.chain import http_filters
from gatewayd.xds.filters.early_headers import early_mutation
from gatewayd.xds.filters.scope import scope_filter, scoped_fields
from gatewayd.xds.messages.access_log import of_requests

NAME = "envoy.filters.network.http_connection_manager"

_HCM = pb.HttpConnectionManager
_TRUE = wrappers_pb2.BoolValue(value=True)

_ESCAPED_SLASHES = {
    EscapedSlashes.REDIRECT: _HCM.UNESCAPE_AND_REDIRECT,
    EscapedSlashes.UNESCAPE: _HCM.UNESCAPE_AND_FORWARD,
    EscapedSlashes.REJECT: _HCM.REJECT_REQUEST,
    EscapedSlashes.KEEP: _HCM.KEEP_UNCHANGED,
}
_CONNECTION = protocol_pb2.HttpProtocolOptions(
    idle_timeout=seconds(CONNECTION_IDLE_SECONDS),
    max_headers_count=wrappers_pb2.UInt32Value(value=HEADERS),
    # A backend may read X_A and X-A as one header (CGI), and so be told what a rule here was to keep away.
    headers_with_underscores_action=protocol_pb2.HttpProtocolOptions.REJECT_REQUEST,
)
_HTTP1 = protocol_pb2.Http1ProtocolOptions(
    # HTTP/1.0 with a Host is served, as `ab` and old health checks send it; without a Host it gets a 400.
    accept_http_10=True,
    ignore_http_11_upgrade=[string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=IGNORED_UPGRADES))],
)
_HTTP2 = protocol_pb2.Http2ProtocolOptions(
    max_concurrent_streams=wrappers_pb2.UInt32Value(value=100),
    initial_stream_window_size=wrappers_pb2.UInt32Value(value=64 * 1024),
    initial_connection_window_size=wrappers_pb2.UInt32Value(value=1024 * 1024),
    # WebSocket over HTTP/2: https://www.rfc-editor.org/rfc/rfc8441
    allow_connect=True,
)


def connection_manager(traffic: HTTPTraffic, log: AccessLog | None = None) -> Any:
    """Return the HttpConnectionManager that routes by the traffic's table, which comes by RDS, or by SRDS and RDS.

    `log`: where requests are written down, None for nowhere.
    """
    return _HCM(
        stat_prefix=f"{traffic.scheme}/{names.route_table(traffic.table)}",
        **_discovery(traffic),
        access_log=[] if log is None else [of_requests(log)],
        common_http_protocol_options=_CONNECTION,
        http_protocol_options=_HTTP1,
        http2_protocol_options=_HTTP2,
        server_header_transformation=_HCM.PASS_THROUGH,
        upgrade_configs=[_HCM.UpgradeConfig(upgrade_type=UPGRADE)],
        # The peer is the client: what it claims to have forwarded is not believed.
        use_remote_address=_TRUE,
        local_reply_config=REFUSAL,
        # "shop.example." is the host shop.example; backends see it without the dot.
        strip_trailing_host_dot=True,
        # Rules are applied to the path that a backend will see, however it was spelt.
        normalize_path=_TRUE,
        merge_slashes=True,
        path_with_escaped_slashes_action=_ESCAPED_SLASHES[traffic.escaped_slashes],
        max_request_headers_kb=wrappers_pb2.UInt32Value(value=HEADER_KIB),
        request_headers_timeout=seconds(HEADER_SECONDS),
        stream_idle_timeout=seconds(STREAM_IDLE_SECONDS),
    )


def _discovery(traffic: HTTPTraffic) -> dict[str, Any]:
    discovery = traffic.discovery
    match discovery:
        case RouteDiscovery.PER_LISTENER:
            rds = pb.Rds(config_source=ADS, route_config_name=names.route_table(traffic.table))
            return {
                "rds": rds,
                "early_header_mutation_extensions": early_mutation(),
                "http_filters": [authority_filter(), *http_filters(opted_into=True)],
            }
        case RouteDiscovery.PER_HOST:
            # The filters are made before the script finds the route of a host in capitals, or of a wildcard.
            filters = [authority_filter(), scope_filter(), *http_filters(opted_into=False)]
            return {**scoped_fields(traffic.table), "http_filters": filters}
        case _:
            assert_never(discovery)
