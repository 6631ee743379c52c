"""What is said about policies: for each Gateway through which they have an effect.

https://gateway-api.sigs.k8s.io/reference/spec/#policyancestorstatus
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.incremental.view import Index, Member, View, rescued_query
from gatewayd.ir.outcome import ParentOutcome, PolicyOutcome, Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.backends import GatewayUpstream
from gatewayd.translator.policies.attach import SERVICE_KIND, Policy, lost_targets, policy_row
from gatewayd.translator.policies.backendtls import ValidationKey, settings
from gatewayd.translator.policies.traffic import accepted
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxy import UPSTREAMS, gateway_guards, gateway_upstreams, set_guards
from gatewayd.translator.stumbles import blame

MAX_ANCESTORS = 16
USERS = (*ROUTE_TABLES, Gateway, ListenerSet)
"""The tables whose rows lead to backends."""


class ServiceUse(NamedTuple):
    """A Gateway whose routes, or listeners, lead to a Service."""

    service: ObjectKey
    gateway: ObjectKey


def service_uses(upstreams: tuple[GatewayUpstream, ...]) -> tuple[ServiceUse, ...]:
    """Return the Services among upstreams of Gateways, each once for each of these."""
    services = (each for each in upstreams if each.upstream.kind == "Service")
    found = (ServiceUse(ObjectKey(each.upstream.namespace, each.upstream.name), each.gateway) for each in services)
    return tuple(dict.fromkeys(found))


def upstreams_of(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams that a route, a Gateway's listeners or those of a ListenerSet lead to."""
    if member.table is Gateway:
        return gateway_guards(view, member)
    return set_guards(view, member) if member.table is ListenerSet else gateway_upstreams(view, member)


SERVICE_USES = Index(
    name="gateways_by_service",
    sources=tuple(replace(source, keys=service_uses) for source in UPSTREAMS.sources),
    group=lambda use: use.service,
    readers=(BackendTLSPolicy, XBackendTrafficPolicy),
)


def _failed(view: View, member: Member, error: Exception, _before: PolicyOutcome | None) -> PolicyOutcome | None:
    row = policy_row(view, member.table, member.key)
    if row is None:
        return None
    said = (verdicts.not_accepted("Invalid", blame("spec", error)), verdicts.resolved())
    return _outcome(view, row, said)


@rescued_query(_failed)
def backendtls_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about a BackendTLSPolicy; None while no Gateway of ours uses what it is for."""
    row = view.get(BackendTLSPolicy, member.key)
    if row is None:
        return None
    found = settings(view, ValidationKey(BackendTLSPolicy, row.metadata.key, "spec.validation"))
    if found is None:
        return None
    return _outcome(view, row, (_conflict(view, row) or found.accepted, found.resolved))


@rescued_query(_failed)
def traffic_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about an XBackendTrafficPolicy; None while no Gateway of ours uses what it is for."""
    row = view.get(XBackendTrafficPolicy, member.key)
    if row is None:
        return None
    return _outcome(view, row, (_conflict(view, row) or accepted(row), verdicts.resolved()))


def _outcome(view: View, row: Policy, said: tuple[Verdict, ...]) -> PolicyOutcome | None:
    return ancestors(row.metadata.generation, _gateways(view, row), said)


def ancestors(generation: int, gateways: Iterable[ObjectKey], said: tuple[Verdict, ...]) -> PolicyOutcome | None:
    """Return the same verdicts for each of the Gateways; None when there is none."""
    found = tuple(ParentOutcome(ref=_gateway(gateway), verdicts=said) for gateway in sorted(set(gateways)))
    return PolicyOutcome(generation=generation, ancestors=found[:MAX_ANCESTORS]) if found else None


def _gateways(view: View, row: Policy) -> Iterator[ObjectKey]:
    for target in row.spec.target_refs:
        if target.group_kind == SERVICE_KIND:
            for use in view.group(SERVICE_USES, ObjectKey(row.metadata.namespace, target.name)):
                yield use.gateway


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
    return verdicts.not_accepted("Conflicted", message)
