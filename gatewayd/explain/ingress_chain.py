"""What `gatewayd why` says of an Ingress that it does not say of a route: its class, and its certificates.

Its status has no conditions, so that this is where they are to be seen.
"""

from collections.abc import Iterator
from typing import Final

from gatewayd.api.ingress import Ingress
from gatewayd.api.ingressclass import IngressClass
from gatewayd.explain.parent_findings import class_complaint
from gatewayd.explain.steps import Knowledge, Mark, Step, member_name
from gatewayd.incremental.view import Member, View
from gatewayd.ir.conditions import RESOLVED_REFS, is_good, verdict_of
from gatewayd.ir.outcome import Verdict
from gatewayd.own_group import ingress_controller
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.ingresses import NoGateway, class_gateway, class_name
from gatewayd.translator.live_annotations import annotation_mode, live_annotations
from gatewayd.translator.nginx.fates import Fidelity
from gatewayd.translator.outcomes.ingresses import ingress_outcome

_MARKS: Final = {Fidelity.LOST: Mark.BAD, Fidelity.MANUAL: Mark.INFO}


def without_gateway(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield why an Ingress leads to no Gateway of ours: its class does not, or is not ours."""
    view = known.engine
    outcome, row = ingress_outcome(view, member), view.get(Ingress, member.key)
    place = known.place(member, "spec.ingressClassName")
    if outcome is None and row is not None:
        field, _, says = class_complaint(view, row).message.partition(": ")
        yield Step(depth=1, mark=Mark.BAD, subject=field, says=says, place=place)
    for verdict in outcome.all_verdicts if outcome is not None else ():
        if not is_good(verdict):
            yield Step(depth=1, mark=Mark.BAD, subject=verdict.type, says=verdict.message, place=place)


def annotation_steps(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield what becomes of each annotation of ingress-nginx, where the class asks for them."""
    annotations = live_annotations(known.engine, member)
    for fate in annotations.fates if annotations is not None else ():
        closes = "; all paths answer 500" if annotations is not None and fate in annotations.closing else ""
        says = f"{fate.fidelity}: {fate.message}{closes}"
        mark = _MARKS.get(fate.fidelity, Mark.GOOD)
        yield Step(depth=1, mark=mark, subject=fate.path, says=says, place=known.place(member, "metadata.annotations"))


def ingressclass_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of an IngressClass: whose it is, the Gateway that serves it, and how many Ingresses name it."""
    view = known.engine
    row = view.get(IngressClass, member.key)
    if row is None:
        return
    name, place = row.metadata.name, known.place(member)
    yield Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=row.spec.controller, place=place)
    gateway, at = class_gateway(view, name), known.place(member, "spec.parameters")
    if gateway is None:
        ours = ingress_controller(environment(view).controller)
        says = f"is another controller's; {ours} makes it gatewayd's"
        yield Step(depth=1, mark=Mark.BAD, subject="spec.controller", says=says, place=place)
    elif isinstance(gateway, NoGateway):
        yield Step(depth=1, mark=Mark.BAD, subject="spec.parameters", says=gateway.message, place=at)
    else:
        is_ours = gateway_is_ours(view, gateway)
        says = "serves it" if is_ours else "is not of gatewayd"
        mark = Mark.GOOD if is_ours else Mark.BAD
        yield Step(depth=1, mark=mark, subject=f"Gateway {gateway}", says=says, place=at)
    mode = annotation_mode(view, name)
    if mode is not None:
        yield Step(depth=1, mark=Mark.INFO, subject="annotations of ingress-nginx", says=f"read, {mode}")
    count = sum(class_name(view, ingress) == name for _, ingress in known.engine.rows(Ingress))
    yield Step(depth=1, mark=Mark.INFO, subject="Ingresses", says=f"{count} of this class")


def resolved_refs(view: View, member: Member) -> Verdict | None:
    """Return what is wrong with what an Ingress refers to, or to be known of its certificates; None for nothing."""
    outcome = ingress_outcome(view, member)
    resolved = None if outcome is None else verdict_of(outcome.all_verdicts, RESOLVED_REFS)
    return resolved if resolved is not None and resolved.message else None
