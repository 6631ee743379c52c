"""What a cluster needs before it can carry traffic: its endpoints and its secrets.

In: a Cluster resource. Out: `(type, name)` of the resources that Envoy subscribes to because of it.
Envoy warms a cluster until they have arrived: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-warming
"""

from collections import OrderedDict
from collections.abc import Iterator

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf.message import DecodeError

from gatewayd.xds.resource import ENDPOINT, SECRET, Resource, TypeUrl

Reference = tuple[TypeUrl, str]

_KEPT = 65_536


class References:
    """A bounded memo from a cluster's version to its references: a body is parsed once for all streams."""

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: OrderedDict[tuple[str, str], tuple[Reference, ...]] = OrderedDict()

    def of(self, cluster: Resource) -> tuple[Reference, ...]:
        """Return the references of a cluster; none when its body is not a Cluster (Envoy will say so)."""
        key = (cluster.name, cluster.version)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = references(cluster)
            if len(self._memo) > _KEPT:
                self._memo.popitem(last=False)
        return found


def references(cluster: Resource) -> tuple[Reference, ...]:
    """Read the EDS name and the SDS names of one cluster."""
    try:
        message = cluster_pb2.Cluster.FromString(cluster.body)
    except DecodeError:
        return ()
    found: list[Reference] = []
    if message.WhichOneof("cluster_discovery_type") == "type" and message.type == cluster_pb2.Cluster.EDS:
        found.append((ENDPOINT, message.eds_cluster_config.service_name or message.name))
    sockets = [message.transport_socket] if message.HasField("transport_socket") else []
    sockets.extend(match.transport_socket for match in message.transport_socket_matches)
    for socket in sockets:
        found.extend((SECRET, name) for name in _secrets(socket))
    return tuple(dict.fromkeys(found))


def _secrets(socket: base_pb2.TransportSocket) -> Iterator[str]:
    """Yield the names of the secrets of a TLS transport socket that come over xDS (those with an `sds_config`)."""
    context = tls_pb2.UpstreamTlsContext()
    try:
        if not socket.typed_config.Unpack(context):
            return
    except DecodeError:
        return
    common = context.common_tls_context
    configs = [
        *common.tls_certificate_sds_secret_configs,
        common.validation_context_sds_secret_config,
        common.combined_validation_context.validation_context_sds_secret_config,
    ]
    yield from (each.name for each in configs if each.name and each.HasField("sds_config"))
