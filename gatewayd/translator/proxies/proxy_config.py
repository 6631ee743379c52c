"""Assemble the ProxyConfig of one Gateway."""

from collections.abc import Iterator
from functools import partial

from gatewayd.api.gateway import Gateway
from gatewayd.api.listeners import Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Index, Member, Output, Source, View, query, rescued_query
from gatewayd.ir.backend import ServiceBackend, Upstream
from gatewayd.ir.filters import ExternalAuth, HTTPFilter
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import Forward, Mirror, WeightedBackend
from gatewayd.ir.proxy import Listener as ProxyListener
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.backends.rate_limit_server import RateLimitServer, rate_limit_server
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.declared import DECLARATIONS, declared
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.gateways.listener_filters import guard_key, guards
from gatewayd.translator.gateways.listeners import set_is_allowed
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.access_log import log_servers
from gatewayd.translator.proxies.filter_chains import port as port_config
from gatewayd.translator.proxies.filter_chains import ports
from gatewayd.translator.proxies.governed import policies_of
from gatewayd.translator.proxies.http3 import quic_listener
from gatewayd.translator.proxies.key_sets import fetched_key_sets
from gatewayd.translator.proxies.policy_servers import SHARED_SECRETS, policy_servers, shared_secret
from gatewayd.translator.proxies.tracing import tracing_servers
from gatewayd.translator.proxies.virtualhosts import TABLES, route_table
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet


def route_upstreams(view: View, member: Member) -> tuple[Upstream, ...]:
    """Return the upstreams that the rules of a route lead to, mirrors included, each once."""
    return tuple(dict.fromkeys(upstreams_of_rules(rules(view, member))))


def upstreams_of_rules(rule_set: RuleSet) -> Iterator[Upstream]:
    """Yield the upstreams that rules lead to, mirrors included."""
    for ranked in rule_set.routes:
        action = ranked.route.action
        yield from _asked(ranked.route.filters)
        if isinstance(action, Forward):
            targets: list[WeightedBackend | Mirror] = [*action.mirrors]
            for each in action.backends:
                yield from _asked(each.filters)
                targets += (each, *each.mirrors)
            for target in targets:
                if isinstance(target.backend, ServiceBackend):
                    yield target.backend.upstream
    for share in rule_set.forward.backends if rule_set.forward else ():
        if isinstance(share.backend, ServiceBackend):
            yield share.backend.upstream


def _asked(filters: tuple[HTTPFilter, ...]) -> list[Upstream]:
    return [each.upstream for each in filters if isinstance(each, ExternalAuth)] if filters else []


@query
def gateway_upstreams(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams of a route for each Gateway that it is attached to, each once."""
    gateways = dict.fromkeys(parent.gateway for parent in attachments(view, member) if parent.attached)
    if not gateways:
        return ()
    upstreams = route_upstreams(view, member)
    named = [GatewayUpstream(gateway, upstream) for gateway in gateways for upstream in upstreams]
    return tuple(dict.fromkeys((*named, *policy_servers(view, member))))


@query
def gateway_servers(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams that a Gateway itself leads to: whom its listeners ask, who counts, whom it tells."""
    row = view.get(Gateway, member.key)
    if row is None or not gateway_is_ours(view, row.metadata.key):
        return ()
    server = rate_limit_server(view, row.metadata.key)
    counting = (server.upstream,) if isinstance(server, RateLimitServer) else ()
    asked = _guards(view, "Gateway", row.metadata.key, row.spec.listeners)
    told = (*log_servers(view, row.metadata.key), *tracing_servers(view, row.metadata.key))
    upstreams = (*asked, *counting, *told)
    return tuple(GatewayUpstream(row.metadata.key, upstream) for upstream in dict.fromkeys(upstreams))


@query
def set_guards(view: View, member: Member) -> tuple[GatewayUpstream, ...]:
    """Return the upstreams that the listeners of a ListenerSet ask, for its Gateway."""
    row = view.get(ListenerSet, member.key)
    if row is None or not set_is_allowed(view, row.metadata.key):
        return ()
    gateway = ObjectKey(row.spec.parent_ref.namespace or row.metadata.namespace, row.spec.parent_ref.name)
    upstreams = _guards(view, "ListenerSet", row.metadata.key, row.spec.listeners)
    return tuple(GatewayUpstream(gateway, upstream) for upstream in dict.fromkeys(upstreams))


def _guards(view: View, owner: str, key: ObjectKey, entries: tuple[Listener, ...]) -> Iterator[Upstream]:
    for at, entry in enumerate(entries):
        servers = guards(view, guard_key(owner, key.namespace, f"spec.listeners[{at}]", entry)).asked
        yield from (each.upstream for each in servers)


UPSTREAMS = Index(
    name="upstreams_by_gateway",
    sources=(
        *(Source(table=table, query=gateway_upstreams) for table in ROUTE_TABLES),
        Source(table=Gateway, query=gateway_servers),
        Source(table=ListenerSet, query=set_guards),
    ),
    group=lambda key: key.gateway,
)


@query
def proxy_config(view: View, gateway: ObjectKey) -> ProxyConfig | None:
    """Return everything that the Envoys of a Gateway must do; None when the Gateway is not ours."""
    if not gateway_is_ours(view, gateway):
        return None
    return ProxyConfig(
        fleet=GatewayFleet(namespace=gateway.namespace, name=gateway.name),
        declared_by=view.collect(DECLARATIONS, gateway, declared),
        address=environment(view).address,
        listeners=tuple(_listeners(view, gateway)),
        route_tables=view.collect(TABLES, gateway, route_table),
        clusters=view.collect(UPSTREAMS, gateway, cluster),
        shared_secrets=view.collect(SHARED_SECRETS, gateway, shared_secret),
        key_sets=fetched_key_sets(view, ()),
        policies=view.attempt(Attempt("policies", gateway), partial(policies_of, view, gateway), _of_none),
    )


def _listeners(view: View, gateway: ObjectKey) -> Iterator[ProxyListener]:
    """Yield the ports, those of HTTP/3 last; one that gatewayd fails on is closed, whatever the others do."""
    quic: list[ProxyListener] = []
    for key in ports(view, gateway):
        listener = view.attempt(Attempt("port", key), partial(port_config, view, key), _none)
        if listener is not None:
            yield listener
            beside = quic_listener(view, listener)
            quic += [] if beside is None else [beside]
    yield from quic


def _none(_error: Exception) -> None:
    return None


def _of_none(_error: Exception) -> tuple[()]:
    """Have it said of no policy that proxies have it, rather than hold back what they shall have."""
    return ()


def _last_good(_view: View, _member: Member, _error: Exception, before: ProxyConfig | None) -> ProxyConfig | None:
    return before


@rescued_query(_last_good)
def gateway_proxy(view: View, member: Member) -> ProxyConfig | None:
    """Return the ProxyConfig for a row of the Gateway table."""
    return proxy_config(view, ObjectKey(*member.key)) if isinstance(member.key, tuple) else None


PROXIES = Output(name="proxies", sources=(Source(table=Gateway, query=gateway_proxy),))
