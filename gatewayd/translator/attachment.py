"""parentRefs x listeners: which listeners a route is attached to, or why not. The only place that decides it.

In: a route of any kind. Out: one ParentAttachment for each parentRef that leads to a Gateway of ours.
https://gateway-api.sigs.k8s.io/reference/spec/#parentreference, #routeconditionreason
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.incremental.view import Attempt, Index, Member, Source, Table, View, query
from gatewayd.ir.outcome import Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.further_hosts import all_hosts
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.gateways.listeners import ListenerKey, MergedListener, PortKey, port_key
from gatewayd.translator.hostnames import ANY, covers_one_label, intersection, normalised
from gatewayd.translator.namespaces import Admission, admits, admitted_words
from gatewayd.translator.parents import PARENT_TABLES, named_parents, parent_gateway, parent_refs
from gatewayd.translator.protocols import ROUTE_TABLES, RouteKind, group_kind
from gatewayd.translator.quotas import too_much
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.route_kinds import rules

_MOST_NAMED: Final = 8
"""Listeners that a message names: more than that nobody reads in a status."""


class HostPair(NamedTuple):
    """What a route's hostname (`original`) and its listener's have in common (`effective`)."""

    effective: str
    original: str


class Attached(NamedTuple):
    """A listener that takes the route; `hosts` is empty for kinds without hostnames."""

    listener: ListenerKey
    port: PortKey
    hosts: tuple[HostPair, ...]


class ParentAttachment(NamedTuple):
    """What became of one parentRef: `attached` is not empty exactly when `verdict` is good."""

    ref: Reference
    gateway: ObjectKey
    verdict: Verdict
    attached: tuple[Attached, ...]


@lru_cache(maxsize=1024)
def reference(ref: ParentRef) -> Reference:
    """Return a parentRef as its status shall echo it; thousands of routes have the same, which is kept once."""
    return Reference(
        group=ref.group, kind=ref.kind, namespace=ref.namespace, name=ref.name, section=ref.section_name, port=ref.port
    )


_KINDS: Mapping[Table, GroupKind] = {
    table: group_kind(HTTPRoute if table is Ingress else table) for table in ROUTE_TABLES
}
"""What a listener must take for a route to attach. It takes Ingresses where it takes HTTPRoutes: `allowedRoutes` has no
word for them, and they lead the same requests to the same backends."""


_Refusal = Callable[[ObjectKey], Verdict | None]
"""Why a Gateway does not take a route, whatever its listeners say."""


class _Wanted(NamedTuple):
    table: RouteKind
    namespace: str
    hostnames: tuple[str, ...]

    def parent_field(self, at: int) -> str:
        """Return the field that names the parent."""
        return "spec.ingressClassName" if self.table is Ingress else f"spec.parentRefs[{at}]"

    @property
    def hostnames_field(self) -> str:
        """The field that has the hostnames."""
        return "spec.rules" if self.table is Ingress else "spec.hostnames"


def hostnames(view: View, row: Any) -> tuple[str, ...]:
    """Return the hostnames of a route of any kind, "*" for every host."""
    if isinstance(row, Ingress):
        return all_hosts(view, row)
    return tuple(normalised(each) for each in getattr(row.spec, "hostnames", ())) or (ANY,)


@query
def attachments(view: View, member: Member) -> tuple[ParentAttachment, ...]:
    """Return what became of each parentRef of a route that leads to a Gateway of ours, in their order."""
    row = view.get(member.table, member.key)
    if row is None:
        return ()
    wanted = _Wanted(member.table, row.metadata.namespace, hostnames(view, row))
    refused = rules(view, member).refusal

    def refusal(gateway: ObjectKey) -> Verdict | None:
        return refused or too_much(view, gateway, member, wanted.namespace)

    return tuple(_parents(view, parent_refs(view, row), wanted, refusal))


def _parents(view: View, refs: tuple[ParentRef, ...], wanted: _Wanted, refusal: _Refusal) -> Iterator[ParentAttachment]:
    for at, ref in enumerate(refs):
        gateway = parent_gateway(view, ref, wanted.namespace)
        if gateway is None:
            continue
        path = wanted.parent_field(at)
        judgement = view.attempt(
            Attempt("attachment to a parent", (wanted.table.__name__, wanted.namespace, path)),
            partial(_judged, view, gateway, ref, wanted, path, refusal),
            partial(_failed, path),
        )
        if judgement is None:
            continue
        verdict = judgement if isinstance(judgement, Verdict) else verdicts.accepted()
        attached = judgement if verdict.status and not isinstance(judgement, Verdict) else ()
        yield ParentAttachment(ref=reference(ref), gateway=gateway, verdict=verdict, attached=attached)


def _failed(path: str, error: Exception) -> Verdict:
    return verdicts.invalid(blame(path, error))


def parents_of_ours(view: View, row: Any) -> Iterator[tuple[ParentRef, ObjectKey]]:
    """Yield what a route names itself that leads to a Gateway of ours, with that: for when nothing else is known."""
    for ref in named_parents(view, row):
        gateway = parent_gateway(view, ref, row.metadata.namespace)
        if gateway is not None and gateway_is_ours(view, gateway):
            yield ref, gateway


def _judged(
    view: View, gateway: ObjectKey, ref: ParentRef, wanted: _Wanted, path: str, refusal: _Refusal
) -> tuple[Attached, ...] | Verdict | None:
    """Return where a route attaches, or why it does not; None when the Gateway is not ours."""
    if not gateway_is_ours(view, gateway):
        return None
    judgement = _attach(view, gateway, ref, wanted, path)
    return judgement if isinstance(judgement, Verdict) else refusal(gateway) or judgement


def _attach(
    view: View, gateway: ObjectKey, ref: ParentRef, wanted: _Wanted, path: str
) -> tuple[Attached, ...] | Verdict:
    """Apply the rules in the order of their reasons: section and port, kind and namespace, hostname."""
    parent = Member(PARENT_TABLES[ref.group_kind], ObjectKey(ref.namespace or wanted.namespace, ref.name))
    own = own_listeners(view, parent)
    named = [each for each in own if _is_named(each, ref)]
    if not named:
        return verdicts.no_matching_parent(f"{path}: {_missing(ref)}{_instead(own)}")
    kind = _KINDS[wanted.table]
    of_kind = [each for each in named if each.valid and kind in each.kinds]
    allowing = [each for each in of_kind if _lets_in(view, each, wanted.namespace)]
    if not allowing:
        return verdicts.not_allowed(f"{path}: {_unwelcome(named, of_kind, wanted)}")
    attached = tuple(_attached(gateway, allowing, wanted))
    if not attached:
        theirs = ", ".join(sorted({each.hostname for each in allowing}))
        return verdicts.no_matching_hostname(
            f"{wanted.hostnames_field}: {', '.join(wanted.hostnames)} match no listener's hostname; allowed: {theirs}"
        )
    return attached


def _is_named(listener: MergedListener, ref: ParentRef) -> bool:
    return ref.section_name in (None, listener.key.section) and ref.port in (None, listener.port)


def _missing(ref: ParentRef) -> str:
    wanted = [f"sectionName {ref.section_name!r}"] if ref.section_name is not None else []
    if ref.port is not None:
        wanted.append(f"port {ref.port}")
    return f"{ref.kind} {ref.name!r} has no listener" + (f" with {' and '.join(wanted)}" if wanted else "")


def _instead(own: Collection[MergedListener]) -> str:
    """Return which listeners there are, as many as are read."""
    names = [f"{each.key.section} :{each.port}" for each in own]
    more = ", ..." if len(names) > _MOST_NAMED else ""
    return f"; listeners: {', '.join(names[:_MOST_NAMED])}{more}" if names else ""


def _unwelcome(named: list[MergedListener], of_kind: list[MergedListener], wanted: _Wanted) -> str:
    shown = ", ".join(repr(each.key.section) for each in named)
    if of_kind:
        allowed = ", ".join(dict.fromkeys(admitted_words(_admission(each)) for each in of_kind))
        said = f"no routes of namespace {wanted.namespace!r} are allowed by listener {shown} (allowedRoutes.namespaces)"
        return f"{said}; allowed: {allowed}"
    if any(each.valid for each in named):
        kinds = sorted({kind.kind for each in named for kind in each.kinds})
        allowed = ", ".join(kinds) or "none"
        return f"no {wanted.table.__name__} is allowed by listener {shown} (allowedRoutes.kinds); allowed: {allowed}"
    return f"listener {shown} is not valid; its own status says why"


def _lets_in(view: View, listener: MergedListener, namespace: str) -> bool:
    return admits(view, _admission(listener), namespace)


def _admission(listener: MergedListener) -> Admission:
    rule = listener.allowed.namespaces
    return Admission(rule.from_, rule.selector, listener.key.namespace)


def _attached(gateway: ObjectKey, allowing: list[MergedListener], wanted: _Wanted) -> Iterator[Attached]:
    for listener in allowing:
        if listener.protocol is None:
            continue
        port = port_key(gateway, listener.protocol.transport, listener.port)
        if not listener.protocol.by_hostname:
            yield Attached(listener=listener.key, port=port, hosts=())
            continue
        hosts = tuple(_common(wanted, listener.hostname))
        if hosts:
            yield Attached(listener=listener.key, port=port, hosts=hosts)


def _common(wanted: _Wanted, hostname: str) -> Iterator[HostPair]:
    """Yield what the hostnames of a route have in common with a listener's."""
    for original in wanted.hostnames:
        effective = intersection(hostname, original)
        # The wildcard of an Ingress is for one label, that of a listener for any number.
        if effective is not None and (wanted.table is not Ingress or covers_one_label(original, effective)):
            yield HostPair(effective, original)


def attached_listeners(parents: tuple[ParentAttachment, ...]) -> tuple[ListenerKey, ...]:
    """Return the listeners that count a route among their attachedRoutes, each once."""
    return tuple(dict.fromkeys(each.listener for parent in parents for each in parent.attached))


ATTACHED = Index(
    name="routes_by_listener",
    sources=tuple(Source(table=table, query=attachments, keys=attached_listeners) for table in ROUTE_TABLES),
    group=lambda listener: listener.object,
)
