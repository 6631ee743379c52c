"""DatagramListener -> UDP proxy and the one cluster behind it.

Envoy's UDP proxy names one cluster, so the backends of a port are localities of a cluster of its own, weighted. The
listener then never changes with the route, and no session is lost when weights move.
Rules: https://gateway-api.sigs.k8s.io/reference/spec/#udprouterule
"""

from collections.abc import Mapping
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import base_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.extensions.filters.udp.udp_proxy.v3 import route_pb2, udp_proxy_pb2
from google.protobuf import wrappers_pb2
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2

from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Backend, Cluster, Discovered, InvalidBackend, Resolved, Upstream
from gatewayd.ir.backend_settings import STANDARD
from gatewayd.ir.l4 import L4Backend, L4Forward
from gatewayd.ir.proxy import DatagramListener
from gatewayd.xds import names
from gatewayd.xds.encoding import packed
from gatewayd.xds.messages.cluster import by_dns, by_eds, common
from gatewayd.xds.messages.endpoint import lb_endpoint, lb_endpoints

NAME = "envoy.filters.udp_listener.udp_proxy"

_Cluster = cluster_pb2.Cluster
_REFUSING = ("127.0.0.1", 1)
"""Where the share of a backend without endpoints goes: nothing listens on port 1 (tcpmux), the kernel refuses."""

Upstreams = Mapping[Upstream, Cluster]


def udp_proxy(listener: DatagramListener) -> Any:
    """Return the UdpProxyConfig of a port."""
    to_cluster = extension_pb2.TypedExtensionConfig(
        name="route", typed_config=packed(route_pb2.Route(cluster=names.datagram_cluster(listener)))
    )
    matcher = matcher_pb2.Matcher(on_no_match=matcher_pb2.Matcher.OnMatch(action=to_cluster))
    return udp_proxy_pb2.UdpProxyConfig(stat_prefix=names.listener(listener), matcher=matcher)


def datagram_cluster(listener: DatagramListener, upstreams: Upstreams) -> Any:
    """Return the cluster of a port. It resolves names itself as soon as one of the backends is a name."""
    name = names.datagram_cluster(listener)
    source = (
        by_dns(_localities(listener, upstreams), name, STANDARD.dns) if _resolves(listener, upstreams) else by_eds()
    )
    weighted = _Cluster.CommonLbConfig.LocalityWeightedLbConfig()
    return _Cluster(
        name=name,
        **source,
        **common(STANDARD, DEFAULT_RETRY_BUDGET),
        common_lb_config=_Cluster.CommonLbConfig(locality_weighted_lb_config=weighted),
        lb_policy=_Cluster.ROUND_ROBIN,
    )


def datagram_endpoints(listener: DatagramListener, upstreams: Upstreams) -> Any:
    """Return the endpoints of a port's cluster by EDS, None when it resolves names itself."""
    if _resolves(listener, upstreams):
        return None
    return endpoint_pb2.ClusterLoadAssignment(
        cluster_name=names.datagram_cluster(listener), endpoints=_localities(listener, upstreams)
    )


def _live(listener: DatagramListener) -> list[L4Backend]:
    if not isinstance(listener.action, L4Forward):
        return []
    return [each for each in listener.action.backends if each.weight > 0]


def _resolves(listener: DatagramListener, upstreams: Upstreams) -> bool:
    return any(isinstance(_endpoints(each.backend, upstreams), Resolved) for each in _live(listener))


def _localities(listener: DatagramListener, upstreams: Upstreams) -> list[Any]:
    return [
        endpoint_components_pb2.LocalityLbEndpoints(
            locality=base_pb2.Locality(zone=str(index)),
            lb_endpoints=_members(_endpoints(each.backend, upstreams)),
            load_balancing_weight=wrappers_pb2.UInt32Value(value=each.weight),
        )
        for index, each in enumerate(_live(listener))
    ]


def _endpoints(backend: Backend, upstreams: Upstreams) -> Discovered | Resolved:
    """Return where a backend is: nowhere, when nothing is known of its upstream."""
    known = None if isinstance(backend, InvalidBackend) else upstreams.get(backend.upstream)
    return Discovered(endpoints=()) if known is None else known.endpoints


def _members(source: Discovered | Resolved) -> list[Any]:
    if isinstance(source, Resolved):
        return [lb_endpoint(source.question, source.port, health_check_pb2.UNKNOWN)]
    if source.endpoints:
        return lb_endpoints(source.endpoints)
    return [lb_endpoint(*_REFUSING, health_check_pb2.UNKNOWN)]
