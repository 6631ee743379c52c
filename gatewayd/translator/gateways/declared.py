"""Which generations of a Gateway and its ListenerSets its listeners are made of.

Bytes tell replicas of one edition what the other's proxies have; those of two editions make other bytes of the same
objects. What both read alike is `metadata.generation`, which is also what a condition's `observedGeneration` speaks of.
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
"""

from typing import NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.ir.proxy import Declared
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.gateways.listeners import ListenerKey, set_is_allowed


class Declaration(NamedTuple):
    """A generation of an object that declares listeners of a Gateway."""

    gateway: ObjectKey
    uid: str
    generation: int


@query
def gateway_declaration(view: View, member: Member) -> tuple[Declaration, ...]:
    """Return what a Gateway declares its own listeners by; nothing when it is not ours."""
    row = view.get(Gateway, member.key)
    if row is None or not gateway_is_ours(view, row.metadata.key):
        return ()
    return (Declaration(row.metadata.key, row.metadata.uid, row.metadata.generation),)


@query
def set_declaration(view: View, member: Member) -> tuple[Declaration, ...]:
    """Return what a ListenerSet declares listeners of its Gateway by; nothing when it may not."""
    row = view.get(ListenerSet, member.key)
    if row is None or not set_is_allowed(view, row.metadata.key):
        return ()
    return (Declaration(row.parent, row.metadata.uid, row.metadata.generation),)


DECLARATIONS = Index(
    name="declarations_by_gateway",
    sources=(
        Source(table=Gateway, query=gateway_declaration),
        Source(table=ListenerSet, query=set_declaration),
    ),
    group=lambda declaration: declaration.gateway,
)


@query
def declared(_view: View, declaration: Declaration) -> Declared:
    """Return a declaration as replicas tell each other of it."""
    return Declared(uid=declaration.uid, generation=declaration.generation)


@query
def declaring(view: View, listener: ListenerKey) -> Declared | None:
    """Return by which generation of which object a listener is declared now; None when that object is gone."""
    row = view.get(Gateway if listener.owner == "Gateway" else ListenerSet, listener.object)
    return None if row is None else Declared(uid=row.metadata.uid, generation=row.metadata.generation)
