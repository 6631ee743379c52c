"""What is said of an XMesh, and of routes for their parents that are Services.

https://gateway-api.sigs.k8s.io/geps/gep-3949/ and https://gateway-api.sigs.k8s.io/geps/gep-1294/
"""

from collections.abc import Iterator

from gatewayd.api.xmesh import XMesh
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.ir.outcome import FleetReport, MeshOutcome, ParentOutcome, Verdict
from gatewayd.ir.proxy import TCP, listener_name
from gatewayd.translator import verdicts
from gatewayd.translator.features import MESH_FEATURES
from gatewayd.translator.mesh.claims import ServiceParent
from gatewayd.translator.mesh.closed_rules import closed_by_access
from gatewayd.translator.mesh.meshes import own_mesh
from gatewayd.translator.mesh.parents import service_parents
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS, service_rules
from gatewayd.translator.rules.rule_set import NO_RULES


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
    yield parent.verdict
    ruled = service_rules(view, member) if member.table in SERVICE_ROUTE_KINDS else NO_RULES
    yield ruled.unresolved or verdicts.resolved()
    if not parent.verdict.status:
        return
    if ruled.partial is not None:
        yield ruled.partial
    closed = closed_by_access(view, member)
    if closed is not None:
        yield closed
