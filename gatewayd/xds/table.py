"""RouteTables -> RouteConfiguration resources, put together from parts that are kept.

Invariant: a version is a hash of the virtual hosts' hashes, so that a change of one of 5,000 hosts hashes that host
and not the megabyte around it; it is still a function of the content alone.
"""

from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from gatewayd.ir.http import Route, RouteTable, RouteTableKey, VirtualHost
from gatewayd.xds import names
from gatewayd.xds.memo import Memo
from gatewayd.xds.resource import ROUTE, Resource
from gatewayd.xds.route import (
    TABLE_TAIL,
    fallback_entries,
    route_entries,
    shared_between_domains,
    table_head,
    virtual_host_entry,
    virtual_host_head,
)
from gatewayd.xds.work import Work


@dataclass(frozen=True, slots=True, eq=False)
class _Host:
    routes: Memo[Route, bytes]
    entry: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table's resource, and the parts that the next one is made of."""

    hosts: Memo[VirtualHost, _Host]
    resource: Resource


class Tables:
    """The route tables of one Gateway."""

    __slots__ = ("_memo", "_work")

    def __init__(self) -> None:
        self._work = Work()
        self._memo: Memo[RouteTable, Table] = Memo(self._table, _table_key)

    def update(self, tables: tuple[RouteTable, ...], work: Work) -> tuple[Table, ...]:
        """Return the tables in order: the same tuple as before when nothing changed."""
        self._work = work
        self._memo.update(tables)
        return self._memo.results

    def _table(self, table: RouteTable, earlier: Table | None) -> Table:
        hosts: Memo[VirtualHost, _Host] = Memo(self._host, _domain) if earlier is None else earlier.hosts
        hosts.update(table.virtual_hosts)
        head = table_head(table.key)
        digests = [host.digest for host in hosts.results]
        version = blake2b(b"".join((head, TABLE_TAIL, *digests)), digest_size=8).hexdigest()
        if earlier is not None and earlier.resource.version == version:
            return Table(hosts, earlier.resource)
        self._work.resources += 1
        body = b"".join((head, *[host.entry for host in hosts.results], TABLE_TAIL))
        name = names.route_table(table.key)
        return Table(hosts, Resource(type_url=ROUTE, name=name, version=version, body=body))

    def _host(self, host: VirtualHost, earlier: _Host | None) -> _Host:
        routes: Memo[Route, bytes]
        routes = Memo(partial(self._route, host.domain), id) if earlier is None else earlier.routes
        routes.update(host.routes)
        self._work.virtual_hosts += 1
        body = b"".join((virtual_host_head(host.domain), *routes.results, fallback_entries(host.fallback)))
        entry = virtual_host_entry(body)
        return _Host(routes, entry, blake2b(entry, digest_size=16).digest())

    def _route(self, domain: str, route: Route, _earlier: bytes | None) -> bytes:
        entries = self._work.entries.get(id(route))
        if entries is None:
            entries = route_entries(route, domain)
            self._work.routes += 1
            if shared_between_domains(route):
                self._work.entries[id(route)] = entries
        return entries


def _table_key(table: RouteTable) -> RouteTableKey:
    return table.key


def _domain(host: VirtualHost) -> str:
    return host.domain
