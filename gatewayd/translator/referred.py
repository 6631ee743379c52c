"""Which Secrets and ConfigMaps are read at all: those that objects of ours refer to, and may refer to.

In a cluster nobody else's are kept: their owners have not given them to a Gateway. It is derived like everything else,
so that what is read follows from the references; the shell only fetches.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.envoy_gateway.objects import EnvoyBackend, EnvoyExtensionPolicy, SecurityPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.ingress import Ingress
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.listeners import Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, KubernetesObject, ObjectKey
from gatewayd.api.refs import ObjectRef, SecretObjectRef
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.translator.contents import CONTENT_TABLES, Content
from gatewayd.translator.environment import environment
from gatewayd.translator.envoy_gateway.outside import Outside, outside
from gatewayd.translator.gateways.gatewayclass import class_is_ours, gateway_is_ours
from gatewayd.translator.gateways.listeners import set_is_allowed
from gatewayd.translator.ingresses import class_parents
from gatewayd.translator.policies import revocation
from gatewayd.translator.policies.annotated import annotated_access
from gatewayd.translator.policies.credentials import secret_pointers
from gatewayd.translator.policies.foreign import own_access
from gatewayd.translator.policies.script_refs import scripts_of
from gatewayd.translator.reference_grants import Pointer, permitted

AnyRef = SecretObjectRef | ObjectRef


def _pointers(row: KubernetesObject, refs: Iterable[AnyRef]) -> Iterator[Pointer]:
    source, namespace = BY_STRUCT[type(row)].group_kind, row.metadata.namespace
    for ref in refs:
        yield Pointer(source, namespace, ref.group_kind, ObjectKey(ref.namespace or namespace, ref.name))


def _certificates(listeners: tuple[Listener, ...]) -> Iterator[AnyRef]:
    return (ref for each in listeners if each.tls is not None for ref in each.tls.certificate_refs)


def _of_gateway(row: Gateway) -> Iterator[Pointer]:
    yield from _pointers(row, _certificates(row.spec.listeners))
    own = row.spec.infrastructure
    if own is not None and own.parameters_ref is not None:
        yield from _local(row, [own.parameters_ref])
    tls = row.spec.tls
    if tls is not None and tls.backend is not None and tls.backend.client_certificate_ref is not None:
        yield from _pointers(row, [tls.backend.client_certificate_ref])
    if tls is not None and tls.frontend is not None:
        rules = (tls.frontend.default.validation, *(each.tls.validation for each in tls.frontend.per_port))
        yield from _pointers(row, (ref for rule in rules if rule is not None for ref in rule.ca_certificate_refs))


def _of_set(row: ListenerSet) -> Iterator[Pointer]:
    return _pointers(row, _certificates(row.spec.listeners))


def _of_class(row: GatewayClass) -> Iterator[Pointer]:
    """Yield what a class takes its parameters from: it has no namespace, so no grant is asked for."""
    ref = row.spec.parameters_ref
    if ref is not None and ref.namespace:
        yield Pointer(
            BY_STRUCT[GatewayClass].group_kind, ref.namespace, ref.group_kind, ObjectKey(ref.namespace, ref.name)
        )


def _local(row: KubernetesObject, refs: Iterable[Any]) -> Iterator[Pointer]:
    source, namespace = BY_STRUCT[type(row)].group_kind, row.metadata.namespace
    return (Pointer(source, namespace, ref.group_kind, ObjectKey(namespace, ref.name)) for ref in refs)


def _of_policy(row: BackendTLSPolicy) -> Iterator[Pointer]:
    return _local(row, row.spec.validation.ca_certificate_refs)


def _of_backend(row: XBackend) -> Iterator[Pointer]:
    tls = row.spec.tls
    if tls.validation is not None:
        yield from _local(row, tls.validation.ca_certificate_refs)
    if tls.client_certificate_ref is not None:
        yield from _pointers(row, [tls.client_certificate_ref])


def _of_outside(row: EnvoyBackend) -> Iterator[Pointer]:
    found = outside(row.spec)
    if isinstance(found, Outside) and found.validation is not None:
        yield from _local(row, found.validation.ca_certificate_refs)


def _of_clients(row: ClientPolicy) -> Iterator[Pointer]:
    source, namespace = BY_STRUCT[ClientPolicy].group_kind, row.metadata.namespace
    return (Pointer(source, namespace, GroupKind("", each.kind), each.key) for each in revocation.contents(row))


def _of_scripts(row: RoutePolicy | EnvoyExtensionPolicy) -> Iterator[Pointer]:
    """Yield the ConfigMaps of a policy's own namespace that have its script."""
    source, namespace = BY_STRUCT[type(row)].group_kind, row.metadata.namespace
    for name in scripts_of(row):
        yield Pointer(source, namespace, GroupKind("", "ConfigMap"), ObjectKey(namespace, name))


def _of_ingress(row: Ingress) -> Iterator[Pointer]:
    """Yield the Secrets of an Ingress, which are of its own namespace, and those that its annotations name."""
    names = dict.fromkeys(each.secret_name for each in row.spec.tls if each.secret_name)
    yield from _pointers(row, (SecretObjectRef(name=name) for name in names))
    yield from secret_pointers(annotated_access(row))


_REFERRERS: Mapping[type[KubernetesObject], Callable[[Any], Iterator[Pointer]]] = {
    GatewayClass: _of_class,
    Gateway: _of_gateway,
    ListenerSet: _of_set,
    BackendTLSPolicy: _of_policy,
    XBackend: _of_backend,
    AccessPolicy: secret_pointers,
    ClientPolicy: _of_clients,
    RoutePolicy: _of_scripts,
    EnvoyExtensionPolicy: _of_scripts,
    EnvoyBackend: _of_outside,
    SecurityPolicy: lambda row: secret_pointers(own_access(row)),
    Ingress: _of_ingress,
}


def _is_ours(view: View, row: KubernetesObject) -> bool:
    match row:
        case GatewayClass():
            return row.spec.controller_name == environment(view).controller
        case Gateway():
            return class_is_ours(view, row.spec.gateway_class_name) or gateway_is_ours(view, row.metadata.key)
        case ListenerSet():
            return gateway_is_ours(view, row.parent)
        case Ingress():
            parents = (ObjectKey(ref.namespace or "", ref.name) for ref in class_parents(view, row))
            return any(gateway_is_ours(view, gateway) for gateway in parents)
        case _:
            return True


def contents_of(view: View, row: KubernetesObject) -> frozenset[Content]:
    """Return what an object refers to, as far as it is ours and may; the object need not be in the store."""
    pointers = _REFERRERS.get(type(row))
    if pointers is None or not _is_ours(view, row):
        return _NOTHING
    referred = frozenset(
        Content(each.target.kind, each.to)
        for each in pointers(row)
        if each.target in _CONTENT_KINDS and permitted(view, each)
    )
    return referred or _NOTHING


_NOTHING: Final[frozenset[Content]] = frozenset()
"""One object for all that refer to nothing, as thousands of Ingresses do: each empty set would take 216 bytes."""
_CONTENT_KINDS = frozenset(GroupKind("", kind) for kind in CONTENT_TABLES)


@query
def wanted(view: View, member: Member) -> frozenset[Content]:
    """Return what must be read for an object."""
    row = view.get(member.table, member.key)
    if row is None or (isinstance(row, ListenerSet) and not set_is_allowed(view, row.metadata.key)):
        return _NOTHING
    return contents_of(view, row)


CONTENTS = Output(name="contents", sources=tuple(Source(table=table, query=wanted) for table in _REFERRERS))
