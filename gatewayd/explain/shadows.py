"""Matches that never get a request, since another one takes all of theirs.

In: route tables of the IR, in which the first match that holds takes a request. Out: each match that an earlier one of
another rule covers on every host where it stands. What is covered is decided by the matches alone: a match that others
cover only together is not found. https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches)
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gatewayd.ir.http import ExactPath, PathMatch, PrefixPath, RegexPath, RequestMatch, Route, RouteTable, RuleRef

_EVERY_PATH = PrefixPath(value="")


class Shadow(NamedTuple):
    """A match, and the one that takes all of its requests."""

    match: RuleRef
    taken_by: RuleRef

    def __str__(self) -> str:
        winner = self.taken_by
        name = f"{winner.kind} {winner.namespace}/{winner.name} {winner.field}"
        return f"never gets a request; {name} takes all of it"


def shadows(tables: Iterable[RouteTable]) -> tuple[Shadow, ...]:
    """Return the matches that get no request on any host, sorted."""
    taken: dict[RuleRef, RuleRef] = {}
    alive: set[RuleRef] = set()
    judged: dict[int, tuple[Route, ...]] = {}
    for table in tables:
        for host in table.virtual_hosts:
            # Hosts of one route mostly have the same routes, which are one object.
            if id(host.routes) in judged:
                continue
            judged[id(host.routes)] = host.routes
            for source, winner in _judged(host.routes):
                if winner is None:
                    alive.add(source)
                else:
                    taken.setdefault(source, winner)
    return tuple(Shadow(source, winner) for source, winner in sorted(taken.items()) if source not in alive)


def _judged(routes: tuple[Route, ...]) -> Iterator[tuple[RuleRef, RuleRef | None]]:
    """Yield each match of a host with the one that covers it, None where it gets requests."""
    earlier: dict[PathMatch, list[Route]] = {}
    for route in routes:
        if route.source.preflight:
            continue
        covering = next(_covering(earlier, route), None)
        is_own = covering is not None and rule_of(covering.source) == rule_of(route.source)
        yield route.source, None if covering is None or is_own else covering.source
        earlier.setdefault(_path(route.match.path), []).append(route)


def _covering(earlier: dict[PathMatch, list[Route]], route: Route) -> Iterator[Route]:
    for path in _paths_around(_path(route.match.path)):
        for other in earlier.get(path, ()):
            if _covers(other.match, route.match):
                yield other


def rule_of(source: RuleRef) -> tuple[str, str, str, int]:
    """Return the rule that a match is of."""
    return source.kind, source.namespace, source.name, source.rule


def _path(path: PathMatch) -> PathMatch:
    """Return a path match with one value for the prefixes that mean the same."""
    return PrefixPath(value=path.value.rstrip("/")) if isinstance(path, PrefixPath) else path


def _paths_around(path: PathMatch) -> Iterator[PathMatch]:
    """Yield the path matches that hold wherever this one does, as far as their text tells."""
    yield path
    if isinstance(path, RegexPath):
        yield _EVERY_PATH
        return
    value = path.value.rstrip("/") if isinstance(path, ExactPath) else path.value.rpartition("/")[0]
    if isinstance(path, PrefixPath) and not path.value:
        return
    while True:
        yield PrefixPath(value=value)
        if not value:
            return
        value = value.rpartition("/")[0]


def _covers(one: RequestMatch, other: RequestMatch) -> bool:
    """Return whether a match holds wherever another one does, their paths apart."""
    return (
        (not one.methods or (bool(other.methods) and set(other.methods) <= set(one.methods)))
        and set(one.headers) <= set(other.headers)
        and set(one.queries) <= set(other.queries)
        and (not one.grpc or other.grpc)
    )
