"""RouteTables -> RouteConfiguration resources, at the cost of the virtual hosts that changed.

A table is one RouteConfiguration, or one for each group of exact domains, with a scope for each domain to find it by,
and one for all the others. A group that a proxy has refused is one for each of its domains.
Invariant: a version is a hash of the content alone; of a RouteConfiguration of many domains it is the hash of their
hashes, so that a change of one of 100 hashes that one.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import zip_longest
from typing import Any, ClassVar, TypeAlias, assert_never

from gatewayd.incremental.chunks import differences
from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import RouteDiscovery, RouteTable, RouteTableKey, VirtualHost
from gatewayd.xds import names
from gatewayd.xds.build.build_cost import Work
from gatewayd.xds.build.discovered_filters import AskedFilters
from gatewayd.xds.build.keyed_results import Keyed, Replaced
from gatewayd.xds.build.virtual_hosts import Host, Hosts
from gatewayd.xds.filters.chain import OPTED_INTO
from gatewayd.xds.filters.destination import destination_scope, destination_tail
from gatewayd.xds.filters.scope import KNOWN, own_scope, scope, scoped_tail
from gatewayd.xds.messages.route import TABLE_TAIL, table_head
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, Resource

_SCOPED_TAIL = TABLE_TAIL + scoped_tail(OPTED_INTO)

Changes: TypeAlias = Iterator[Replaced[Resource]]


class _Whole:
    """A table that is one RouteConfiguration."""

    __slots__ = ("_asked", "_builder", "_hosts", "_name", "resource")
    tail: ClassVar = TABLE_TAIL

    def __init__(self, key: RouteTableKey, builder: Hosts, asked: AskedFilters) -> None:
        self._name = names.route_table(key)
        self._builder = builder
        self._asked = asked
        self._hosts: Keyed[VirtualHost, Host] = Keyed(self._host, _domain)
        self.resource: Resource | None = None

    def resources(self) -> Iterator[Resource]:
        """Yield what the table is made into."""
        if self.resource is not None:
            yield self.resource

    def update(self, table: RouteTable) -> Changes:
        """Yield what changes when `table` takes the place of the one before."""
        for before_host, after_host in self._hosts.update(table.virtual_hosts):
            self._asked.replace(before_host, after_host)
        hosts = [self._hosts.results[each.domain] for each in table.virtual_hosts]
        before = self.resource
        self.resource = _configuration(self._name, hosts, self.tail, before, self._builder.work)
        if self.resource is not before:
            yield Replaced(before, self.resource)

    def leave(self) -> None:
        """Ask for nothing any more."""
        for host in self._hosts.results.values():
            self._asked.replace(host, None)

    def _host(self, of: VirtualHost, earlier: Host | None) -> Host:
        return self._builder.host(of, b"", None if earlier is None else earlier.parts)


class _AtDestination(_Whole):
    """A table that is one RouteConfiguration, and the scope that leads there whatever was sent to its destination."""

    __slots__ = ("_scope",)
    tail: ClassVar = TABLE_TAIL + destination_tail()

    def __init__(self, key: RouteTableKey, builder: Hosts, asked: AskedFilters) -> None:
        super().__init__(key, builder, asked)
        self._scope = builder.work.resource(SCOPED_ROUTE, self._name, destination_scope(key), None)

    def resources(self) -> Iterator[Resource]:
        """Yield what the table is made into."""
        yield from super().resources()
        yield self._scope

    def update(self, table: RouteTable) -> Changes:
        """Yield what changes when `table` takes the place of the one before; the scope never does."""
        is_new = self.resource is None
        yield from super().update(table)
        if is_new:
            yield Replaced(None, self._scope)


class _Shared:
    """A RouteConfiguration of some domains, and the scope that leads to it by its own name."""

    __slots__ = ("hosts", "resources")

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.resources: tuple[Resource, ...] = ()


class _Scoped:
    """A table whose exact domains are found by a scope each, in RouteConfigurations of few hosts."""

    __slots__ = ("_apart", "_asked", "_builder", "_configurations", "_hosts", "_key", "_scopes", "_unwritten")

    def __init__(self, key: RouteTableKey, builder: Hosts, asked: AskedFilters) -> None:
        self._key = key
        self._asked = asked
        self._builder = builder
        self._apart: frozenset[int] = frozenset()
        self._hosts: Keyed[VirtualHost, Host] = Keyed(self._host, _domain)
        # By the name of the RouteConfiguration; that of the domains that are no hosts is always there.
        self._configurations = {names.scope(key, names.ANY): _Shared()}
        self._unwritten = set(self._configurations)
        self._scopes: dict[str, Resource] = {}

    def resources(self) -> Iterator[Resource]:
        """Yield what the table is made into."""
        for configuration in self._configurations.values():
            yield from configuration.resources
        yield from self._scopes.values()

    def update(self, table: RouteTable) -> Changes:
        """Yield what changes when `table` takes the place of the one before."""
        changed, self._unwritten = self._unwritten, set()
        moved = self._regrouped(table.apart, changed) if table.apart != self._apart else {}
        for before, after in self._hosts.update(table.virtual_hosts):
            self._asked.replace(before, after)
            if before is not None:
                left = self._take_out(before)
                changed.add(left)
                if after is None:
                    moved[before.domain] = None
            if after is not None:
                joined = self._put_in(after)
                changed.add(joined)
                if before is None:
                    moved[after.domain] = joined
        for domain, configuration in moved.items():
            yield from self._moved(domain, configuration)
        for name in sorted(changed):
            yield from self._updated(name)

    def _regrouped(self, apart: frozenset[int], changed: set[str]) -> dict[str, str | None]:
        """Move the hosts of the groups that go apart, or together; return by domain the RouteConfiguration of now."""
        moving = self._apart ^ apart
        hosts = [
            host
            for host in self._hosts.results.values()
            if names.is_exact(host.domain) and group_number(host.domain) in moving
        ]
        changed.update([self._take_out(host) for host in hosts])
        self._apart = apart
        moved = {host.domain: self._put_in(host) for host in hosts}
        changed.update(moved.values())
        return {**moved}

    def _configuration(self, domain: str) -> str:
        return names.scoped_configuration(self._key, domain, self._apart)

    def _take_out(self, host: Host) -> str:
        name = self._configuration(host.domain)
        del self._configurations[name].hosts[host.domain]
        return name

    def _put_in(self, host: Host) -> str:
        name = self._configuration(host.domain)
        self._configurations.setdefault(name, _Shared()).hosts[host.domain] = host
        return name

    def _moved(self, domain: str, configuration: str | None) -> Changes:
        """Yield what becomes of the scope of a domain that is in another RouteConfiguration now, None for in none."""
        if not names.is_exact(domain):
            return
        before = self._scopes.pop(domain, None)
        if configuration is not None:
            message = scope(self._key, domain, configuration)
            self._scopes[domain] = self._resource(names.scope(self._key, domain), message)
        yield from _replaced((before,), (self._scopes.get(domain),))

    def _updated(self, name: str) -> Changes:
        """Yield what becomes of a RouteConfiguration whose hosts are others."""
        shared = self._configurations[name]
        before = shared.resources
        if shared.hosts or names.within_table(name) == names.ANY:
            hosts = [host for _, host in sorted(shared.hosts.items())]
            known = before[0] if before else None
            routes = _configuration(name, hosts, _SCOPED_TAIL, known, self._builder.work)
            shared.resources = (routes, before[1] if before else self._resource(name, own_scope(self._key, name)))
        else:
            shared.resources = ()
            del self._configurations[name]
        yield from _replaced(before, shared.resources)

    def leave(self) -> None:
        """Ask for nothing any more."""
        for host in self._hosts.results.values():
            self._asked.replace(host, None)

    def _host(self, of: VirtualHost, earlier: Host | None) -> Host:
        return self._builder.host(of, KNOWN, None if earlier is None else earlier.parts)

    def _resource(self, name: str, message: Any) -> Resource:
        return self._builder.work.resource(SCOPED_ROUTE, name, message, None)


class Tables:
    """The route tables of one Gateway. `asked` is what their routes ask of filters that are discovered."""

    __slots__ = ("_builder", "_made", "_tables", "asked")

    def __init__(self) -> None:
        self._builder = Hosts()
        self.asked = AskedFilters()
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
                gone.leave()
                yield from (Replaced(each, None) for each in gone.resources())
        for table in new:
            built = self._made.get((table.key, table.discovery))
            if built is None:
                built = self._made[table.key, table.discovery] = _made(table, self._builder, self.asked)
            yield from built.update(table)


def _made(table: RouteTable, builder: Hosts, asked: AskedFilters) -> _Whole | _Scoped:
    if table.key.destination:
        return _AtDestination(table.key, builder, asked)
    discovery = table.discovery
    match discovery:
        case RouteDiscovery.PER_LISTENER:
            return _Whole(table.key, builder, asked)
        case RouteDiscovery.PER_HOST:
            return _Scoped(table.key, builder, asked)
        case _:
            assert_never(discovery)


def _configuration(name: str, hosts: Sequence[Host], tail: bytes, before: Resource | None, work: Work) -> Resource:
    """Return the RouteConfiguration of several domains: the one before when it is the same."""
    head = table_head(name)
    version = blake2b(b"".join((head, tail, *[each.digest for each in hosts])), digest_size=8).hexdigest()
    if before is not None and before.version == version:
        return before
    work.resources += 1
    # In the pieces that the hosts keep: those of thousands are there once.
    own = (head, *[each.entry for each in hosts])
    return Resource(type_url=ROUTE, name=name, version=version, own=own, tail=tail)


def _replaced(before: Sequence[Resource | None], after: Sequence[Resource | None]) -> Changes:
    """Yield what is another resource now; each name stands at the same place in both, or one of them is empty."""
    for one, two in zip_longest(before, after):
        if one is not two:
            yield Replaced(one, two)


def _domain(of: VirtualHost) -> str:
    return of.domain
