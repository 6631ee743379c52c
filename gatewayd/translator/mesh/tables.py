"""What the proxies do with the requests for one frontend: a route table of its own, with one host for all.

In: a frontend. Out: its RouteTable, at the cost of the routes that it has.
"""

from collections.abc import Iterator

from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.http import (
    CANNOT,
    NOT_FOUND,
    DirectResponse,
    Route,
    RouteDiscovery,
    RouteTable,
    RouteTableKey,
    VirtualHost,
)
from gatewayd.translator.hostnames import ANY, specificity
from gatewayd.translator.mesh.consumers import view_port
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.governed_rules import RuleOf, governed_route
from gatewayd.translator.mesh.parents import called_at, routes_at
from gatewayd.translator.mesh.sources import family_of, with_source
from gatewayd.translator.proxies.at_listener import RenderKey, at_listener
from gatewayd.translator.proxies.precedence import Candidate, precedence, reachable, tie_of
from gatewayd.translator.proxies.preflights import Placed, with_preflights
from gatewayd.translator.rules.route_kinds import service_rules
from gatewayd.translator.rules.rule_set import Ranked

_SPECIAL = specificity(ANY)


def table_key(view: View, frontend: Frontend) -> RouteTableKey:
    """Return the key of a frontend's table; no proxy asks for that of a view without a port."""
    return RouteTableKey(
        port=view_port(view, frontend.view) or 0, listener="", destination=str(frontend), callers=frontend.view
    )


def _table(view: View, frontend: Frontend, routes: tuple[Route, ...], fallback: DirectResponse) -> RouteTable:
    return RouteTable(
        key=table_key(view, frontend),
        discovery=RouteDiscovery.PER_LISTENER,
        apart=frozenset(),
        virtual_hosts=(VirtualHost(domain=ANY, guards=(), routes=routes, fallback=fallback),),
    )


def _failing(view: View, frontend: Frontend, _error: Exception, _before: RouteTable | None) -> RouteTable:
    return _table(view, frontend, (), CANNOT)


@rescued_query(_failing)
def frontend_table(view: View, frontend: Frontend) -> RouteTable:
    """Return the routes of a frontend in their order; what none of them takes gets a 404."""
    candidates = sorted(_candidates(view, frontend), key=lambda each: each.order)
    routes = tuple(reachable(with_preflights([each.placed for each in candidates])))
    return _table(view, frontend, routes, NOT_FOUND)


def _candidates(view: View, frontend: Frontend) -> Iterator[Candidate]:
    for member in routes_at(view, frontend):
        tie = tie_of(member, view.get(member.table, member.key))
        for ranked in _ranked(view, member, frontend):
            yield Candidate(precedence(_SPECIAL, ranked, tie), Placed(_SPECIAL, ranked.route))


def _ranked(view: View, member: Member, frontend: Frontend) -> Iterator[Ranked]:
    key, service = RenderKey(member, "http", frontend.port), called_at(view, member, frontend)
    family = family_of(frontend.address)
    for ranked in service_rules(view, member).routes:
        at = RuleOf(member, ranked.route.source.rule, service, frontend.view)
        route = governed_route(view, at, at_listener(ranked.route, key))
        yield ranked._replace(route=with_source(view, route, family))
