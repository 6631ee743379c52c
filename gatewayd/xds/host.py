"""VirtualHost -> its bytes, made of routes that are serialised once each."""

from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from gatewayd.ir.http import Route, VirtualHost
from gatewayd.xds.memo import Memo
from gatewayd.xds.route import (
    fallback_entries,
    guards_tail,
    route_entries,
    shared_between_domains,
    virtual_host_entry,
    virtual_host_head,
)
from gatewayd.xds.tree import Tree, rules_body
from gatewayd.xds.work import Work


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """A virtual host as an element of its RouteConfiguration, and the parts that the next one is made of."""

    routes: Memo[Route, bytes]
    tree: Tree | None
    entry: bytes
    digest: bytes


class Hosts:
    """The virtual hosts of one Gateway. `work` counts what the build of now does."""

    __slots__ = ("work",)

    def __init__(self) -> None:
        self.work = Work()

    def host(self, of: VirtualHost, tail: bytes, earlier: Host | None) -> Host:
        """Return the bytes of a virtual host, ended by `tail`; `earlier` is what its domain had before."""
        routes: Memo[Route, bytes]
        routes = Memo(partial(self._route, of.domain), id) if earlier is None else earlier.routes
        routes.update(of.routes)
        self.work.virtual_hosts += 1
        rest = fallback_entries(of.fallback, of.guards)
        body, tree = rules_body(of.routes, routes.results, rest, None if earlier is None else earlier.tree)
        entry = virtual_host_entry(b"".join((virtual_host_head(of.domain), body, guards_tail(of.guards), tail)))
        return Host(routes, tree, entry, blake2b(entry, digest_size=16).digest())

    def _route(self, domain: str, route: Route, _earlier: bytes | None) -> bytes:
        entries = self.work.entries.get(id(route))
        if entries is None:
            entries = route_entries(route, domain)
            self.work.routes += 1
            if shared_between_domains(route):
                self.work.entries[id(route)] = entries
        return entries
