"""What is said about the policies of our own group: for each Gateway, class or namespace that they are in force for.

A target that is not there is said on the target itself, as it was written: nobody shall believe in a policy that holds
for nothing. https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.core import Namespace, Service
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.api.serviceimport import ServiceImport
from gatewayd.api.tcproute import TCPRoute
from gatewayd.api.tlsroute import TLSRoute
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import Member, Table, View, query, rescued_query
from gatewayd.ir.outcome import ParentOutcome, PolicyOutcome, Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import ATTACHED
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import class_is_ours, gateway_is_ours
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.outcomes.at_services import called_services, is_of_service, unserved_below, unserved_there
from gatewayd.translator.outcomes.in_proxies import at_gateway, at_nodes, target_programmed
from gatewayd.translator.outcomes.installation import serves
from gatewayd.translator.outcomes.overridden import overridden
from gatewayd.translator.outcomes.policies import MAX_ANCESTORS
from gatewayd.translator.outcomes.shared_ports import NOBODY_ELSE, shared_ports
from gatewayd.translator.policies.attach import IMPORT_KIND, PORTED, SERVICE_KIND, UPSTREAM_KINDS, XBACKEND_KIND
from gatewayd.translator.policies.backend import backend_problems
from gatewayd.translator.policies.client_sections import client_problems
from gatewayd.translator.policies.effective import (
    CLASS_KIND,
    NAMESPACE_KIND,
    ScopedTarget,
    TargetKey,
    at_target,
    may_reach,
    scoped_targets,
)
from gatewayd.translator.policies.kinds import DEFAULT, OVERRIDE, POLICY_KINDS, InheritedPolicy, by_strategy
from gatewayd.translator.policies.revocation import revocation_problems
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND, group_kind
from gatewayd.translator.proxies.access import entry_problems
from gatewayd.translator.proxies.access_log import report_problems
from gatewayd.translator.proxies.global_limits import unserved
from gatewayd.translator.proxies.governed import gateways_of
from gatewayd.translator.proxies.key_sets import are_keys_asked, key_set_faults
from gatewayd.translator.proxies.policy_filters import message_problems
from gatewayd.translator.proxies.processing import processing_problems
from gatewayd.translator.proxies.scripts import forbidden, script_problems
from gatewayd.translator.rescues import blame

TARGET_TABLES: Final[Mapping[Any, Table]] = {
    CLASS_KIND: GatewayClass,
    NAMESPACE_KIND: Namespace,
    GATEWAY_KIND: Gateway,
    LISTENERSET_KIND: ListenerSet,
    group_kind(HTTPRoute): HTTPRoute,
    group_kind(GRPCRoute): GRPCRoute,
    group_kind(TCPRoute): TCPRoute,
    group_kind(TLSRoute): TLSRoute,
    INGRESS_KIND: Ingress,
    SERVICE_KIND: Service,
    XBACKEND_KIND: XBackend,
    IMPORT_KIND: ServiceImport,
}
_AS_WRITTEN: Final = frozenset({NAMESPACE_KIND, *UPSTREAM_KINDS.values()})
"""What any number of Gateways may have to do with: it is said once, to the target itself."""
_PROBLEMS: Final[Mapping[Any, Callable[[View, InheritedPolicy], Iterator[str]]]] = {
    AccessPolicy: entry_problems,
    RoutePolicy: lambda _view, row: message_problems(row),
    ReportPolicy: report_problems,
    BackendPolicy: backend_problems,
    ClientPolicy: lambda _view, row: client_problems(row),
}
"""What yields the problems of a kind of policy; one without a row has none."""


class Said(NamedTuple):
    """What is said to an ancestor: what is wrong with a target (None: nothing), and what it is in force for.

    `lost`: sections that are not, in words.
    """

    ref: Reference
    wrong: Verdict | None
    scope: str
    lost: tuple[str, ...] = ()


def _failed(view: View, member: Member, error: Exception, _before: PolicyOutcome | None) -> PolicyOutcome | None:
    row = view.get(member.table, member.key)
    if row is None:
        return None
    condition = verdicts.invalid(blame("spec", error))
    refs = dict.fromkeys(_as_written(target) for target in scoped_targets(row))
    ancestors = tuple(ParentOutcome(ref=ref, verdicts=(condition,)) for ref in refs)
    return PolicyOutcome(generation=row.metadata.generation, ancestors=ancestors[:MAX_ANCESTORS])


@rescued_query(_failed)
def inherited_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about a policy; None when all that it is for is another controller's."""
    row: InheritedPolicy | None = view.get(member.table, member.key)
    if row is None:
        return None
    by_ancestor: dict[Reference, list[Said]] = {}
    meant: dict[Reference, ScopedTarget] = {}
    for at, target in enumerate(scoped_targets(row)):
        for of_target in said_of_target(view, row, f"spec.targetRefs[{at}]", target):
            by_ancestor.setdefault(of_target.ref, []).append(of_target)
            meant[of_target.ref] = target
    own = _invalid(view, row) or _conflict(view, row)
    shared = shared_ports(view, row, _of_listeners(view, row)) if isinstance(row, ClientPolicy) else NOBODY_ELSE
    own = own or shared.lost
    keys = _keys(view, row)
    accepted = {ref: accepted_there(own, said, shared.remark) for ref, said in by_ancestor.items()}
    ancestors = tuple(
        ParentOutcome(
            ref=ref,
            verdicts=(
                accepted[ref],
                *keys,
                *(_programmed(view, row, ref, meant[ref]) if accepted[ref].status else ()),
                *_overridden(own, said),
            ),
        )
        for ref, said in by_ancestor.items()
    )
    return (
        PolicyOutcome(generation=row.metadata.generation, ancestors=ancestors[:MAX_ANCESTORS]) if by_ancestor else None
    )


def _keys(view: View, row: InheritedPolicy) -> tuple[Verdict, ...]:
    """Say of keys that are fetched whether that goes well; nothing before each source has been asked."""
    if not isinstance(row, AccessPolicy) or not are_keys_asked(view, row):
        return ()
    faults = "; ".join(key_set_faults(view, row))
    return (verdicts.keys_not_fetched(faults) if faults else verdicts.resolved(),)


def accepted_there(own: Verdict | None, of_ancestor: list[Said], remark: str) -> Verdict:
    """Return whether a policy is accepted at an ancestor: `own` is what is wrong with itself, if anything."""
    wrong = [each.wrong for each in of_ancestor if each.wrong is not None]
    if wrong:
        return verdicts.not_accepted(wrong[0].reason, "; ".join(each.message for each in wrong))
    in_force = f"in force for {', '.join(dict.fromkeys(each.scope for each in of_ancestor))}"
    return own or verdicts.accepted(f"{in_force}; {remark}" if remark else in_force)


def _programmed(view: View, row: InheritedPolicy, ref: Reference, target: ScopedTarget) -> tuple[Verdict, ...]:
    """Say of a policy that is accepted whether proxies have it, as far as they tell; `target` is whom `ref` is due to.

    Whom no Gateway is named for stands for itself, and is named as it was written.
    """
    if ref.kind == GATEWAY_KIND.kind:
        programmed = at_gateway(view, row, ObjectKey(ref.namespace or "", ref.name))
    elif is_of_service(ref, target):
        programmed = at_nodes(view, row)
    else:
        programmed = target_programmed(view, row, target)
    return () if programmed is None else (programmed,)


def _overridden(own: Verdict | None, of_ancestor: list[Said]) -> tuple[Verdict, ...]:
    """Say of a policy that counts which of its sections are another's somewhere."""
    lost = "; ".join(dict.fromkeys(words for each in of_ancestor for words in each.lost))
    return (verdicts.overridden(lost),) if lost and own is None else ()


def _invalid(view: View, row: InheritedPolicy) -> Verdict | None:
    """Say what of a policy cannot be honoured, and what comes of that."""
    protects, read = POLICY_KINDS[type(row)].protects, _PROBLEMS.get(type(row))
    by_consequence = (
        (read(view, row) if read is not None else (), "requests that it is for get a 500" if protects else "left out"),
        (revocation_problems(view, row), "no certificate of a client is good where it is in force"),
    )
    told = (("; ".join(problems), consequence) for problems, consequence in by_consequence)
    closing = (*processing_problems(view, row), *script_problems(view, row)) if isinstance(row, RoutePolicy) else ()
    said = [*(f"{problems}; {consequence} until then" for problems, consequence in told if problems), *closing]
    return verdicts.invalid("; ".join(said)) if said else None


def _conflict(view: View, row: InheritedPolicy) -> Verdict | None:
    """Name a section that an older policy of the kind has for the same target."""
    for target in scoped_targets(row):
        in_force = at_target(view, TargetKey(type(row), target))
        ruled = {OVERRIDE: in_force.overrides, DEFAULT: in_force.defaults}
        for strategy, given in by_strategy(row):
            for section in ruled[strategy]:
                if section.policy != row.metadata.key and getattr(given, section.section) is not None:
                    message = f'{target} has it from {type(row).__name__} "{section.policy}", which is older'
                    return verdicts.target_taken(f"spec.{strategy}.{section.section}: {message}")
    return None


def said_of_target(view: View, row: KubernetesObject, path: str, target: ScopedTarget) -> Iterator[Said]:
    """Yield what is said of a target of a policy to each of its ancestors; `path` is the field that names it."""
    if not may_reach(view, target, row.metadata.namespace):
        beyond = f"{path}: {target.kind.kind} is beyond the policy's namespace"
        allowed = f"allowed: policies of namespace {environment(view).namespace}"
        yield Said(_as_written(target), verdicts.invalid(f"{beyond}; {allowed}"), "")
        return
    row_of_target = view.get(TARGET_TABLES[target.kind], target.key)
    if row_of_target is None:
        gone = verdicts.target_not_found(f'{path}: {target.kind.kind} "{target.key}" does not exist')
        yield Said(_as_written(target), gone, "")
        return
    wrong = _no_section(path, target, row_of_target) if target.section else None
    scope = f"{_scope(view, target)}{unserved_below(view, row, target)}"
    for ref, gateway in _ancestors(view, target):
        here = wrong or _unserved(view, row, ref) or unserved_there(row, ref, target)
        lost: tuple[str, ...] = ()
        if isinstance(row, InheritedPolicy) and gateway is not None and here is None:
            lost = overridden(view, row, target, gateway)
        yield Said(ref, here, scope, lost)


def _unserved(view: View, row: KubernetesObject, ref: Reference) -> Verdict | None:
    """Say what of a policy a Gateway has nobody to count for, or what its class does not allow."""
    if ref.kind != GATEWAY_KIND.kind:
        return None
    gateway = ObjectKey(ref.namespace or "", ref.name)
    problems = "; ".join((*unserved(view, gateway, row), *forbidden(view, gateway, row)))
    return verdicts.invalid(problems) if problems else None


def _no_section(path: str, target: ScopedTarget, row: Any) -> Verdict | None:
    if target.kind in (GATEWAY_KIND, LISTENERSET_KIND):
        what, known = "listener", [each.name for each in row.spec.listeners]
    elif target.kind in PORTED:
        what, known = "port", [each.name for each in row.spec.ports if each.name]
    else:
        what, known = "rule", [each.name for each in row.spec.rules if each.name]
    if target.section in known:
        return None
    shown = ", ".join(known) or "none has a name"
    message = f'{path}.sectionName: {target.whole} has no {what} named "{target.section}"; {what}s: {shown}'
    return verdicts.target_not_found(message)


def _ancestors(view: View, target: ScopedTarget) -> Iterator[tuple[Reference, ObjectKey | None]]:
    """Yield whom it is said to: Gateways of ours where those can be named, else the target itself."""
    if target.kind == CLASS_KIND:
        if class_is_ours(view, target.key.name):
            yield _as_written(target), None
    elif target.kind in _AS_WRITTEN:
        if serves(view, ()):
            yield _as_written(target), None
    else:
        yield from ((_gateway(each), each) for each in gateways_of(view, target) if gateway_is_ours(view, each))
        yield from ((each, None) for each in called_services(view, target))


def _of_listeners(view: View, row: InheritedPolicy) -> tuple[ObjectKey, ...]:
    """Return the Gateways that a policy for listeners names, each once."""
    near = (each for each in scoped_targets(row) if each.kind in (GATEWAY_KIND, LISTENERSET_KIND))
    return tuple(dict.fromkeys(gateway for target in near for gateway in gateways_of(view, target)))


def _gateway(key: ObjectKey) -> Reference:
    return Reference(
        group=GATEWAY_KIND.group, kind="Gateway", namespace=key.namespace, name=key.name, section=None, port=None
    )


def _as_written(target: ScopedTarget) -> Reference:
    return Reference(
        group=target.kind.group,
        kind=target.kind.kind,
        namespace=target.key.namespace or None,
        name=target.key.name,
        section=target.section or None,
        port=None,
    )


@query
def attached_routes(view: View, member: Member) -> int:
    """Return how many routes the listeners of a Gateway or ListenerSet have, each counted once a listener."""
    return sum(view.count(ATTACHED, each.key) for each in own_listeners(view, member))


def _scope(view: View, target: ScopedTarget) -> str:
    if target.kind not in (GATEWAY_KIND, LISTENERSET_KIND):
        return str(target)
    member = Member(TARGET_TABLES[target.kind], target.key)
    if target.section:
        sections = (each.key for each in own_listeners(view, member) if each.key.section == target.section)
        count = sum(view.count(ATTACHED, each) for each in sections)
    else:
        count = attached_routes(view, member)
    return f"{target} ({count} routes)"
