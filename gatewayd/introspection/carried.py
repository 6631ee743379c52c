"""Which resources carry which routes into the proxies of a Gateway, and what of that a newly published config changes.

In: ProxyConfigs in the order in which they were published. Out: `Edit`s: what a carrier had of routes, and has now.
A route table that no listener uses carries nothing (its listener has no certificate): no proxy asks for it.
Invariant: the cost grows with what differs by identity, not with what there is.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from gatewayd.incremental.chunks import differences
from gatewayd.ir.http import Route, RouteDiscovery, RouteTable, RouteTableKey, VirtualHost
from gatewayd.ir.l4 import L4Action, L4Forward
from gatewayd.ir.proxy import (
    DatagramListener,
    FilterChain,
    HTTPTraffic,
    L4Traffic,
    Listener,
    ProxyConfig,
    StreamListener,
)
from gatewayd.xds import names
from gatewayd.xds.resource import LISTENER, ROUTE, TypeUrl


class RouteName(NamedTuple):
    """A route object; `kind` as the API writes it, in lower case."""

    kind: str
    namespace: str
    name: str


class Carrier(NamedTuple):
    """A resource that brings a route into a proxy."""

    type_url: TypeUrl
    name: str


class Piece(NamedTuple):
    """A part of a route: one of its Routes, or what it makes of a server name."""

    route: RouteName
    content: object


class Load(NamedTuple):
    """Pieces in a carrier, in order."""

    carrier: Carrier
    pieces: tuple[Piece, ...]


class Edit(NamedTuple):
    """One domain or one listener whose pieces may differ; None where there is none.

    What both begin or end with may be left out.
    """

    before: Load | None
    after: Load | None


_Names: TypeAlias = Callable[[str], Carrier]
_Used: TypeAlias = frozenset[RouteTableKey]
_NO_TABLES: _Used = frozenset()


class Carried:
    """What was published last for one Gateway."""

    __slots__ = ("_config", "_listeners", "_tables", "_used")

    def __init__(self) -> None:
        self._config: ProxyConfig | None = None
        self._tables: dict[RouteTableKey, RouteTable] = {}
        self._listeners: dict[str, Listener] = {}
        self._used: dict[str, _Used] = {}

    def edits(self, config: ProxyConfig) -> Iterator[Edit]:
        """Yield what this config changes; to be exhausted before the next one is asked about."""
        if config is self._config:
            return
        self._config = config
        listeners = {names.listener(listener): listener for listener in config.listeners}
        for name in {**self._listeners, **listeners}:
            before, after = self._listeners.get(name), listeners.get(name)
            if before is not after:
                self._note_used(name, after)
                yield _listener_edit(before, after)
        self._listeners = listeners
        used = _NO_TABLES.union(*self._used.values())
        tables = {table.key: table for table in config.route_tables if table.key in used or table.key.destination}
        for key in {**self._tables, **tables}:
            old, new = self._tables.get(key), tables.get(key)
            if old is not new:
                yield from _table_edits(old, new)
        self._tables = tables

    def _note_used(self, name: str, listener: Listener | None) -> None:
        if isinstance(listener, StreamListener):
            traffics = (chain.traffic for chain in listener.chains)
            self._used[name] = frozenset(each.table for each in traffics if isinstance(each, HTTPTraffic))
        else:
            self._used.pop(name, None)


def _listener_edit(before: Listener | None, after: Listener | None) -> Edit:
    if isinstance(before, StreamListener) and isinstance(after, StreamListener):
        old, new = differences(before.chains, after.chains)
        return Edit(
            _load(before, _actions(before, old)),
            _load(after, _actions(after, new)),
        )
    return Edit(_whole(before), _whole(after))


def _whole(listener: Listener | None) -> Load | None:
    if listener is None:
        return None
    chains = listener.chains if isinstance(listener, StreamListener) else ()
    return _load(listener, _actions(listener, chains))


def _load(listener: Listener, actions: Iterator[tuple[tuple[str, ...], L4Action]]) -> Load:
    return Load(
        Carrier(LISTENER, names.listener(listener)),
        tuple(
            Piece(_l4_name(action), (server_names, action))
            for server_names, action in actions
            if isinstance(action, L4Forward)
        ),
    )


def _actions(listener: Listener, chains: Sequence[FilterChain]) -> Iterator[tuple[tuple[str, ...], L4Action]]:
    if isinstance(listener, DatagramListener):
        yield (), listener.action
    for chain in chains:
        if isinstance(chain.traffic, L4Traffic):
            yield chain.server_names, chain.traffic.action


def _l4_name(action: L4Forward) -> RouteName:
    kind, namespace, name = action.source.split("/")
    return RouteName(kind.lower(), namespace, name)


def _table_edits(old: RouteTable | None, new: RouteTable | None) -> Iterator[Edit]:
    """Yield an edit for each domain that differs; for all of them where the table comes in other resources now."""
    old_hosts: Sequence[VirtualHost] = () if old is None else old.virtual_hosts
    new_hosts: Sequence[VirtualHost] = () if new is None else new.virtual_hosts
    if old is not None and new is not None and (old.discovery, old.apart) == (new.discovery, new.apart):
        old_hosts, new_hosts = differences(old_hosts, new_hosts)
    old_name, new_name = _carriers(old), _carriers(new)
    by_domain = {host.domain: host for host in old_hosts}
    for host in new_hosts:
        yield _host_edit(by_domain.pop(host.domain, None), host, old_name, new_name)
    for host in by_domain.values():
        yield _host_edit(host, None, old_name, new_name)


def _carriers(table: RouteTable | None) -> _Names:
    """Return what names the carrier of a domain: the same object for all domains of a table that comes whole."""
    if table is not None and table.discovery is RouteDiscovery.PER_HOST:
        return lambda domain: Carrier(ROUTE, names.configuration(table, domain))
    whole = Carrier(ROUTE, "" if table is None else names.route_table(table.key))
    return lambda _domain: whole


def _host_edit(old: VirtualHost | None, new: VirtualHost | None, old_name: _Names, new_name: _Names) -> Edit:
    old_carrier = None if old is None else old_name(old.domain)
    new_carrier = None if new is None else new_name(new.domain)
    old_routes = () if old is None else old.routes
    new_routes = () if new is None else new.routes
    if old_carrier == new_carrier:
        old_routes, new_routes = differences(old_routes, new_routes)
    return Edit(_routes_load(old_carrier, old_routes), _routes_load(new_carrier, new_routes))


def _routes_load(carrier: Carrier | None, routes: tuple[Route, ...]) -> Load | None:
    return None if carrier is None else Load(carrier, tuple(Piece(_name_of(route), route) for route in routes))


def _name_of(route: Route) -> RouteName:
    source = route.source
    return RouteName(source.kind.lower(), source.namespace, source.name)
