"""What the resources of a snapshot refer to, read from their bytes."""

from collections.abc import Iterator
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.common.matching.v3 import extension_matcher_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_authz.v3 import ext_authz_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from envoy.extensions.filters.udp.udp_proxy.v3 import udp_proxy_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf import any_pb2, message

from gatewayd.xds.names import NOWHERE
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, SECRET, Snapshot, TypeUrl

Reference = tuple[TypeUrl, str]
PACKED: dict[str, type[Any]] = {
    f"type.googleapis.com/{each.DESCRIPTOR.full_name}": each
    for each in (
        http_connection_manager_pb2.HttpConnectionManager,
        tcp_proxy_pb2.TcpProxy,
        udp_proxy_pb2.UdpProxyConfig,
        tls_pb2.DownstreamTlsContext,
        tls_pb2.UpstreamTlsContext,
        extension_matcher_pb2.ExtensionWithMatcherPerRoute,
        composite_pb2.ExecuteFilterAction,
        ext_authz_pb2.ExtAuthz,
    )
}
BODIES: dict[TypeUrl, type[Any]] = {
    LISTENER: listener_pb2.Listener,
    ROUTE: route_pb2.RouteConfiguration,
    CLUSTER: cluster_pb2.Cluster,
}
NAMING = {
    "envoy.extensions.filters.network.http_connection_manager.v3.Rds.route_config_name": ROUTE,
    "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig.name": SECRET,
    "envoy.config.route.v3.RouteAction.cluster": CLUSTER,
    "envoy.config.route.v3.RouteAction.RequestMirrorPolicy.cluster": CLUSTER,
    "envoy.config.route.v3.WeightedCluster.ClusterWeight.name": CLUSTER,
    "envoy.config.core.v3.GrpcService.EnvoyGrpc.cluster_name": CLUSTER,
    "envoy.config.core.v3.HttpUri.cluster": CLUSTER,
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.cluster": CLUSTER,
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight.name": CLUSTER,
    "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.cluster": CLUSTER,
    "envoy.extensions.filters.udp.udp_proxy.v3.Route.cluster": CLUSTER,
}
"""Fields that name another resource, and its type."""


def dangling(snapshot: Snapshot) -> set[Reference]:
    """Return what is referred to and is not there. Not the cluster that never exists: a 500 is made of it."""
    wanted = {
        reference
        for type_url, body in BODIES.items()
        for resource in snapshot.of(type_url).values()
        for reference in references(body.FromString(resource.body))
    }
    return {each for each in wanted if each[1] not in snapshot.of(each[0]) and each[1] != NOWHERE}


def references(found: message.Message) -> Iterator[Reference]:
    """Yield what a message names, at any depth and within every Any."""
    if isinstance(found, any_pb2.Any):
        inner = PACKED.get(found.type_url)
        if inner is not None:
            yield from references(inner.FromString(found.value))
        return
    if isinstance(found, cluster_pb2.Cluster) and found.type == cluster_pb2.Cluster.EDS:
        yield ENDPOINT, found.eds_cluster_config.service_name or found.name
    if isinstance(found, http_connection_manager_pb2.HttpFilter) and found.HasField("config_discovery"):
        yield FILTER, found.name
    for field, value in found.ListFields():
        if field.full_name in NAMING:
            yield NAMING[field.full_name], value
        elif field.message_type is not None:
            yield from _within(value)


def _within(value: Any) -> Iterator[Reference]:
    if isinstance(value, message.Message):
        yield from references(value)
    elif hasattr(value, "values"):
        for each in value.values():
            if isinstance(each, message.Message):
                yield from references(each)
    else:
        for each in value:
            yield from references(each)
