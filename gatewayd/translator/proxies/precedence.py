"""Which of the routes of a virtual host goes first, and which are never reached.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule (matches: precedence and ties)
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import KubernetesObject
from gatewayd.incremental.view import Member
from gatewayd.ir.http import PrefixPath, RequestMatch, Route
from gatewayd.translator.proxies.preflights import Placed
from gatewayd.translator.rules.rule_set import Ranked

_ROOT: Final = "/"


class Tie(NamedTuple):
    """What decides between equal matches of two routes: the older one, then the first by "namespace/name".

    An Ingress comes after all of them, so that its paths move to routes one by one.
    """

    is_ingress: bool
    created: str
    spelled: str


def tie_of(member: Member, row: KubernetesObject | None) -> Tie:
    """Return what decides between a route and others that match the same."""
    return Tie(member.table is Ingress, row.metadata.creation_timestamp if row is not None else "", str(member.key))


class Candidate(NamedTuple):
    """A route of a virtual host with its place among the others: smaller ones go first."""

    order: tuple[object, ...]
    placed: Placed


def precedence(special: tuple[int, int], ranked: Ranked, tie: Tie) -> tuple[object, ...]:
    """Return the sort key: kind, then hostname, match, age, "namespace/name", then place in the route.

    gRPC requests are offered to GRPCRoutes first; what none of them matches, and all others, to HTTPRoutes. So both
    kinds may share a hostname, and none is accepted and gets nothing.
    https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutespec (hostnames)
    """
    source = ranked.route.source
    place = (source.rule, source.match)
    return (not ranked.route.match.grpc, *[-each for each in special], *[-each for each in ranked.rank], *tie, *place)


def reachable(routes: Iterable[Route]) -> Iterator[Route]:
    """Yield routes up to the first that takes every request."""
    for route in routes:
        yield route
        if _matches_all(route.match):
            return


def _matches_all(match: RequestMatch) -> bool:
    path = match.path
    # The path first, which tells most of thousands apart.
    if not isinstance(path, PrefixPath) or path.value != _ROOT:
        return False
    return not (match.methods or match.headers or match.queries or match.grpc)
