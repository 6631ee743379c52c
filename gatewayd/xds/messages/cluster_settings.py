"""BackendSettings -> the fields of a cluster that say how its endpoints are chosen, checked and spoken to.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/cluster/v3/cluster.proto
"""

from collections.abc import Callable, Mapping
from typing import Any, assert_never

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2, outlier_detection_pb2
from envoy.config.core.v3 import address_pb2, base_pb2, health_check_pb2, protocol_pb2, proxy_protocol_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.load_balancing_policies.common.v3 import common_pb2
from envoy.extensions.load_balancing_policies.least_request.v3 import least_request_pb2
from envoy.extensions.load_balancing_policies.maglev.v3 import maglev_pb2
from envoy.extensions.load_balancing_policies.random.v3 import random_pb2
from envoy.extensions.load_balancing_policies.ring_hash.v3 import ring_hash_pb2
from envoy.extensions.load_balancing_policies.round_robin.v3 import round_robin_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3 import upstream_proxy_protocol_pb2
from envoy.extensions.transport_sockets.raw_buffer.v3 import raw_buffer_pb2
from envoy.type.v3 import http_pb2, percent_pb2, range_pb2
from google.protobuf import duration_pb2, wrappers_pb2

from gatewayd.ir.backend import Protocol, RetryBudget
from gatewayd.ir.backend_settings import (
    ActiveHealth,
    AskGRPC,
    AskHTTP,
    AskTCP,
    Balancing,
    ConnectionLimits,
    HashOn,
    HTTP2Settings,
    Keepalive,
    LoadBalancing,
    PassiveHealth,
)
from gatewayd.xds.encoding import extension, milliseconds, packed, seconds

PROXY_PROTOCOL = "envoy.transport_sockets.upstream_proxy_protocol"

_Cluster = cluster_pb2.Cluster
_Thresholds = circuit_breaker_pb2.CircuitBreakers.Thresholds
_HashPolicy = route_components_pb2.RouteAction.HashPolicy
_MOST = 2**32 - 1
_OVERRIDDEN = health_check_pb2.HealthStatusSet(
    # A session goes on at its endpoint while that drains.
    statuses=[health_check_pb2.UNKNOWN, health_check_pb2.HEALTHY, health_check_pb2.DEGRADED, health_check_pb2.DRAINING]
)


def _number(value: int) -> Any:
    return wrappers_pb2.UInt32Value(value=value)


def breakers(limits: ConnectionLimits, budget: RetryBudget) -> Any:
    """Return limits for one proxy. Without any they stop nothing but storms of retries."""
    each = limits.connections_per_endpoint
    return circuit_breaker_pb2.CircuitBreakers(
        thresholds=[
            _Thresholds(
                max_connections=_number(limits.connections or _MOST),
                max_pending_requests=_number(limits.pending_requests or _MOST),
                max_requests=_number(limits.requests or _MOST),
                max_retries=_number(_MOST),
                retry_budget=_Thresholds.RetryBudget(
                    budget_percent=percent_pb2.Percent(value=budget.percent),
                    min_retry_concurrency=_number(budget.least),
                ),
            )
        ],
        per_host_thresholds=[_Thresholds(max_connections=_number(each))] if each else [],
    )


def keepalive(of: Keepalive) -> Any:
    """Return the options of the sockets to a backend."""
    return cluster_pb2.UpstreamConnectionOptions(
        tcp_keepalive=address_pb2.TcpKeepalive(
            keepalive_probes=_number(of.probes),
            keepalive_time=_number(of.idle_s),
            keepalive_interval=_number(of.interval_s),
        )
    )


def http2(of: HTTP2Settings) -> Any:
    """Return the options of HTTP/2 to a backend."""
    return protocol_pb2.Http2ProtocolOptions(
        max_concurrent_streams=_number(of.max_streams) if of.max_streams else None,
        initial_stream_window_size=_number(of.stream_window),
        initial_connection_window_size=_number(of.connection_window),
        connection_keepalive=None
        if of.pings is None
        else protocol_pb2.KeepaliveSettings(
            interval=milliseconds(of.pings.interval_ms), timeout=milliseconds(of.pings.timeout_ms)
        ),
    )


def health(active: ActiveHealth | None, passive: PassiveHealth | None, protocol: Protocol) -> dict[str, Any]:
    """Return the fields that keep requests from endpoints that do not answer well."""
    fields: dict[str, Any] = {}
    if active is not None:
        fields["health_checks"] = [_asked(active, protocol)]
    if passive is not None:
        fields["outlier_detection"] = _observed(passive)
    return fields


def _asked(of: ActiveHealth, protocol: Protocol) -> Any:
    interval = milliseconds(of.interval_ms)
    return health_check_pb2.HealthCheck(
        timeout=milliseconds(of.timeout_ms),
        interval=interval,
        # Envoy waits a minute between the checks of a cluster without requests, and so finds out late.
        no_traffic_interval=interval,
        # Proxies that begin together do not ask together for ever.
        interval_jitter_percent=10,
        unhealthy_threshold=_number(of.unhealthy_after),
        healthy_threshold=_number(of.healthy_after),
        **_question(of.ask, protocol),
    )


def _question(ask: AskHTTP | AskGRPC | AskTCP, protocol: Protocol) -> dict[str, Any]:
    check = health_check_pb2.HealthCheck
    match ask:
        case AskHTTP():
            statuses = [range_pb2.Int64Range(start=each, end=each + 1) for each in ask.statuses]
            codec = http_pb2.HTTP2 if protocol is Protocol.HTTP2 else http_pb2.HTTP1
            http = check.HttpHealthCheck(
                host=ask.host, path=ask.path, expected_statuses=statuses, codec_client_type=codec
            )
            return {"http_health_check": http}
        case AskGRPC():
            return {"grpc_health_check": check.GrpcHealthCheck(service_name=ask.service, authority="localhost")}
        case AskTCP():
            return {"tcp_health_check": check.TcpHealthCheck()}
        case _:
            assert_never(ask)


def _observed(of: PassiveHealth) -> Any:
    def enforced(count: int) -> Any:
        return _number(100 if count else 0)

    return outlier_detection_pb2.OutlierDetection(
        consecutive_5xx=_number(of.errors or 1),
        enforcing_consecutive_5xx=enforced(of.errors),
        consecutive_gateway_failure=_number(of.gateway_errors or 1),
        enforcing_consecutive_gateway_failure=enforced(of.gateway_errors),
        # Comparing endpoints with each other by statistics is not asked for.
        enforcing_success_rate=_number(0),
        interval=milliseconds(of.interval_ms),
        base_ejection_time=milliseconds(of.ejection_ms),
        max_ejection_percent=_number(of.max_percent),
    )


def balancing(of: LoadBalancing, *, prefers_zone: bool = False) -> dict[str, Any]:
    """Return the fields that say which endpoint gets a request, where it can be one of the proxy's own zone."""
    common = _Cluster.CommonLbConfig(
        healthy_panic_threshold=percent_pb2.Percent(value=of.panic_percent),
        # Without this Envoy holds back for a second what changes nothing but the health of endpoints: one that begins
        # to drain would get new requests for so long.
        update_merge_window=duration_pb2.Duration(),
        override_host_status=_OVERRIDDEN,
    )
    near = _NEAREST.get(of.balancing) if prefers_zone else None
    return {"common_lb_config": common, **(_chosen(of) if near is None else {"load_balancing_policy": near(of)})}


_OWN_ZONE = common_pb2.LocalityLbConfig(
    zone_aware_lb_config=common_pb2.LocalityLbConfig.ZoneAwareLbConfig(
        # One endpoint of the own zone is enough, however few there are of all, and however the proxies are shared out.
        min_cluster_size=wrappers_pb2.UInt64Value(value=1),
        force_local_zone=common_pb2.LocalityLbConfig.ZoneAwareLbConfig.ForceLocalZone(min_size=_number(1)),
    )
)
"""All to the own zone while somebody healthy is there, and else to all. It counts for proxies that know their zone.

https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/upstream/load_balancing/zone_aware
"""


def _slowly(of: LoadBalancing) -> Any:
    return common_pb2.SlowStartConfig(slow_start_window=milliseconds(of.slow_start_ms)) if of.slow_start_ms else None


def _near_least_request(of: LoadBalancing) -> Any:
    config = least_request_pb2.LeastRequest(slow_start_config=_slowly(of), locality_lb_config=_OWN_ZONE)
    return _policy("envoy.load_balancing_policies.least_request", config)


def _near_round_robin(of: LoadBalancing) -> Any:
    config = round_robin_pb2.RoundRobin(slow_start_config=_slowly(of), locality_lb_config=_OWN_ZONE)
    return _policy("envoy.load_balancing_policies.round_robin", config)


def _near_random(_of: LoadBalancing) -> Any:
    return _policy("envoy.load_balancing_policies.random", random_pb2.Random(locality_lb_config=_OWN_ZONE))


_NEAREST: Mapping[Balancing, Callable[[LoadBalancing], Any]] = {
    Balancing.LEAST_REQUEST: _near_least_request,
    Balancing.ROUND_ROBIN: _near_round_robin,
    Balancing.RANDOM: _near_random,
}
"""Those that choose anew for each request; what is equal is sent to the same endpoint, wherever that is."""


def _chosen(of: LoadBalancing) -> dict[str, Any]:
    slow = _Cluster.SlowStartConfig(slow_start_window=milliseconds(of.slow_start_ms)) if of.slow_start_ms else None
    how = of.balancing
    match how:
        case Balancing.LEAST_REQUEST:
            config = None if slow is None else _Cluster.LeastRequestLbConfig(slow_start_config=slow)
            return {"lb_policy": _Cluster.LEAST_REQUEST, "least_request_lb_config": config}
        case Balancing.ROUND_ROBIN:
            config = None if slow is None else _Cluster.RoundRobinLbConfig(slow_start_config=slow)
            return {"lb_policy": _Cluster.ROUND_ROBIN, "round_robin_lb_config": config}
        case Balancing.RANDOM:
            return {"lb_policy": _Cluster.RANDOM}
        case Balancing.RING_HASH:
            ring = ring_hash_pb2.RingHash(consistent_hashing_lb_config=_hashing(of.hash_on))
            return {"load_balancing_policy": _policy("envoy.load_balancing_policies.ring_hash", ring)}
        case Balancing.MAGLEV:
            maglev = maglev_pb2.Maglev(consistent_hashing_lb_config=_hashing(of.hash_on))
            return {"load_balancing_policy": _policy("envoy.load_balancing_policies.maglev", maglev)}
        case _:
            assert_never(how)


def _policy(name: str, config: Any) -> Any:
    policies = cluster_pb2.LoadBalancingPolicy
    return policies(policies=[policies.Policy(typed_extension_config=extension(name, config))])


def _hashing(on: tuple[HashOn, ...]) -> Any:
    """Return what is hashed: here and not at routes, of which each may lead to several backends."""
    return common_pb2.ConsistentHashingLbConfig(hash_policy=[_hashed(each) for each in on])


def _hashed(on: HashOn) -> Any:
    match on.kind:
        case "Header":
            return _HashPolicy(header=_HashPolicy.Header(header_name=on.name))
        case "Cookie":
            ttl = None if on.ttl_s is None else seconds(on.ttl_s)
            return _HashPolicy(cookie=_HashPolicy.Cookie(name=on.name, ttl=ttl, path="/" if ttl is not None else ""))
        case "Query":
            return _HashPolicy(query_parameter=_HashPolicy.QueryParameter(name=on.name))
        case "Address":
            return _HashPolicy(connection_properties=_HashPolicy.ConnectionProperties(source_ip=True))
        case _:
            assert_never(on.kind)


def announced(socket: Any | None, version: str) -> Any | None:
    """Return a transport socket that first tells whose connection it is; the socket itself without a version."""
    if not version:
        return socket
    spoken = {"V1": proxy_protocol_pb2.ProxyProtocolConfig.V1, "V2": proxy_protocol_pb2.ProxyProtocolConfig.V2}
    plain = base_pb2.TransportSocket(
        name="envoy.transport_sockets.raw_buffer", typed_config=packed(raw_buffer_pb2.RawBuffer())
    )
    wrapped = upstream_proxy_protocol_pb2.ProxyProtocolUpstreamTransport(
        config=proxy_protocol_pb2.ProxyProtocolConfig(version=spoken[version]), transport_socket=socket or plain
    )
    return base_pb2.TransportSocket(name=PROXY_PROTOCOL, typed_config=packed(wrapped))
