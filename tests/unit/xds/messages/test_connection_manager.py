from typing import Any

import pytest
from envoy.extensions.http.original_ip_detection.xff.v3 import xff_pb2

from gatewayd.ir.client_settings import (
    ClientSettings,
    ConnectionBounds,
    HeaderRules,
    PathRules,
    Patience,
    StreamBounds,
    TLSBounds,
    TrustedProxies,
    TrustedRange,
)
from gatewayd.ir.edge import IGNORED_UPGRADES, EscapedSlashes
from gatewayd.ir.http import RouteDiscovery, RouteTableKey
from gatewayd.ir.limits import CONNECTION_IDLE_SECONDS, HEADER_KIB, HEADERS
from gatewayd.ir.proxy import HTTPTraffic
from gatewayd.xds.encoding import ADS
from gatewayd.xds.filters.authority import NAME
from gatewayd.xds.messages.connection_manager import connection_manager

MADE = connection_manager(
    HTTPTraffic(table=RouteTableKey(port=443, listener="web"), discovery=RouteDiscovery.PER_LISTENER, scheme="https")
)


def test_routes_come_by_rds() -> None:
    assert MADE.rds.route_config_name == "443/web"
    assert MADE.rds.config_source == ADS


def test_clients_are_not_believed() -> None:
    assert MADE.use_remote_address.value
    assert MADE.xff_num_trusted_hops == 0
    assert MADE.common_http_protocol_options.headers_with_underscores_action == 1


@pytest.mark.parametrize("slashes", EscapedSlashes)
def test_every_choice_of_escaped_slashes_is_envoys(slashes: EscapedSlashes) -> None:
    key = RouteTableKey(port=80, listener="")
    traffic = HTTPTraffic(table=key, discovery=RouteDiscovery.PER_LISTENER, scheme="http", escaped_slashes=slashes)
    assert (
        connection_manager(traffic).path_with_escaped_slashes_action
        == {
            EscapedSlashes.REDIRECT: MADE.UNESCAPE_AND_REDIRECT,
            EscapedSlashes.UNESCAPE: MADE.UNESCAPE_AND_FORWARD,
            EscapedSlashes.REJECT: MADE.REJECT_REQUEST,
            EscapedSlashes.KEEP: MADE.KEEP_UNCHANGED,
        }[slashes]
    )


@pytest.mark.parametrize("discovery", RouteDiscovery)
def test_what_is_no_host_is_refused_first(discovery: RouteDiscovery) -> None:
    traffic = HTTPTraffic(table=RouteTableKey(port=80, listener=""), discovery=discovery, scheme="http")
    made = connection_manager(traffic)
    assert made.http_filters[0].name == NAME
    assert not made.http_filters[0].disabled
    assert made.strip_trailing_host_dot
    assert len(made.early_header_mutation_extensions) == 1


def speaking(clients: ClientSettings) -> Any:
    traffic = HTTPTraffic(
        table=RouteTableKey(port=80, listener=""), discovery=RouteDiscovery.PER_LISTENER, scheme="http"
    )
    return connection_manager(traffic, None, clients)


def test_whose_word_counts() -> None:
    hops = speaking(ClientSettings(trusted=TrustedProxies(hops=2)))
    assert (hops.use_remote_address.value, hops.xff_num_trusted_hops) == (True, 2)
    ranges = speaking(ClientSettings(trusted=TrustedProxies(ranges=(TrustedRange(network="10.0.0.0", bits=8),))))
    assert not ranges.use_remote_address.value
    config = xff_pb2.XffConfig()
    (detection,) = ranges.original_ip_detection_extensions
    assert detection.typed_config.Unpack(config)
    (trusted,) = config.xff_trusted_cidrs.cidrs
    assert (trusted.address_prefix, trusted.prefix_len.value) == ("10.0.0.0", 8)
    assert not config.skip_xff_append.value


def test_what_policies_say_of_connections_and_requests() -> None:
    made = speaking(
        ClientSettings(
            serves_http10=False,
            streams=StreamBounds(most=7),
            headers=HeaderRules(count=20, kib=8, underscores="Drop"),
            path=PathRules(merges=False),
            patience=Patience(headers_ms=500, idle_ms=1500),
            connections=ConnectionBounds(requests_each=3, age_ms=2000),
            tls=TLSBounds(forward=("Subject", "DNS")),
        )
    )
    common = made.common_http_protocol_options
    assert (common.max_headers_count.value, made.max_request_headers_kb.value) == (20, 8)
    assert common.headers_with_underscores_action == 2
    assert (common.idle_timeout.nanos, made.request_headers_timeout.nanos) == (500_000_000, 500_000_000)
    assert (common.max_requests_per_connection.value, common.max_connection_duration.seconds) == (3, 2)
    assert not made.http_protocol_options.accept_http_10
    assert made.http2_protocol_options.max_concurrent_streams.value == 7
    assert not made.merge_slashes
    told = made.set_current_client_cert_details
    assert made.forward_client_cert_details == made.SANITIZE_SET
    assert (told.subject.value, told.dns, told.uri, told.cert) == (True, True, False, False)


@pytest.mark.parametrize(
    ("asked", "window"), [((16, 24), (16, 24)), ((64, 64), (16, 24)), ((1, 2), (1, 2))], ids=["most", "more", "less"]
)
def test_windows_of_http3_are_those_asked_for_up_to_what_quic_here_has(
    asked: tuple[int, int], window: tuple[int, int]
) -> None:
    stream, connection = (each << 20 for each in asked)
    clients = ClientSettings(streams=StreamBounds(stream_window=stream, connection_window=connection))
    traffic = HTTPTraffic(
        table=RouteTableKey(port=443, listener="web"), discovery=RouteDiscovery.PER_LISTENER, scheme="https"
    )
    made = connection_manager(traffic, clients=clients, is_quic=True)
    quic, http2 = made.http3_protocol_options.quic_protocol_options, made.http2_protocol_options
    for each, mebibytes in ((quic, window), (http2, asked)):
        windows = (each.initial_stream_window_size.value, each.initial_connection_window_size.value)
        assert windows == tuple(many << 20 for many in mebibytes)
    assert not connection_manager(traffic, clients=clients).HasField("http3_protocol_options")


def test_rules_see_the_path_that_backends_see() -> None:
    assert MADE.normalize_path.value
    assert MADE.merge_slashes
    assert MADE.path_with_escaped_slashes_action == MADE.UNESCAPE_AND_REDIRECT
    assert not MADE.strip_any_host_port
    assert not MADE.strip_matching_host_port


def test_limits() -> None:
    assert MADE.max_request_headers_kb.value == HEADER_KIB
    assert MADE.common_http_protocol_options.max_headers_count.value == HEADERS
    assert MADE.common_http_protocol_options.idle_timeout.seconds == CONNECTION_IDLE_SECONDS
    assert not MADE.common_http_protocol_options.HasField("max_connection_duration")
    http2 = MADE.http2_protocol_options
    assert http2.max_concurrent_streams.value == 100
    assert http2.initial_stream_window_size.value == 64 * 1024
    assert http2.initial_connection_window_size.value == 1024 * 1024
    assert MADE.request_headers_timeout.seconds
    assert MADE.stream_idle_timeout.seconds == 300
    # A whole request may take as long as it wants: uploads and streams do.
    assert not MADE.HasField("request_timeout")


def test_upgrades_and_answers() -> None:
    (ignored,) = MADE.http_protocol_options.ignore_http_11_upgrade
    assert ignored.safe_regex.regex == IGNORED_UPGRADES
    assert [each.upgrade_type for each in MADE.upgrade_configs] == ["websocket"]
    assert MADE.server_header_transformation == MADE.PASS_THROUGH
    assert MADE.http_filters[-1].name == "envoy.filters.http.router"
