"""Preflights of rules with a CORS filter: who answers an OPTIONS request that asks about another request.

In: the routes of a virtual host in order. Out: the same, with routes in between that take preflights alone. A preflight
is judged as the request that it asks about: its method is in Access-Control-Request-Method, names of its headers are in
Access-Control-Request-Headers, path, query and host are its own. The rule that would get that request answers, by its
own policy, and no backend sees the preflight; where it tells too little, the first rule of the path that may get it.
https://gateway-api.sigs.k8s.io/geps/gep-1767/, https://fetch.spec.whatwg.org/#cors-preflight-fetch
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from gatewayd.ir.backend import ServiceBackend
from gatewayd.ir.filters import Cors, HTTPFilter
from gatewayd.ir.http import (
    PREFLIGHT,
    ExactPath,
    ExactValue,
    Forward,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
    Route,
)
from gatewayd.ir.policy import ClientAddresses

_ANYTHING = RegexValue(pattern=".+")
_ORIGIN, _METHOD, _HEADERS = "origin", "access-control-request-method", "access-control-request-headers"
_CARRIED = frozenset({"host", _ORIGIN, "user-agent", "x-forwarded-proto"})
"""What a preflight has as the request that it asks about will have it."""


class Placed(NamedTuple):
    """A route, and how special the hostname is that it came by: routes of one such and one path are a group."""

    special: tuple[int, int]
    route: Route


def with_preflights(routes: Sequence[Placed]) -> Iterator[Route]:
    """Yield the routes with those that take preflights before, or after, the routes of the same path."""
    sharing = [each.route for each in routes if shares_across_origins(each.route)]
    if not sharing or _answer_by_themselves([each.route for each in routes]):
        yield from (each.route for each in routes)
        return
    covered = _Covered(each.match.path for each in sharing)
    groups: dict[tuple[tuple[int, int], PathMatch], list[Route]] = {}
    for special, route in routes:
        if not route.match.grpc:
            groups.setdefault((special, route.match.path), []).append(route)
    before = {id(group[0]): group for group in groups.values() if any(map(shares_across_origins, group))}
    # What the rules of a path get is not for the policy of a wider path to allow. Rules for OPTIONS go first.
    after = {id(group[-1]): group for group in groups.values() if id(group[0]) not in before}
    for _, route in routes:
        yield from _answering(before.get(id(route), []))
        yield route
        if id(route) in after and covered.meets(route.match.path):
            yield from _distinct(_refusing(each) for each in after[id(route)] if each.match.methods and _is_known(each))


def shares_across_origins(route: Route) -> bool:
    """Return whether a rule, or one of its backends, has a CORS filter."""
    # Most routes have no filters at all, and a host may have thousands of routes.
    if route.filters and any(isinstance(each, Cors) for each in route.filters):
        return True
    backends = route.action.backends if isinstance(route.action, Forward) else ()
    return any(isinstance(each, Cors) for of in backends for each in of.filters)


def _answer_by_themselves(routes: list[Route]) -> bool:
    """Return whether preflights come to the rules as they are, and those with a policy answer them.

    Envoy's CORS filter answers only for routes that would send the request somewhere.
    """
    if any(each.match.methods or each.match.headers for each in routes):
        return False
    return all(_forwards(each) for each in routes if shares_across_origins(each))


def _forwards(route: Route) -> bool:
    live = [each for each in route.action.backends if each.weight] if isinstance(route.action, Forward) else []
    return bool(live) and all(isinstance(each.backend, ServiceBackend) for each in live)


class _Covered:
    """The paths that rules with a CORS filter may take requests of."""

    def __init__(self, paths: Iterator[PathMatch]) -> None:
        distinct = set(paths)
        self._everywhere = any(isinstance(each, RegexPath) for each in distinct)
        self._prefixes = {each.value for each in distinct if isinstance(each, PrefixPath)}
        self._above = {above for each in distinct if not isinstance(each, RegexPath) for above in _above(each)}

    def meets(self, path: PathMatch) -> bool:
        """Return whether one of the paths can hold for a request that `path` holds for."""
        if self._everywhere or isinstance(path, RegexPath):
            return True
        below = isinstance(path, PrefixPath) and path.value in self._above
        return below or not self._prefixes.isdisjoint(_above(path))


def _above(path: ExactPath | PrefixPath) -> Iterator[str]:
    """Yield all prefixes that hold for a path, its own included."""
    yield "/"
    parts = path.value.split("/")
    yield from ("/".join(parts[:end]) for end in range(2, len(parts) + 1))


def _answering(group: list[Route]) -> Iterator[Route]:
    """Yield what takes the preflights of a path at which a rule has a CORS filter."""
    sharing = [each for each in group if shares_across_origins(each)]
    if not group or _answer_by_themselves(group):
        return
    told = (
        _preflight(each, 1, (*_asking_method(each), *_asking_headers(each)))
        if shares_across_origins(each)
        else _refusing(each)
        for each in group
        if shares_across_origins(each) or _is_known(each)
    )
    of_method = (_preflight(each, 2, _asking_method(each)) for each in sharing)
    of_path = (_preflight(each, 3, ()) for each in sharing)
    yield from _distinct((*told, *of_method, *of_path))


def _distinct(routes: Iterator[Route] | Sequence[Route]) -> Iterator[Route]:
    seen: set[RequestMatch] = set()
    for route in routes:
        if route.match not in seen:
            seen.add(route.match)
            yield route


def _is_known(route: Route) -> bool:
    """Return whether a preflight tells all that the rule asks of a request; no preflight tells a header's value."""
    return all(header.name.lower() in _CARRIED for header in route.match.headers)


def _refusing(route: Route) -> Route:
    """Return what answers the preflights of a rule without a CORS filter, with nothing that would allow a request."""
    return replace(_preflight(route, 1, _asking_method(route)), action=PREFLIGHT, filters=_entry(route))


def _preflight(route: Route, nearness: int, asking: tuple[NamedMatch, ...]) -> Route:
    """Return what takes the preflights of a rule; `nearness` 1 to 3: how much of the rule's match they meet."""
    carried = tuple(each for each in route.match.headers if each.name.lower() in _CARRIED)
    origin = (
        () if any(each.name.lower() == _ORIGIN for each in carried) else (NamedMatch(name=_ORIGIN, value=_ANYTHING),)
    )
    method = () if any(each.name == _METHOD for each in asking) else (NamedMatch(name=_METHOD, value=_ANYTHING),)
    match = replace(route.match, methods=("OPTIONS",), headers=(*carried, *origin, *method, *asking))
    source = replace(route.source, preflight=nearness)
    policy = tuple(each for each in route.filters if isinstance(each, Cors))
    if not policy:
        return replace(route, source=source, match=match)
    return replace(route, source=source, match=match, action=PREFLIGHT, filters=(*_entry(route), *policy))


def _entry(route: Route) -> tuple[HTTPFilter, ...]:
    """Return what a preflight has to pass as well: it tells nothing to whom the rule would not answer."""
    return tuple(each for each in route.filters if isinstance(each, ClientAddresses))


def _asking_method(route: Route) -> tuple[NamedMatch, ...]:
    methods = route.match.methods
    return (NamedMatch(name=_METHOD, value=ExactValue(value=methods[0])),) if methods else ()


def _asking_headers(route: Route) -> tuple[NamedMatch, ...]:
    """Return the match of a list that has the names of all headers that the rule asks for.

    RE2 can only look for them in one order: browsers send them sorted and in lower case.
    """
    names = sorted({each.name.lower() for each in route.match.headers} - _CARRIED)
    if not names:
        return ()
    pattern = "".join(rf"(?:.*,)?[ \t]*{re.escape(name)}[ \t]*(?:,|$)" for name in names)
    return (NamedMatch(name=_HEADERS, value=RegexValue(pattern=f"(?i){pattern}.*")),)
