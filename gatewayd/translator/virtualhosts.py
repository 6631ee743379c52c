"""Which routes answer for which host of which listener.

Every domain of a port belongs to one listener, the most specific that covers it (listener isolation); a domain's
virtual host holds the routes of that listener whose hostname covers the domain, those of the most specific original
hostname first. A domain of another listener answers 421 under TLS: the client reused a connection it should not have.
https://gateway-api.sigs.k8s.io/reference/spec/#listener (hostname), #httproutespec (hostnames), and GEP-3567
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.ir.http import (
    DirectResponse,
    PrefixPath,
    Redirect,
    RequestMatch,
    Route,
    RouteTable,
    RouteTableKey,
    VirtualHost,
)
from gatewayd.translator.attachment import attachments
from gatewayd.translator.filters import for_listener
from gatewayd.translator.hostnames import ANY, broader, covers, specificity
from gatewayd.translator.listeners import ListenerKey, MergedListener, PortKey, listeners, port_listeners
from gatewayd.translator.routes import rules
from gatewayd.translator.rules import Ranked

NOT_FOUND = DirectResponse(status=404)
MISDIRECTED = DirectResponse(status=421)
MANY_LISTENERS = 64
"""As many as one Gateway object may have; more come from ListenerSets."""
HTTP_TABLES = (HTTPRoute, GRPCRoute)


class TableKey(NamedTuple):
    """A route table of a Gateway; `listener` "" when the HTTP listeners of the port share it."""

    gateway: ObjectKey
    port: int
    listener: str


class HostKey(NamedTuple):
    """A domain of a route table."""

    table: TableKey
    domain: str


def chain_name(listener: ListenerKey) -> str:
    """Return a listener's name that is unique in its Gateway."""
    if listener.owner == "Gateway":
        return listener.section
    return f"{listener.namespace}/{listener.name}/{listener.section}"


def carries_http(listener: MergedListener) -> bool:
    """Return whether the listener's traffic is routed by route tables."""
    return listener.protocol is not None and listener.protocol.name in ("HTTP", "HTTPS")


def table_of(gateway: ObjectKey, listener: MergedListener) -> TableKey:
    """Return the table that a listener routes by."""
    own = listener.protocol is not None and listener.protocol.terminates
    return TableKey(gateway, listener.port, chain_name(listener.key) if own else "")


def owner_of(candidates: tuple[MergedListener, ...], domain: str) -> MergedListener | None:
    """Return the listener of a port that a host belongs to: the most specific one that covers it."""
    covering = [each for each in candidates if covers(each.hostname, domain)]
    return max(covering, key=lambda each: specificity(each.hostname), default=None)


@query
def route_hosts(view: View, member: Member) -> frozenset[HostKey]:
    """Return the domains that a route has a say in, by table."""
    return frozenset(_route_hosts(view, member))


def _route_hosts(view: View, member: Member) -> Iterator[HostKey]:
    for parent in attachments(view, member):
        for attached in parent.attached:
            candidates = port_listeners(view, attached.port)
            for pair in attached.hosts:
                owner = owner_of(candidates, pair.effective)
                if owner is not None and owner.key == attached.listener and carries_http(owner):
                    yield HostKey(table_of(parent.gateway, owner), pair.effective)


@query
def gateway_hosts(view: View, member: Member) -> frozenset[HostKey]:
    """Return the domains that must be there without any route: listeners' own, and those of others to be refused."""
    gateway = ObjectKey(*member.key) if isinstance(member.key, tuple) else ObjectKey("", "")
    return frozenset(_gateway_hosts(view, gateway))


def _gateway_hosts(view: View, gateway: ObjectKey) -> Iterator[HostKey]:
    for each in listeners(view, gateway):
        if not each.valid or not carries_http(each):
            continue
        table = table_of(gateway, each)
        yield HostKey(table, each.hostname)
        if table.listener:
            others = {other.hostname for other in port_listeners(view, PortKey(gateway, "tcp", each.port))}
            yield from (HostKey(table, hostname) for hostname in _refused(each.hostname, others))


def _refused(own: str, others: set[str]) -> set[str]:
    """Return the domains that a table under TLS must refuse: those of the other listeners of the port.

    Each table naming each other listener is a square: of many listeners only those within the own hostname are named,
    and "*" stands for the rest. A host of nobody then answers 421 as well, where it would be 404.
    """
    if len(others) <= MANY_LISTENERS or own == ANY:
        return others
    return {ANY, *(hostname for hostname in others if covers(own, hostname))}


HOSTS = Index(
    name="hosts_by_table",
    sources=(
        *(Source(table=table, query=route_hosts) for table in HTTP_TABLES),
        Source(table=Gateway, query=gateway_hosts),
    ),
    group=lambda host: host.table,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A route's Routes as a listener of some scheme and port has them; `created` breaks ties, older first."""

    created: str
    routes: tuple[Ranked, ...]


class RenderKey(NamedTuple):
    """A route at listeners of a scheme and port."""

    member: Member
    scheme: str
    port: int


@query
def rendered(view: View, key: RenderKey) -> Rendered:
    """Return a route's Routes with redirects that show the listener's port."""
    row = view.get(key.member.table, key.member.key)
    found = rules(view, key.member).routes
    if any(isinstance(each.route.action, Redirect) for each in found):
        found = tuple(each._replace(route=_at_listener(each.route, key)) for each in found)
    return Rendered(created=row.metadata.creation_timestamp if row is not None else "", routes=found)


def _at_listener(route: Route, key: RenderKey) -> Route:
    if not isinstance(route.action, Redirect):
        return route
    return replace(route, action=for_listener(route.action, key.scheme, key.port))


class _Candidate(NamedTuple):
    order: tuple[object, ...]
    route: Route


@query
def virtual_host(view: View, host: HostKey) -> VirtualHost:
    """Return the virtual host of a domain."""
    table = host.table
    owner = owner_of(port_listeners(view, PortKey(table.gateway, "tcp", table.port)), host.domain)
    if owner is None or not carries_http(owner) or table_of(table.gateway, owner) != table:
        return VirtualHost(domain=host.domain, routes=(), fallback=MISDIRECTED)
    found = sorted(_candidates(view, host, owner), key=lambda each: each.order)
    return VirtualHost(domain=host.domain, routes=tuple(_reachable(each.route for each in found)), fallback=NOT_FOUND)


def _candidates(view: View, host: HostKey, owner: MergedListener) -> Iterator[_Candidate]:
    seen: set[Member] = set()
    scheme = "https" if host.table.listener else "http"
    for domain in broader(host.domain):
        if not covers(owner.hostname, domain):
            return
        for member in view.bucket(HOSTS, HostKey(host.table, domain)):
            if member.table is Gateway or member in seen:
                continue
            seen.add(member)
            special = _original(view, member, owner.key, host.domain)
            found = rendered(view, RenderKey(member, scheme, host.table.port))
            for ranked in found.routes:
                yield _Candidate(_order(special, ranked, found.created), ranked.route)


def _original(view: View, member: Member, listener: ListenerKey, domain: str) -> tuple[int, int]:
    """Return how specific the route's own hostname is that covers the domain, before it met the listener's."""
    return max(
        (
            specificity(pair.original)
            for parent in attachments(view, member)
            for attached in parent.attached
            if attached.listener == listener
            for pair in attached.hosts
            if covers(pair.effective, domain)
        ),
        default=(0, 0),
    )


def _order(special: tuple[int, int], ranked: Ranked, created: str) -> tuple[object, ...]:
    """Return the sort key: hostname, then match, then age, then namespace and name, then place in the route.

    https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches: precedence and ties)
    """
    source = ranked.route.source
    place = (created, source.namespace, source.name, source.kind, source.rule, source.match)
    return (*(-each for each in special), *(-each for each in ranked.rank), *place)


def _reachable(routes: Iterator[Route]) -> Iterator[Route]:
    for route in routes:
        yield route
        if _matches_all(route.match):
            return


def _matches_all(match: RequestMatch) -> bool:
    conditions = match.methods or match.headers or match.queries or match.grpc
    return match.path == PrefixPath(value="/") and not conditions


@query
def route_table(view: View, table: TableKey) -> RouteTable:
    """Return a route table, its virtual hosts sorted by domain."""
    return RouteTable(
        key=RouteTableKey(port=table.port, listener=table.listener),
        virtual_hosts=view.collect(HOSTS, table, virtual_host),
    )
