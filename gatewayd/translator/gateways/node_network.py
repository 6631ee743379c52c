"""Gateways whose proxies are in the network of their nodes (`hostNetwork` of the class): which of them have the nodes.

A port of such a Gateway is one of each node. Envoy binds ports so that several may have the same one: of two proxies at
one port each would get a part of the other's connections, whosever they are. So a node has one such proxy, which the
scheduler sees to by the port of the probes, and of two Gateways that may want the same nodes the older one has them.
https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodeselector
"""

from typing import Final

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query, ungrouped
from gatewayd.ir.infrastructure import Pairs
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.parameters.chosen import chosen_parameters

_NODES: Final = "nodes"
_PATH: Final = "spec.gatewayClassName"


@query
def _wants_nodes(view: View, member: Member) -> tuple[str, ...]:
    row = view.get(Gateway, member.key)
    if row is None or environment(view).standalone or not gateway_is_ours(view, row.metadata.key):
        return ()
    return (_NODES,) if chosen_parameters(view, row.metadata.key).parameters.host_network else ()


NODE_GATEWAYS = Index(
    name="gateways_in_the_network_of_nodes",
    sources=(Source(table=Gateway, query=_wants_nodes),),
    group=ungrouped,
)


@query
def taken_nodes(view: View, gateway: ObjectKey) -> str | None:
    """Return why a Gateway may not have the network of its nodes, since another one has it; None where it may."""
    row = view.get(Gateway, gateway)
    if row is None:
        return None
    own = chosen_parameters(view, gateway).parameters
    if not own.host_network:
        return None
    for other in _older(view, row):
        theirs = chosen_parameters(view, other).parameters.node_selector
        if not _are_apart(own.node_selector, theirs) and taken_nodes(view, other) is None:
            return (
                f'{_PATH}: the class has hostNetwork, and the older Gateway "{other}" has nodes that this one may want;'
                " a node has one such proxy: a nodeSelector with another value for a label that both have is allowed"
            )
    return None


def _older(view: View, row: Gateway) -> tuple[ObjectKey, ...]:
    """Return the Gateways in the network of nodes that come before one, the oldest first."""
    own = (row.metadata.creation_timestamp, row.metadata.key)
    rows = (view.get(Gateway, member.key) for member in view.bucket(NODE_GATEWAYS, _NODES))
    ages = sorted((each.metadata.creation_timestamp, each.metadata.key) for each in rows if each is not None)
    return tuple(key for created, key in ages if (created, key) < own)


def _are_apart(one: Pairs, other: Pairs) -> bool:
    """Return whether no node can be of both selectors: a label has one value."""
    values = dict(other)
    return any(values.get(key, value) != value for key, value in one)
