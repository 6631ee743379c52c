"""Routes that lead to no Gateway of gatewayd: which parentRef is wrong, and what it may have been meant to be.

In: the rows of routes without a status, and what was refused. Out: `Finding`s, and for each that only follows from
another object's fault which object that is. https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.ingress import Ingress
from gatewayd.api.ingressclass import DEFAULT_CLASS_ANNOTATION, IngressClass
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.explain.findings import Complaint, Finding, finding, identity_of, other_class
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member, Table, View
from gatewayd.ir.conditions import Severity
from gatewayd.ir.outcome import Outcome
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.folder import PlaceOf
from gatewayd.manifests.nearest import nearest
from gatewayd.own_group import ingress_controller
from gatewayd.translator.environment import environment
from gatewayd.translator.ingresses import class_name
from gatewayd.translator.parents import PARENT_TABLES
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.protocols import ROUTE_TABLES

_ALLOWED: Final = {
    False: "Gateway, ListenerSet",
    True: "Gateway, ListenerSet, and a Service where an XMesh of gatewayd makes a mesh",
}
"""Which parents are, by whether a Service was named."""


class Judged(NamedTuple):
    """A finding, and the object whose fault it follows from, "" for its own."""

    finding: Finding
    cause: str


class _Fault(NamedTuple):
    severity: Severity
    reason: str
    message: str
    cause: str = ""


class Unserved:
    """What there is to know of Gateways and routes that no status is written for.

    `refused` are objects that could not be read, by name. The keys of all parents are looked up once.
    """

    def __init__(self, engine: Engine, refused: AbstractSet[str], place_of: PlaceOf) -> None:
        self._engine = engine
        self._refused = refused
        self._place_of = place_of
        self._known: dict[Table, list[ObjectKey]] = {}

    def of(self, member: Member) -> Iterator[Judged]:
        """Yield what is wrong with one of them."""
        row, identity = self._engine.get(member.table, member.key), identity_of(member)
        if row is None:
            return
        place = self._place_of(identity)
        if isinstance(row, Gateway):
            yield Judged(finding(identity, place, *other_class(row.spec.gateway_class_name)), "")
            return
        if isinstance(row, Ingress):
            yield Judged(finding(identity, place, *class_complaint(self._engine, row)), "")
            return
        for fault in self._faults(row.spec.parent_refs, row.metadata.namespace):
            yield Judged(finding(identity, place, fault.severity, fault.reason, fault.message), fault.cause)

    def _faults(self, refs: tuple[ParentRef, ...], namespace: str) -> Iterator[_Fault]:
        if not refs:
            message = "spec.parentRefs: is empty; a route is served where it names a Gateway"
            yield _Fault(Severity.WARNING, "ParentNotFound", message)
        for at, ref in enumerate(refs):
            yield self._fault(f"spec.parentRefs[{at}]", ref, ObjectKey(ref.namespace or namespace, ref.name))

    def _fault(self, path: str, ref: ParentRef, key: ObjectKey) -> _Fault:
        """Say why a parentRef leads to no Gateway of ours."""
        shown, table = f'{ref.kind} "{key}"', PARENT_TABLES.get(ref.group_kind)
        if table is None:
            message = f"{path}: {ref.kind} is served by no Gateway; allowed: {_ALLOWED[ref.group_kind == SERVICE_KIND]}"
            return _Fault(Severity.WARNING, "ParentNotServed", message)
        identity = str(Identity(ref.kind, key))
        if identity in self._refused:
            return _Fault(Severity.WARNING, "ParentNotServed", f"{path}: {shown} is refused itself", identity)
        if self._engine.get(table, key) is not None:
            return _Fault(Severity.WARNING, "ParentNotServed", f"{path}: {shown} is not of gatewayd", identity)
        known = self._keys(table)
        severity = Severity.ERROR if known else Severity.WARNING
        return _Fault(severity, "ParentNotFound", f"{path}: {shown} does not exist{_advice(key, known)}")

    def _keys(self, table: Table) -> list[ObjectKey]:
        if table not in self._known:
            self._known[table] = sorted(key for key, _ in self._engine.rows(table))
        return self._known[table]


def class_complaint(view: View, row: Ingress) -> Complaint:
    """Return why an Ingress is not ours: its class is another controller's, does not exist, or is not named."""
    name = class_name(view, row)
    if name is None:
        message = f"names no class; an IngressClass with the annotation {DEFAULT_CLASS_ANNOTATION} is for those"
    elif view.get(IngressClass, ObjectKey("", name)) is None:
        message = f'IngressClass "{name}" does not exist'
    else:
        ours = ingress_controller(environment(view).controller)
        message = f'IngressClass "{name}" is not of gatewayd; spec.controller: {ours} makes it so'
    return Complaint(Severity.WARNING, "ClassNotServed", f"spec.ingressClassName: {message}")


def without_effect(
    engine: Engine, outcomes: Mapping[Member, Outcome], refused: AbstractSet[str], place_of: PlaceOf
) -> Iterator[Judged]:
    """Yield what is wrong with all Gateways and routes that no status is written for."""
    unserved = Unserved(engine, refused, place_of)
    for table in (Gateway, *ROUTE_TABLES):
        for key, _ in engine.rows(table):
            if Member(table, key) not in outcomes:
                yield from unserved.of(Member(table, key))


def _advice(key: ObjectKey, known: list[ObjectKey]) -> str:
    """Name the object that was meant, or those that there are."""
    meant = alike(key, known)
    if meant is None:
        there = ", ".join(str(each) for each in known[:5])
        return f"; there is {there}" if there else ""
    hint = "is the namespace missing?" if meant.name == key.name else "is it misspelt?"
    return f'; there is "{meant}" ({hint})'


def alike(key: ObjectKey, known: Iterable[ObjectKey]) -> ObjectKey | None:
    """Return the one of the objects that a key was meant to be: by its name elsewhere, or nearly its name."""
    keys = tuple(known)
    elsewhere = [each for each in keys if each.name == key.name]
    if elsewhere:
        return elsewhere[0]
    names = [each.name for each in keys if each.namespace == key.namespace] or [each.name for each in keys]
    meant = nearest(key.name, names)
    return min(
        (each for each in keys if each.name == meant), key=lambda each: each.namespace != key.namespace, default=None
    )
