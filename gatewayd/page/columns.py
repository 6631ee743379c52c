"""A ProxyConfig -> listener, host, rule and backend as columns, with the lines that join them.

In: what the proxies of one Gateway shall do, and what somebody looks for. Out: `Columns`, which hold no more hosts than
a screen takes; those with something broken come first. Pure; `gathered` works in slices, for there may be thousands.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.access_log.entry import RuleName
from gatewayd.explain.action import backend_name
from gatewayd.ir.backend import Backend, Cluster, Discovered, InvalidBackend, ServiceBackend
from gatewayd.ir.http import (
    DirectResponse,
    ExactPath,
    Forward,
    PathMatch,
    PrefixPath,
    Preflight,
    Redirect,
    RegexPath,
    RequestMatch,
    Route,
    RouteTable,
)
from gatewayd.ir.l4 import L4Action, L4Forward
from gatewayd.ir.proxy import DatagramListener, HTTPTraffic, L4Traffic, ProxyConfig, RedirectedTraffic, StreamListener

MOST_HOSTS: Final = 30
"""Hosts that are drawn at a time: more are no picture any more, but a list, for which there is the search."""

MOST_RULES: Final = 60
"""Rules that are drawn, for a host may have thousands."""

_SLICE: Final = 250
"""Hosts that are looked at before others have their turn: about a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box: `key` is unique on the page, `detail` stands below the label. `rule` is what a rule's box stands for."""

    key: str
    label: str
    detail: str
    is_broken: bool
    rule: RuleName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The boxes of each column, the pairs of keys that are joined, and how many hosts and rules are not drawn."""

    listeners: tuple[Box, ...]
    hosts: tuple[Box, ...]
    rules: tuple[Box, ...]
    backends: tuple[Box, ...]
    lines: tuple[tuple[str, str], ...]
    hidden_hosts: int
    hidden_rules: int


EMPTY: Final = Columns(listeners=(), hosts=(), rules=(), backends=(), lines=(), hidden_hosts=0, hidden_rules=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """A virtual host below what leads to it, with those of its routes that are looked for."""

    listener: Box
    domain: str
    routes: tuple[Route, ...]
    is_broken: bool


def gathered(config: ProxyConfig, words: str) -> Generator[None, None, Columns]:
    """Gather columns in slices; `words` in lower case must be in a host, a rule's object or a backend, "" takes all."""
    tables = {table.key: table for table in config.route_tables}
    kept: list[_Host] = []
    hidden = 0
    for listener, traffic in _listeners(config):
        if isinstance(traffic, HTTPTraffic):
            hosts = yield from _hosts(listener, tables.get(traffic.table), words)
            kept += hosts
            broken_first = sorted(kept, key=lambda host: not host.is_broken)
            hidden += len(broken_first[MOST_HOSTS:])
            kept = broken_first[:MOST_HOSTS]
    clusters = _endpoint_counts(config, kept)
    return _Drawing(clusters).columns(config, kept, hidden, words)


def _listeners(config: ProxyConfig) -> Iterator[tuple[Box, HTTPTraffic | L4Traffic]]:
    for listener in config.listeners:
        if isinstance(listener, DatagramListener):
            yield _listener_box(listener.name, f"udp :{listener.port}", ""), L4Traffic(action=listener.action)
        elif isinstance(listener, StreamListener):  # what speaks HTTP/3 beside it leads to the same
            yield from _chains(listener)


def _chains(listener: StreamListener) -> Iterator[tuple[Box, HTTPTraffic | L4Traffic]]:
    for chain in listener.chains:
        if isinstance(chain.traffic, RedirectedTraffic):
            continue  # what nodes do is not drawn
        scheme = (
            chain.traffic.scheme if isinstance(chain.traffic, HTTPTraffic) else "tls" if chain.server_names else "tcp"
        )
        names = ", ".join(chain.server_names)
        yield _listener_box(f"{listener.name}/{chain.name}", f"{scheme} :{listener.port}", names), chain.traffic


def _listener_box(name: str, label: str, detail: str) -> Box:
    return Box(key=f"listener:{name}", label=label, detail=detail, is_broken=False)


def _hosts(listener: Box, table: RouteTable | None, words: str) -> Generator[None, None, list[_Host]]:
    """Return the hosts of a table that are looked for, but for those that have no rule and answer 404."""
    hosts: list[_Host] = []
    for at, host in enumerate(table.virtual_hosts if table is not None else ()):
        if at % _SLICE == _SLICE - 1:
            yield
        routes = tuple(route for route in host.routes if not isinstance(route.action, Preflight))
        is_meant = words in host.domain
        if not is_meant:
            routes = tuple(route for route in routes if _is_meant(route, words))
        is_broken = any(map(_cannot, routes)) or (is_meant and not host.routes and host.fallback.status >= 500)
        if routes or is_broken:
            hosts.append(_Host(listener=listener, domain=host.domain, routes=routes, is_broken=is_broken))
    return hosts


def _is_meant(route: Route, words: str) -> bool:
    source = route.source
    if words in f"{source.kind.lower()} {source.namespace}/{source.name}" or words in route.rule_name.lower():
        return True
    return any(words in backend_name(backend).lower() for backend in _backends(route))


def _cannot(route: Route) -> bool:
    """Say whether some request of a rule gets a 500 because of what its objects say."""
    action = route.action
    if isinstance(action, Forward):
        weights = sum(share.weight for share in action.backends)
        return not weights or any(
            isinstance(share.backend, InvalidBackend) for share in action.backends if share.weight
        )
    return isinstance(action, DirectResponse) and action.status == 500 and not action.body


def _backends(route: Route) -> Iterator[Backend]:
    if isinstance(route.action, Forward):
        yield from (share.backend for share in route.action.backends)


def _endpoint_counts(config: ProxyConfig, hosts: list[_Host]) -> Mapping[str, int | None]:
    """Return how many endpoints the backends that are drawn have; None where DNS knows."""
    wanted = {backend_name(backend) for host in hosts for route in host.routes for backend in _backends(route)}
    wanted |= {backend_name(share.backend) for action in _l4(config) for share in action.backends}
    names = ((backend_name(ServiceBackend(upstream=cluster.upstream)), cluster) for cluster in config.clusters)
    return {name: _endpoints(cluster) for name, cluster in names if name in wanted}


def _endpoints(cluster: Cluster) -> int | None:
    return len(cluster.endpoints.serving) if isinstance(cluster.endpoints, Discovered) else None


def _l4(config: ProxyConfig) -> Iterator[L4Forward]:
    for _, traffic in _listeners(config):
        if isinstance(traffic, L4Traffic) and isinstance(traffic.action, L4Forward):
            yield traffic.action


class _Drawing:
    """Collects boxes, each once, and the lines between them."""

    def __init__(self, endpoints: Mapping[str, int | None]) -> None:
        self._endpoints = endpoints
        self._listeners: dict[str, Box] = {}
        self._hosts: dict[str, Box] = {}
        self._rules: dict[str, Box] = {}
        self._backends: dict[str, Box] = {}
        self._lines: dict[tuple[str, str], None] = {}
        self._hidden_rules = 0

    def columns(self, config: ProxyConfig, hosts: list[_Host], hidden: int, words: str) -> Columns:
        """Draw the hosts, and all that is passed on without being looked into."""
        for listener, traffic in _listeners(config):
            self._listeners[listener.key] = listener
            if isinstance(traffic, L4Traffic):
                self._pass_on(listener, traffic.action, words)
        for host in hosts:
            self._host(host)
        return Columns(
            listeners=tuple(self._listeners.values()),
            hosts=tuple(self._hosts.values()),
            rules=tuple(self._rules.values()),
            backends=tuple(self._backends.values()),
            lines=tuple(self._lines),
            hidden_hosts=hidden,
            hidden_rules=self._hidden_rules,
        )

    def _host(self, host: _Host) -> None:
        key = f"host:{host.listener.key}/{host.domain}"
        self._hosts[key] = Box(key=key, label=host.domain, detail="", is_broken=host.is_broken)
        self._lines[host.listener.key, key] = None
        rules: dict[RuleName, list[Route]] = {}
        for route in host.routes:
            source = route.source
            name = RuleName(source.kind.lower(), source.namespace, source.name, source.rule)
            rules.setdefault(name, []).append(route)
        for name, routes in rules.items():
            self._rule(key, name, routes)

    def _rule(self, host: str, name: RuleName, routes: list[Route]) -> None:
        key = f"rule:{name.object}/{name.rule}"
        if key not in self._rules and len(self._rules) >= MOST_RULES:
            self._hidden_rules += 1
            return
        first = routes[0]
        named = f" {first.rule_name}" if first.rule_name else ""
        self._rules[key] = Box(
            key=key,
            label=f"{name.namespace}/{name.name} #{name.rule}{named}",
            detail=_matches(routes),
            is_broken=any(map(_cannot, routes)),
            rule=name,
        )
        self._lines[host, key] = None
        self._answer(key, first)

    def _answer(self, rule: str, route: Route) -> None:
        action = route.action
        if isinstance(action, Forward):
            for share in action.backends:
                self._backend(rule, share.backend)
        elif isinstance(action, Redirect | DirectResponse):
            label = f"redirect {action.status}" if isinstance(action, Redirect) else f"answers {action.status}"
            key = f"answer:{label}"
            self._backends[key] = Box(key=key, label=label, detail="by the proxy itself", is_broken=_cannot(route))
            self._lines[rule, key] = None

    def _backend(self, rule: str, backend: Backend) -> None:
        name = backend_name(backend)
        key = f"backend:{name}"
        if isinstance(backend, InvalidBackend):
            detail, is_broken = backend.message, True
        else:
            count = self._endpoints.get(name)
            detail = "by DNS" if count is None else f"{count} endpoint{'' if count == 1 else 's'}"
            is_broken = count == 0
        self._backends[key] = Box(key=key, label=name, detail=detail, is_broken=is_broken)
        self._lines[rule, key] = None

    def _pass_on(self, listener: Box, action: L4Action, words: str) -> None:
        if not isinstance(action, L4Forward) or words not in action.source:
            return
        kind, namespace, name = action.source.split("/", 2)
        key = f"rule:{action.source}"
        self._rules[key] = Box(
            key=key,
            label=f"{namespace}/{name}",
            detail="connections as they are",
            is_broken=False,
            rule=RuleName(kind, namespace, name, None),
        )
        self._lines[listener.key, key] = None
        for share in action.backends:
            self._backend(key, share.backend)


def _matches(routes: list[Route]) -> str:
    words = [_match(route.match) for route in routes[:3]]
    return ", ".join(words) + (f" and {len(routes) - 3} more" if len(routes) > 3 else "")


_PATH_MARKS: Final[dict[type[PathMatch], str]] = {ExactPath: "= ", PrefixPath: "", RegexPath: "~ "}


def _match(match: RequestMatch) -> str:
    path = match.path
    words = path.pattern if isinstance(path, RegexPath) else path.value
    names = [named.name for named in (*match.headers, *match.queries)]
    return " ".join((*match.methods, f"{_PATH_MARKS[type(path)]}{words}", *names))
