"""Policies of Envoy Gateway as policies of ours: what the one in force for a target comes to.

Theirs replace each other: of a chain of targets the policy of the nearest one counts, as a whole, unless it says by
`mergeType` that it shall be merged into the nearest one of a Gateway, a ListenerSet or their listeners.
https://gateway.envoyproxy.io/docs/concepts/gateway_api_extensions/backend-traffic-policy/
"""

from typing import Any, Final, NamedTuple, cast

from gatewayd.api.accesspolicy import AccessPolicy, AccessPolicySpec, AccessSections
from gatewayd.api.envoy_gateway.objects import ForeignObject, SecurityPolicy
from gatewayd.api.inherited import InheritedTargetRef, TargetKind
from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.incremental.view import Member, Table, View, rescued_query
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS
from gatewayd.translator.envoy_gateway.merging import merged
from gatewayd.translator.envoy_gateway.security import security
from gatewayd.translator.envoy_gateway.taken import NOTHING_TAKEN, TakenPolicy
from gatewayd.translator.envoy_gateway.targets import written_targets

ACCESS_TABLES: Final[tuple[Table, ...]] = (AccessPolicy, SecurityPolicy)
"""The kinds of policies that say who may come in."""


class TakenKey(NamedTuple):
    """A policy of theirs as one of ours: `own` is the kind of ours; `above` is what it is merged into, if anything."""

    own: type
    policy: Member
    above: ObjectKey | None


def _failed(_view: View, _key: TakenKey, error: Exception, _before: TakenPolicy | None) -> TakenPolicy:
    """Take nothing of a policy that gatewayd fails on, so that what it protects is closed."""
    why = f"gatewayd fails on it: {type(error).__name__}"
    return TakenPolicy(sections=(), refused=(Problem(path="spec", message=why),), differs=())


@rescued_query(_failed)
def taken(view: View, key: TakenKey) -> TakenPolicy:
    """Return what a policy comes to, merged into the one above it where it asks for that."""
    kind = FOREIGN_KINDS[key.policy.table]
    row: ForeignObject | None = view.get(key.policy.table, key.policy.key)
    if row is None:
        return NOTHING_TAKEN
    spec, merge_type = row.spec, row.spec.get("mergeType")
    above = view.get(key.policy.table, key.above) if key.above is not None and merge_type is not None else None
    if above is not None:
        spec = merged(above.spec, spec, str(merge_type))
    return kind.translate[key.own](spec, row.metadata.namespace)


def access_row(view: View, member: Member) -> AccessPolicy | None:
    """Return a policy that protects as one of ours, whosever it is; by itself, not merged into another one."""
    row = view.get(member.table, member.key)
    return own_access(row) if isinstance(row, SecurityPolicy) else row


def own_access(row: SecurityPolicy) -> AccessPolicy:
    """Return what a policy of theirs would be as one of ours, as far as it can be had."""
    sections: dict[str, Any] = {each.name: each.value for each in security(row.spec, row.metadata.namespace).sections}
    refs = tuple(
        InheritedTargetRef(
            group=ref.group, kind=cast("TargetKind", ref.kind), name=ref.name, section_name=ref.section_name
        )
        for _, ref in written_targets(row, FOREIGN_KINDS[SecurityPolicy].targets)
    )
    spec = AccessPolicySpec(target_refs=refs, default=AccessSections(**sections))
    return AccessPolicy(metadata=row.metadata, spec=spec)
