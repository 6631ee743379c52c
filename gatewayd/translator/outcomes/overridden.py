"""What of a policy is not in force at a Gateway that it is for, since another policy has it: by sections, with counts.

From above an override takes a section from the whole target. From below routes, namespaces and listeners have a
default's section of their own; they are counted by an index, so that nothing is asked of those who have none.
https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.translator.attachment import attached_listeners, attachments
from gatewayd.translator.gateways.listener_conflicts import listeners
from gatewayd.translator.gateways.listeners import ListenerKey
from gatewayd.translator.policies.effective import (
    INHERITED,
    NAMESPACE_KIND,
    Chain,
    ChainKey,
    Ruled,
    ScopedTarget,
    TargetKey,
    at_target,
    effective,
    scoped_targets,
    wire_name,
)
from gatewayd.translator.policies.kinds import (
    DEFAULT,
    OVERRIDE,
    POLICY_KINDS,
    STRATEGIES,
    InheritedPolicy,
    InheritedTable,
    by_strategy,
)
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND, ROUTES_BY_KIND
from gatewayd.translator.proxies.at_listener import ListenerOf, listener_chain
from gatewayd.translator.quotas import ACCOUNTS, Account

_NAMED: Final = 3
"""Who has a section of their own, by name; the rest is a number."""
_ANYWHERE: Final = ListenerKey("", "", "", "")
"""Stands for the listeners of a namespace's routes, whichever they are."""


class Owners(NamedTuple):
    """Those at a listener who have a section of a kind of policy of their own."""

    listener: ListenerKey
    kind: str
    section: str


class OwnSection(NamedTuple):
    """One of them: a route, whichever rule of it, or a namespace."""

    owners: Owners
    target: ScopedTarget


def _sections(row: InheritedPolicy, strategies: Collection[str] = STRATEGIES) -> Iterator[str]:
    """Yield the sections that a policy has, as attributes."""
    for strategy, given in by_strategy(row):
        if strategy in strategies:
            yield from (name for name in POLICY_KINDS[type(row)].names if getattr(given, name) is not None)


class PolicyAt(NamedTuple):
    """A target of a policy of a kind at a Gateway, with the sections of its default; `own` is all that it is for.

    What a policy says does not matter here, so that its edits end before it.
    """

    table: InheritedTable
    sections: tuple[str, ...]
    own: tuple[ScopedTarget, ...]
    target: ScopedTarget
    gateway: ObjectKey


@query
def own_sections(view: View, member: Member) -> tuple[OwnSection, ...]:
    """Return the sections that a policy gives to routes and namespaces, for each listener where those have them."""
    row: InheritedPolicy | None = view.get(member.table, member.key)
    if row is None:
        return ()
    kind, adds_up = member.table.__name__, POLICY_KINDS[member.table].adds_up
    places = [(at, target.whole) for target in scoped_targets(row) for at in _listeners(view, target)]
    # An override that adds up leaves the default from above as it is.
    names = (*_sections(row, (DEFAULT,)), *(each for each in _sections(row, (OVERRIDE,)) if each not in adds_up))
    return tuple(dict.fromkeys(OwnSection(Owners(at, kind, name), target) for at, target in places for name in names))


def _listeners(view: View, target: ScopedTarget) -> tuple[ListenerKey, ...]:
    if target.kind == NAMESPACE_KIND:
        return (_ANYWHERE,)
    table = ROUTES_BY_KIND.get(target.kind)
    return () if table is None else attached_listeners(attachments(view, Member(table, target.key)))


OWN_SECTIONS = Index(
    name="sections_of_routes_by_listener",
    sources=tuple(Source(table=table, query=own_sections) for table in POLICY_KINDS),
    group=lambda own: own.owners,
)


def overridden(view: View, row: InheritedPolicy, target: ScopedTarget, gateway: ObjectKey) -> tuple[str, ...]:
    """Return what of a policy is not in force for a target at a Gateway, in words, one a section."""
    from_above = dict(_from_above(view, row, target, gateway))
    if target.kind not in (GATEWAY_KIND, LISTENERSET_KIND):
        return tuple(from_above.values())
    own = tuple(each.whole for each in scoped_targets(row))
    of_others = from_below(view, PolicyAt(type(row), tuple(_sections(row, (DEFAULT,))), own, target, gateway))
    return (*from_above.values(), *(words for name, words in of_others if name not in from_above))


def _from_above(
    view: View, row: InheritedPolicy, target: ScopedTarget, gateway: ObjectKey
) -> Iterator[tuple[str, str]]:
    """Yield the sections that are another's at the target itself, with whose."""
    table, chains = type(row), tuple(_chains(view, target, gateway))
    for name in dict.fromkeys(_sections(row)):
        others = [found for chain in chains if (found := _other(view, ChainKey(table, chain), name, row)) is not None]
        if others:
            where = "" if len(others) == len(chains) else f" at {len(others)} of {len(chains)} listeners"
            by = ", ".join(dict.fromkeys(f'{_kind(each, table)} "{each.policy}" for {each.target}' for each in others))
            yield name, f"{wire_name(name)} is overridden{where} by {by}"


def _kind(ruled: Ruled, table: InheritedTable) -> str:
    return table.__name__ if ruled.origin is None else ruled.origin.kind


def _other(view: View, key: ChainKey, section: str, row: InheritedPolicy) -> Ruled | None:
    """Return who has a section in the place of a policy, at the end of a chain that ends at the policy's target."""
    found = effective(view, key)
    held = [each for each in (*found.overrides, *found.defaults) if each.section == section]
    if any(each.policy == row.metadata.key for each in held):
        return None
    return next((each for each in held if each.target != key.chain[-1]), None)


def _chains(view: View, target: ScopedTarget, gateway: ObjectKey) -> Iterator[Chain]:
    """Yield what is above a target at a Gateway, with the target: one chain for each listener of a route."""
    if target.kind in (GATEWAY_KIND, LISTENERSET_KIND):
        at = ListenerKey(target.kind.kind, target.key.namespace, target.key.name, target.section)
        chain = listener_chain(view, ListenerOf(gateway, at))
        yield chain if target.section else chain[:-1]
        return
    namespace = ScopedTarget(NAMESPACE_KIND, ObjectKey("", target.key.namespace), "")
    own = (target.whole, *((target,) if target.section else ()))
    for parent in attachments(view, Member(ROUTES_BY_KIND[target.kind], target.key)):
        if parent.gateway == gateway:
            for attached in parent.attached:
                yield (*listener_chain(view, ListenerOf(gateway, attached.listener)), namespace, *own)


@query
def from_below(view: View, at: PolicyAt) -> tuple[tuple[str, str], ...]:
    """Return the sections of a default that some below its target have of their own, with who they are in words."""
    return tuple(_from_below(view, at)) if at.sections else ()


def _from_below(view: View, at: PolicyAt) -> Iterator[tuple[str, str]]:
    within = tuple(each.key for each in listeners(view, at.gateway) if _is_within(each.key, at))
    parts = _parts(view, at.target, within)
    for name in at.sections:
        owners = dict.fromkeys(each for each in parts if _has(view, TargetKey(at.table, each), name))
        for listener in (*within, _ANYWHERE):
            for each in view.group(OWN_SECTIONS, Owners(listener, at.table.__name__, name)):
                if each.target not in at.own and (listener != _ANYWHERE or _is_here(view, at.gateway, each.target)):
                    owners[each.target] = None
        if owners:
            named = ", ".join(map(str, list(owners)[:_NAMED]))
            more = f" and {len(owners) - _NAMED} more" if len(owners) > _NAMED else ""
            yield name, f"{wire_name(name)}: {len(owners)} below have their own: {named}{more}"


def _is_within(listener: ListenerKey, at: PolicyAt) -> bool:
    """Return whether a listener of the Gateway is the target, or below it."""
    if at.target == ScopedTarget(GATEWAY_KIND, at.gateway, ""):
        return True
    is_of_object = (listener.owner, listener.object) == (at.target.kind.kind, at.target.key)
    return is_of_object and at.target.section in ("", listener.section)


def _parts(view: View, target: ScopedTarget, within: tuple[ListenerKey, ...]) -> list[ScopedTarget]:
    """Return the ListenerSets and listeners below a target that policies are for."""
    objects = dict.fromkeys(
        ScopedTarget(GATEWAY_KIND if each.owner == "Gateway" else LISTENERSET_KIND, each.object, "") for each in within
    )
    return [each for whole in objects for each in view.group(INHERITED, whole) if each not in (target, target.whole)]


def _has(view: View, key: TargetKey, section: str) -> bool:
    found = at_target(view, key)
    return any(each.section == section for each in (*found.overrides, *found.defaults))


def _is_here(view: View, gateway: ObjectKey, namespace: ScopedTarget) -> bool:
    """Return whether a namespace has routes that point at a Gateway."""
    return view.count(ACCOUNTS, Account(gateway, namespace.key.name)) > 0
