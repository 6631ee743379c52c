"""RouteTables -> RouteConfiguration resources, at the cost of the virtual hosts that changed.

A table is one RouteConfiguration, or one for each exact domain, with a scope to find it by, and one for all the others.
Invariant: a version is a hash of the content alone; of a RouteConfiguration of many domains it is the hash of their
hashes, so that a change of one of 100 hashes that one.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import zip_longest
from typing import TypeAlias, assert_never

from gatewayd.incremental.chunks import differences
from gatewayd.ir.http import RouteDiscovery, RouteTable, RouteTableKey, VirtualHost
from gatewayd.xds import names
from gatewayd.xds.build.build_cost import Work
from gatewayd.xds.build.keyed_results import Keyed, Replaced
from gatewayd.xds.build.virtual_hosts import Host, Hosts, Listed, Parts
from gatewayd.xds.filters.chain import OPTED_INTO
from gatewayd.xds.filters.scope import KNOWN, scope, scoped_tail
from gatewayd.xds.messages.route import TABLE_TAIL, table_head
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, Resource

_SCOPED_TAIL = TABLE_TAIL + scoped_tail(OPTED_INTO)

Changes: TypeAlias = Iterator[Replaced[Resource]]


class _Whole:
    """A table that is one RouteConfiguration."""

    __slots__ = ("_builder", "_hosts", "_name", "resource")

    def __init__(self, key: RouteTableKey, builder: Hosts) -> None:
        self._name = names.route_table(key)
        self._builder = builder
        self._hosts: Keyed[VirtualHost, Host] = Keyed(self._host, _domain)
        self.resource: Resource | None = None

    def resources(self) -> Iterator[Resource]:
        """Yield what the table is made into."""
        if self.resource is not None:
            yield self.resource

    def update(self, table: RouteTable) -> Changes:
        """Yield what changes when `table` takes the place of the one before."""
        self._hosts.update(table.virtual_hosts)
        hosts = [self._hosts.results[each.domain] for each in table.virtual_hosts]
        before = self.resource
        self.resource = _configuration(self._name, hosts, TABLE_TAIL, before, self._builder.work)
        if self.resource is not before:
            yield Replaced(before, self.resource)

    def _host(self, of: VirtualHost, earlier: Host | None) -> Host:
        return self._builder.host(of, b"", None if earlier is None else earlier.parts)


class _Own:
    """What an exact domain has to itself."""

    __slots__ = ("parts", "routes", "scope")

    def __init__(self, parts: Parts, routes: Resource, scope: Resource) -> None:
        self.parts = parts
        self.routes = routes
        self.scope = scope

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Return what the domain is made into."""
        return (self.routes, self.scope)


class _Scoped:
    """A table of which every exact domain has a RouteConfiguration, and the others share one."""

    __slots__ = ("_builder", "_hosts", "_key", "shared")

    def __init__(self, key: RouteTableKey, builder: Hosts) -> None:
        self._key = key
        self._builder = builder
        self._hosts: Keyed[VirtualHost, Host | _Own] = Keyed(self._host, _domain)
        self.shared: tuple[Resource, ...] = ()

    def resources(self) -> Iterator[Resource]:
        """Yield what the table is made into."""
        yield from self.shared
        for each in self._hosts.results.values():
            if isinstance(each, _Own):
                yield from each.resources

    def update(self, table: RouteTable) -> Changes:
        """Yield what changes when `table` takes the place of the one before."""
        is_shared = not self.shared
        for replaced in self._hosts.update(table.virtual_hosts):
            if isinstance(replaced.before, Host) or isinstance(replaced.after, Host):
                is_shared = True
            else:
                yield from _replaced(_resources(replaced.before), _resources(replaced.after))
        if is_shared:
            before, self.shared = self.shared, self._shared()
            yield from _replaced(before, self.shared)

    def _shared(self) -> tuple[Resource, ...]:
        found = sorted((domain, made) for domain, made in self._hosts.results.items() if isinstance(made, Host))
        before = self.shared
        name = names.host_routes(self._key, names.ANY)
        hosts = [made for _, made in found]
        made = _configuration(name, hosts, _SCOPED_TAIL, before[0] if before else None, self._builder.work)
        return (made, before[1] if before else self._scope(names.ANY))

    def _host(self, of: VirtualHost, earlier: Host | _Own | None) -> Host | _Own:
        made = self._builder.host(of, KNOWN, None if earlier is None else earlier.parts)
        if not names.is_exact(of.domain):
            return made
        before = earlier if isinstance(earlier, _Own) else None
        found = self._scope(of.domain) if before is None else before.scope
        head = table_head(found.name)
        whole = (head + made.entry, _SCOPED_TAIL)
        routes = self._builder.work.of_parts(ROUTE, found.name, whole, None if before is None else before.routes)
        parts = made.parts
        return _Own(parts.within(routes.own, len(head)) if isinstance(parts, Listed) else parts, routes, found)

    def _scope(self, domain: str) -> Resource:
        name, message = names.host_routes(self._key, domain), scope(self._key, domain)
        return self._builder.work.resource(SCOPED_ROUTE, name, message, None)


class Tables:
    """The route tables of one Gateway."""

    __slots__ = ("_builder", "_made", "_tables")

    def __init__(self) -> None:
        self._builder = Hosts()
        self._tables: Sequence[RouteTable] = ()
        self._made: dict[tuple[RouteTableKey, RouteDiscovery], _Whole | _Scoped] = {}

    def update(self, tables: Sequence[RouteTable], work: Work) -> Changes:
        """Yield what changes when `tables` take the place of those before."""
        self._builder.work = work
        old, new = differences(self._tables, tables)
        self._tables = tables
        kept = {(each.key, each.discovery) for each in new}
        for table in old:
            if (table.key, table.discovery) not in kept:
                gone = self._made.pop((table.key, table.discovery))
                yield from (Replaced(each, None) for each in gone.resources())
        for table in new:
            made = self._made.get((table.key, table.discovery))
            if made is None:
                made = self._made[table.key, table.discovery] = _made(table, self._builder)
            yield from made.update(table)


def _made(table: RouteTable, builder: Hosts) -> _Whole | _Scoped:
    discovery = table.discovery
    match discovery:
        case RouteDiscovery.PER_LISTENER:
            return _Whole(table.key, builder)
        case RouteDiscovery.PER_HOST:
            return _Scoped(table.key, builder)
        case _:
            assert_never(discovery)


def _configuration(name: str, hosts: Sequence[Host], tail: bytes, before: Resource | None, work: Work) -> Resource:
    """Return the RouteConfiguration of several domains: the one before when it is the same."""
    head = table_head(name)
    version = blake2b(b"".join((head, tail, *[each.digest for each in hosts])), digest_size=8).hexdigest()
    if before is not None and before.version == version:
        return before
    work.resources += 1
    own = b"".join((head, *[each.entry for each in hosts]))
    return Resource(type_url=ROUTE, name=name, version=version, own=own, tail=tail)


def _replaced(before: Sequence[Resource], after: Sequence[Resource]) -> Changes:
    """Yield what is another resource now; each name stands at the same place in both, or one of them is empty."""
    for one, two in zip_longest(before, after):
        if one is not two:
            yield Replaced(one, two)


def _resources(of: _Own | None) -> tuple[Resource, ...]:
    return () if of is None else of.resources


def _domain(of: VirtualHost) -> str:
    return of.domain
