"""The proxies of a mesh, a row for each node: whether its proxy is connected, and what that is behind with.

In: what the control plane knows of proxies, and the pods that are to be some. Out: rows, what is wrong first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gatewayd.introspection.status import ProxyRow, TypeRow
from gatewayd.ir.fleet import MESH_FLEET


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedNode:
    """A node whose proxy is connected; `node` is "" where only the proxy's own name is known.

    `behind` are the types of which it has not ACKed everything, or refuses something.
    """

    node: str
    proxy: str
    envoy_version: str
    behind: tuple[TypeRow, ...]

    @property
    def is_well(self) -> bool:
        """Return whether the proxy has everything that was published."""
        return not self.behind


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayNode:
    """A node whose proxy is a pod, `proxy`, and not connected to any replica that was asked."""

    node: str
    proxy: str
    is_well: bool = False


NodeRow: TypeAlias = ConnectedNode | AwayNode


def is_of_mesh(proxy: ProxyRow) -> bool:
    """Return whether a proxy is that of a node."""
    return proxy.gateway == str(MESH_FLEET)


def node_rows(proxies: Iterable[ProxyRow], pods: Mapping[str, str]) -> tuple[NodeRow, ...]:
    """Return a row for each proxy of a node; `pods` says which node the pods are on that are such proxies.

    A proxy is named as its pod is. None of `pods` need be known.
    """
    connected = {each.node: each for each in proxies if is_of_mesh(each)}
    rows: list[NodeRow] = [_connected(each, pods.get(name, "")) for name, each in connected.items()]
    rows += (AwayNode(node=node, proxy=pod) for pod, node in pods.items() if pod not in connected)
    return tuple(sorted(rows, key=lambda row: (row.is_well, row.node, row.proxy)))


def _connected(proxy: ProxyRow, node: str) -> ConnectedNode:
    behind = tuple(row for row in proxy.types if row.pending or row.rejections)
    return ConnectedNode(node=node, proxy=proxy.node, envoy_version=proxy.envoy_version, behind=behind)
