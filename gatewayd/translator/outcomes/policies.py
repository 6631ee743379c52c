"""What is said about policies: for each Gateway through which they have an effect.

https://gateway-api.sigs.k8s.io/reference/spec/#policyancestorstatus
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.ingress import Ingress
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP, BackendRef
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.incremental.view import Index, Member, Source, View, query, rescued_query
from gatewayd.ir.outcome import ParentOutcome, PolicyOutcome, Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.outcomes.refused_by_proxies import backend_refused_at
from gatewayd.translator.outcomes.refused_resources import RefusedBackend
from gatewayd.translator.policies.attach import (
    PORTED,
    Policy,
    Target,
    lost_targets,
    policy_row,
    strays,
    targets,
)
from gatewayd.translator.policies.backendtls import ValidationKey, as_taken, settings
from gatewayd.translator.policies.traffic import accepted
from gatewayd.translator.protocols import ROUTE_TABLES, group_kind
from gatewayd.translator.proxies.upstreams import (
    SERVICE_USES,
    ServiceUse,
    gateway_servers,
    gateway_upstreams,
    set_guards,
)
from gatewayd.translator.reference_grants import Pointer, permitted
from gatewayd.translator.rescues import blame

MAX_ANCESTORS = 16
USERS = (*ROUTE_TABLES, Gateway, ListenerSet)
"""The tables whose rows lead to backends."""


def upstreams_of(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams that a route, a Gateway's listeners or those of a ListenerSet lead to."""
    if member.table is Gateway:
        return gateway_servers(view, member)
    return set_guards(view, member) if member.table is ListenerSet else gateway_upstreams(view, member)


def named(view: View, member: Member, kind: GroupKind) -> Iterator[BackendRef]:
    """Yield the backendRefs of a route to objects of a kind, as far as it may refer to them, usable or not."""
    row = view.get(member.table, member.key)
    if row is None or isinstance(row, Ingress):
        return
    source, namespace = group_kind(type(row)), row.metadata.namespace
    for ref in (ref for rule in row.spec.rules for ref in rule.backend_refs):
        to = ObjectKey(ref.namespace or namespace, ref.name)
        if ref.group_kind == kind and permitted(view, Pointer(source, namespace, kind, to)):
            yield ref


@query
def missed_services(view: View, member: Member) -> tuple[ServiceUse, ...]:
    """Return the Services that a route names in vain, or a port of which, for each Gateway that it is attached to."""
    row = view.get(member.table, member.key)
    gateways = dict.fromkeys(parent.gateway for parent in attachments(view, member) if parent.attached)
    if row is None or not gateways:
        return ()
    namespace = row.metadata.namespace
    missed = dict.fromkeys(
        (kind, ObjectKey(ref.namespace or namespace, ref.name))
        for kind in PORTED
        for ref in named(view, member, kind)
        if not _has_port(view, kind, ObjectKey(ref.namespace or namespace, ref.name), ref.port)
    )
    return tuple(ServiceUse(service, gateway, kind) for kind, service in missed for gateway in gateways)


def _has_port(view: View, kind: GroupKind, service: ObjectKey, port: int | None) -> bool:
    row = view.get(PORTED[kind], service)
    return row is not None and any(each.port == port for each in row.spec.ports)


MISSED_SERVICES = Index(
    name="gateways_by_missed_service",
    sources=tuple(Source(table=table, query=missed_services) for table in ROUTE_TABLES),
    group=lambda use: use.target,
    readers=(BackendTLSPolicy, XBackendTrafficPolicy),
)
"""What no route leads to: a policy for it is told of to the Gateways whose routes would."""


def _failed(view: View, member: Member, error: Exception, _before: PolicyOutcome | None) -> PolicyOutcome | None:
    row = policy_row(view, member.table, member.key)
    if row is None:
        return None
    conditions = (verdicts.invalid(blame("spec", error)), verdicts.resolved())
    # Not what is asked of a policy otherwise: that may be what fails.
    gateways = (gateway for target in dict.fromkeys(targets(row)) for gateway in _gateways(view, target))
    return ancestors(row.metadata.generation, dict.fromkeys(gateways, conditions))


@rescued_query(_failed)
def backendtls_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about a BackendTLSPolicy; None while no Gateway of ours uses what it is for."""
    row = view.get(BackendTLSPolicy, member.key)
    if row is None:
        return None
    written = settings(view, ValidationKey(BackendTLSPolicy, row.metadata.key, "spec.validation"))
    if written is None:
        return None

    def attached(gateway: ObjectKey) -> tuple[Verdict, Verdict]:
        taken = as_taken(view, gateway, written)
        return taken.accepted, taken.resolved

    return _outcome(view, row, attached)


@rescued_query(_failed)
def traffic_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about an XBackendTrafficPolicy; None while no Gateway of ours uses what it is for."""
    row = view.get(XBackendTrafficPolicy, member.key)
    if row is None:
        return None
    attached = (accepted(row), verdicts.resolved())
    return _outcome(view, row, lambda _gateway: attached)


def _outcome(view: View, row: Policy, attached: Callable[[ObjectKey], tuple[Verdict, Verdict]]) -> PolicyOutcome | None:
    """Say to each Gateway that leads to a target of the policy what `attached` gives for it.

    What is not there is said to those that would lead to it; when nobody would, all are told.
    """
    lost, conflict = strays(view, row), _conflict(view, row)
    uses = [(target, gateway) for target in dict.fromkeys(targets(row)) for gateway in _gateways(view, target)]
    elsewhere = {target for target, _ in uses}
    by_gateway: dict[ObjectKey, tuple[Verdict, ...]] = {}
    for gateway in dict.fromkeys(gateway for _, gateway in uses):
        own = {target for target, other in uses if other == gateway}
        bad = [each.verdict for each in lost if each.target in own or each.target not in elsewhere]
        accepted_if_attached, resolved = attached(gateway)
        conditions = (_joined(bad) or conflict or accepted_if_attached, resolved)
        by_gateway[gateway] = (*conditions, *(() if conflict else _refused(view, own, gateway)))
    return ancestors(row.metadata.generation, by_gateway)


def _refused(view: View, own: set[Target], gateway: ObjectKey) -> Iterator[Verdict]:
    """Say that proxies of a Gateway refuse what a policy is for, of the first such target."""
    backends = sorted({RefusedBackend(each.kind, each.key) for each in own})
    told = (backend_refused_at(view, each, gateway) for each in backends)
    yield from islice((each for each in told if each is not None), 1)


def _joined(bad: Sequence[Verdict]) -> Verdict | None:
    return verdicts.not_accepted(bad[0].reason, "; ".join(each.message for each in bad)) if bad else None


def ancestors(generation: int, by_gateway: Mapping[ObjectKey, tuple[Verdict, ...]]) -> PolicyOutcome | None:
    """Return what is said to each Gateway; None when there is none."""
    entries = tuple(
        ParentOutcome(ref=_gateway(gateway), verdicts=by_gateway[gateway]) for gateway in sorted(by_gateway)
    )
    return PolicyOutcome(generation=generation, ancestors=entries[:MAX_ANCESTORS]) if entries else None


def _gateways(view: View, target: Target) -> Iterator[ObjectKey]:
    if target.kind in PORTED:
        for index in (SERVICE_USES, MISSED_SERVICES):
            yield from (use.gateway for use in view.group(index, (target.kind, target.key)))


def _gateway(key: ObjectKey) -> Reference:
    return Reference(
        group=GATEWAY_GROUP, kind="Gateway", namespace=key.namespace, name=key.name, section=None, port=None
    )


def _conflict(view: View, row: Policy) -> Verdict | None:
    lost = lost_targets(view, row)
    if not lost:
        return None
    target, other = lost[0]
    kind = type(row).__name__
    message = f'spec.targetRefs: {target.kind.kind} "{target.key}" has {kind} "{other}" already'
    return verdicts.target_taken(message)
