"""Which policy applies to a backend: targets, sections, conflicts, and what is not there to be attached to.

A policy for a section (a Service port by name) goes before one for the whole object; of several for the same thing the
oldest applies, then the first by namespace and name. https://gateway-api.sigs.k8s.io/geps/gep-713/
A section that the object does not have takes the policy's effect, and must not take the owner's intention:
https://gateway-api.sigs.k8s.io/reference/spec/#localpolicytargetreferencewithsectionname
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.core import Service
from gatewayd.api.envoy_gateway.objects import ENVOY_GATEWAY_GROUP
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import EXPERIMENTAL_GROUP, PolicyTargetRefWithSection
from gatewayd.api.serviceimport import MULTICLUSTER_GROUP, ServiceImport
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.incremental.view import Index, View, rows
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts

SERVICE_KIND = GroupKind("", "Service")
XBACKEND_KIND = GroupKind(EXPERIMENTAL_GROUP, "XBackend")
IMPORT_KIND = GroupKind(MULTICLUSTER_GROUP, "ServiceImport")
OUTSIDE_KIND = GroupKind(ENVOY_GATEWAY_GROUP, "Backend")
"""Envoy Gateway's."""
UPSTREAM_KINDS: Mapping[str, GroupKind] = {
    each.kind: each for each in (SERVICE_KIND, XBACKEND_KIND, IMPORT_KIND, OUTSIDE_KIND)
}
"""What `Upstream.kind` stands for."""
PORTED: Mapping[GroupKind, type[Service] | type[ServiceImport]] = {SERVICE_KIND: Service, IMPORT_KIND: ServiceImport}
"""What has ports with names, for one of which a policy may be: its sections."""

Policy = BackendTLSPolicy | XBackendTrafficPolicy
PolicyTable = type[BackendTLSPolicy] | type[XBackendTrafficPolicy]
POLICY_TABLES: tuple[PolicyTable, ...] = (BackendTLSPolicy, XBackendTrafficPolicy)


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
    by_age = []
    for member in view.bucket(POLICIES, claim.target.key):
        row = policy_row(view, claim.table, member.key) if member.table is claim.table else None
        if row is not None and claim.target in targets(row):
            by_age.append((row.metadata.creation_timestamp, row.metadata.key))
    return min(by_age)[1] if by_age else None


def applying(view: View, claim: Claim) -> ObjectKey | None:
    """Return the policy that applies to a section: its own, else that of the whole object."""
    whole = claim._replace(target=claim.target._replace(section=""))
    return winner(view, claim) or winner(view, whole)


def policy_row(view: View, table: PolicyTable, key: object) -> Policy | None:
    """Return a policy of any kind."""
    return view.get(BackendTLSPolicy, key) if table is BackendTLSPolicy else view.get(XBackendTrafficPolicy, key)


def lost_targets(view: View, row: Policy) -> list[tuple[Target, ObjectKey]]:
    """Return the targets of a policy that another policy of its kind has, with that one."""
    winners = ((target, winner(view, Claim(type(row), target))) for target in targets(row))
    return [(target, other) for target, other in winners if other is not None and other != row.metadata.key]


class Stray(NamedTuple):
    """A target that is not there, and the bad Accepted verdict of a policy that names it."""

    target: Target
    verdict: Verdict


def strays(view: View, row: Policy) -> list[Stray]:
    """Return the targets of a policy that do not exist, sections included, or are of a kind without policies."""
    problems = ((target, _problem(view, at, target)) for at, target in enumerate(targets(row)))
    return [Stray(target, verdict) for target, verdict in problems if verdict is not None]


def _problem(view: View, at: int, target: Target) -> Verdict | None:
    path = f"spec.targetRefs[{at}]"
    if target.kind not in PORTED:
        return verdicts.invalid(f"{path}: kind {target.kind} is not supported; allowed: {', '.join(map(str, PORTED))}")
    service = view.get(PORTED[target.kind], target.key)
    if service is None:
        return verdicts.target_not_found(f'{path}: {target.kind.kind} "{target.key}" does not exist')
    if not target.section or target.section in _sections(service):
        return None
    known = ", ".join(_sections(service)) or "none has a name"
    named = f'{target.kind.kind} "{target.key}"'
    return verdicts.target_not_found(
        f'{path}.sectionName: {named} has no port named "{target.section}"; ports: {known}'
    )


def _sections(service: Service | ServiceImport) -> list[str]:
    return [each.name for each in service.spec.ports if each.name]


def astray(view: View, claim: Claim) -> Verdict | None:
    """Return the verdict of a policy that is for a section of this Service which it does not have; None without one."""
    return next(_astray(view, claim), None)


def _astray(view: View, claim: Claim) -> Iterator[Verdict]:
    for member in view.bucket(POLICIES, claim.target.key):
        row = policy_row(view, claim.table, member.key) if member.table is claim.table else None
        if row is not None:
            of_sections = (each for each in strays(view, row) if each.target.section)
            yield from (each.verdict for each in of_sections if each.target._replace(section="") == claim.target)
