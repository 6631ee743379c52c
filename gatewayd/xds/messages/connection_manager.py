"""HTTPTraffic -> the connection manager of a filter chain, with the defaults of a proxy that faces the internet.

Edge defaults: https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge
"""

from typing import Any, assert_never

from envoy.config.core.v3 import address_pb2, protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from envoy.extensions.http.original_ip_detection.xff.v3 import xff_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.access_log import AccessLog
from gatewayd.ir.client_settings import STANDARD_CLIENTS, ClientSettings, StreamBounds, TrustedProxies
from gatewayd.ir.edge import IGNORED_UPGRADES, UPGRADE, EscapedSlashes
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.proxy import HTTPTraffic
from gatewayd.ir.tracing import Tracing
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, extension, milliseconds
from gatewayd.xds.filters.alternative import alternative
from gatewayd.xds.filters.authority import REFUSAL, authority_filter
from gatewayd.xds.filters.chain import http_filters
from gatewayd.xds.filters.early_headers import early_mutation
from gatewayd.xds.filters.scope import scope_filter, scoped_fields
from gatewayd.xds.messages.access_log import of_requests
from gatewayd.xds.messages.tracing import for_traces, tracing_config

NAME = "envoy.filters.network.http_connection_manager"

_HCM = pb.HttpConnectionManager
_TRUE = wrappers_pb2.BoolValue(value=True)

_ESCAPED_SLASHES = {
    EscapedSlashes.REDIRECT: _HCM.UNESCAPE_AND_REDIRECT,
    EscapedSlashes.UNESCAPE: _HCM.UNESCAPE_AND_FORWARD,
    EscapedSlashes.REJECT: _HCM.REJECT_REQUEST,
    EscapedSlashes.KEEP: _HCM.KEEP_UNCHANGED,
}
_UNDERSCORES = {
    "Reject": protocol_pb2.HttpProtocolOptions.REJECT_REQUEST,
    "Drop": protocol_pb2.HttpProtocolOptions.DROP_HEADER,
    "Allow": protocol_pb2.HttpProtocolOptions.ALLOW,
}
_TOLD = {"Subject": "subject", "URI": "uri", "DNS": "dns", "Certificate": "cert", "Chain": "chain"}
_QUIC_STREAM_WINDOW = 16 * 1024 * 1024
_QUIC_CONNECTION_WINDOW = 24 * 1024 * 1024
"""What Envoy takes at most."""
_IGNORED = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=IGNORED_UPGRADES))


def connection_manager(
    traffic: HTTPTraffic,
    log: AccessLog | None = None,
    clients: ClientSettings = STANDARD_CLIENTS,
    traces: Tracing | None = None,
    *,
    is_quic: bool = False,
) -> Any:
    """Return the HttpConnectionManager that routes by the traffic's table, which comes by RDS, or by SRDS and RDS.

    `log`: where requests are written down, None for nowhere. `clients`: how they may speak. `traces`: what is told of
    them, None for nothing. `is_quic`: by HTTP/3.
    """
    return _HCM(
        codec_type=_HCM.HTTP3 if is_quic else _HCM.AUTO,
        stat_prefix=f"{traffic.scheme}/{names.route_table(traffic.table)}",
        **_discovery(traffic, clients if traces is None else for_traces(clients, traces)),
        **_connections(clients),
        http3_protocol_options=_http3(clients.streams) if is_quic else None,
        **_origin(clients.trusted),
        **_certificate(clients.tls.forward),
        access_log=() if log is None else of_requests(log),
        tracing=None if traces is None else tracing_config(traces),
        server_header_transformation=_HCM.PASS_THROUGH,
        upgrade_configs=[_HCM.UpgradeConfig(upgrade_type=UPGRADE)],
        local_reply_config=REFUSAL,
        # "shop.example." is the host shop.example; backends see it without the dot.
        strip_trailing_host_dot=True,
        # Rules are applied to the path that a backend will see, however it was spelt.
        normalize_path=_TRUE,
        merge_slashes=clients.path.merges,
        path_with_escaped_slashes_action=_ESCAPED_SLASHES[traffic.escaped_slashes],
        max_request_headers_kb=_number(clients.headers.kib),
        request_headers_timeout=milliseconds(clients.patience.headers_ms),
        stream_idle_timeout=milliseconds(clients.patience.stream_ms),
    )


def _number(value: int) -> Any:
    return wrappers_pb2.UInt32Value(value=value)


def _connections(clients: ClientSettings) -> dict[str, Any]:
    """Return what counts for connections, and for each version of HTTP on them."""
    bounds, streams = clients.connections, clients.streams
    return {
        "common_http_protocol_options": protocol_pb2.HttpProtocolOptions(
            idle_timeout=milliseconds(clients.patience.idle_ms),
            max_headers_count=_number(clients.headers.count),
            headers_with_underscores_action=_UNDERSCORES[clients.headers.underscores],
            max_requests_per_connection=_number(bounds.requests_each) if bounds.requests_each else None,
            max_connection_duration=milliseconds(bounds.age_ms) if bounds.age_ms else None,
        ),
        "http_protocol_options": protocol_pb2.Http1ProtocolOptions(
            # HTTP/1.0 with a Host is served, as `ab` and old health checks send it; without a Host it gets a 400.
            accept_http_10=clients.serves_http10,
            ignore_http_11_upgrade=[_IGNORED],
        ),
        "http2_protocol_options": protocol_pb2.Http2ProtocolOptions(
            max_concurrent_streams=_number(streams.most),
            initial_stream_window_size=_number(streams.stream_window),
            initial_connection_window_size=_number(streams.connection_window),
            # WebSocket over HTTP/2: https://www.rfc-editor.org/rfc/rfc8441
            allow_connect=True,
        ),
    }


def _http3(streams: StreamBounds) -> Any:
    """Return the same for HTTP/3 as for HTTP/2, within what QUIC here has as the most."""
    return protocol_pb2.Http3ProtocolOptions(
        quic_protocol_options=protocol_pb2.QuicProtocolOptions(
            max_concurrent_streams=_number(streams.most),
            initial_stream_window_size=_number(min(streams.stream_window, _QUIC_STREAM_WINDOW)),
            initial_connection_window_size=_number(min(streams.connection_window, _QUIC_CONNECTION_WINDOW)),
        )
    )


def _origin(trusted: TrustedProxies) -> dict[str, Any]:
    """Return who says where a request comes from. Without proxies to trust, the peer is the client."""
    if not trusted.ranges:
        return {"use_remote_address": _TRUE, "xff_num_trusted_hops": trusted.hops}
    ranges = [
        address_pb2.CidrRange(address_prefix=each.network, prefix_len=_number(each.bits)) for each in trusted.ranges
    ]
    config = xff_pb2.XffConfig(
        xff_trusted_cidrs=xff_pb2.XffTrustedCidrs(cidrs=ranges), skip_xff_append=wrappers_pb2.BoolValue(value=False)
    )
    return {"original_ip_detection_extensions": [extension("envoy.http.original_ip_detection.xff", config)]}


def _certificate(forward: tuple[str, ...]) -> dict[str, Any]:
    """Return what backends are told of a client's certificate; a header of the client's own is never passed on."""
    if not forward:
        return {}
    told: dict[str, Any] = {_TOLD[each]: True for each in forward}
    if "subject" in told:
        told["subject"] = _TRUE
    return {
        "forward_client_cert_details": _HCM.SANITIZE_SET,
        "set_current_client_cert_details": _HCM.SetCurrentClientCertDetails(**told),
    }


def _discovery(traffic: HTTPTraffic, clients: ClientSettings) -> dict[str, Any]:
    discovery = traffic.discovery
    match discovery:
        case RouteDiscovery.PER_LISTENER:
            rds = pb.Rds(config_source=ADS, route_config_name=names.route_table(traffic.table))
            return {
                "rds": rds,
                "early_header_mutation_extensions": early_mutation(clients),
                "http_filters": [*alternative(traffic.http3_port), authority_filter(), *http_filters(opted_into=True)],
            }
        case RouteDiscovery.PER_HOST:
            # The filters are made before the script finds the route of a host in capitals, or of a wildcard.
            early = [*alternative(traffic.http3_port), authority_filter(), scope_filter()]
            filters = [*early, *http_filters(opted_into=False)]
            return {**scoped_fields(traffic.table, clients), "http_filters": filters}
        case _:
            assert_never(discovery)
