"""Cluster -> Envoy's cluster.

Defaults differ from Envoy's where those are traps at an edge: docs/decisions and
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge
"""

from functools import lru_cache
from typing import Any, assert_never

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import health_check_pb2, protocol_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.extensions.clusters.common.dns.v3 import dns_pb2
from envoy.extensions.clusters.dns.v3 import dns_cluster_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.backend import Cluster, Discovered, Protocol, Resolved, RetryBudget
from gatewayd.ir.backend_settings import BackendSettings, Family, NameResolution
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, milliseconds, packed, serialised
from gatewayd.xds.messages import tls
from gatewayd.xds.messages.cluster_settings import announced, balancing, breakers, health, http2, keepalive
from gatewayd.xds.messages.endpoint import checked_port, lb_endpoint

BUFFER_BYTES = wrappers_pb2.UInt32Value(value=32 * 1024)
"""What one connection may hold back, on either side."""

_Cluster = cluster_pb2.Cluster
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_ALPN: dict[Protocol, tuple[str, ...]] = {Protocol.HTTP2: ("h2",)}
_FAMILIES = {
    Family.V4_PREFERRED: dns_pb2.V4_PREFERRED,
    Family.V4: dns_pb2.V4_ONLY,
    Family.V6: dns_pb2.V6_ONLY,
    Family.V6_PREFERRED: dns_pb2.AUTO,
    Family.ALL: dns_pb2.ALL,
}


def cluster(of: Cluster) -> Any:
    """Return the cluster of one upstream. Its endpoints come by EDS, or Envoy resolves them."""
    protocol, settings = of.upstream.protocol, of.settings
    socket = tls.upstream(of.tls, _ALPN.get(protocol, ())) if of.tls else None
    return _Cluster(
        name=names.cluster(of.upstream),
        **endpoints_source(of),
        **common(settings, of.retry_budget),
        **balancing(settings.load_balancing, prefers_zone=of.prefers_zone),
        **health(settings.active_health, settings.passive_health, protocol),
        typed_extension_protocol_options=_protocol_options(protocol, settings),
        transport_socket=announced(socket, settings.connection.proxy_protocol),
    )


def parts(of: Cluster) -> tuple[bytes, bytes]:
    """Return a serialised cluster in two parts: its name, and the rest, which most clusters have in common."""
    head = serialised(_Cluster(name=names.cluster(of.upstream)))
    return head, _shared(serialised(cluster(of))[len(head) :])


@lru_cache(maxsize=64)
def _shared(rest: bytes) -> bytes:
    """Return the first of equal ones: thousands have one, and few others are in use at a time."""
    return rest


def common(settings: BackendSettings, budget: RetryBudget) -> dict[str, Any]:
    """Return the fields that all clusters have, whatever protocol is spoken."""
    return {
        "connect_timeout": milliseconds(settings.connection.connect_ms),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "circuit_breakers": breakers(settings.limits, budget),
        "upstream_connection_options": keepalive(settings.connection.keepalive),
        "ignore_health_on_host_removal": True,
    }


def by_eds() -> dict[str, Any]:
    """Return the fields of a cluster whose endpoints the control plane names, under the cluster's own name."""
    return {"type": _Cluster.EDS, "eds_cluster_config": _Cluster.EdsClusterConfig(eds_config=ADS)}


def by_dns(localities: list[Any], name: str, resolution: NameResolution) -> dict[str, Any]:
    """Return the fields of a cluster that uses every address that the host names in `localities` resolve to."""
    config = dns_cluster_pb2.DnsCluster(
        respect_dns_ttl=not resolution.refresh_ms,
        dns_refresh_rate=milliseconds(resolution.refresh_ms) if resolution.refresh_ms else None,
        dns_lookup_family=_FAMILIES[resolution.family],
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
            member = lb_endpoint(source.question, source.port, health_check_pb2.UNKNOWN, checked_port(of))
            locality = endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[member])
            return by_dns([locality], names.cluster(of.upstream), of.settings.dns)
        case _:
            assert_never(source)


def _protocol_options(protocol: Protocol, settings: BackendSettings) -> dict[str, Any]:
    explicit = http_protocol_options_pb2.HttpProtocolOptions.ExplicitHttpConfig
    match protocol:
        case Protocol.HTTP1:
            config = explicit(http_protocol_options=protocol_pb2.Http1ProtocolOptions())
        case Protocol.HTTP2:
            config = explicit(http2_protocol_options=http2(settings.http2))
        case Protocol.TCP | Protocol.UDP:
            return {}
        case _:
            assert_never(protocol)
    most = settings.limits.requests_per_connection
    options = http_protocol_options_pb2.HttpProtocolOptions(
        explicit_http_config=config,
        common_http_protocol_options=protocol_pb2.HttpProtocolOptions(
            idle_timeout=milliseconds(settings.connection.idle_ms),
            max_requests_per_connection=wrappers_pb2.UInt32Value(value=most) if most else None,
        ),
    )
    return {_HTTP_OPTIONS: packed(options)}
