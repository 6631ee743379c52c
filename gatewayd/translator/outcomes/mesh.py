"""What is said of an XMesh, and of routes for their parents that are Services.

https://gateway-api.sigs.k8s.io/geps/gep-3949/ and https://gateway-api.sigs.k8s.io/geps/gep-1294/
"""

from collections.abc import Iterator
from typing import Final

from gatewayd.api.xmesh import XMesh
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.http import rule_field
from gatewayd.ir.limits import CONSUMER_PORTS, NAMED_CALLERS
from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.ir.outcome import FleetReport, MeshOutcome, ParentOutcome, Verdict
from gatewayd.ir.proxy import TCP, listener_name
from gatewayd.translator import verdicts
from gatewayd.translator.features import MESH_FEATURES
from gatewayd.translator.mesh.callers import named_callers
from gatewayd.translator.mesh.claims import ServiceParent
from gatewayd.translator.mesh.consumers import view_port
from gatewayd.translator.mesh.governed_rules import RuleOf, entry_to, is_any_policy
from gatewayd.translator.mesh.meshes import own_mesh
from gatewayd.translator.mesh.parents import service_parents
from gatewayd.translator.outcomes.refused_by_proxies import refused_at
from gatewayd.translator.policies.closed import Closed
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS, service_rules
from gatewayd.translator.rules.rule_set import NO_RULES

_NAMED: Final = 3
"""Who is told in vain, by name; the rest is a number."""


def _outcome(row: XMesh, accepted: Verdict, programmed: Verdict) -> MeshOutcome:
    return MeshOutcome(generation=row.metadata.generation, verdicts=(accepted, programmed), features=MESH_FEATURES)


def _failed(view: View, member: Member, error: Exception, _before: MeshOutcome | None) -> MeshOutcome | None:
    row = own_mesh(view, member)
    if row is None:
        return None
    return _outcome(row, verdicts.invalid(blame("spec", error)), verdicts.cannot_be_programmed())


@rescued_query(_failed)
def mesh_outcome(view: View, member: Member) -> MeshOutcome | None:
    """Return what is said about an XMesh; None when it is another controller's."""
    row = own_mesh(view, member)
    if row is None:
        return None
    ref = row.spec.parameters_ref
    if ref is None:
        return _outcome(row, verdicts.accepted(), _programmed(view))
    refused = verdicts.invalid_parameters(f"spec.parametersRef: {ref.kind} {ref.name!r} is not read; none is allowed")
    return _outcome(row, refused, verdicts.cannot_be_programmed())


def _programmed(view: View) -> Verdict:
    """Return whether a node's proxy has the port for callers of all namespaces."""
    report = view.get(FleetReport, MESH_FLEET)
    if report is None or not report.connected:
        return verdicts.pending("no proxy of a node is connected")
    if listener_name(TCP, PRODUCER_PORT) not in report.held_listeners:
        return verdicts.pending("no proxy of a node has acknowledged its configuration")
    return verdicts.programmed("a node's proxy that is connected has acknowledged it")


def service_outcomes(view: View, member: Member) -> Iterator[ParentOutcome]:
    """Yield what is said of a route for each parent that is a Service; nothing while there is no mesh."""
    for parent in service_parents(view, member):
        yield ParentOutcome(ref=parent.ref, verdicts=tuple(_said(view, member, parent)))


def _said(view: View, member: Member, parent: ServiceParent) -> Iterator[Verdict]:
    yield verdicts.with_notes(parent.verdict, tuple(_unknown_callers(view, member, parent)))
    ruled = service_rules(view, member) if member.table in SERVICE_ROUTE_KINDS else NO_RULES
    yield ruled.unresolved or verdicts.resolved()
    if not parent.verdict.status:
        return
    if ruled.partial is not None:
        yield ruled.partial
    yield from _closed_rules(view, member, parent)
    refused = refused_at(view, member, parent)
    if refused is not None:
        yield refused


def _unknown_callers(view: View, member: Member, parent: ServiceParent) -> Iterator[str]:
    """Yield whom policies name in vain: whoever has no port is told from nobody."""
    lost = sorted(each for each in named_callers(view, member) if view_port(view, each) is None)
    if lost and parent.frontends:
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        yield (
            f"callers of {', '.join(lost[:_NAMED])}{more}, whom an AccessPolicy names, are not told from others; "
            f"policies of a namespace may name {NAMED_CALLERS} namespaces, and there are {CONSUMER_PORTS} ports"
        )


def _closed_rules(view: View, member: Member, parent: ServiceParent) -> Iterator[Verdict]:
    """Say which rules a policy closes for those who call a Service, since it cannot be honoured there."""
    if not is_any_policy(view):
        return
    by_reason: dict[str, dict[str, None]] = {}
    for ranked in service_rules(view, member).routes:
        number = ranked.route.source.rule
        at = RuleOf(member, number, parent.service.namespace, parent.frontends[0].view)
        entry = entry_to(view, at, ranked.route)
        if isinstance(entry, Closed):
            by_reason.setdefault(str(entry), {})[rule_field(number)] = None
    if by_reason:
        told = (f"{', '.join(paths)}: {reason}" for reason, paths in by_reason.items())
        yield verdicts.closed_by_policy(f"{'; '.join(told)}; requests get a 500 until then")
