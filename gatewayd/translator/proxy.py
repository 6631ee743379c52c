"""Assemble the ProxyConfig of one Gateway."""

from collections.abc import Iterator

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Output, Source, View, query, rescued_query
from gatewayd.ir.backend import ServiceBackend, Upstream
from gatewayd.ir.filters import ExternalAuth
from gatewayd.ir.http import Forward
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends import GatewayUpstream, cluster
from gatewayd.translator.chains import port as port_config
from gatewayd.translator.chains import ports
from gatewayd.translator.gatewayclass import environment, gateway_is_ours
from gatewayd.translator.listeners import PortKey, listeners
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.routes import rules
from gatewayd.translator.tls import can_serve
from gatewayd.translator.virtualhosts import TableKey, carries_http, route_table, table_of


@query
def route_upstreams(view: View, member: Member) -> frozenset[Upstream]:
    """Return the upstreams that the rules of a route lead to, mirrors included."""
    return frozenset(_upstreams(view, member))


def _upstreams(view: View, member: Member) -> Iterator[Upstream]:
    found = rules(view, member)
    for ranked in found.routes:
        action = ranked.route.action
        yield from (each.upstream for each in ranked.route.filters if isinstance(each, ExternalAuth))
        if isinstance(action, Forward):
            targets = [each.backend for each in action.backends] + [each.backend for each in action.mirrors]
            yield from (each.upstream for each in targets if isinstance(each, ServiceBackend))
    for share in found.forward.backends if found.forward else ():
        if isinstance(share.backend, ServiceBackend):
            yield share.backend.upstream


@query
def gateway_upstreams(view: View, member: Member) -> frozenset[GatewayUpstream]:
    """Return the upstreams of a route for each Gateway that it is attached to."""
    gateways = {parent.gateway for parent in attachments(view, member) if parent.attached}
    if not gateways:
        return frozenset()
    upstreams = route_upstreams(view, member)
    return frozenset(GatewayUpstream(gateway, upstream) for gateway in gateways for upstream in upstreams)


UPSTREAMS = Index(
    name="upstreams_by_gateway",
    sources=tuple(Source(table=table, query=gateway_upstreams) for table in ROUTE_TABLES),
    group=lambda key: key.gateway,
)


@query
def tables(view: View, gateway: ObjectKey) -> tuple[TableKey, ...]:
    """Return the route tables of a Gateway, sorted."""
    return tuple(
        sorted(
            {
                table_of(gateway, each)
                for each in listeners(view, gateway)
                if carries_http(each) and can_serve(view, gateway, each)
            }
        )
    )


@query
def proxy_config(view: View, gateway: ObjectKey) -> ProxyConfig | None:
    """Return everything that the Envoys of a Gateway must do; None when the Gateway is not ours."""
    if not gateway_is_ours(view, gateway):
        return None
    return ProxyConfig(
        gateway=str(gateway),
        address=environment(view).address,
        listeners=tuple(port_config(view, PortKey(*each)) for each in ports(view, gateway)),
        route_tables=tuple(route_table(view, table) for table in tables(view, gateway)),
        clusters=view.collect(UPSTREAMS, gateway, cluster),
    )


def _last_good(_member: Member, _error: Exception, before: ProxyConfig | None) -> ProxyConfig | None:
    return before


@rescued_query(_last_good)
def gateway_proxy(view: View, member: Member) -> ProxyConfig | None:
    """Return the ProxyConfig for a row of the Gateway table."""
    return proxy_config(view, ObjectKey(*member.key)) if isinstance(member.key, tuple) else None


PROXIES = Output(name="proxies", sources=(Source(table=Gateway, query=gateway_proxy),))
