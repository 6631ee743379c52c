"""What a cluster needs before it can carry traffic: its endpoints and its secrets.

In: a Cluster resource. Out: `(type, name)` of the resources that Envoy subscribes to because of it.
Envoy warms a cluster until they have arrived: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-warming
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3 import upstream_proxy_protocol_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf.message import DecodeError

from gatewayd.ads.sharing.swept_cache import Recent
from gatewayd.ir.limits import KEPT_DEPENDENCIES
from gatewayd.xds.resource import ENDPOINT, SECRET, Resource, Resources, TypeUrl

Reference = tuple[TypeUrl, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What some clusters refer to, by type; `clusters` are those that there are, `users` of them need what."""

    clusters: frozenset[str]
    named: Mapping[TypeUrl, frozenset[str]]
    users: Mapping[Reference, tuple[str, ...]]


class References:
    """The references of clusters, of one or of many: a body is parsed once for all streams."""

    __slots__ = ("_memo", "_needs")

    def __init__(self) -> None:
        self._memo: Recent[tuple[str, str], tuple[Reference, ...]] = Recent(most=KEPT_DEPENDENCIES)
        self._needs: Recent[tuple[int, frozenset[str]], tuple[Resources, Needs]] = Recent(most=KEPT_DEPENDENCIES)

    def of(self, cluster: Resource) -> tuple[Reference, ...]:
        """Return the references of a cluster; none when its body is not a Cluster (Envoy will say so)."""
        key = (cluster.name, cluster.version)
        known = self._memo.get(key)
        return self._memo.put(key, references(cluster)) if known is None else known

    def of_all(self, clusters: Resources, names: frozenset[str]) -> Needs:
        """Return the references of the clusters of these names, the same object for the same two."""
        key = (id(clusters), names)
        known = self._needs.get(key)
        if known is None:
            known = self._needs.put(key, (clusters, self._collected(clusters, names)), weight=len(names) + 1)
        return known[1]

    def sweep(self) -> None:
        """Forget the clusters that nobody has asked about since the last sweep."""
        self._memo.sweep()
        self._needs.sweep()

    def _collected(self, clusters: Resources, names: frozenset[str]) -> Needs:
        present = [name for name in names if name in clusters]
        named: dict[TypeUrl, set[str]] = {}
        users: dict[Reference, tuple[str, ...]] = {}
        for name in present:
            for reference in self.of(clusters[name]):
                named.setdefault(reference[0], set()).add(reference[1])
                users[reference] = (*users.get(reference, ()), name)
        by_type = {type_url: frozenset(each) for type_url, each in named.items()}
        whole = names if len(present) == len(names) else frozenset(present)
        return Needs(clusters=whole, named=by_type, users=users)


def references(cluster: Resource) -> tuple[Reference, ...]:
    """Read the EDS name and the SDS names of one cluster."""
    try:
        message = cluster_pb2.Cluster.FromString(cluster.body)
    except DecodeError:
        return ()
    needed: list[Reference] = []
    if message.WhichOneof("cluster_discovery_type") == "type" and message.type == cluster_pb2.Cluster.EDS:
        needed.append((ENDPOINT, message.eds_cluster_config.service_name or message.name))
    sockets = [message.transport_socket] if message.HasField("transport_socket") else []
    sockets.extend(match.transport_socket for match in message.transport_socket_matches)
    for socket in sockets:
        needed.extend((SECRET, name) for name in _secrets(socket))
    return tuple(dict.fromkeys(needed))


def _secrets(socket: base_pb2.TransportSocket) -> Iterator[str]:
    """Yield the names of the secrets of a TLS transport socket that come over xDS (those with an `sds_config`).

    What tells a backend by the PROXY protocol whose connection it is has the TLS one within.
    """
    context = tls_pb2.UpstreamTlsContext()
    wrapped = upstream_proxy_protocol_pb2.ProxyProtocolUpstreamTransport()
    try:
        if socket.typed_config.Unpack(wrapped):
            yield from _secrets(wrapped.transport_socket)
            return
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
