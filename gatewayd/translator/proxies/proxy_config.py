"""Assemble the ProxyConfig of one Gateway."""

from collections.abc import Iterator
from functools import partial

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Member, Output, Source, View, query, rescued_query
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.proxy import Listener as ProxyListener
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.translator.backends.backend_refs import cluster
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.declared import DECLARATIONS, declared
from gatewayd.translator.gateways.gatewayclass import gateway_is_ours
from gatewayd.translator.proxies.filter_chains import port as port_config
from gatewayd.translator.proxies.filter_chains import ports
from gatewayd.translator.proxies.governed import policies_of
from gatewayd.translator.proxies.http3 import quic_listener
from gatewayd.translator.proxies.key_sets import fetched_key_sets
from gatewayd.translator.proxies.policy_servers import SHARED_SECRETS, shared_secret
from gatewayd.translator.proxies.upstreams import UPSTREAMS
from gatewayd.translator.proxies.virtualhosts import TABLES, route_table


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
