"""Every rule that does not get a request, and why.

In: the translator's queries, the request, who got it. Out: a `Rival` for each match of each HTTPRoute, GRPCRoute and
Ingress that points at the Gateway. Reasons come in the order in which they decide: attachment, hostname, listener,
match, kind, then precedence. https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches)
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.matching import mismatches
from gatewayd.explain.request import Request
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.http import DEFAULT_BACKEND, RuleRef
from gatewayd.translator.attachment import Attached, ParentAttachment, attachments
from gatewayd.translator.gateways.listener_conflicts import port_listeners
from gatewayd.translator.gateways.listeners import MergedListener, PortKey
from gatewayd.translator.hostnames import covers, specificity
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.proxies.ingress_hosts import ingress_place
from gatewayd.translator.proxies.virtualhosts import HTTP_TABLES, carries_http
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import Ranked

_HTTP_RANK: Final = (
    "its kind of path goes first (exact, then expression, then prefix)",
    "its path is longer",
    "it asks for a method",
    "it asks for more headers",
    "it asks for more query parameters",
)
_GRPC_RANK: Final = (
    "its kind of method match goes first",
    "its service is longer",
    "its method is longer",
    "it asks for more headers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A rule that does not get the request. `matches`: it would, were it not for another one."""

    route: Member
    field: str
    why: str
    matches: bool


class Seat(NamedTuple):
    """Where a request has come to: a listener's port and the domain of the virtual host, None for no domain."""

    gateway: ObjectKey
    port: int
    domain: str | None


class _Place(NamedTuple):
    """What decides between two matches, in this order; smaller goes first."""

    kind: str
    hostname: tuple[int, int]
    rank: tuple[int, ...]
    created: str
    name: tuple[str, str]
    rule: tuple[int, int]


def owner(engine: Engine, seat: Seat) -> MergedListener | None:
    """Return the listener that has the domain: the most specific that covers it."""
    if seat.domain is None:
        return None
    candidates = port_listeners(engine, PortKey(seat.gateway, "tcp", seat.port))
    covering = [each for each in candidates if covers(each.hostname, seat.domain) and carries_http(each)]
    return max(covering, key=lambda each: specificity(each.hostname), default=None)


def route_of(source: RuleRef) -> Member:
    """Return the route, of those that requests go by, that a rule stands in."""
    table = next(table for table in HTTP_TABLES if table.__name__ == source.kind)
    return Member(table, ObjectKey(source.namespace, source.name))


def rivals(engine: Engine, seat: Seat, request: Request, winner: RuleRef | None) -> tuple[Rival, ...]:
    """Return all matches but the winner's, by kind, namespace, name and place."""
    return tuple(
        rival
        for table in HTTP_TABLES
        for key, _ in sorted(engine.rows(table))
        for rival in _of_route(engine, seat, request, winner, Member(table, key))
    )


def _of_route(engine: Engine, seat: Seat, request: Request, winner: RuleRef | None, member: Member) -> Iterator[Rival]:
    parents = [each for each in attachments(engine, member) if each.gateway == seat.gateway]
    if not parents:
        return
    why = _not_concerned(engine, seat, request, parents)
    for ranked in rules(engine, member).routes:
        source = ranked.route.source
        if winner is not None and source == replace(winner, preflight=0):
            continue
        failing = mismatches(ranked.route.match, request)
        elsewhere = why or _of_other_host(engine, seat, request, source)
        if elsewhere or failing:
            yield Rival(route=member, field=source.field, why=elsewhere or "; ".join(failing), matches=False)
        elif winner is not None:
            better = _precedence(engine, seat, ranked, winner)
            yield Rival(
                route=member,
                field=source.field,
                why=f"would match, but {_name(winner)} goes first: {better}",
                matches=True,
            )


def _not_concerned(engine: Engine, seat: Seat, request: Request, parents: list[ParentAttachment]) -> str:
    """Return why no rule of a route is asked at all, "" when they are."""
    attached = [each for parent in parents for each in parent.attached]
    if not attached:
        return parents[0].verdict.message or parents[0].verdict.reason
    here = [each for each in attached if each.port.port == seat.port and each.port.transport == "tcp"]
    if not here:
        ports = ", ".join(map(str, sorted({each.port.port for each in attached})))
        return f"it is attached to listeners of port {ports} only"
    if seat.domain is None:
        return f"no listener of port {seat.port} has a hostname for {request.host}"
    covering = [each for each in here if any(covers(pair.effective, seat.domain) for pair in each.hosts)]
    if not covering:
        theirs = ", ".join(dict.fromkeys(pair.effective for each in here for pair in each.hosts))
        return f"host {request.host} is not one of its hostnames ({theirs})"
    holder = owner(engine, seat)
    if holder is not None and not any(each.listener == holder.key for each in covering):
        others = ", ".join(sorted({each.listener.section for each in covering}))
        return (
            f"host {request.host} belongs to listener {holder.key.section} ({holder.hostname}), "
            f"and the route is attached to {others} only"
        )
    return ""


def _of_other_host(engine: Engine, seat: Seat, request: Request, source: RuleRef) -> str:
    """Return that the rule of an Ingress is for another host than the request's, "" where it is for that."""
    if source.kind != INGRESS_KIND.kind or _hostname(engine, seat, source) is not None:
        return ""
    return f"host {request.host} is not the one of its rule; a wildcard stands for one label"


def _precedence(engine: Engine, seat: Seat, ranked: Ranked, winner: RuleRef) -> str:
    """Say by what the winner goes before a match that holds as well."""
    if winner.preflight:
        return "a preflight is for the rule that would get the request it asks about"
    best = next(each for each in rules(engine, route_of(winner)).routes if each.route.source == winner)
    first, second = _place(engine, seat, best), _place(engine, seat, ranked)
    return _by_hostname(first, second) or _by_rank(first, second) or _by_age(first, second)


def _by_hostname(first: _Place, second: _Place) -> str:
    if "GRPCRoute" in (first.kind, second.kind) and first.kind != second.kind:
        return "gRPC requests are offered to GRPCRoutes first"
    if second.rule[0] == DEFAULT_BACKEND != first.rule[0]:
        return "a default backend gets what no rule gets"
    return "its hostname is more specific" if first.hostname != second.hostname else ""


def _by_rank(first: _Place, second: _Place) -> str:
    words = _GRPC_RANK if first.kind == "GRPCRoute" else _HTTP_RANK
    pairs = zip(first.rank, second.rank, strict=True)
    return next((words[at] for at, (one, other) in enumerate(pairs) if one != other), "")


def _by_age(first: _Place, second: _Place) -> str:
    if first.kind != second.kind:
        return "an Ingress comes after routes with the same match"
    if first.created != second.created:
        return "its route is older"
    return "the name of its route sorts first" if first.name != second.name else "it stands earlier in the route"


def _place(engine: Engine, seat: Seat, ranked: Ranked) -> _Place:
    source = ranked.route.source
    member = route_of(source)
    row = engine.get(member.table, member.key)
    return _Place(
        kind=source.kind,
        hostname=_hostname(engine, seat, source) or (0, 0),
        rank=ranked.rank,
        created=row.metadata.creation_timestamp if row is not None else "",
        name=(source.namespace, source.name),
        rule=(source.rule, source.match),
    )


def _hostname(engine: Engine, seat: Seat, source: RuleRef) -> tuple[int, int] | None:
    """Return how specific the hostname is that brings a match here; None where an Ingress has it for another host."""
    member = route_of(source)
    row = engine.get(member.table, member.key)
    if not isinstance(row, Ingress):
        return _original(engine, seat, member)
    return None if seat.domain is None else ingress_place(row, source, seat.domain)


def _original(engine: Engine, seat: Seat, member: Member) -> tuple[int, int]:
    """Return how specific the route's own hostname is that brings it here."""
    holder = owner(engine, seat)
    attached: list[Attached] = [each for parent in attachments(engine, member) for each in parent.attached]
    return max(
        (
            specificity(pair.original)
            for each in attached
            if holder is not None and each.listener == holder.key
            for pair in each.hosts
            if seat.domain is not None and covers(pair.effective, seat.domain)
        ),
        default=(0, 0),
    )


def _name(source: RuleRef) -> str:
    return f"{source.kind} {source.namespace}/{source.name} {source.field.removeprefix('spec.')}"
