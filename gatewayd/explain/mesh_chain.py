"""Why a mesh works or does not, and why a route leads away what is sent to a Service, or not.

Pure: made of the same queries that decided.
"""

from collections.abc import Iterator

from gatewayd.api.ingress import Ingress
from gatewayd.api.xmesh import XMesh
from gatewayd.explain.mesh_trace import callers
from gatewayd.explain.policies import service_sections
from gatewayd.explain.refusal_steps import refusal_steps
from gatewayd.explain.steps import Knowledge, Mark, Step, member_name, policy_steps, verdict_step
from gatewayd.incremental.view import Member, View
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.translator.mesh.claims import ServiceParent, service_refs
from gatewayd.translator.mesh.consumers import view_ports
from gatewayd.translator.mesh.frontends import EVERYBODY, Frontend
from gatewayd.translator.mesh.governed_rules import RuleOf
from gatewayd.translator.mesh.meshes import mesh_is_on
from gatewayd.translator.mesh.parents import CLAIMS, own_routes_at, service_parents
from gatewayd.translator.outcomes.mesh import mesh_outcome
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS, service_rules
from gatewayd.translator.rules.rule_set import RuleSet

_NO_MESH = (
    "there is no mesh of gatewayd, so others may lead what is sent to it: an XMesh with its controllerName, or "
    "`gatewayd serve --mesh`, makes one"
)


def mesh_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of an XMesh that exists: what is said of it, its proxies, whose callers have routes."""
    view = known.engine
    row = view.get(XMesh, member.key)
    if row is None:
        return
    outcome = mesh_outcome(view, member)
    place = known.place(member)
    if outcome is None:
        says = f"is of another controller: {row.spec.controller_name}"
        yield Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=says, place=place)
        return
    says = f"generation {row.metadata.generation}"
    yield Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=says, place=place)
    for verdict in outcome.verdicts:
        yield verdict_step(1, verdict.type, verdict)
    yield _proxies(known, 1)
    frontends = view.group(CLAIMS, None)
    for name, port in view_ports(view, ()).items():
        count = sum(each.view == name for each in frontends)
        says = f"{count} addresses and ports of Services, by port {port} of the proxies"
        yield Step(depth=1, mark=Mark.INFO, subject=callers(name), says=says)


def _proxies(known: Knowledge, depth: int) -> Step:
    report = known.report(MESH_FLEET)
    if report is None:
        return Step(depth=depth, mark=Mark.INFO, subject="proxies", says="not asked, nothing is running")
    if not report.connected:
        return Step(depth=depth, mark=Mark.BAD, subject="proxies", says="that of no node is connected")
    refused = [each.message for each in report.rejections]
    if refused:
        return Step(depth=depth, mark=Mark.BAD, subject="proxies", says=f"refused something: {refused[0]}")
    return Step(depth=depth, mark=Mark.GOOD, subject="proxies", says=f"{report.connected} connected")


def service_steps(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield what became of each parent of a route that is a Service."""
    view = known.engine
    row = view.get(member.table, member.key)
    if row is None or isinstance(row, Ingress):
        return
    if not mesh_is_on(view, ()):
        for path, _, service in service_refs(row):
            place = known.place(member, path)
            yield Step(depth=1, mark=Mark.BAD, subject=f"parent Service {service}", says=_NO_MESH, place=place)
        return
    for parent in service_parents(view, member):
        yield from _parent(known, member, parent)


def _parent(known: Knowledge, member: Member, parent: ServiceParent) -> Iterator[Step]:
    port = "" if parent.ref.port is None else f", port {parent.ref.port}"
    place = known.place(member, "spec.parentRefs")
    yield verdict_step(1, f"parent Service {parent.service}{port}", parent.verdict, place)
    for frontend in parent.frontends:
        says = f"{callers(frontend.view)}{_but(known.engine, frontend)}"
        yield Step(depth=2, mark=Mark.GOOD, subject=f"requests to {frontend}", says=says)
    if parent.frontends:
        yield _proxies(known, 3)
        yield from refusal_steps(known, member, parent, MESH_FLEET)
        yield from _policies(known, member, parent)


def _policies(known: Knowledge, member: Member, parent: ServiceParent) -> Iterator[Step]:
    """Yield what policies are in force for those who call a Service."""
    numbers = (each.route.source.rule for each in service_rules(known.engine, member).routes)
    service, callers_view = parent.service.namespace, parent.frontends[0].view
    yield from policy_steps(
        known,
        numbers,
        lambda number: service_sections(known.engine, RuleOf(member, number, service, callers_view)),
    )


def _but(view: View, frontend: Frontend) -> str:
    """Return whose callers are told from those of all others."""
    if frontend.view != EVERYBODY:
        return ""
    others = sorted(view_ports(view, ()).keys() - {EVERYBODY})
    led = [each for each in others if view.count(CLAIMS, frontend._replace(view=each))]
    own = [each for each in led if own_routes_at(view, frontend._replace(view=each))]
    named = [each for each in led if each not in own]
    apart = f", but of {', '.join(own)}, which have routes of their own" if own else ""
    return f"{apart}; of {', '.join(named)} apart, which a policy names" if named else apart


def rules_of_services(view: View, member: Member) -> RuleSet | None:
    """Return the rules of a route as they are for what is sent to a Service; None where it gets none of that."""
    if member.table not in SERVICE_ROUTE_KINDS:
        return None
    if not any(each.frontends for each in service_parents(view, member)):
        return None
    return service_rules(view, member)
