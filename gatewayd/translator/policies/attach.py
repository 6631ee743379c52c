"""Which policy applies to a backend: targets, sections, conflicts, and the Gateways to tell of it.

A policy for a section (a Service port by name) goes before one for the whole object; of several for the same thing the
oldest applies, then the first by namespace and name. https://gateway-api.sigs.k8s.io/geps/gep-713/
"""

from typing import NamedTuple

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.view import Index, View, query, rows


class Target(NamedTuple):
    """What a policy is for; `section` "" is the whole object."""

    kind: GroupKind
    key: ObjectKey
    section: str


def _targets(row: BackendTLSPolicy) -> list[Target]:
    return [
        Target(each.group_kind, ObjectKey(row.metadata.namespace, each.name), each.section_name or "")
        for each in row.spec.target_refs
    ]


BACKEND_TLS_BY_TARGET = Index(
    name="backendtlspolicies_by_target",
    sources=(rows(BackendTLSPolicy, _targets),),
    group=lambda target: target.key,
)


@query
def winner(view: View, target: Target) -> ObjectKey | None:
    """Return the policy that applies to exactly this target; None when there is none."""
    found = []
    for member in view.bucket(BACKEND_TLS_BY_TARGET, target):
        row = view.get(BackendTLSPolicy, member.key)
        if row is not None:
            found.append((row.metadata.creation_timestamp, row.metadata.key))
    return min(found)[1] if found else None


@query
def applying(view: View, target: Target) -> ObjectKey | None:
    """Return the policy that applies to a section: its own, else that of the whole object."""
    return winner(view, target) or winner(view, target._replace(section=""))


def lost_targets(view: View, policy: ObjectKey) -> list[tuple[Target, ObjectKey]]:
    """Return the targets of a policy that another policy has, with that one."""
    row = view.get(BackendTLSPolicy, policy)
    if row is None:
        return []
    found = ((target, winner(view, target)) for target in _targets(row))
    return [(target, other) for target, other in found if other is not None and other != policy]
