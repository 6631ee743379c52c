"""What is said about an XTelemetryPolicy: for each Gateway of ours that it names, and of targets that are none.

https://gateway-api.sigs.k8s.io/geps/gep-4768/ (status)
"""

from collections.abc import Iterator

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import LocalObjectRef
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.outcome import ParentOutcome, PolicyOutcome, Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.outcomes.policies import MAX_ANCESTORS
from gatewayd.translator.policies.telemetry import telemetry_policy
from gatewayd.translator.protocols import GATEWAY_KIND
from gatewayd.translator.proxies.tracing import traced
from gatewayd.translator.rescues import blame


def _failed(view: View, member: Member, error: Exception, _before: PolicyOutcome | None) -> PolicyOutcome | None:
    row = view.get(XTelemetryPolicy, member.key)
    if row is None:
        return None
    conditions = (verdicts.invalid(blame("spec", error)),)
    return _outcome(row, [(_reference(row, ref), conditions) for ref in row.spec.target_refs])


@rescued_query(_failed)
def telemetry_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about a policy; None when all Gateways that it names are another controller's."""
    row = view.get(XTelemetryPolicy, member.key)
    return None if row is None else _outcome(row, list(_said(view, row)))


def _outcome(row: XTelemetryPolicy, said: list[tuple[Reference, tuple[Verdict, ...]]]) -> PolicyOutcome | None:
    by_target = dict(said)
    ancestors = tuple(ParentOutcome(ref=ref, verdicts=conditions) for ref, conditions in by_target.items())
    if not ancestors:
        return None
    return PolicyOutcome(generation=row.metadata.generation, ancestors=ancestors[:MAX_ANCESTORS])


def _said(view: View, row: XTelemetryPolicy) -> Iterator[tuple[Reference, tuple[Verdict, ...]]]:
    for at, ref in enumerate(row.spec.target_refs):
        path = f"spec.targetRefs[{at}]"
        gateway = ObjectKey(row.metadata.namespace, ref.name)
        if ref.group_kind != GATEWAY_KIND:
            why = f"{path}: kind {ref.group_kind} is not supported; allowed: Gateway"
            yield _reference(row, ref), (verdicts.invalid(why),)
        elif view.get(Gateway, gateway) is None:
            why = f'{path}: Gateway "{gateway}" does not exist'
            yield _reference(row, ref), (verdicts.target_not_found(why),)
        elif gateway_is_ours(view, gateway):
            yield _reference(row, ref), _at_gateway(view, row, path, gateway)


def _at_gateway(view: View, row: XTelemetryPolicy, path: str, gateway: ObjectKey) -> tuple[Verdict, ...]:
    other = telemetry_policy(view, gateway)
    if other is not None and other != row.metadata.key:
        message = f'{path}: Gateway "{gateway}" has XTelemetryPolicy "{other}", which is older'
        return (verdicts.target_taken(message), verdicts.resolved())
    at_gateway = traced(view, row, gateway)
    return (verdicts.accepted("; ".join(at_gateway.left_out)), at_gateway.resolved)


def _reference(row: XTelemetryPolicy, ref: LocalObjectRef) -> Reference:
    return Reference(
        group=ref.group, kind=ref.kind, namespace=row.metadata.namespace, name=ref.name, section=None, port=None
    )
