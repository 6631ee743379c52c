"""Which routes answer for which host of which listener.

Every domain of a port belongs to one listener, the most specific that covers it (listener isolation); a domain's
virtual host holds the routes of that listener whose hostname covers the domain: those for gRPC requests alone before
those for all, and of each kind those of the most specific original hostname first. A domain of another listener answers
421 under TLS: the client reused a connection it should not have.
https://gateway-api.sigs.k8s.io/reference/spec/#listener (hostname), #httproutespec (hostnames), and GEP-3567
"""

from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import Final, NamedTuple
from zlib import crc32

from gatewayd.api.core import Service
from gatewayd.api.gateway import Gateway
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Index, Member, Source, View, query, rescued_query
from gatewayd.ir.http import (
    CANNOT,
    NO_TABLES,
    NOT_FOUND,
    DirectResponse,
    PerHostTables,
    Route,
    RouteDiscovery,
    RouteTable,
    RouteTableKey,
    VirtualHost,
)
from gatewayd.ir.infrastructure import object_name
from gatewayd.ir.limits import MANY_DOMAINS, MANY_LISTENERS, MANY_ROUTES
from gatewayd.ir.per_host_record import PER_HOST_ANNOTATION, read_record
from gatewayd.translator.attachment import attachments
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.listener_conflicts import listeners_within, own_listeners, owner, port_listeners
from gatewayd.translator.gateways.listener_filters import guards
from gatewayd.translator.gateways.listeners import (
    LISTENERS_BY_PORT,
    ListenerKey,
    MergedListener,
    PortHostname,
    PortKey,
    port_key,
)
from gatewayd.translator.gateways.termination import can_serve
from gatewayd.translator.hostnames import ANY, broader, covers, specificity
from gatewayd.translator.proxies.at_listener import RenderKey, rendered
from gatewayd.translator.proxies.ingress_hosts import ingress_place
from gatewayd.translator.proxies.login_paths import logins, with_login_paths
from gatewayd.translator.proxies.precedence import Candidate, precedence, reachable, tie_of
from gatewayd.translator.proxies.preflights import Placed, shares_across_origins, with_preflights
from gatewayd.translator.rules.rule_set import Ranked

MISDIRECTED = DirectResponse(status=421)
HTTP_TABLES = (HTTPRoute, GRPCRoute, Ingress)
LISTENER_TABLES = (Gateway, ListenerSet)
_PARTS: Final = 8
"""Of the routes of a host that has many: a merge of so many sorted parts costs less than to sort the whole."""


class TableKey(NamedTuple):
    """A route table of a Gateway; `listener` "" when the HTTP listeners of the port share it."""

    gateway: ObjectKey
    port: int
    listener: str


_table_key = lru_cache(maxsize=1024)(TableKey)
"""Make a TableKey: the one that all hosts of the table have in common."""


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
    return _table_key(gateway, listener.port, chain_name(listener.key) if own else "")


@query
def route_hosts(view: View, member: Member) -> tuple[HostKey, ...]:
    """Return the domains that a route has a say in, by table."""
    return tuple(dict.fromkeys(_route_hosts(view, member)))


def _route_hosts(view: View, member: Member) -> Iterator[HostKey]:
    for parent in attachments(view, member):
        for attached in parent.attached:
            for pair in attached.hosts:
                listener = owner(view, attached.port, pair.effective)
                if listener is not None and listener.key == attached.listener and carries_http(listener):
                    yield HostKey(table_of(parent.gateway, listener), pair.effective)


@query
def listener_hosts(view: View, member: Member) -> tuple[HostKey, ...]:
    """Return the domains that must be there without any route: listeners' own, and those of others to be refused."""
    return tuple(dict.fromkeys(_listener_hosts(view, member)))


def _listener_hosts(view: View, member: Member) -> Iterator[HostKey]:
    for listener in own_listeners(view, member):
        if not listener.valid or not carries_http(listener):
            continue
        table = table_of(listener.gateway, listener)
        yield HostKey(table, listener.hostname)
        if table.listener:
            port = PortKey(listener.gateway, "tcp", listener.port)
            yield from (HostKey(table, hostname) for hostname in _refused(view, port, listener.hostname))


def _refused(view: View, port: PortKey, own: str) -> Iterator[str]:
    """Yield the domains that a table under TLS must refuse: those of the other listeners of the port.

    Each table naming each other listener is a square: of many listeners only those within the own hostname are named,
    and "*" stands for the rest. A host of nobody then answers 421 as well, where it would be 404.
    """
    if own == ANY or not view.count(CROWDED_PORTS, port):
        yield from (each.hostname for each in port_listeners(view, port))
        return
    yield ANY
    # A name without a wildcard covers itself alone: it need not be told of others.
    if own.startswith(ANY):
        yield from (each.hostname for each in listeners_within(view, PortHostname(port, own)))


@query
def crowded_ports(view: View, member: Member) -> frozenset[PortKey]:
    """Return the ports of a Gateway that have too many listeners for each to be told of all others."""
    if not isinstance(member.key, ObjectKey):
        return frozenset()
    keys = {each.port for each in view.group(LISTENERS_BY_PORT, member.key)}
    return frozenset(each for each in keys if len(port_listeners(view, each)) > MANY_LISTENERS)


# An index and no query of the port: a listener more on a crowded port is then nothing that the others hear of.
CROWDED_PORTS = Index(
    name="crowded_ports", sources=(Source(table=Gateway, query=crowded_ports),), group=lambda port: port.gateway
)


HOSTS = Index(
    name="hosts_by_table",
    sources=(
        *(Source(table=table, query=route_hosts) for table in HTTP_TABLES),
        *(Source(table=table, query=listener_hosts) for table in LISTENER_TABLES),
    ),
    group=lambda host: host.table,
)


def _failing_host(_view: View, host: HostKey, _error: Exception, _before: VirtualHost | None) -> VirtualHost:
    return VirtualHost(domain=host.domain, guards=(), routes=(), fallback=CANNOT)


@rescued_query(_failing_host)
def virtual_host(view: View, host: HostKey) -> VirtualHost:
    """Return the virtual host of a domain."""
    listener = listener_of_host(view, host)
    if listener is None:
        return VirtualHost(domain=host.domain, guards=(), routes=(), fallback=MISDIRECTED)
    listener_guards = guards(view, listener.guard)
    if listener_guards.unresolved is not None:
        return VirtualHost(domain=host.domain, guards=(), routes=(), fallback=CANNOT)
    members = routes_of_host(view, host, listener)
    # Its own routes: the many of a wildcard would be remembered at each of thousands of hosts.
    if len(members) > MANY_ROUTES and view.count(HOSTS, host) > MANY_ROUTES:
        routes = _merged([host_part(view, HostPartKey(host, number)) for number in range(_PARTS)])
    else:
        routes = _completed(sorted(_candidates(view, host, listener, members), key=_order))
    return VirtualHost(domain=host.domain, guards=listener_guards.asked, routes=routes, fallback=NOT_FOUND)


def _completed(candidates: list[Candidate]) -> tuple[Route, ...]:
    """Return the Routes of a host, in order, with those that some of them bring with them."""
    return with_login_paths(tuple(reachable(with_preflights([each.placed for each in candidates]))))


def _merged(parts: list["HostPart"]) -> tuple[Route, ...]:
    """Return the Routes of a host of many routes."""
    candidates = sorted(chain.from_iterable([part.candidates for part in parts]), key=_order)
    if any(part.brings_others for part in parts):
        return _completed(candidates)
    return tuple(reachable([each.placed.route for each in candidates]))


def listener_of_host(view: View, host: HostKey) -> MergedListener | None:
    """Return the listener that a host of a table belongs to, None for one of another table."""
    table = host.table
    listener = owner(view, port_key(table.gateway, "tcp", table.port), host.domain)
    if listener is None or not carries_http(listener) or table_of(table.gateway, listener) != table:
        return None
    return listener


def routes_of_host(view: View, host: HostKey, listener: MergedListener) -> tuple[Member, ...]:
    """Return the routes that have a say in a host, each once."""
    members: dict[Member, None] = {}
    for domain in broader(host.domain):
        if not covers(listener.hostname, domain):
            break
        for member in view.bucket(HOSTS, HostKey(host.table, domain)):
            if member.table not in LISTENER_TABLES:
                members[member] = None
    return tuple(members)


class HostPartKey(NamedTuple):
    """Some of the many routes that have a say in a host."""

    host: HostKey
    number: int


class RouteAtHost(NamedTuple):
    """One of the many routes that have a say in a host."""

    host: HostKey
    member: Member


class HostPart(NamedTuple):
    """What some of the many routes of a host are there, in order; whether they bring Routes that nobody wrote."""

    candidates: tuple[Candidate, ...]
    brings_others: bool


@query
def _parted(view: View, host: HostKey) -> tuple[tuple[Member, ...], ...]:
    """Return the routes that have a say in a host, in parts by a hash of their names."""
    listener = listener_of_host(view, host)
    parts: list[list[Member]] = [[] for _ in range(_PARTS)]
    for member in routes_of_host(view, host, listener) if listener is not None else ():
        parts[crc32(str(member.key).encode()) % _PARTS].append(member)
    return tuple(map(tuple, parts))


@query
def _part_members(view: View, key: HostPartKey) -> tuple[Member, ...]:
    """Return the routes of a part: a query of its own, so that a route more is nothing to the other parts."""
    return _parted(view, key.host)[key.number]


@query
def host_part(view: View, key: HostPartKey) -> HostPart:
    """Return a part of a host: an edit of one of hundreds of routes is that one, its part, and a merge of the parts."""
    found = (route_candidates(view, RouteAtHost(key.host, member)) for member in _part_members(view, key))
    candidates = tuple(sorted(chain.from_iterable(found), key=_order))
    routes = [each.placed.route for each in candidates]
    return HostPart(candidates, any(shares_across_origins(each) or any(logins(each)) for each in routes))


@query
def route_candidates(view: View, at: RouteAtHost) -> tuple[Candidate, ...]:
    """Return the Routes of one of many routes at a host."""
    listener = listener_of_host(view, at.host)
    return () if listener is None else tuple(_candidates(view, at.host, listener, (at.member,)))


def _order(candidate: Candidate) -> tuple[object, ...]:
    return candidate.order


def _candidates(
    view: View, host: HostKey, listener: MergedListener, members: tuple[Member, ...]
) -> Iterator[Candidate]:
    scheme = "https" if host.table.listener else "http"
    for member in members:
        routes = rendered(view, RenderKey(member, scheme, host.table.port), listener)
        yield from _of_route(view, member, routes, host.domain, listener.key)


def _of_route(
    view: View, member: Member, routes: tuple[Ranked, ...], domain: str, listener: ListenerKey
) -> Iterator[Candidate]:
    row = view.get(member.table, member.key)
    tie = tie_of(member, row)
    if isinstance(row, Ingress):
        for ranked in routes:
            place = ingress_place(row, ranked.route.source, domain)
            if place is not None:
                yield Candidate(precedence(place, ranked, tie), Placed(place, ranked.route))
        return
    special = view.attempt(
        Attempt("hostname of a route", member),
        partial(_original, view, member, listener, domain),
        lambda _: specificity(domain),
    )
    for ranked in routes:
        yield Candidate(precedence(special, ranked, tie), Placed(special, ranked.route))


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


@query
def served_tables(view: View, member: Member) -> frozenset[TableKey]:
    """Return the route tables that the listeners of a Gateway or ListenerSet route by."""
    return frozenset(
        table_of(each.gateway, each)
        for each in own_listeners(view, member)
        if carries_http(each) and can_serve(view, each.gateway, each)
    )


TABLES = Index(
    name="tables_by_gateway",
    sources=tuple(Source(table=table, query=served_tables) for table in LISTENER_TABLES),
    group=lambda table: table.gateway,
)


def _failing_table(_view: View, table: TableKey, _error: Exception, _before: RouteTable | None) -> RouteTable:
    failing = VirtualHost(domain=ANY, guards=(), routes=(), fallback=CANNOT)
    key = RouteTableKey(port=table.port, listener=table.listener)
    return RouteTable(key=key, discovery=RouteDiscovery.PER_LISTENER, apart=frozenset(), virtual_hosts=(failing,))


@rescued_query(_failing_table)
def route_table(view: View, table: TableKey) -> RouteTable:
    """Return a route table, its virtual hosts sorted by domain."""
    virtual_hosts = view.collect(HOSTS, table, virtual_host)
    key = RouteTableKey(port=table.port, listener=table.listener)
    discovery = environment(view).route_discovery or _discovery(view, table.gateway, key, len(virtual_hosts))
    apart = frozenset(group.number for group in remembered(view, table.gateway).apart if group.table == key)
    return RouteTable(key=key, discovery=discovery, apart=apart, virtual_hosts=virtual_hosts)


@query
def recorded_tables(view: View, gateway: ObjectKey) -> PerHostTables:
    """Return what the Service of a Gateway records of its tables."""
    row = view.get(Service, ObjectKey(gateway.namespace, object_name(gateway.namespace, gateway.name)))
    return read_record(row.metadata.annotations.get(PER_HOST_ANNOTATION, "")) if row is not None else NO_TABLES


@query
def remembered(view: View, gateway: ObjectKey) -> PerHostTables:
    """Return what has been decided of the tables of a Gateway, here or by what its Service records."""
    recorded, row = recorded_tables(view, gateway), view.get(PerHostTables, gateway) or NO_TABLES
    return PerHostTables(tables=recorded.tables | row.tables, apart=recorded.apart | row.apart)


def _discovery(view: View, gateway: ObjectKey, table: RouteTableKey, domains: int) -> RouteDiscovery:
    """Return how a table is discovered: once per host it stays so, since a change ends connections of all its hosts."""
    if table in remembered(view, gateway).tables:
        return RouteDiscovery.PER_HOST
    return RouteDiscovery.PER_HOST if domains > MANY_DOMAINS else RouteDiscovery.PER_LISTENER


def _undiscovered(
    _view: View, _table: TableKey, _error: Exception, _before: RouteDiscovery | None
) -> RouteDiscovery | None:
    return None


@rescued_query(_undiscovered)
def route_discovery(view: View, table: TableKey) -> RouteDiscovery | None:
    """Return how proxies get a route table; None when they cannot, since no object is known to route by it.

    An Envoy waits for a table that never comes with everything else on the port.
    """
    return route_table(view, table).discovery if view.count(TABLES, table) else None
