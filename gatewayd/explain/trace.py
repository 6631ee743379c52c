"""The way of a request through the Gateways: port, filter chain, virtual host, route.

In: what was translated, and a request. Out: one `Trace` for each port that could be meant. Envoy's own rules of choice
are kept: exact names before wildcards, longer wildcards before shorter ones, then whatever is left.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/route_components.proto (domains)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self, assert_never

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.action import BackendShare, Direct, Happening, answered, backend_name, happening, l4_shares
from gatewayd.explain.matching import mismatches
from gatewayd.explain.policies import SectionInForce, backend_sections, sections_in_force
from gatewayd.explain.request import Answered, Request, Sent, received, without_port
from gatewayd.explain.rivals import Rival, Seat, rivals, route_of
from gatewayd.incremental.engine import Engine
from gatewayd.ir.backend import Cluster, ServiceBackend, Upstream
from gatewayd.ir.edge import DEFAULT_ESCAPED_SLASHES
from gatewayd.ir.fleet import FleetKey, GatewayFleet, NodeFleet
from gatewayd.ir.http import CANNOT, Forward, Route, RouteTable, RouteTableKey, RuleRef, VirtualHost
from gatewayd.ir.l4 import L4Forward, L4Refuse
from gatewayd.ir.proxy import FilterChain, HTTPTraffic, L4Traffic, ProxyConfig, StreamListener
from gatewayd.translator.gateways.listener_conflicts import owner
from gatewayd.translator.gateways.listeners import port_key
from gatewayd.translator.hostnames import ANY, broader
from gatewayd.translator.proxies.at_listener import ListenerOf

_UNREAD: Final = FilterChain(name="", server_names=(), tls=None, traffic=L4Traffic(action=L4Refuse()))
"""Stands for the chain of a port that reads no request."""
_IMPLIED: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A rule takes the request. `listener` is the chain or listener that it came through, `domain` the virtual host.

    `policies` are in force for the rule there, and for its backends.
    """

    listener: str
    domain: str
    rule: RuleRef
    rule_name: str
    policies: tuple[SectionInForce, ...]
    happening: Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """No rule takes it; Envoy answers with `status`, or closes the connection (0)."""

    status: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The connection goes to backends of a TLSRoute or TCPRoute as it is; nobody looks at the request."""

    source: str
    shares: tuple[BackendShare, ...]


End = Taken | Untaken | Passed | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What becomes of the request at one port of one fleet, and who else wanted it.

    `asked`: what the listener asks before any rule is chosen; `end` is for when they consent and add nothing.
    `remarks`: what of the request was left out before that.
    """

    fleet: FleetKey
    port: int
    remarks: tuple[str, ...]
    asked: tuple[str, ...]
    end: End
    rivals: tuple[Rival, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What the core has made of the objects."""

    engine: Engine
    configs: tuple[ProxyConfig, ...]

    @classmethod
    def of(cls, engine: Engine, configs: Mapping[FleetKey, ProxyConfig]) -> Self:
        """Return it with the configurations in the order of their fleets."""
        return cls(engine=engine, configs=tuple(config for _, config in sorted(configs.items())))


class _RequestChain(NamedTuple):
    """A filter chain that reads requests: its name, and where it looks for their routes."""

    listener: str
    table: RouteTableKey


def traces(of: Translated, sent: Sent, port: int | None) -> tuple[Trace, ...]:
    """Follow a request into each port that it can be for: the one named, the scheme's own, or every one."""
    ports = [
        (config, listener)
        for config in of.configs
        if isinstance(config.fleet, GatewayFleet)
        for listener in config.listeners
        if isinstance(listener, StreamListener)
    ]
    if port is not None:
        meant = [each for each in ports if each[1].port == port]
    else:
        speaking = [each for each in ports if _speaks(each[1], sent.scheme)]
        implied = [each for each in speaking if each[1].port == _IMPLIED[sent.scheme]]
        meant = implied or speaking
    return tuple(_trace(of.engine, config, listener, sent) for config, listener in meant)


def _speaks(listener: StreamListener, scheme: str) -> bool:
    return any(_is_http(chain, scheme) or (scheme == "https" and chain.server_names) for chain in listener.chains)


def _is_http(chain: FilterChain, scheme: str) -> bool:
    return isinstance(chain.traffic, HTTPTraffic) and chain.traffic.scheme == scheme


def _trace(engine: Engine, config: ProxyConfig, listener: StreamListener, sent: Sent) -> Trace:
    asked_host = without_port(sent.host).lower()
    first = _first_chain(listener, asked_host if sent.scheme == "https" else "")
    slashes = first.traffic.escaped_slashes if isinstance(first.traffic, HTTPTraffic) else DEFAULT_ESCAPED_SLASHES
    request = received(sent, slashes, first.clients)
    asked_for = asked_host if isinstance(request, Answered) else request.host
    chain = _chain(listener, asked_for if sent.scheme == "https" else "")
    reader = _TLS_ONLY if _is_tls_only(listener, sent.scheme) else _reader(config, chain, sent.scheme, asked_for)
    if isinstance(request, Answered):
        end = request if isinstance(reader, _RequestChain) else reader
        return Trace(fleet=config.fleet, port=listener.port, remarks=(), asked=(), end=end, rivals=())
    host, end = _end(engine, config, reader, request) if isinstance(reader, _RequestChain) else (None, reader)
    domain = None if host is None else host.domain
    guards = () if host is None else host.guards
    winner = end.rule if isinstance(end, Taken) else None
    # Where the connection is closed for what it speaks, no rule was compared with another.
    is_closed = isinstance(end, Untaken) and end.status == 0 and (chain is not None or end is _TLS_ONLY)
    seat = None if is_closed else _seat(config.fleet, listener.port, domain)
    return Trace(
        fleet=config.fleet,
        port=listener.port,
        remarks=request.remarks,
        asked=tuple(backend_name(ServiceBackend(upstream=each.upstream)) for each in guards),
        end=end,
        rivals=() if seat is None else rivals(engine, seat, request, winner),
    )


_TLS_ONLY: Final = Untaken(status=0, why="the port speaks TLS only; ask with --https, or with a URL of https://")


def _is_tls_only(listener: StreamListener, scheme: str) -> bool:
    """Return whether plain HTTP comes to a port whose every chain is for TLS: by its scheme, or by a server name."""
    is_https = (isinstance(chain.traffic, HTTPTraffic) and chain.traffic.scheme == "https" for chain in listener.chains)
    return scheme == "http" and bool(listener.chains) and all(is_https)


def _seat(fleet: FleetKey, port: int, domain: str | None) -> Seat | None:
    """Return where rules compete for the request; at a node's proxy none do."""
    match fleet:
        case GatewayFleet(namespace=namespace, name=name):
            return Seat(ObjectKey(namespace, name), port, domain)
        case NodeFleet():
            return None
        case _:
            assert_never(fleet)


def _first_chain(listener: StreamListener, server_name: str) -> FilterChain:
    """Return the chain that reads a request: that of its server name, else the first that reads any."""
    chain = _chain(listener, server_name)
    reading = (each for each in listener.chains if isinstance(each.traffic, HTTPTraffic))
    return chain if chain is not None else next(reading, _UNREAD)


def _chain(listener: StreamListener, server_name: str) -> FilterChain | None:
    """Return the chain for a server name, which "" is for a connection without TLS."""
    by_name = {name: chain for chain in listener.chains for name in chain.server_names or (ANY,)}
    for name in broader(server_name) if server_name else (ANY,):
        if name in by_name:
            return by_name[name]
    return None


def _reader(config: ProxyConfig, chain: FilterChain | None, scheme: str, server_name: str) -> _RequestChain | End:
    """Return what reads the requests of a connection, or what becomes of one on which nobody does."""
    if chain is None:
        return Untaken(status=0, why=f"no listener of the port has a hostname for the server name {server_name}")
    if not isinstance(chain.traffic, HTTPTraffic):
        return _passed(config, chain)
    if (chain.traffic.scheme == "https") != (scheme == "https"):
        return Untaken(status=0, why=f"the port speaks {chain.traffic.scheme}, not {scheme}")
    return _RequestChain(chain.name, chain.traffic.table)


def _end(
    engine: Engine, config: ProxyConfig, reader: _RequestChain, request: Request
) -> tuple[VirtualHost | None, End]:
    """Return the virtual host that was come to, if any, and what becomes of the request."""
    table = reader.table
    host = _virtual_host(_table(config, table), request.host)
    if host is None:
        return None, Untaken(status=404, why=f"no listener of the port has a hostname for {request.host}")
    for route in host.routes:
        if not mismatches(route.match, request):
            policies = _policies(engine, config, table, host, route)
            return host, _taken(config, reader, host, route, request, policies)
    return host, _unrouted(host, request)


def _policies(
    engine: Engine, config: ProxyConfig, table: RouteTableKey, host: VirtualHost, route: Route
) -> tuple[SectionInForce, ...]:
    seat = _seat(config.fleet, table.port, host.domain)
    if seat is None:
        return ()
    listener = owner(engine, port_key(seat.gateway, "tcp", table.port), host.domain)
    if listener is None:
        return ()
    source, at = route.source, ListenerOf(seat.gateway, listener.key)
    of_rule = sections_in_force(engine, at, route_of(source), source.rule)
    shares = route.action.backends if isinstance(route.action, Forward) else ()
    upstreams = dict.fromkeys(each.backend.upstream for each in shares if isinstance(each.backend, ServiceBackend))
    of_backends = (each for upstream in upstreams for each in backend_sections(engine, seat.gateway, upstream))
    return (*of_rule, *dict.fromkeys(of_backends))


def _taken(
    config: ProxyConfig,
    reader: _RequestChain,
    host: VirtualHost,
    route: Route,
    request: Request,
    policies: tuple[SectionInForce, ...],
) -> Taken:
    clusters: dict[Upstream, Cluster] = {each.upstream: each for each in config.clusters}
    return Taken(
        listener=reader.listener,
        domain=host.domain,
        rule=route.source,
        rule_name=route.rule_name,
        policies=policies,
        happening=happening(route, host.domain, request, clusters),
    )


def _unrouted(host: VirtualHost, request: Request) -> Untaken:
    if host.fallback.status == Direct(status=421, why="").status:
        return Untaken(status=421, why=f"{request.host} belongs to another listener of the port than the server name")
    if host.fallback == CANNOT:
        why = "a filter of the listener leads nowhere; the listener's status says where"
        return Untaken(status=answered(CANNOT, request), why=why)
    return Untaken(status=host.fallback.status, why="no rule matches")


def _passed(config: ProxyConfig, chain: FilterChain) -> End:
    action = chain.traffic.action if isinstance(chain.traffic, L4Traffic) else None
    if not isinstance(action, L4Forward):
        return Untaken(status=0, why="no route is attached to the listener; connections are closed")
    clusters = {each.upstream: each for each in config.clusters}
    return Passed(source=action.source, shares=l4_shares(action, clusters))


def _table(config: ProxyConfig, key: RouteTableKey) -> RouteTable:
    return next(table for table in config.route_tables if table.key == key)


def _virtual_host(table: RouteTable, host: str) -> VirtualHost | None:
    by_domain = {each.domain: each for each in table.virtual_hosts}
    return next((by_domain[domain] for domain in broader(host) if domain in by_domain), None)
