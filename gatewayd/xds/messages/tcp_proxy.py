"""L4Action -> TCP proxy.

Rules: https://gateway-api.sigs.k8s.io/reference/spec/#tcprouterule
"""

from typing import Any

from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2 as pb

from gatewayd.ir.access_log import AccessLog
from gatewayd.ir.backend import Backend, ServiceBackend
from gatewayd.ir.l4 import L4Action, L4Forward
from gatewayd.xds import names
from gatewayd.xds.messages.access_log import of_connections

NAME = "envoy.filters.network.tcp_proxy"


def tcp_proxy(action: L4Action, chain: str, log: AccessLog | None = None) -> Any:
    """Return the TcpProxy for the filter chain of that name. What leads nowhere closes the connection.

    `log`: where connections are written down, None for nowhere.
    """
    route = action.source if isinstance(action, L4Forward) else ""
    logs = () if log is None else of_connections(log, route)
    return pb.TcpProxy(stat_prefix=chain, access_log=logs, **_destination(action))


def _destination(action: L4Action) -> dict[str, Any]:
    live = [each for each in action.backends if each.weight > 0] if isinstance(action, L4Forward) else []
    if not live:
        return {"cluster": names.NOWHERE}
    if len(live) == 1:
        return {"cluster": _cluster(live[0].backend)}
    weighted = pb.TcpProxy.WeightedCluster
    weights = [weighted.ClusterWeight(name=_cluster(each.backend), weight=each.weight) for each in live]
    return {"weighted_clusters": weighted(clusters=weights)}


def _cluster(backend: Backend) -> str:
    return names.cluster(backend.upstream) if isinstance(backend, ServiceBackend) else names.NOWHERE
