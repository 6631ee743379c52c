"""What routes ask of Services as their parents, whatever others ask: the frontends that each parentRef leads to.

In: a route. Out: one ServiceParent for each parentRef that is a Service, as long as there is a mesh.
https://gateway-api.sigs.k8s.io/geps/gep-1294/
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.outcome import Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import reference
from gatewayd.translator.mesh.frontends import Frontend, ServiceFrontends, frontends_of
from gatewayd.translator.mesh.meshes import mesh_is_on
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS, service_rules


class ServiceParent(NamedTuple):
    """What became of one parentRef: `frontends` is not empty exactly when `verdict` is good."""

    ref: Reference
    service: ObjectKey
    verdict: Verdict
    frontends: tuple[Frontend, ...]


def service_refs(row: Any) -> Iterator[tuple[str, ParentRef, ObjectKey]]:
    """Yield each parentRef of a route that is a Service, with its field and the Service."""
    for at, ref in enumerate(row.spec.parent_refs):
        if ref.group_kind == SERVICE_KIND:
            yield f"spec.parentRefs[{at}]", ref, ObjectKey(ref.namespace or row.metadata.namespace, ref.name)


def _failed(view: View, member: Member, error: Exception, _before: object) -> tuple[ServiceParent, ...]:
    row = view.get(member.table, member.key)
    if row is None:
        return ()
    return tuple(
        ServiceParent(reference(ref), service, verdicts.invalid(blame(path, error)), ())
        for path, ref, service in service_refs(row)
    )


@rescued_query(_failed)
def claims(view: View, member: Member) -> tuple[ServiceParent, ...]:
    """Return what each parentRef of a route asks for, whatever others ask for."""
    row = view.get(member.table, member.key)
    if row is None or not any(service_refs(row)) or not mesh_is_on(view, ()):
        return ()
    return tuple(_claim(view, member, row, *each) for each in service_refs(row))


def _claim(view: View, member: Member, row: Any, path: str, ref: ParentRef, service: ObjectKey) -> ServiceParent:
    def refused(verdict: Verdict) -> ServiceParent:
        return ServiceParent(reference(ref), service, verdict, ())

    kind = member.table.__name__
    if member.table not in SERVICE_ROUTE_KINDS:
        allowed = ", ".join(each.__name__ for each in SERVICE_ROUTE_KINDS)
        message = f"{path}: no {kind} may have a Service as its parent; allowed: {allowed}"
        return refused(verdicts.unsupported_value(message))
    asked = frontends_of(view, ref, service, row.metadata.namespace, path)
    if not isinstance(asked, ServiceFrontends):
        return refused(verdicts.no_matching_parent(asked))
    refusal = service_rules(view, member).refusal
    if refusal is not None:
        return refused(refusal)
    notes = (*asked.notes, *_ignored(row))
    return ServiceParent(reference(ref), service, verdicts.with_notes(verdicts.accepted(), notes), asked.frontends)


def _ignored(row: Any) -> Iterator[str]:
    """Yield what of a route has no meaning here: requests are known by where they were sent to."""
    if row.spec.hostnames:
        yield "spec.hostnames: not looked at where the parent is a Service"
