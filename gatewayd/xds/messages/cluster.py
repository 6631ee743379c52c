"""Cluster -> Envoy's cluster.

Defaults differ from Envoy's where those are traps at an edge: docs/decisions and
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge
"""

from functools import lru_cache
from typing import Any, assert_never

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2
from envoy.config.core.v3 import address_pb2, health_check_pb2, protocol_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.extensions.clusters.common.dns.v3 import dns_pb2
from envoy.extensions.clusters.dns.v3 import dns_cluster_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf import duration_pb2, wrappers_pb2

from gatewayd.ir.backend import Cluster, Discovered, Protocol, Resolved, RetryBudget
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, packed, seconds, serialised
from gatewayd.xds.messages import tls
from gatewayd.xds.messages.endpoint import lb_endpoint

BUFFER_BYTES = wrappers_pb2.UInt32Value(value=32 * 1024)
"""What one connection may hold back, on either side."""

_Cluster = cluster_pb2.Cluster
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_MAX = wrappers_pb2.UInt32Value(value=2**32 - 1)
_Thresholds = circuit_breaker_pb2.CircuitBreakers.Thresholds

_KEEPALIVE = cluster_pb2.UpstreamConnectionOptions(
    tcp_keepalive=address_pb2.TcpKeepalive(
        keepalive_probes=wrappers_pb2.UInt32Value(value=3),
        keepalive_time=wrappers_pb2.UInt32Value(value=180),
        keepalive_interval=wrappers_pb2.UInt32Value(value=30),
    )
)
_COMMON_LB = _Cluster.CommonLbConfig(
    # What Kubernetes says is not ready is not used, however many say so.
    healthy_panic_threshold=percent_pb2.Percent(value=0),
    # Without this Envoy holds back for a second what changes nothing but the health of endpoints: one that begins to
    # drain would get new requests for so long.
    update_merge_window=duration_pb2.Duration(),
    # A session goes on at its endpoint while that drains.
    override_host_status=health_check_pb2.HealthStatusSet(
        statuses=[
            health_check_pb2.UNKNOWN,
            health_check_pb2.HEALTHY,
            health_check_pb2.DEGRADED,
            health_check_pb2.DRAINING,
        ]
    ),
)
_HTTP2 = protocol_pb2.Http2ProtocolOptions(
    initial_stream_window_size=wrappers_pb2.UInt32Value(value=64 * 1024),
    initial_connection_window_size=wrappers_pb2.UInt32Value(value=1024 * 1024),
)
_ALPN: dict[Protocol, tuple[str, ...]] = {Protocol.HTTP2: ("h2",)}


def cluster(of: Cluster) -> Any:
    """Return the cluster of one upstream. Its endpoints come by EDS, or Envoy resolves them."""
    protocol = of.upstream.protocol
    return _Cluster(
        name=names.cluster(of.upstream),
        **endpoints_source(of),
        **defaults(of.retry_budget),
        common_lb_config=_COMMON_LB,
        lb_policy=_Cluster.LEAST_REQUEST,
        typed_extension_protocol_options=_protocol_options(protocol),
        transport_socket=tls.upstream(of.tls, _ALPN.get(protocol, ())) if of.tls else None,
    )


def parts(of: Cluster) -> tuple[bytes, bytes]:
    """Return a serialised cluster in two parts: its name, and the rest, which most clusters have in common."""
    head = serialised(_Cluster(name=names.cluster(of.upstream)))
    return head, _shared(serialised(cluster(of))[len(head) :])


@lru_cache(maxsize=64)
def _shared(rest: bytes) -> bytes:
    """Return the first of equal ones: thousands have one, and few others are in use at a time."""
    return rest


def defaults(budget: RetryBudget) -> dict[str, Any]:
    """Return the fields that all clusters have alike, but for how much may be tried again."""
    return {
        "connect_timeout": seconds(5),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "circuit_breakers": _breakers(budget),
        "upstream_connection_options": _KEEPALIVE,
        "ignore_health_on_host_removal": True,
    }


def _breakers(budget: RetryBudget) -> Any:
    """Stop nothing but storms of retries."""
    return circuit_breaker_pb2.CircuitBreakers(
        thresholds=[
            _Thresholds(
                max_connections=_MAX,
                max_pending_requests=_MAX,
                max_requests=_MAX,
                max_retries=_MAX,
                retry_budget=_Thresholds.RetryBudget(
                    budget_percent=percent_pb2.Percent(value=budget.percent),
                    min_retry_concurrency=wrappers_pb2.UInt32Value(value=budget.least),
                ),
            )
        ]
    )


def by_eds() -> dict[str, Any]:
    """Return the fields of a cluster whose endpoints the control plane names, under the cluster's own name."""
    return {"type": _Cluster.EDS, "eds_cluster_config": _Cluster.EdsClusterConfig(eds_config=ADS)}


def by_dns(localities: list[Any], name: str) -> dict[str, Any]:
    """Return the fields of a cluster that uses every address that the host names in `localities` resolve to."""
    config = dns_cluster_pb2.DnsCluster(
        respect_dns_ttl=True,
        # AUTO asks for IPv6 only, as soon as there is one, also where nothing can be reached by it.
        dns_lookup_family=dns_pb2.V4_PREFERRED,
    )
    return {
        "cluster_type": _Cluster.CustomClusterType(name="envoy.cluster.dns", typed_config=packed(config)),
        "load_assignment": endpoint_pb2.ClusterLoadAssignment(cluster_name=name, endpoints=localities),
    }


def endpoints_source(of: Cluster) -> dict[str, Any]:
    """Return the fields that say where the endpoints come from."""
    source = of.endpoints
    match source:
        case Discovered():
            return by_eds()
        case Resolved():
            member = lb_endpoint(source.question, source.port, health_check_pb2.UNKNOWN)
            locality = endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[member])
            return by_dns([locality], names.cluster(of.upstream))
        case _:
            assert_never(source)


def _protocol_options(protocol: Protocol) -> dict[str, Any]:
    explicit = http_protocol_options_pb2.HttpProtocolOptions.ExplicitHttpConfig
    match protocol:
        case Protocol.HTTP1:
            config = explicit(http_protocol_options=protocol_pb2.Http1ProtocolOptions())
        case Protocol.HTTP2:
            config = explicit(http2_protocol_options=_HTTP2)
        case Protocol.TCP | Protocol.UDP:
            return {}
        case _:
            assert_never(protocol)
    options = http_protocol_options_pb2.HttpProtocolOptions(
        explicit_http_config=config,
        # Below the minute after which many servers close an idle connection, maybe under a request.
        common_http_protocol_options=protocol_pb2.HttpProtocolOptions(idle_timeout=seconds(50)),
    )
    return {_HTTP_OPTIONS: packed(options)}
