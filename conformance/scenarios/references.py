"""Which other resources an xDS resource names, found by walking the message: independent of gatewayd's own reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2, scoped_route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from envoy.extensions.transport_sockets.quic.v3 import quic_transport_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, SCOPED_ROUTE, SECRET

Own = Callable[[Any], Iterator[tuple[str, str]]]
"""What one message names by itself."""

_CLASSES: dict[str, Any] = {
    CLUSTER: cluster_pb2.Cluster,
    ENDPOINT: endpoint_pb2.ClusterLoadAssignment,
    LISTENER: listener_pb2.Listener,
    ROUTE: route_pb2.RouteConfiguration,
    SCOPED_ROUTE: scoped_route_pb2.ScopedRouteConfiguration,
}
_INNER = (
    http_connection_manager_pb2.HttpConnectionManager,
    tls_pb2.DownstreamTlsContext,
    tls_pb2.UpstreamTlsContext,
    route_components_pb2.Route,
    tcp_proxy_pb2.TcpProxy,
    quic_transport_pb2.QuicDownstreamTransport,
)


def references(type_url: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Yield (type, name) of everything that a resource needs besides itself."""
    kind = _CLASSES.get(type_url)
    if kind is not None:
        yield from _walk(kind.FromString(body), _own)


def needs(type_url: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the same, and the clusters that routes lead to."""
    kind = _CLASSES.get(type_url)
    if kind is not None:
        yield from _walk(kind.FromString(body), _own_and_clusters)


def _walk(message: Message, own: Own) -> Iterator[tuple[str, str]]:
    if isinstance(message, any_pb2.Any):
        for kind in _INNER:
            if message.Is(kind.DESCRIPTOR):
                yield from _walk(kind.FromString(message.value), own)
        return
    yield from own(message)
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            entries = value.values() if field.message_type.fields_by_name["value"].message_type else ()
        else:
            entries = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else (value,)
        for each in entries:
            yield from _walk(each, own)


def _own(message: Any) -> Iterator[tuple[str, str]]:
    """Yield what this one message names."""
    match message.DESCRIPTOR.name:
        case "Rds":
            yield ROUTE, message.route_config_name
        case "ScopedRouteConfiguration":
            yield ROUTE, message.route_configuration_name
        case "SdsSecretConfig" if message.HasField("sds_config"):
            yield SECRET, message.name
        case "HttpFilter" if message.HasField("config_discovery"):
            yield FILTER, message.name
        case "Cluster" if message.type == cluster_pb2.Cluster.EDS:
            yield ENDPOINT, message.eds_cluster_config.service_name or message.name
        case _:
            return


def _own_and_clusters(message: Any) -> Iterator[tuple[str, str]]:
    yield from _own(message)
    match message.DESCRIPTOR.name:
        case "RouteAction" | "TcpProxy" | "RequestMirrorPolicy" if message.cluster:
            yield CLUSTER, message.cluster
        case "ClusterWeight" if message.name:
            yield CLUSTER, message.name
        case _:
            return
