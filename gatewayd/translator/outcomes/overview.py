"""What an overview shows of Gateways and routes: an output for those who look, which costs nothing until somebody does.

In: the outcomes of Gateways and routes. Out: `BOARD`, a value for each Gateway and each route.
"""

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.outcome import ListenerOutcome
from gatewayd.ir.overview import GatewayOverview, ListenerOverview, OtherClass, RouteOverview
from gatewayd.translator.attachment import hostnames
from gatewayd.translator.gateways.listener_conflicts import own_listeners
from gatewayd.translator.hostnames import ANY
from gatewayd.translator.outcomes.gateways_and_routes import gateway_outcome, outcome_query
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.filter_chains import bound_port
from gatewayd.translator.proxies.virtualhosts import carries_http, route_discovery, table_of


@query
def gateway_overview(view: View, member: Member) -> GatewayOverview | OtherClass | None:
    """Return what an overview shows of a Gateway; None when there is none."""
    row = view.get(Gateway, member.key)
    if row is None:
        return None
    outcome = gateway_outcome(view, member)
    if outcome is None:
        return OtherClass(name=row.spec.gateway_class_name)
    per_host = _per_host(view, member, row.metadata.key)
    return GatewayOverview(
        listeners=tuple(_listener(view, listener, per_host) for listener in outcome.listeners),
        addresses=tuple(address.value for address in outcome.addresses),
        verdicts=outcome.verdicts,
    )


def _per_host(view: View, member: Member, gateway: ObjectKey) -> frozenset[str]:
    """Return the names of the listeners whose routes are discovered host by host."""
    return frozenset(
        listener.key.section
        for listener in own_listeners(view, member)
        if carries_http(listener) and route_discovery(view, table_of(gateway, listener)) is RouteDiscovery.PER_HOST
    )


def _listener(view: View, listener: ListenerOutcome, per_host: frozenset[str]) -> ListenerOverview:
    return ListenerOverview(
        name=listener.name,
        port=listener.port,
        bound=bound_port(view, listener.port),
        per_host=listener.name in per_host,
    )


@query
def route_overview(view: View, member: Member) -> RouteOverview | None:
    """Return what an overview shows of a route; None when there is none."""
    row = view.get(member.table, member.key)
    if row is None:
        return None
    outcome = outcome_query(member.table)(view, member)
    written = tuple(host for host in hostnames(view, row) if host != ANY)
    return RouteOverview(hostnames=written, parents=() if outcome is None else outcome.parents)


BOARD = Output(
    name="board",
    sources=(
        Source(table=Gateway, query=gateway_overview),
        *(Source(table=table, query=route_overview) for table in ROUTE_TABLES),
    ),
    on_demand=True,
)
