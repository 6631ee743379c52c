"""Which sections of inherited policies are in force for a chain of targets, and whose they are.

In: a kind of policy and a chain, the widest target first: class, Gateway, ListenerSet, listener, namespace, route,
rule. Out: for each section the override from furthest above, else the default from furthest below. Of sections that add
up, all overrides count, and the default in force. `Disabled` is a default like another one; it stops those from above.
Of two objects for one target the older one has a section, then the first by namespace and name.
Annotations of an Ingress are defaults of the Ingress itself, after policies for it.
Of policies of Envoy Gateway the nearest one counts, as a whole (`foreign`); beside ours its sections are defaults: the
nearer one of a section is in force, at one target ours.
https://gateway-api.sigs.k8s.io/geps/gep-713/#hierarchical-inheritance
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.envoy_gateway.fields import TheirTargetRef
from gatewayd.api.envoy_gateway.objects import ForeignObject
from gatewayd.api.ingress import Ingress
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.inherited import OwnTargetRef, PolicySection
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.incremental.view import Index, Member, RowSource, Source, View, query, rows
from gatewayd.translator.environment import environment
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS, FOREIGN_OF, ForeignKind
from gatewayd.translator.envoy_gateway.targets import written_targets
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.policies.annotated import annotated, asks_for_annotations, services
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.foreign import TakenKey, taken
from gatewayd.translator.policies.kinds import (
    DEFAULT,
    OVERRIDE,
    POLICY_KINDS,
    InheritedPolicy,
    InheritedTable,
    PolicyKind,
    by_strategy,
)
from gatewayd.translator.policies.selected import all_targets, targets_in_force
from gatewayd.translator.protocols import GATEWAY_KIND, LISTENERSET_KIND

_Section = TypeVar("_Section", bound=PolicySection)

NAMESPACE_KIND = GroupKind("", "Namespace")
CLASS_KIND = GroupKind(GATEWAY_GROUP, "GatewayClass")
_OF_GATEWAYS = frozenset({GATEWAY_KIND, LISTENERSET_KIND})
_CLUSTER_SCOPED = frozenset({NAMESPACE_KIND, CLASS_KIND})
UNREADABLE = "unreadable"
"""Stands for all sections of a policy that cannot be read."""


class ScopedTarget(NamedTuple):
    """An object, or a section of it, that policies are for; `section` "" is the whole object."""

    kind: GroupKind
    key: ObjectKey
    section: str

    @property
    def whole(self) -> "ScopedTarget":
        """The object, whatever the section."""
        return self._replace(section="")

    def __str__(self) -> str:
        whole = f"{self.kind.kind}/{self.key}"
        return f"{whole}/{self.section}" if self.section else whole


Chain = tuple[ScopedTarget, ...]


class ChainKey(NamedTuple):
    """A kind of policy and the targets that it may be for, the widest first."""

    table: InheritedTable
    chain: Chain


class TargetKey(NamedTuple):
    """A kind of policy and one target."""

    table: InheritedTable
    target: ScopedTarget


class WrittenAs(NamedTuple):
    """The kind of a policy that is not of our own group, and the field of it that a section was made of."""

    kind: str
    path: str


class Ruled(NamedTuple):
    """A section as a policy has it: by its attribute's name, with what it says and the policy's place in the chain.

    `origin` None: it is a policy of our own group.
    """

    section: str
    value: PolicySection
    policy: ObjectKey
    target: ScopedTarget
    origin: WrittenAs | None = None

    @property
    def wire(self) -> str:
        """The section as manifests call it."""
        return wire_name(self.section)

    @property
    def owner(self) -> str:
        """What tells the policy from those of other kinds with the same name."""
        return str(self.policy) if self.origin is None else f"{self.origin.kind}/{self.policy}"


def wire_name(section: str) -> str:
    """Return a section as manifests call it, by its attribute's name."""
    first, *rest = section.split("_")
    return first + "".join(each.capitalize() for each in rest)


class ForeignInForce(NamedTuple):
    """A policy of Envoy Gateway at its target; `above` is the nearest one of a Gateway or ListenerSet over a route."""

    policy: Member
    target: ScopedTarget
    above: ObjectKey | None

    @property
    def key(self) -> ObjectKey:
        """The policy's namespace and name."""
        return ObjectKey(*self.policy.key)  # type: ignore[misc]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What is in force, widest first in each. `defaults` may be Disabled, which is how they end those from above.

    `foreign` are the policies of Envoy Gateway that count, one of a kind; `covered` are defaults of ours that
    they take the place of, and that are in force again where those are replaced.
    """

    overrides: tuple[Ruled, ...]
    defaults: tuple[Ruled, ...]
    covered: tuple[Ruled, ...] = ()
    foreign: tuple[ForeignInForce, ...] = ()

    def of(self, section: str) -> Iterator[Ruled]:
        """Yield what is in force of a section; several only where they add up."""
        yield from (each for each in self.overrides if each.section == section)
        yield from (each for each in self.defaults if each.section == section and not each.value.is_disabled)

    def override(self, section: type[_Section]) -> _Section | None:
        """Return the override of a section that does not add up."""
        return _first(self.overrides, section)

    def default(self, section: type[_Section]) -> _Section | None:
        """Return the default of a section, which may be Disabled."""
        return _first(self.defaults, section)


def _first(ruled: tuple[Ruled, ...], section: type[_Section]) -> _Section | None:
    return next((each.value for each in ruled if isinstance(each.value, section)), None)


NOTHING = Effective(overrides=(), defaults=())


def scoped_target(ref: OwnTargetRef | TheirTargetRef, namespace: str) -> ScopedTarget:
    """Return what a targetRef of a policy in a namespace is for."""
    kind = ref.group_kind
    home = "" if kind in _CLUSTER_SCOPED else namespace
    return ScopedTarget(kind, ObjectKey(home, ref.name or namespace), ref.section_name or "")


def scoped_targets(row: InheritedPolicy | ForeignObject) -> list[ScopedTarget]:
    """Return what a policy is for, in its order."""
    if isinstance(row, ForeignObject):
        refs = written_targets(row, FOREIGN_KINDS[type(row)].targets)
        return [scoped_target(each.ref, row.metadata.namespace) for each in refs]
    return [scoped_target(ref, row.metadata.namespace) for ref in row.spec.target_refs]


def foreign_targets(view: View, row: ForeignObject) -> Iterator[tuple[str, ScopedTarget]]:
    """Yield what a policy of theirs is for, selected or named, each with the path of the field that says so."""
    for written in all_targets(view, row, FOREIGN_KINDS[type(row)].targets):
        yield written.path, scoped_target(written.ref, row.metadata.namespace)


def _foreign_source(table: type[ForeignObject]) -> Source:
    def filed(view: View, member: Member) -> tuple[ScopedTarget, ...]:
        row = view.get(table, member.key)
        if row is None:
            return ()
        in_force = targets_in_force(view, row, FOREIGN_KINDS[table].targets)
        return tuple(dict.fromkeys(scoped_target(each.ref, row.metadata.namespace) for each in in_force))

    filed.__name__ = f"filed_{table.__name__}"
    return Source(table=table, query=query(filed))


@query
def annotated_targets(view: View, member: Member) -> tuple[ScopedTarget, ...]:
    """Return what the annotations of an Ingress are policies for: itself, and the Services that it leads to."""
    row, found = view.get(Ingress, member.key), annotated(view, member)
    if row is None:
        return ()
    own = (ScopedTarget(INGRESS_KIND, row.metadata.key, ""),) if found.access or found.route else ()
    of_backends = (
        ScopedTarget(SERVICE_KIND, ObjectKey(row.metadata.namespace, name), "")
        for name in (services(row) if found.backend else ())
    )
    return (*own, *of_backends)


_ANNOTATED = Source(table=Ingress, query=annotated_targets)
INHERITED = Index(
    name="inherited_policies_by_target",
    sources=(
        *(rows(table, scoped_targets) for table in POLICY_KINDS),
        *map(_foreign_source, FOREIGN_KINDS),
        _ANNOTATED,
    ),
    group=lambda target: target.whole,
)


def _kinds_of(source: Source | RowSource) -> Source | RowSource:
    """Return a source that files a policy under the kinds that it counts as, whatever it is for."""
    foreign = FOREIGN_KINDS.get(source.table)
    names = (source.table.__name__,) if foreign is None else tuple(own.__name__ for own in foreign.translate)
    return replace(source, keys=lambda targets: names if targets else ())


ANY_INHERITED = Index(
    name="inherited_policies",
    sources=(
        *(_kinds_of(each) for each in INHERITED.sources if each is not _ANNOTATED),
        Source(table=IngressClass, query=asks_for_annotations),
    ),
    group=lambda kind: kind,
)


@query
def any_inherited(view: View, table: InheritedTable) -> bool:
    """Return whether there is any policy of a kind at all: most clusters need not be asked further."""
    return view.count(ANY_INHERITED, table.__name__) > 0


def may_reach(view: View, target: ScopedTarget, namespace: str) -> bool:
    """Return whether a policy of a namespace may be for a target: beyond its own, only from where gatewayd runs."""
    if target.kind not in _CLUSTER_SCOPED or (target.kind == NAMESPACE_KIND and target.key.name == namespace):
        return True
    home = environment(view).namespace
    return not home or namespace == home


@query
def at_target(view: View, key: TargetKey) -> Effective:
    """Return what the policies of one kind for exactly one target say together, and which one of theirs is for it."""
    members = view.bucket(INHERITED, key.target)
    by_age = sorted(
        (row.metadata.creation_timestamp, row.metadata.key)
        for member in members
        if member.table is key.table
        and (row := view.get(key.table, member.key)) is not None
        and may_reach(view, key.target, row.metadata.namespace)
    )
    foreign = tuple(_foreign_at(view, key, members))
    by_annotations = tuple(_annotated_at(view, key, members))
    if not by_age and not foreign and not by_annotations:
        return NOTHING
    by_section: dict[tuple[str, str], Ruled] = {}
    for _, policy in by_age:
        for strategy, ruled in _written(view, key, policy):
            by_section.setdefault((strategy, ruled.section), ruled)
    for ruled in by_annotations:
        by_section.setdefault((DEFAULT, ruled.section), ruled)
    return Effective(
        overrides=tuple(ruled for (strategy, _), ruled in sorted(by_section.items()) if strategy == OVERRIDE),
        defaults=tuple(ruled for (strategy, _), ruled in sorted(by_section.items()) if strategy == DEFAULT),
        foreign=foreign,
    )


def _annotated_at(view: View, key: TargetKey, members: tuple[Member, ...]) -> Iterator[Ruled]:
    """Yield the sections that annotations of Ingresses are for a target, those of the oldest Ingress first."""
    ingresses = [row for each in members if each.table is Ingress and (row := view.get(Ingress, each.key)) is not None]
    for row in sorted(ingresses, key=lambda each: (each.metadata.creation_timestamp, each.metadata.key)):
        found = annotated(view, Member(Ingress, row.metadata.key))
        for each in found.of(key.table):
            origin = WrittenAs(INGRESS_KIND.kind, each.path)
            yield Ruled(each.name, each.value, row.metadata.key, key.target, origin)


def _foreign_at(view: View, key: TargetKey, members: tuple[Member, ...]) -> Iterator[ForeignInForce]:
    for kind in FOREIGN_OF.get(key.table, ()):
        policy = oldest_foreign(view, kind, members)
        if policy is not None:
            yield ForeignInForce(policy, key.target, None)


def oldest_foreign(view: View, kind: ForeignKind, members: tuple[Member, ...]) -> Member | None:
    """Return which policy of a kind of theirs is for a target: of several the oldest, then the first by name."""
    theirs = (each for each in members if each.table is kind.table)
    by_age = ((row.metadata.creation_timestamp, each) for each in theirs if (row := view.get(each.table, each.key)))
    return min(by_age, default=(None, None))[1]


def _written(view: View, key: TargetKey, policy: ObjectKey) -> Iterator[tuple[str, Ruled]]:
    row = view.get(key.table, policy)
    if row is None:
        return
    if isinstance(row, AccessPolicy) and row.unreadable:
        yield OVERRIDE, Ruled(UNREADABLE, PolicySection(), policy, key.target)
    for strategy, given in by_strategy(row):
        for name in POLICY_KINDS[key.table].names:
            value = getattr(given, name)
            if value is not None:
                yield strategy, Ruled(name, value, policy, key.target)


@query
def effective(view: View, key: ChainKey) -> Effective:
    """Return what is in force for the last target of a chain."""
    if not key.chain:
        return NOTHING
    above = effective(view, key._replace(chain=key.chain[:-1]))
    here = at_target(view, TargetKey(key.table, key.chain[-1]))
    if here == NOTHING:
        return above
    foreign = tuple(_foreign(above, here))
    replaced = {FOREIGN_KINDS[each.policy.table].name for each in here.foreign}
    kept = (each for each in above.defaults if each.origin is not None and each.origin.kind not in replaced)
    nearest = (each for each in foreign if each.target == key.chain[-1])
    theirs = (*kept, *(ruled for each in nearest for ruled in _taken(view, key.table, each)))
    return _below(POLICY_KINDS[key.table], above, here, theirs, foreign)


def _foreign(above: Effective, here: Effective) -> Iterator[ForeignInForce]:
    """Yield the policies of theirs that count below `above`, each with the one that it may be merged into."""
    before = {each.policy.table: each for each in above.foreign}
    for each in here.foreign:
        replaced = before.pop(each.policy.table, None)
        if replaced is None:
            yield each
        else:
            is_of_gateway = replaced.target.kind in _OF_GATEWAYS
            yield each._replace(above=replaced.key if is_of_gateway else replaced.above)
    yield from before.values()


def _taken(view: View, table: InheritedTable, foreign: ForeignInForce) -> Iterator[Ruled]:
    """Yield the sections of a policy of theirs; one that protects and has something that cannot be had is closed."""
    kind = FOREIGN_KINDS[foreign.policy.table]
    found = taken(view, TakenKey(table, foreign.policy, foreign.above))
    if table in kind.protecting and found.refused:
        yield Ruled(
            UNREADABLE, PolicySection(), foreign.key, foreign.target, WrittenAs(kind.name, found.refused[0].path)
        )
    for each in found.sections:
        yield Ruled(each.name, each.value, foreign.key, foreign.target, WrittenAs(kind.name, each.path))


def _below(
    kind: PolicyKind,
    above: Effective,
    here: Effective,
    theirs: tuple[Ruled, ...],
    foreign: tuple[ForeignInForce, ...],
) -> Effective:
    """Return what is in force where `here` is said below `above`; `theirs` is what Envoy Gateway's policy has."""
    fixed = {each.section for each in above.overrides if each.section not in kind.adds_up}
    overrides = (*above.overrides, *(each for each in here.overrides if each.section not in fixed))
    fixed = {each.section for each in overrides if each.section not in kind.adds_up}
    nearer = {each.section for each in here.defaults}
    inherited = (each for each in (*above.covered, *above.defaults) if each.origin is None)
    ours = (*(each for each in inherited if each.section not in nearer), *here.defaults)
    theirs = tuple(each for each in theirs if each.section not in nearer)
    covering = {each.section for each in theirs}
    return Effective(
        overrides=overrides,
        defaults=tuple(
            each
            for each in (*(each for each in ours if each.section not in covering), *theirs)
            if each.section not in fixed
        ),
        covered=tuple(each for each in ours if each.section in covering),
        foreign=foreign,
    )
