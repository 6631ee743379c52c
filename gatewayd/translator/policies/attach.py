"""Which policy applies to a backend: targets, sections, conflicts, and the Gateways to tell of it.

A policy for a section (a Service port by name) goes before one for the whole object; of several for the same thing the
oldest applies, then the first by namespace and name. https://gateway-api.sigs.k8s.io/geps/gep-713/
"""

from typing import NamedTuple

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import PolicyTargetRefWithSection
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.incremental.view import Index, View, rows

SERVICE_KIND = GroupKind("", "Service")

Policy = BackendTLSPolicy | XBackendTrafficPolicy
PolicyTable = type[BackendTLSPolicy] | type[XBackendTrafficPolicy]


class Target(NamedTuple):
    """What a policy is for; `section` "" is the whole object."""

    kind: GroupKind
    key: ObjectKey
    section: str


class Claim(NamedTuple):
    """A kind of policy and what is asked for it."""

    table: PolicyTable
    target: Target


def targets(row: Policy) -> list[Target]:
    """Return what a policy is for, in its order."""
    return [
        Target(
            each.group_kind,
            ObjectKey(row.metadata.namespace, each.name),
            (each.section_name or "") if isinstance(each, PolicyTargetRefWithSection) else "",
        )
        for each in row.spec.target_refs
    ]


def _objects(row: Policy) -> list[ObjectKey]:
    return [each.key for each in targets(row)]


POLICIES = Index(
    name="policies_by_target",
    sources=(rows(BackendTLSPolicy, _objects), rows(XBackendTrafficPolicy, _objects)),
    group=lambda target: target,
)
"""By the object alone, whatever its kind and section: most have no policy, and that costs one empty bucket."""


def winner(view: View, claim: Claim) -> ObjectKey | None:
    """Return the policy that applies to exactly this target; None when there is none."""
    found = []
    for member in view.bucket(POLICIES, claim.target.key):
        row = policy_row(view, claim.table, member.key) if member.table is claim.table else None
        if row is not None and claim.target in targets(row):
            found.append((row.metadata.creation_timestamp, row.metadata.key))
    return min(found)[1] if found else None


def applying(view: View, claim: Claim) -> ObjectKey | None:
    """Return the policy that applies to a section: its own, else that of the whole object."""
    whole = claim._replace(target=claim.target._replace(section=""))
    return winner(view, claim) or winner(view, whole)


def policy_row(view: View, table: PolicyTable, key: object) -> Policy | None:
    """Return a policy of any kind."""
    return view.get(BackendTLSPolicy, key) if table is BackendTLSPolicy else view.get(XBackendTrafficPolicy, key)


def lost_targets(view: View, row: Policy) -> list[tuple[Target, ObjectKey]]:
    """Return the targets of a policy that another policy of its kind has, with that one."""
    found = ((target, winner(view, Claim(type(row), target))) for target in targets(row))
    return [(target, other) for target, other in found if other is not None and other != row.metadata.key]
