"""What is said about Gateways, ListenerSets and routes: folded from the values that decided, never decided again.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype, #listenerconditiontype, #routeconditiontype
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.ingress import Ingress
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.api.xmesh import XMesh
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.incremental.view import Member, Output, Query, Source, Table, View, query, rescued_query
from gatewayd.ir.conditions import ACCEPTED, PROGRAMMED, holds
from gatewayd.ir.outcome import (
    GatewayClassOutcome,
    GatewayOutcome,
    InfrastructureReport,
    IngressOutcome,
    ListenerOutcome,
    ListenerSetOutcome,
    ParentOutcome,
    RouteOutcome,
    Verdict,
)
from gatewayd.ir.tls import ClientValidation
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import attachments, parents_of_ours, reference
from gatewayd.translator.backends.client_certificates import client_certificate
from gatewayd.translator.certificate_warnings import time_warnings, warned
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS
from gatewayd.translator.features import SUPPORTED_FEATURES
from gatewayd.translator.gateways.addresses import Addresses, addresses
from gatewayd.translator.gateways.escaped_slashes import escaped_slashes
from gatewayd.translator.gateways.gatewayclass import (
    GATEWAYS_BY_CLASS,
    class_is_missing,
    class_is_ours,
    gateway_is_ours,
)
from gatewayd.translator.gateways.listener_conflicts import listeners, own_listeners
from gatewayd.translator.gateways.listeners import (
    SETS_BY_GATEWAY,
    SetKey,
    set_is_allowed,
)
from gatewayd.translator.gateways.node_network import taken_nodes
from gatewayd.translator.gateways.served import class_not_served, not_served
from gatewayd.translator.gateways.termination import can_serve, termination, termination_key
from gatewayd.translator.infrastructure.gateway import held_back, withheld_keys
from gatewayd.translator.outcomes.closed_rules import closed_rules
from gatewayd.translator.outcomes.envoy_proxies import envoy_proxy_outcome, proxy_notes
from gatewayd.translator.outcomes.foreign import foreign_outcome
from gatewayd.translator.outcomes.ingresses import ingress_outcome
from gatewayd.translator.outcomes.inherited import inherited_outcome
from gatewayd.translator.outcomes.listeners import listener_outcomes
from gatewayd.translator.outcomes.mesh import mesh_outcome, service_outcomes
from gatewayd.translator.outcomes.policies import backendtls_outcome, traffic_outcome
from gatewayd.translator.outcomes.refused_by_proxies import refused_at
from gatewayd.translator.outcomes.telemetry import telemetry_outcome
from gatewayd.translator.outcomes.xbackends import xbackend_outcome
from gatewayd.translator.parameters.chosen import chosen_parameters
from gatewayd.translator.parameters.class_parameters import BadClassParameters, class_parameters
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.envoy_proxy import class_problems
from gatewayd.translator.policies.kinds import POLICY_KINDS
from gatewayd.translator.protocols import GATEWAY_KIND, ROUTE_TABLES
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.route_kinds import rules

_KIND = attrgetter("kind")


@query
def gatewayclass_outcome(view: View, member: Member) -> GatewayClassOutcome | None:
    """Return what is said about a class; None when it is another controller's."""
    row = view.get(GatewayClass, member.key)
    if row is None or not class_is_ours(view, row.metadata.name):
        return None
    parameters = class_parameters(view, row.metadata.name)
    accepted = verdicts.with_notes(verdicts.accepted(), class_problems(view, row.metadata.name))
    if isinstance(parameters, BadClassParameters):
        accepted = verdicts.invalid_parameters(parameters.why)
    left_out = class_not_served(view, row.metadata.name)
    if left_out is not None:
        accepted = verdicts.unsupported_class(f"metadata.name: {left_out}")
    return GatewayClassOutcome(
        generation=row.metadata.generation,
        verdicts=(accepted, verdicts.supported_version()),
        features=SUPPORTED_FEATURES,
        in_use=view.count(GATEWAYS_BY_CLASS, row.metadata.name) > 0,
    )


def _failed_gateway(
    view: View, member: Member, error: Exception, before: GatewayOutcome | None
) -> GatewayOutcome | None:
    """Say that gatewayd fails on a Gateway; its addresses stay, since others take their DNS records from them."""
    row = view.get(Gateway, member.key)
    if row is None or not gateway_is_ours(view, row.metadata.key):
        return None
    both = (verdicts.invalid(blame("spec", error)), verdicts.cannot_be_programmed())
    if before is not None:
        return replace(before, generation=row.metadata.generation, verdicts=both)
    return GatewayOutcome(
        generation=row.metadata.generation, verdicts=both, addresses=(), listeners=(), attached_sets=0
    )


@rescued_query(_failed_gateway)
def gateway_outcome(view: View, member: Member) -> GatewayOutcome | None:
    """Return what is said about a Gateway; None when it is not ours."""
    row = view.get(Gateway, member.key)
    if row is None or not gateway_is_ours(view, row.metadata.key):
        return None
    key = row.metadata.key
    listeners = listener_outcomes(view, key, own_listeners(view, member))
    reached = addresses(view, key)
    accepted = _not_served(view, key, reached) or _accepted(_not_accepted(listeners), len(listeners))
    accepted = verdicts.with_notes(accepted, tuple(_notes(view, key)))
    programmed = _unprovided(view, key) or reached.missing or _gateway_programmed(accepted, listeners)
    return GatewayOutcome(
        generation=row.metadata.generation,
        verdicts=(accepted, programmed, *_more(view, key, reached)),
        addresses=reached.assigned,
        listeners=listeners,
        attached_sets=sum(view.collect(SETS_BY_GATEWAY, key, is_attached)),
    )


def _unprovided(view: View, gateway: ObjectKey) -> Verdict | None:
    """Return what keeps the Gateway's proxies from running, in the words of whoever refused something."""
    report = view.get(InfrastructureReport, gateway)
    return None if report is None else verdicts.no_resources("; ".join(report.problems))


def _not_served(view: View, gateway: ObjectKey, reached: Addresses) -> Verdict | None:
    """Return what is wrong with a Gateway as a whole."""
    left_out = not_served(view, gateway)
    if left_out is not None:
        return verdicts.invalid(left_out)
    if class_is_missing(view, gateway):
        return verdicts.invalid(f"{held_back(view, gateway)}; what runs stays as it is")
    parameters = None if held_back(view, gateway) else _bad_parameters(view, gateway)
    return reached.refused or parameters or escaped_slashes(view, gateway).refused


def _bad_parameters(view: View, gateway: ObjectKey) -> Verdict | None:
    refused, taken = chosen_parameters(view, gateway).refused, taken_nodes(view, gateway)
    return refused or (None if taken is None else verdicts.invalid_parameters(taken))


def _notes(view: View, gateway: ObjectKey) -> Iterator[str]:
    """Yield what is to be known of a Gateway that is accepted."""
    problem = held_back(view, gateway)
    if problem is not None:
        yield f"{problem}; what runs stays as it is"
    yield from proxy_notes(view, gateway)
    keys = withheld_keys(view, gateway)
    if keys:
        yield (
            f"spec.infrastructure: {', '.join(keys)} would give pods more than a proxy has, and reaches no pod and no "
            "ServiceAccount; allowed is what the GatewayClass lists in allowedAnnotations"
        )


def _is_not(_view: View, _listener_set: SetKey, _error: Exception, _before: object) -> bool:
    return False


@rescued_query(_is_not)
def is_attached(view: View, listener_set: SetKey) -> bool:
    """Return whether a ListenerSet is accepted."""
    outcome = listenerset_outcome(view, Member(ListenerSet, listener_set.key))
    return outcome is not None and holds(outcome.verdicts, ACCEPTED)


def _more(view: View, gateway: ObjectKey, reached: Addresses) -> Iterator[Verdict]:
    """Yield the verdicts that are only said when there is something to say."""
    if reached.requested is not None:
        yield reached.requested
    client = client_certificate(view, gateway)
    if client.resolved is not None:
        shown = () if client.certificate is None else (client.certificate,)
        yield warned(client.resolved, "spec.tls.backend.clientCertificateRef", tuple(time_warnings(view, shown)))
    if _is_insecure(view, gateway):
        yield verdicts.insecure_frontend()


def _is_insecure(view: View, gateway: ObjectKey) -> bool:
    """Return whether a listener lets clients in without a good certificate; asked only where the Gateway may say so."""
    row = view.get(Gateway, gateway)
    frontend = row.spec.tls.frontend if row is not None and row.spec.tls is not None else None
    if frontend is None:
        return False
    rules = (frontend.default.validation, *(each.tls.validation for each in frontend.per_port))
    if not any(rule is not None and rule.mode == "AllowInsecureFallback" for rule in rules):
        return False
    modes = (
        termination(view, termination_key(gateway, each)).tls
        for each in listeners(view, gateway)
        if each.valid and each.protocol is not None and each.protocol.terminates
    )
    return any(tls and tls.client and tls.client.validation is ClientValidation.INSECURE_FALLBACK for tls in modes)


def _not_accepted(listeners: tuple[ListenerOutcome, ...]) -> list[str]:
    return [each.name for each in listeners if not holds(each.verdicts, ACCEPTED)]


def _accepted(wrong: list[str], count: int) -> Verdict:
    """https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditionreason (ListenersNotValid)."""
    if not wrong:
        return verdicts.accepted()
    names = ", ".join(wrong)
    return verdicts.some_listeners_not_valid(names) if len(wrong) < count else verdicts.no_listener_valid(names)


def _gateway_programmed(accepted: Verdict, listeners: tuple[ListenerOutcome, ...]) -> Verdict:
    if not accepted.status:
        return verdicts.cannot_be_programmed()
    candidates = [each for each in listeners if holds(each.verdicts, ACCEPTED)]
    if any(holds(each.verdicts, PROGRAMMED) for each in candidates):
        return verdicts.programmed("a connected proxy has acknowledged it")
    waiting = [verdict for each in candidates for verdict in each.verdicts if verdict.type == PROGRAMMED]
    return verdicts.pending("; ".join(dict.fromkeys(each.message for each in waiting)))


def _failed_set(
    view: View, member: Member, error: Exception, _before: ListenerSetOutcome | None
) -> ListenerSetOutcome | None:
    row = view.get(ListenerSet, member.key)
    if row is None or row.spec.parent_ref.group_kind != GATEWAY_KIND or not gateway_is_ours(view, row.parent):
        return None
    both = (verdicts.invalid(blame("spec", error)), verdicts.cannot_be_programmed())
    return ListenerSetOutcome(generation=row.metadata.generation, verdicts=both, listeners=())


@rescued_query(_failed_set)
def listenerset_outcome(view: View, member: Member) -> ListenerSetOutcome | None:
    """Return what is said about a ListenerSet; None when its Gateway is not ours.

    https://gateway-api.sigs.k8s.io/reference/spec/#listenerset
    """
    row = view.get(ListenerSet, member.key)
    if row is None or row.spec.parent_ref.group_kind != GATEWAY_KIND:
        return None
    key, gateway = row.metadata.key, row.parent
    if not gateway_is_ours(view, gateway):
        return None
    if not set_is_allowed(view, key):
        message = f'spec.parentRef: Gateway "{gateway}" does not allow listeners from namespace {key.namespace!r}'
        both = (verdicts.listeners_not_allowed(message), verdicts.allowed_by_no_gateway(message))
        return ListenerSetOutcome(generation=row.metadata.generation, verdicts=both, listeners=())
    merged = own_listeners(view, member)
    listeners = listener_outcomes(view, gateway, merged)
    accepted = _accepted([each.key.section for each in merged if not can_serve(view, gateway, each)], len(merged))
    programmed = (
        _gateway_programmed(accepted, listeners)
        if accepted.status
        else verdicts.not_programmed(accepted.reason, accepted.message)
    )
    return ListenerSetOutcome(generation=row.metadata.generation, verdicts=(accepted, programmed), listeners=listeners)


def _failed_route(view: View, member: Member, error: Exception, _before: RouteOutcome | None) -> RouteOutcome | None:
    row = view.get(member.table, member.key)
    if row is None:
        return None
    conditions = (verdicts.invalid(blame("spec", error)), verdicts.resolved())
    parents = tuple(ParentOutcome(ref=reference(ref), verdicts=conditions) for ref, _ in parents_of_ours(view, row))
    return RouteOutcome(generation=row.metadata.generation, parents=parents) if parents else None


@rescued_query(_failed_route)
def route_outcome(view: View, member: Member) -> RouteOutcome | None:
    """Return what is said about a route; None when none of its parents is ours."""
    row = view.get(member.table, member.key)
    parents = tuple(_parents(view, member))
    # Asked of thousands, with or without a mesh: so it is no function.
    if row is not None and SERVICE_KIND.kind in map(_KIND, row.spec.parent_refs):
        parents = (*parents, *service_outcomes(view, member))
    if row is None or not parents:
        return None
    return _route_outcome(row.metadata.generation, parents)


@lru_cache(maxsize=256)
def _route_outcome(generation: int, parents: tuple[ParentOutcome, ...]) -> RouteOutcome:
    """Make an outcome: the one that all routes have in common of which nothing else is to be said."""
    return RouteOutcome(generation=generation, parents=parents)


def _parents(view: View, member: Member) -> Iterator[ParentOutcome]:
    rule_set = rules(view, member)
    for parent in attachments(view, member):
        conditions = [parent.verdict, rule_set.unresolved or verdicts.resolved()]
        if rule_set.partial is not None and parent.verdict.status:
            conditions.append(rule_set.partial)
        closed = closed_rules(view, member, parent)
        if closed is not None:
            conditions.append(closed)
        refused = refused_at(view, member, parent)
        if refused is not None:
            conditions.append(refused)
        yield ParentOutcome(ref=parent.ref, verdicts=tuple(conditions))


def outcome_query(table: Table) -> Query[Member, RouteOutcome | None] | Query[Member, IngressOutcome | None]:
    """Return what says of routes of a kind what is said of them."""
    return ingress_outcome if table is Ingress else route_outcome


OUTCOMES = Output(
    name="outcomes",
    sources=(
        Source(table=GatewayClass, query=gatewayclass_outcome),
        Source(table=Gateway, query=gateway_outcome),
        Source(table=ListenerSet, query=listenerset_outcome),
        Source(table=BackendTLSPolicy, query=backendtls_outcome),
        Source(table=XBackendTrafficPolicy, query=traffic_outcome),
        Source(table=XBackend, query=xbackend_outcome),
        Source(table=XTelemetryPolicy, query=telemetry_outcome),
        Source(table=XMesh, query=mesh_outcome),
        *(Source(table=table, query=inherited_outcome) for table in POLICY_KINDS),
        *(Source(table=table, query=foreign_outcome) for table in FOREIGN_KINDS),
        Source(table=EnvoyProxy, query=envoy_proxy_outcome),
        *(Source(table=table, query=outcome_query(table)) for table in ROUTE_TABLES),
    ),
)
