"""Why a policy works or does not: its targets, what is said of it, and where each of its sections is in force.

Pure: made of the same queries that decided. Where a section is nowhere in force, the one that goes before it is named.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.explain.steps import Knowledge, Mark, Step, member_name, verdict_step
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import PolicyOutcome, Reference
from gatewayd.translator.attachment import attachments
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.gateways.listener_conflicts import listeners
from gatewayd.translator.mesh.governed_rules import RuleOf, in_force_between
from gatewayd.translator.mesh.parents import service_parents
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.translator.policies.backend import backend_effective
from gatewayd.translator.policies.effective import ChainKey, Effective, Ruled, effective, wire_name
from gatewayd.translator.policies.kinds import POLICY_KINDS, InheritedPolicy, by_strategy
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.at_listener import ListenerOf, in_force, listener_chain
from gatewayd.translator.proxies.client_settings import clients_effective
from gatewayd.translator.proxies.upstreams import UPSTREAMS
from gatewayd.translator.proxies.virtualhosts import HTTP_TABLES
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS, service_rules

_MOST_PLACES: Final = 5_000
"""Places that are looked at: whoever asks shall not hold up the proxies."""
_MOST_NAMED: Final = 5
_OUTCOME_OF: Final = {source.table: source.query for source in OUTCOMES.sources}


class PolicyPlace(NamedTuple):
    """Somewhere that policies may be in force, and what is."""

    name: str
    effective: Effective


@dataclass(slots=True)
class _Reach:
    """Where a section is in force, and which goes before it elsewhere."""

    places: list[str] = field(default_factory=list)
    rivals: dict[Ruled, None] = field(default_factory=dict)


_Section: TypeAlias = tuple[str, str]


def policy_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield the chain of a policy of any kind that exists."""
    row: Any = known.engine.get(member.table, member.key)
    if row is None:
        return
    says = f"generation {row.metadata.generation}"
    yield Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=says, place=known.place(member))
    outcome = known.engine.ask(_OUTCOME_OF[member.table], member)
    yield from _said(known, member, outcome)
    if member.table in POLICY_KINDS:
        yield from _sections(known, member, row)


def _said(known: Knowledge, member: Member, outcome: PolicyOutcome | None) -> Iterator[Step]:
    place = known.place(member, "spec.targetRefs")
    if outcome is None:
        says = "no Gateway of gatewayd has anything to do with them: nothing comes of the policy"
        yield Step(depth=1, mark=Mark.BAD, subject="spec.targetRefs", says=says, place=place)
        return
    for ancestor in outcome.ancestors:
        for verdict in ancestor.verdicts:
            yield verdict_step(1, f"{verdict.type} for {_referred(ancestor.ref)}", verdict, place)


def _referred(ref: Reference) -> str:
    name = f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name
    return f"{ref.kind} {name}" + (f" section {ref.section}" if ref.section else "")


def _sections(known: Knowledge, member: Member, row: InheritedPolicy) -> Iterator[Step]:
    """Yield where each section that the policy has is in force."""
    names = POLICY_KINDS[type(row)].names
    reaches = {
        (strategy, name): _Reach()
        for strategy, given in by_strategy(row)
        for name in names
        if getattr(given, name) is not None
    }
    looked_at = 0
    for place in islice(_PLACES[type(row)](known.engine), _MOST_PLACES):
        looked_at += 1
        for strategy, ruled in (("override", place.effective.overrides), ("default", place.effective.defaults)):
            _note(reaches, row.metadata.key, place.name, strategy, ruled)
    some = f" of the first {looked_at} that were looked at" if looked_at == _MOST_PLACES else ""
    for (strategy, name), reach in reaches.items():
        path = f"spec.{strategy}.{wire_name(name)}"
        yield _reached(path, reach, some, known.place(member, path))


def _note(
    reaches: Mapping[_Section, _Reach], policy: ObjectKey, place: str, strategy: str, rulings: tuple[Ruled, ...]
) -> None:
    for ruled in rulings:
        if ruled.origin is None and ruled.policy == policy:
            reach = reaches.get((strategy, ruled.section))
            if reach is not None:
                reach.places.append(place)
        else:
            for (_, name), reach in reaches.items():
                if name == ruled.section:
                    reach.rivals.setdefault(ruled)


def _reached(path: str, reach: _Reach, some: str, place: str) -> Step:
    if reach.places:
        more = len(reach.places) - _MOST_NAMED
        shown = ", ".join(reach.places[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        says = f"in force at {len(reach.places)} {'place' if len(reach.places) == 1 else 'places'}{some}: {shown}"
        return Step(depth=1, mark=Mark.GOOD, subject=path, says=says, place=place)
    rival = next(iter(reach.rivals), None)
    before = f"; {rival.wire} of {rival.policy}, for {rival.target}, is" if rival is not None else ""
    says = f"in force nowhere{some}{before}"
    return Step(depth=1, mark=Mark.BAD, subject=path, says=says, place=place)


def _of_listeners(engine: Engine) -> Iterator[ListenerOf]:
    for key, _ in engine.rows(Gateway):
        if gateway_is_ours(engine, key):
            yield from (ListenerOf(key, listener.key) for listener in listeners(engine, key))


def _listener_name(at: ListenerOf) -> str:
    return f"{at.listener.owner} {at.listener.object} listener {at.listener.section}"


def _clients(engine: Engine) -> Iterator[PolicyPlace]:
    return (PolicyPlace(_listener_name(at), clients_effective(engine, at)) for at in _of_listeners(engine))


def _reports(engine: Engine) -> Iterator[PolicyPlace]:
    for at in _of_listeners(engine):
        chain = listener_chain(engine, at)
        yield PolicyPlace(_listener_name(at), effective(engine, ChainKey(ReportPolicy, chain)))


def _rules(engine: Engine, table: type[AccessPolicy] | type[RoutePolicy]) -> Iterator[PolicyPlace]:
    for kind in ROUTE_TABLES:
        for key, row in engine.rows(kind):
            member = Member(kind, key)
            of_requests = kind in HTTP_TABLES
            numbers = range(len(row.spec.rules)) if of_requests else (0,)
            for parent in attachments(engine, member):
                for attached in parent.attached:
                    at = ListenerOf(parent.gateway, attached.listener)
                    for number in numbers:
                        found = in_force(engine, at, member, number)
                        name = f"{member_name(member)} rule {number} at listener {at.listener.section}"
                        yield PolicyPlace(name, found.access if table is AccessPolicy else found.route)
            yield from _at_services(engine, member, table)


def _at_services(
    engine: Engine, member: Member, table: type[AccessPolicy] | type[RoutePolicy]
) -> Iterator[PolicyPlace]:
    if member.table not in SERVICE_ROUTE_KINDS:
        return
    numbers = dict.fromkeys(each.route.source.rule for each in service_rules(engine, member).routes)
    for parent in service_parents(engine, member):
        for number in numbers if parent.frontends else ():
            at = RuleOf(member, number, parent.service.namespace, parent.frontends[0].view)
            found = in_force_between(engine, at)
            name = f"{member_name(member)} rule {number} for Service {parent.service}"
            yield PolicyPlace(name, found.access if table is AccessPolicy else found.route)


def _backends(engine: Engine) -> Iterator[PolicyPlace]:
    for gateway, _ in engine.rows(Gateway):
        for upstream in dict.fromkeys(each.upstream for each in engine.group(UPSTREAMS, gateway)):
            name = f"{upstream.kind} {upstream.namespace}/{upstream.name}:{upstream.port} of Gateway {gateway}"
            yield PolicyPlace(name, backend_effective(engine, gateway, upstream))


_PLACES: Final[Mapping[type, Callable[[Engine], Iterator[PolicyPlace]]]] = {
    AccessPolicy: lambda engine: _rules(engine, AccessPolicy),
    RoutePolicy: lambda engine: _rules(engine, RoutePolicy),
    ReportPolicy: _reports,
    BackendPolicy: _backends,
    ClientPolicy: _clients,
}
"""Where policies of a kind may be in force."""
