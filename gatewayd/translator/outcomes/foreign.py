"""What is said about the policies of Envoy Gateway, for each Gateway of ours that they are in force for.

Another controller may look at them as well: of targets that are not there, or lead to no Gateway of ours, nothing is
said here, since they may be the other one's. https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

from collections.abc import Iterator
from typing import Any

from gatewayd.api.envoy_gateway.objects import ForeignObject
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.outcome import ParentOutcome, PolicyOutcome, Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import attachments
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS, ForeignKind
from gatewayd.translator.envoy_gateway.taken import TakenPolicy
from gatewayd.translator.envoy_gateway.targets import target_problems
from gatewayd.translator.outcomes.inherited import TARGET_TABLES, Said, accepted_there, said_of_target
from gatewayd.translator.outcomes.policies import MAX_ANCESTORS
from gatewayd.translator.policies.clashes import clash
from gatewayd.translator.policies.effective import (
    INHERITED,
    ChainKey,
    Effective,
    Ruled,
    ScopedTarget,
    WrittenAs,
    effective,
    foreign_targets,
    oldest_foreign,
)
from gatewayd.translator.policies.foreign import TakenKey, taken
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND
from gatewayd.translator.proxies.access import section_problem
from gatewayd.translator.proxies.at_listener import ListenerOf, listener_chain
from gatewayd.translator.proxies.processing import processing_fault
from gatewayd.translator.proxies.scripts import script_fault
from gatewayd.translator.rescues import blame


def _failed(view: View, member: Member, error: Exception, _before: PolicyOutcome | None) -> PolicyOutcome | None:
    row: ForeignObject | None = view.get(member.table, member.key)
    if row is None:
        return None
    condition = verdicts.invalid(blame("spec", error))
    refs = dict.fromkeys(said.ref for said in _said(view, row))
    ancestors = tuple(ParentOutcome(ref=ref, verdicts=(condition,)) for ref in refs)
    return PolicyOutcome(generation=row.metadata.generation, ancestors=ancestors[:MAX_ANCESTORS]) if refs else None


@rescued_query(_failed)
def foreign_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about a policy; None where no Gateway of ours has to do with it."""
    row: ForeignObject | None = view.get(member.table, member.key)
    if row is None:
        return None
    by_ancestor: dict[Reference, list[Said]] = {}
    for said in _said(view, row):
        by_ancestor.setdefault(said.ref, []).append(said)
    if not by_ancestor:
        return None
    kind = FOREIGN_KINDS[type(row)]
    own = _invalid(view, member, row, kind) or _conflict(view, member, row, kind)
    differs = _differs(view, member, row, kind)
    ancestors = tuple(
        ParentOutcome(ref=ref, verdicts=(accepted_there(own, said, ""), *differs)) for ref, said in by_ancestor.items()
    )
    return PolicyOutcome(generation=row.metadata.generation, ancestors=ancestors[:MAX_ANCESTORS])


def _said(view: View, row: ForeignObject) -> Iterator[Said]:
    for path, target in foreign_targets(view, row):
        if view.get(TARGET_TABLES[target.kind], target.key) is not None:
            yield from said_of_target(view, row, path, target)


def foreign_problems(view: View, member: Member, row: ForeignObject, kind: ForeignKind) -> Iterator[str]:
    """Yield what of a policy cannot be had, each with its path."""
    yield from (f"{path}: {why}" for path, why in target_problems(row, kind.targets))
    for own in kind.translate:
        for found in _taken_there(view, member, row, own):
            yield from map(str, found.refused)
            if not found.refused:
                yield from _faults(view, member, found)


def _taken_there(view: View, member: Member, row: ForeignObject, own: Any) -> Iterator[TakenPolicy]:
    """Yield what a policy comes to: one that is merged, with each policy that it is merged into somewhere."""
    merged_into = tuple(_above(view, member, row, own)) if row.spec.get("mergeType") is not None else ()
    for above in dict.fromkeys(merged_into) or (None,):
        yield taken(view, TakenKey(own, member, above))


def _above(view: View, member: Member, row: ForeignObject, own: Any) -> Iterator[ObjectKey | None]:
    """Yield which policy of a Gateway or a ListenerSet is above a route that the policy is for, at each listener."""
    for _, target in foreign_targets(view, row):
        if target.kind in (GATEWAY_KIND, LISTENERSET_KIND):
            continue
        for parent in attachments(view, Member(TARGET_TABLES[target.kind], target.key)):
            for attached in parent.attached:
                chain = listener_chain(view, ListenerOf(parent.gateway, attached.listener))
                there = effective(view, ChainKey(own, chain)).foreign
                yield next((each.key for each in there if each.policy.table is member.table), None)


def _faults(view: View, member: Member, found: TakenPolicy) -> Iterator[str]:
    """Yield what of good sections cannot be honoured as things are, each with its path."""
    kind, key = FOREIGN_KINDS[member.table], ObjectKey(*member.key)  # type: ignore[misc]
    for section in found.sections:
        problem = section_problem(view, key.namespace, section.value)
        problem = problem or _passing_fault(view, key.namespace, section.value)
        if problem:
            yield f"{section.path}: {problem}"
    whole = ScopedTarget(BY_STRUCT[kind.table].group_kind, key, "")
    ruled = tuple(Ruled(each.name, each.value, key, whole, WrittenAs(kind.name, each.path)) for each in found.sections)
    apart = clash(Effective(overrides=(), defaults=ruled))
    if apart is not None:
        [path] = {each.path for each in found.sections if each.name == apart.section}
        yield f"{path}: {apart.why}"


def _invalid(view: View, member: Member, row: ForeignObject, kind: ForeignKind) -> Verdict | None:
    problems = "; ".join(dict.fromkeys(foreign_problems(view, member, row, kind)))
    if not problems:
        return None
    closes = any(_closes(view, member, row, own) for own in kind.translate)
    return verdicts.invalid(f"{problems}; {'requests that it is for get a 500' if closes else 'left out'} until then")


def _closes(view: View, member: Member, row: ForeignObject, own: Any) -> bool:
    """Return whether what cannot be had of a policy closes what it is for: more than targets that it cannot have."""
    there = tuple(_taken_there(view, member, row, own))
    if own in FOREIGN_KINDS[member.table].protecting:
        return any(found.refused or any(_faults(view, member, found)) for found in there)
    sections = (section.value for found in there for section in found.sections)
    return any(_passing_fault(view, row.metadata.namespace, each) for each in sections)


def _passing_fault(view: View, namespace: str, section: object) -> str:
    """Return why messages cannot pass what a section puts in their way; "" where they can."""
    return processing_fault(view, namespace, section) or script_fault(view, namespace, section)


def _conflict(view: View, member: Member, row: ForeignObject, kind: ForeignKind) -> Verdict | None:
    """Name an older policy of the kind that is for the same target."""
    for path, target in foreign_targets(view, row):
        counts = oldest_foreign(view, kind, view.bucket(INHERITED, target))
        if counts is not None and counts != member:
            other = ObjectKey(*counts.key)  # type: ignore[misc]
            return verdicts.target_taken(f'{path}: {target} has {kind.name} "{other}", which is older')
    return None


def _differs(view: View, member: Member, row: ForeignObject, kind: ForeignKind) -> tuple[Verdict, ...]:
    """Warn of what has another effect here."""
    there = (found for own in kind.translate for found in _taken_there(view, member, row, own))
    told = dict.fromkeys(str(each) for found in there for each in found.differs)
    return (verdicts.taken_differently("; ".join(told)),) if told else ()
