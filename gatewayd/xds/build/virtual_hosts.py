"""VirtualHost -> its bytes, made of routes that are serialised once each.

The layout of an entry, which is an element of a RouteConfiguration (`inside` is the VirtualHost itself):

              |<------------------------------- inside -------------------------------->|
    +---------+------+----------+----------+-----+----------+----------+--------+-------+
    | tag and | head | route 0  | route 1  | ... | route n  | fallback | guards | tail  |
    | length  |      |          |          |     |          |          |        |       |
    +---------+------+----------+----------+-----+----------+----------+--------+-------+
                     ^          ^          ^     ^          ^
    bounds:          0          1          2     n          n + 1

    head       `virtual_host_head`: name and domain
    route i    `route_entries`: one element, or several, or none of a route that cannot even be matched
    fallback   `fallback_entries`: what answers when no route took a request; may be empty
    guards     `guards_tail`: what is asked before any route is; may be empty
    tail       what the kind of table adds (`filters/scope.scoped_tail`)

The next VirtualHost of the domain cuts the bytes of the routes that it still has, by their identity, out of the entry
of before: `held[bounds[i] : bounds[i + 1]]` (`Listed`). The entry itself is a piece of its RouteConfiguration, which is
put together where it is sent, so that the bytes are kept once.

With more than `LONGEST_LIST` routes a matcher stands where the routes and the fallback stand here. Its bytes are other
ones, sorted by the paths, so the bytes of the routes are kept beside it (`Parted`).
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import accumulate, pairwise, starmap
from typing import NamedTuple

from gatewayd.ir.http import DirectResponse, Route, VirtualHost
from gatewayd.xds.build.build_cost import Work
from gatewayd.xds.build.path_matcher import Tree, rules_body
from gatewayd.xds.filters.discovered import Asked, asked_of
from gatewayd.xds.memo import Memo
from gatewayd.xds.messages.route import (
    fallback_entries,
    guards_tail,
    route_entries,
    shared_between_domains,
    virtual_host_entry,
    virtual_host_head,
)

_FAILS = DirectResponse(status=500)


class Listed(NamedTuple):
    """The routes of a virtual host that is a list, whose bytes are cut out of those that `held` the host.

    There is one for each host: what the host's resource keeps anyway is not kept once more. `bounds`: where the bytes
    of the first route begin, and where those of each end.
    """

    routes: tuple[Route, ...]
    held: bytes
    bounds: tuple[int, ...]

    def places(self) -> dict[int, slice]:
        """Return by the identity of each route where in `held` its `route_entries` are."""
        return dict(zip(map(id, self.routes), starmap(slice, pairwise(self.bounds)), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """The routes of a virtual host that is a tree, each with its bytes: the tree's are other ones."""

    memo: Memo[Route, bytes]
    tree: Tree


Parts = Listed | Parted
"""What the next virtual host of a domain is made of."""


class Host(NamedTuple):
    """A virtual host as an element of its RouteConfiguration, and the parts that the next one is made of.

    `asked`: what its routes ask of filters that are discovered by themselves.
    """

    domain: str
    entry: bytes
    digest: bytes
    parts: Parts
    asked: frozenset[Asked]


class Hosts:
    """The virtual hosts of one Gateway. `work` counts what the build of now does."""

    __slots__ = ("work",)

    def __init__(self) -> None:
        self.work = Work()

    def host(self, of: VirtualHost, tail: bytes, earlier: Parts | None) -> Host:
        """Return the bytes of a virtual host, ended by `tail`; `earlier` is what its domain had before.

        One that cannot be made fails all its requests.
        """
        return self.work.attempt(
            "virtual host",
            of.domain,
            lambda: self._host(of, tail, earlier),
            lambda: self._host(replace(of, guards=(), routes=(), fallback=_FAILS), tail, None),
        )

    def _host(self, of: VirtualHost, tail: bytes, earlier: Parts | None) -> Host:
        entries = self._entries(of, earlier)
        self.work.virtual_hosts += 1
        rest = fallback_entries(of.fallback, of.guards)
        parted = earlier if isinstance(earlier, Parted) else None
        body, tree = rules_body(of.routes, entries, rest, None if parted is None else parted.tree)
        head = virtual_host_head(of.domain)
        inside = b"".join((head, body, guards_tail(of.guards), tail))
        entry = virtual_host_entry(inside)
        digest = blake2b(entry, digest_size=16).digest()
        asked = asked_of(of.routes)
        if tree is not None:
            memo = self._memo(of, entries) if parted is None else parted.memo
            return Host(of.domain, entry, digest, Parted(memo, tree), asked)
        start = len(entry) - len(inside) + len(head)
        bounds = tuple(accumulate(map(len, entries), initial=start))
        return Host(of.domain, entry, digest, Listed(of.routes, entry, bounds), asked)

    def _entries(self, of: VirtualHost, earlier: Parts | None) -> tuple[bytes, ...]:
        """Return the `route_entries` of each route; those of a route that the domain had before are not made anew."""
        if isinstance(earlier, Parted):
            earlier.memo.update(of.routes)
            return earlier.memo.results
        if earlier is None:
            return tuple([self._route(of.domain, each) for each in of.routes])
        held, places = earlier.held, earlier.places()
        return tuple([
            held[places[id(each)]] if id(each) in places else self._route(of.domain, each) for each in of.routes
        ])  # fmt: skip

    def _memo(self, of: VirtualHost, entries: tuple[bytes, ...]) -> Memo[Route, bytes]:
        memo: Memo[Route, bytes] = Memo(lambda route, _earlier: self._route(of.domain, route), id)
        memo.values, memo.results = of.routes, entries
        return memo

    def _route(self, domain: str, route: Route) -> bytes:
        entries = self.work.entries.get(id(route))
        if entries is None:
            entries = self.work.attempt(
                "route",
                route.source,
                lambda: route_entries(route, domain),
                lambda: self._failing(route, domain),
            )
            self.work.routes += 1
            if shared_between_domains(route):
                self.work.entries[id(route)] = entries
        return entries

    def _failing(self, route: Route, domain: str) -> bytes:
        """Return a route that fails its requests, so that nothing less strict gets them; nothing without its match."""
        failing = replace(route, action=_FAILS, filters=(), rule_name="")
        return self.work.attempt("match", route.source, lambda: route_entries(failing, domain), bytes)
