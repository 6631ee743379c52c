"""Which route tables are discovered per host, remembered: they become so once and stay so while their Gateway lives.

A change of discovery replaces a filter chain, which ends its connections. If it followed the number of domains both
ways, one namespace that adds and removes a route could end the connections of all others again and again.
"""

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, Output, Source, View, query, rescued_query
from gatewayd.ir.http import PerHostTables, RouteDiscovery, RouteTableKey
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.proxies.virtualhosts import TABLES, TableKey, route_discovery


def _unknown(_view: View, _table: TableKey, _error: Exception, _before: RouteTableKey | None) -> RouteTableKey | None:
    return None


@rescued_query(_unknown)
def table_per_host(view: View, table: TableKey) -> RouteTableKey | None:
    """Return the key of a table that is discovered per host, None of another."""
    per_host = route_discovery(view, table) is RouteDiscovery.PER_HOST
    return RouteTableKey(port=table.port, listener=table.listener) if per_host else None


@query
def per_host_tables(view: View, member: Member) -> PerHostTables | None:
    """Return what to remember of a Gateway: None when there is nothing, or when one discovery is prescribed."""
    gateway = ObjectKey(*member.key) if isinstance(member.key, tuple) else None
    if gateway is None or not gateway_is_ours(view, gateway) or environment(view).route_discovery is not None:
        return None
    tables = frozenset(key for key in view.collect(TABLES, gateway, table_per_host) if key is not None)
    return PerHostTables(tables=tables) if tables else None


PER_HOST_TABLES = Output(name="per_host_tables", sources=(Source(table=Gateway, query=per_host_tables),))
