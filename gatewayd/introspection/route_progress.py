"""How far each route is on its way into the proxies: when it changed, and how long until a proxy ACKed it.

In: what was published and when, what proxies hold, the time as an argument. Out: a `RouteProgress` for each route.
A route is carried by resources: the route tables that it has a say in, the listeners for routes of the other kinds.
It has arrived when a connected proxy holds the published version of each. An edit of another route in the same table
does not take it away and does not start its time anew: until the edit arrives, proxies go on with what they have.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.http import RouteTable, RouteTableKey
from gatewayd.ir.l4 import L4Action, L4Forward
from gatewayd.ir.proxy import DatagramListener, HTTPTraffic, L4Traffic, Listener, ProxyConfig, StreamListener
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteProgress:
    """`carriers` sorted; `since`: when it last changed; `arrived`: when it was first held after that, None before.

    Both in seconds of the clock that the caller uses. `proxies` hold it, 0 before it has arrived.
    """

    carriers: tuple[Carrier, ...]
    since: float
    arrived: float | None
    proxies: int

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it takes."""
        return None if self.arrived is None else self.arrived - self.since


Holders: TypeAlias = Callable[[FleetKey, TypeUrl, str], int]
"""How many connected proxies of a fleet have ACKed the published version of a resource."""

_Content: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Followed:
    content: _Content
    progress: RouteProgress


class Progress:
    """What is known of all routes of all fleets."""

    def __init__(self, holders: Holders) -> None:
        self._holders = holders
        self._fleets: dict[FleetKey, dict[RouteName, _Followed]] = {}

    def published(self, config: ProxyConfig, now: float) -> None:
        """Note what a Gateway's proxies shall have since `now`."""
        before = self._fleets.get(config.fleet, {})
        after: dict[RouteName, _Followed] = {}
        for name, found in _routes(config).items():
            known = before.get(name)
            content = tuple(found.content)
            carriers = tuple(sorted(found.carriers))
            if known is not None and known.content == content and known.progress.carriers == carriers:
                after[name] = known
            else:
                fresh = RouteProgress(carriers=carriers, since=now, arrived=None, proxies=0)
                after[name] = _Followed(content=content, progress=fresh)
        self._fleets[config.fleet] = after

    def retired(self, fleet: FleetKey) -> None:
        """Forget a Gateway."""
        self._fleets.pop(fleet, None)

    def answered(self, fleet: FleetKey, now: float) -> bool:
        """Look again at who holds what; return whether something has arrived."""
        moved = False
        found = self._fleets.get(fleet, {})
        # Those that have arrived are not counted again: with a carrier for each host that would be a count for each.
        waiting = [(name, each) for name, each in found.items() if each.progress.arrived is None]
        for name, each in waiting:
            count = self._count(fleet, each.progress.carriers)
            if count:
                moved = True
                found[name] = replace(each, progress=replace(each.progress, arrived=now, proxies=count))
        return moved

    def lost(self, fleet: FleetKey, now: float) -> None:
        """Note that no proxy of a Gateway is connected any more: everything has to arrive again."""
        found = self._fleets.get(fleet, {})
        for name, each in found.items():
            if each.progress.arrived is not None:
                fresh = replace(each.progress, since=now, arrived=None, proxies=0)
                found[name] = replace(each, progress=fresh)

    def of(self, fleet: FleetKey, name: RouteName) -> RouteProgress | None:
        """Return how far a route is at a Gateway, None where it is not attached."""
        found = self._fleets.get(fleet, {}).get(name)
        return None if found is None else found.progress

    def at(self, name: RouteName) -> Mapping[FleetKey, RouteProgress]:
        """Return how far a route is, by Gateway."""
        return {fleet: found[name].progress for fleet, found in self._fleets.items() if name in found}

    def waiting(self) -> tuple[tuple[FleetKey, RouteName], ...]:
        """Return what has not arrived, by Gateway and route."""
        return tuple(
            (fleet, name)
            for fleet, found in sorted(self._fleets.items())
            for name, each in sorted(found.items())
            if each.progress.arrived is None
        )

    def _count(self, fleet: FleetKey, carriers: tuple[Carrier, ...]) -> int:
        return min((self._holders(fleet, each.type_url, each.name) for each in carriers), default=0)


class _Found:
    """What is gathered of one route."""

    __slots__ = ("carriers", "content")

    def __init__(self) -> None:
        self.carriers: set[Carrier] = set()
        self.content: list[object] = []


def _routes(config: ProxyConfig) -> dict[RouteName, _Found]:
    found: dict[RouteName, _Found] = {}
    used = {table for listener in config.listeners for table in _tables(listener)}
    for table in config.route_tables:
        if table.key not in used:
            continue  # its listener does not work (no certificate), so no proxy asks for the table
        for name, domain, route in _of_table(table):
            entry = found.setdefault(name, _Found())
            entry.carriers.add(Carrier(ROUTE, names.configuration(table, domain)))
            entry.content.extend((domain, route))
    for listener in config.listeners:
        for server_names, action in _l4_actions(listener):
            if isinstance(action, L4Forward):
                entry = found.setdefault(_l4_name(action), _Found())
                entry.carriers.add(Carrier(LISTENER, names.listener(listener)))
                entry.content.extend((server_names, action))
    return found


def _tables(listener: Listener) -> Iterator[RouteTableKey]:
    if isinstance(listener, StreamListener):
        for chain in listener.chains:
            if isinstance(chain.traffic, HTTPTraffic):
                yield chain.traffic.table


def _of_table(table: RouteTable) -> Iterator[tuple[RouteName, str, object]]:
    for host in table.virtual_hosts:
        for route in host.routes:
            source = route.source
            yield RouteName(source.kind.lower(), source.namespace, source.name), host.domain, route


def _l4_actions(listener: Listener) -> Iterator[tuple[tuple[str, ...], L4Action]]:
    if isinstance(listener, DatagramListener):
        yield (), listener.action
        return
    for chain in listener.chains:
        if isinstance(chain.traffic, L4Traffic):
            yield chain.server_names, chain.traffic.action


def _l4_name(action: L4Forward) -> RouteName:
    kind, namespace, name = action.source.split("/")
    return RouteName(kind.lower(), namespace, name)
