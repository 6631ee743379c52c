"""What is said of an EnvoyProxy of Envoy Gateway: by the Gateway that it counts for, and to those that name it.

https://gateway.envoyproxy.io/docs/api/extension_types/#envoyproxystatus
"""

from collections.abc import Iterable, Iterator
from typing import Final

from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.api.refs import LocalObjectRef
from gatewayd.incremental.view import Index, Member, View, rescued_query, rows, ungrouped
from gatewayd.ir.outcome import ParametersOutcome, ParentOutcome, Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gateways.gatewayclass import class_is_ours, gateway_is_ours
from gatewayd.translator.outcomes.policies import MAX_ANCESTORS
from gatewayd.translator.parameters.named_proxies import named_key
from gatewayd.translator.policies.envoy_proxy import ProxyInForce, class_envoy_proxy, envoy_proxy, told
from gatewayd.translator.proxies.access_log import log_problems
from gatewayd.translator.proxies.tracing import FOREIGN_PATH, foreign_traced
from gatewayd.translator.rescues import blame

_LOG_PATH = "spec.telemetry.accessLog"


def _named(ref: LocalObjectRef | None, namespace: str) -> list[ObjectKey]:
    key = named_key(ref, namespace)
    return [key] if key is not None else []


def _of_gateway(row: Gateway) -> list[ObjectKey]:
    own = row.spec.infrastructure
    return _named(own.parameters_ref if own is not None else None, row.metadata.namespace)


def _of_class(row: GatewayClass) -> list[ObjectKey]:
    ref = row.spec.parameters_ref
    return _named(ref, ref.namespace or "") if ref is not None else []


NAMED_PROXIES: Final = Index(
    name="who_names_envoy_proxies", sources=(rows(Gateway, _of_gateway), rows(GatewayClass, _of_class)), group=ungrouped
)


def proxy_notes(view: View, gateway: ObjectKey) -> Iterator[str]:
    """Yield what is left out of the EnvoyProxy of a Gateway, each with its path."""
    theirs = envoy_proxy(view, gateway)
    if theirs is not None:
        yield from told(theirs, _left_out(view, gateway, theirs))


def _left_out(view: View, gateway: ObjectKey, theirs: ProxyInForce) -> tuple[Problem, ...]:
    problems = list(theirs.taken.refused)
    if theirs.taken.access_log is not None:
        found = log_problems(view, theirs.key.namespace, theirs.taken.access_log)
        problems += (Problem(path=_LOG_PATH, message=each) for each in found)
    problems += (Problem(path=FOREIGN_PATH, message=each) for each in foreign_traced(view, gateway).problems)
    return tuple(problems)


def _failed(view: View, member: Member, error: Exception, _before: object) -> ParametersOutcome | None:
    row = view.get(EnvoyProxy, member.key)
    if row is None:
        return None
    condition = verdicts.invalid_parameters(blame("spec", error))
    refs = (_reference(each) for each in view.bucket(NAMED_PROXIES, row.metadata.key))
    ancestors = tuple(ParentOutcome(ref=ref, verdicts=(condition,)) for ref in refs)
    return _outcome(row, ancestors)


@rescued_query(_failed)
def envoy_proxy_outcome(view: View, member: Member) -> ParametersOutcome | None:
    """Return what is said of an EnvoyProxy to each Gateway and class of ours that names it; None without any."""
    row = view.get(EnvoyProxy, member.key)
    if row is None:
        return None
    return _outcome(row, tuple(_ancestors(view, row)))


def _outcome(row: EnvoyProxy, ancestors: tuple[ParentOutcome, ...]) -> ParametersOutcome | None:
    if not ancestors:
        return None
    return ParametersOutcome(generation=row.metadata.generation, ancestors=ancestors[:MAX_ANCESTORS])


def _ancestors(view: View, row: EnvoyProxy) -> Iterator[ParentOutcome]:
    for each in view.bucket(NAMED_PROXIES, row.metadata.key):
        key = ObjectKey(*each.key)  # type: ignore[misc]
        if each.table is Gateway and gateway_is_ours(view, key):
            theirs = envoy_proxy(view, key)
            left_out = _left_out(view, key, theirs) if theirs is not None else ()
        elif each.table is GatewayClass and class_is_ours(view, key.name):
            theirs = class_envoy_proxy(view, key.name)
            left_out = theirs.taken.refused if theirs is not None else ()
        else:
            continue
        differs = theirs.taken.differs if theirs is not None else ()
        yield ParentOutcome(ref=_reference(each), verdicts=(_accepted(left_out), *_differs(differs)))


def _reference(member: Member) -> Reference:
    key = ObjectKey(*member.key)  # type: ignore[misc]
    kind = BY_STRUCT[member.table]
    return Reference(
        group=kind.group, kind=kind.kind, namespace=key.namespace or None, name=key.name, section=None, port=None
    )


def _accepted(left_out: Iterable[Problem]) -> Verdict:
    problems = "; ".join(map(str, left_out))
    return (
        verdicts.invalid_parameters(f"{problems}; left out until then") if problems else verdicts.accepted("in force")
    )


def _differs(differs: Iterable[Problem]) -> tuple[Verdict, ...]:
    problems = "; ".join(map(str, differs))
    return (verdicts.taken_differently(problems),) if problems else ()
