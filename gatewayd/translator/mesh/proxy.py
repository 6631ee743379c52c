"""Assemble the ProxyConfig of the proxies of all nodes: one, for what differs by node is not in it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from gatewayd.incremental.view import Attempt, Index, Member, Output, Source, View, query, rescued_query
from gatewayd.ir.backend import Upstream
from gatewayd.ir.carriers import Policies
from gatewayd.ir.client_settings import SocketSettings
from gatewayd.ir.environment import ANY_IPV4, ANY_IPV6, Environment
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.proxy import FilterChain, ProxyConfig, RedirectedTraffic, StreamListener
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.environment import environment
from gatewayd.translator.mesh.claims import ServiceParent
from gatewayd.translator.mesh.consumers import ipv6_views, view_ports
from gatewayd.translator.mesh.governed_rules import RuleOf, governed_route
from gatewayd.translator.mesh.meshes import MESH, MESHED, mesh_is_on
from gatewayd.translator.mesh.parents import CLAIMS, service_parents
from gatewayd.translator.mesh.policies import policies_of_mesh
from gatewayd.translator.mesh.sources import family_of, with_source
from gatewayd.translator.mesh.tables import frontend_table
from gatewayd.translator.proxies.key_sets import fetched_key_sets
from gatewayd.translator.proxies.policy_servers import any_asking, servers_of
from gatewayd.translator.proxies.upstreams import upstreams_of_rules
from gatewayd.translator.rules.route_kinds import SERVICE_ROUTE_KINDS, service_rules


@query
def mesh_upstreams(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams of a route that requests for a Service are led by."""
    parents = tuple(each for each in service_parents(view, member) if each.frontends)
    if not parents:
        return ()
    upstreams = (*_backends(view, member, parents), *_policy_servers(view, member, parents))
    return tuple(GatewayUpstream(MESH, each) for each in dict.fromkeys(upstreams))


def _backends(view: View, member: Member, parents: tuple[ServiceParent, ...]) -> Iterator[Upstream]:
    """Yield what rules lead to; where sources are kept, for each family of the addresses that are called."""
    found = service_rules(view, member)
    if not environment(view).keeps_source:
        yield from upstreams_of_rules(found)
        return
    for family in dict.fromkeys(family_of(at.address) for each in parents for at in each.frontends):
        routes = tuple(each._replace(route=with_source(view, each.route, family)) for each in found.routes)
        yield from upstreams_of_rules(found._replace(routes=routes))


def _policy_servers(view: View, member: Member, parents: tuple[ServiceParent, ...]) -> Iterator[Upstream]:
    """Yield whom policies have asked about what is sent to a route's Services, or shown it."""
    if not any_asking(view, ()):
        return
    services = dict.fromkeys((each.service.namespace, each.frontends[0].view) for each in parents)
    for ranked in service_rules(view, member).routes:
        for service, callers in services:
            at = RuleOf(member, ranked.route.source.rule, service, callers)
            yield from servers_of(governed_route(view, at, ranked.route).filters)


MESH_UPSTREAMS = Index(
    name="upstreams_of_mesh",
    sources=tuple(Source(table=table, query=mesh_upstreams) for table in SERVICE_ROUTE_KINDS),
    group=lambda key: key.gateway,
    readers=MESHED,
)


def _last_good(_view: View, _member: Member, _error: Exception, before: ProxyConfig | None) -> ProxyConfig | None:
    return before


@rescued_query(_last_good)
def mesh_proxy(view: View, _member: Member) -> ProxyConfig | None:
    """Return everything that the proxies of the nodes must do; None where there is no mesh."""
    if not mesh_is_on(view, ()):
        return None
    return ProxyConfig(
        fleet=MESH_FLEET,
        declared_by=(),
        address=environment(view).address,
        listeners=tuple(_listeners(view)),
        route_tables=view.collect(CLAIMS, None, frontend_table),
        clusters=view.collect(MESH_UPSTREAMS, MESH, cluster),
        key_sets=fetched_key_sets(view, ()),
        policies=view.attempt(Attempt("policies", MESH), partial(policies_of_mesh, view), _of_none),
    )


def _of_none(_error: Exception) -> Policies:
    """Have it said of no policy that proxies have it, rather than hold back what they shall have."""
    return ()


def _listeners(view: View) -> Iterator[StreamListener]:
    """Yield a port for each view, of IPv6 where that is called: an edit of a route changes none.

    Each family has a listener of its own: a node without IPv6 refuses that one and has the other.
    """
    # Alone on a machine nothing redirects connections, so whoever connects says where to.
    alone = environment(view).standalone
    socket = SocketSettings(proxy_protocol="Required") if alone else SocketSettings()
    six, keeps_source = ipv6_views(view, ()), environment(view).keeps_source
    for port, name in sorted((port, name) for name, port in view_ports(view, ()).items()):
        traffic = RedirectedTraffic(port=port, keeps_source=keeps_source)
        chain = FilterChain(name="mesh", server_names=(), tls=None, traffic=traffic)
        listener = StreamListener(
            port=port, inspect_tls=False, chains=(chain,), socket=socket, transparent=keeps_source
        )
        if alone:
            yield listener
            continue
        for bind in (ANY_IPV4, ANY_IPV6) if name in six else (ANY_IPV4,):
            yield replace(listener, redirected=True, bind=bind)


MESH_PROXIES = Output(name="mesh_proxies", sources=(Source(table=Environment, query=mesh_proxy),))
"""There is one Environment, and so one value."""
