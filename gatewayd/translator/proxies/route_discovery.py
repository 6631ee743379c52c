"""Which route tables are discovered per host, remembered: they become so once and stay so while their Gateway lives.

A change of discovery replaces a filter chain, which ends its connections. If it followed the number of domains both
ways, one namespace that adds and removes a route could end the connections of all others again and again.

So are the groups of hosts that a proxy has refused. One of their hosts is to blame, and a proxy says not which; taken
apart, each is taken or refused alone. Together again they would be refused again.
"""

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, Output, Source, View, query, rescued_query
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.host_groups import read_group
from gatewayd.ir.http import NO_TABLES, HostGroup, PerHostTables, RouteDiscovery, RouteTableKey
from gatewayd.ir.outcome import FleetReport
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.proxies.virtualhosts import TABLES, TableKey, remembered, route_discovery

_ROUTES = ".RouteConfiguration"


def _unknown(_view: View, _table: TableKey, _error: Exception, _before: RouteTableKey | None) -> RouteTableKey | None:
    return None


@rescued_query(_unknown)
def table_per_host(view: View, table: TableKey) -> RouteTableKey | None:
    """Return the key of a table that is discovered per host, None of another."""
    per_host = route_discovery(view, table) is RouteDiscovery.PER_HOST
    return RouteTableKey(port=table.port, listener=table.listener) if per_host else None


@query
def per_host_tables(view: View, member: Member) -> PerHostTables | None:
    """Return what to remember of a Gateway, None when there is nothing."""
    gateway = ObjectKey(*member.key) if isinstance(member.key, tuple) else None
    if gateway is None or not gateway_is_ours(view, gateway):
        return None
    apart = remembered(view, gateway).apart | refused_groups(view, gateway)
    record = PerHostTables(tables=_tables(view, gateway), apart=apart)
    return None if record == NO_TABLES else record


def _tables(view: View, gateway: ObjectKey) -> frozenset[RouteTableKey]:
    """Return the tables that are discovered per host by themselves: none when one discovery is prescribed."""
    if environment(view).route_discovery is not None:
        return frozenset()
    return frozenset(key for key in view.collect(TABLES, gateway, table_per_host) if key is not None)


@query
def refused_groups(view: View, gateway: ObjectKey) -> frozenset[HostGroup]:
    """Return the groups of hosts whose RouteConfiguration some proxy refuses."""
    report = view.get(FleetReport, GatewayFleet(namespace=gateway.namespace, name=gateway.name))
    refused = (each for each in report.rejections if each.type_url.endswith(_ROUTES)) if report is not None else ()
    groups = (read_group(name) for each in refused for name in each.names)
    return frozenset(group for group in groups if group is not None)


PER_HOST_TABLES = Output(name="per_host_tables", sources=(Source(table=Gateway, query=per_host_tables),))
