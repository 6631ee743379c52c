"""Why an object works or does not: CHAINS has a row for each kind that there is something to say of.

Usable as a library, behind `gatewayd why`.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.ingress import Ingress
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routefilter import RouteFilter
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.api.xmesh import XMesh
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.explain.filter_users import filter_chain
from gatewayd.explain.gateway_chain import gateway_chain, gatewayclass_chain, listenerset_chain
from gatewayd.explain.ingress_chain import ingressclass_chain
from gatewayd.explain.mesh_chain import mesh_chain
from gatewayd.explain.names import NamedObjects, completed
from gatewayd.explain.policy_chain import policy_chain
from gatewayd.explain.route_chain import route_chain
from gatewayd.explain.steps import Knowledge, Mark, Step, UnknownKindError
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member, Table
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS
from gatewayd.translator.policies.kinds import POLICY_KINDS
from gatewayd.translator.protocols import ROUTE_TABLES

Chain = Callable[[Knowledge, Member], Iterator[Step]]

CHAINS: Final[Mapping[Table, Chain]] = MappingProxyType({
    **dict.fromkeys(ROUTE_TABLES, route_chain),
    Gateway: gateway_chain,
    ListenerSet: listenerset_chain,
    IngressClass: ingressclass_chain,
    GatewayClass: gatewayclass_chain,
    **dict.fromkeys(POLICY_KINDS, policy_chain),
    BackendTLSPolicy: policy_chain,
    XBackendTrafficPolicy: policy_chain,
    XTelemetryPolicy: policy_chain,
    RouteFilter: filter_chain,
    XMesh: mesh_chain,
    **dict.fromkeys(FOREIGN_KINDS, policy_chain),
})  # fmt: skip
"""What is said of an object that exists, by kind."""


def _names(kind: Kind) -> Iterator[str]:
    """Yield what kubectl calls a kind: one, many, either with its group."""
    for name in (kind.kind.lower(), kind.plural):
        yield name
        yield f"{name}.{kind.group}"


_SHORT: Final[Mapping[str, Table]] = {
    "gtw": Gateway, "gc": GatewayClass, "lset": ListenerSet, "ing": Ingress, "btlspolicy": BackendTLSPolicy,
    "xbtrafficpolicy": XBackendTrafficPolicy,
}  # fmt: skip
"""The short names that kubectl has for them."""

_KINDS: Final = {name: BY_STRUCT[table] for table in CHAINS for name in _names(BY_STRUCT[table])} | {
    name: BY_STRUCT[table] for name, table in _SHORT.items()
}


def names_of(engine: Engine, begun: str) -> tuple[str, ...]:
    """Return what a name of an object, as `why` takes it, may go on as."""
    kinds = (BY_STRUCT[table] for table in CHAINS)
    return completed(
        (NamedObjects(kind.kind.lower(), kind.plural, [key for key, _ in engine.rows(kind.struct)]) for kind in kinds),
        begun,
    )


def kind_of(text: str) -> Kind:
    """Return the kind that somebody calls so, as kubectl does; raises UnknownKindError."""
    kind = _KINDS.get(text.lower())
    if kind is None:
        allowed = ", ".join(BY_STRUCT[table].kind.lower() for table in CHAINS)
        raise UnknownKindError(f"kind {text!r} is not known; allowed: {allowed}")
    return kind


def why(known: Knowledge, kind: str, key: ObjectKey) -> tuple[Step, ...]:
    """Return the chain of an object ("httproute", "shop", "cart"); raises UnknownKindError."""
    wanted = kind_of(kind)
    own = key if wanted.namespaced else ObjectKey("", key.name)
    member = Member(wanted.struct, own)
    if known.engine.get(wanted.struct, own) is None:
        return (Step(depth=0, mark=Mark.BAD, subject=f"{wanted.kind} {own}", says="does not exist"),)
    return tuple(CHAINS[wanted.struct](known, member))
