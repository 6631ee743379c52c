"""Ports and filter chains: what every port of a Gateway does with the connections that come in.

https://gateway-api.sigs.k8s.io/reference/spec/#listener, #tlsroute, #tcproute, #udproute
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Member, View, query, rescued_query
from gatewayd.ir.client_settings import STANDARD_CLIENTS, ClientSettings
from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.l4 import L4Action, L4Refuse
from gatewayd.ir.proxy import DatagramListener, FilterChain, HTTPTraffic, L4Traffic, Listener, StreamListener
from gatewayd.ir.tls import DownstreamTLS
from gatewayd.translator.attachment import ATTACHED, attachments
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.escaped_slashes import escaped_slashes
from gatewayd.translator.gateways.listener_conflicts import owner, port_listeners, winner
from gatewayd.translator.gateways.listeners import (
    LISTENERS_BY_HOSTNAME,
    LISTENERS_BY_PORT,
    MergedListener,
    PortHostname,
    PortKey,
    Within,
)
from gatewayd.translator.gateways.termination import termination, termination_key
from gatewayd.translator.hostnames import ANY, specificity
from gatewayd.translator.policies.effective import any_inherited
from gatewayd.translator.proxies.access_log import access_log
from gatewayd.translator.proxies.at_listener import ListenerOf
from gatewayd.translator.proxies.client_settings import clients, socket
from gatewayd.translator.proxies.connection_clients import PassedOn, by_client, connections
from gatewayd.translator.proxies.http3 import http3_port, quic_listener
from gatewayd.translator.proxies.server_names import ingress_chains
from gatewayd.translator.proxies.tracing import tracing
from gatewayd.translator.proxies.virtualhosts import carries_http, chain_name, route_discovery, table_of
from gatewayd.translator.refused_secrets import refusal
from gatewayd.translator.rules.route_kinds import rules

FIRST_UNPRIVILEGED = 1024


def bound_port(view: View, port: int) -> int:
    """Return the port that Envoy binds for a listener's port."""
    return port + environment(view).unprivileged_offset if port < FIRST_UNPRIVILEGED else port


@query
def ports(view: View, gateway: ObjectKey) -> tuple[PortKey, ...]:
    """Return the ports of a Gateway that have a valid listener, sorted."""
    keys = {each.port for each in view.group(LISTENERS_BY_PORT, gateway)}
    return tuple(sorted(each for each in keys if port_listeners(view, each)))


@query
def port(view: View, key: PortKey) -> Listener:
    """Return what one port does."""
    merged = port_listeners(view, key)
    bound = bound_port(view, key.port)
    if key.transport == "udp":
        return DatagramListener(port=bound, action=_forward(view, merged[0]))
    inspect = any(each.protocol is not None and each.protocol.family == "TLS" for each in merged)
    # All HTTP listeners of a port share one chain: who is meant is known only from the Host header.
    unique = {chain.name: chain for of_listener in _all_chains(view, key) for chain in of_listener}
    chains_by_name = tuple(unique[name] for name in sorted(unique))
    return StreamListener(port=bound, inspect_tls=inspect, chains=chains_by_name, socket=socket(view, key))


def speaks_http3(view: View, key: PortKey) -> bool:
    """Return whether a port of a Gateway is also one of HTTP/3, which takes no query without a policy."""
    return any_inherited(view, ClientPolicy) and _has_quic(view, key)


@query
def _has_quic(view: View, key: PortKey) -> bool:
    return quic_listener(view, port(view, key)) is not None


def _all_chains(view: View, key: PortKey) -> Sequence[tuple[FilterChain, ...]]:
    return view.collect(LISTENERS_BY_HOSTNAME, PortHostname(key, ANY), chains)


def _closed(
    _view: View, _key: Within, _error: Exception, _before: tuple[FilterChain, ...] | None
) -> tuple[FilterChain, ...]:
    """Take no connection for a listener that gatewayd fails on."""
    return ()


@rescued_query(_closed)
def chains(view: View, key: Within) -> tuple[FilterChain, ...]:
    """Return the filter chains of the listener that has a hostname of a port."""
    listener = winner(view, key)
    if listener is None:
        return ()
    speaking = clients(view, listener)
    found = _chains(view, key.port.gateway, listener, speaking)
    if speaking == STANDARD_CLIENTS:
        return tuple(found)
    return tuple(_spoken(view, key.port.gateway, each, speaking) for each in found)


def _spoken(view: View, gateway: ObjectKey, chain: FilterChain, speaking: ClientSettings) -> FilterChain:
    """Return a chain with how its clients may speak; what is revoked is told beside the CAs that it is of."""
    tls, revoked = chain.tls, speaking.tls.revoked
    if tls is None or tls.client is None or revoked is None:
        return replace(chain, clients=speaking)
    trust = replace(tls.client.trust, revoked=revoked)
    if refusal(view, gateway, trust) is not None:
        return replace(chain, clients=replace(speaking, tls=replace(speaking.tls, trusts_nobody=True)))
    return replace(chain, clients=speaking, tls=replace(tls, client=replace(tls.client, trust=trust)))


def _chains(
    view: View, gateway: ObjectKey, listener: MergedListener, speaking: ClientSettings
) -> Iterator[FilterChain]:
    tls, log = None, access_log(view, gateway)
    if listener.protocol is not None and listener.protocol.terminates:
        tls = termination(view, termination_key(gateway, listener)).tls
        if tls is None:
            return
    if carries_http(listener):
        table = table_of(gateway, listener)
        discovery = route_discovery(view, table)
        if discovery is None:
            return
        chain = FilterChain(
            name=table.listener or "http",
            server_names=_server_names(listener.hostname) if tls else (),
            tls=tls,
            traffic=HTTPTraffic(
                table=RouteTableKey(port=table.port, listener=table.listener),
                discovery=discovery,
                scheme="https" if tls else "http",
                escaped_slashes=speaking.path.escaped or escaped_slashes(view, gateway).chosen,
                http3_port=http3_port(view, listener, speaking, bound_port(view, listener.port)),
            ),
            log=log,
            tracing=tracing(view, gateway),
        )
        yield chain if tls is None or tls.certificates else _without_certificate(chain)
        yield from ingress_chains(view, listener, chain)
    elif listener.protocol is not None and listener.protocol.family == "TLS":
        yield from (replace(chain, log=log) for chain in _tls_chains(view, gateway, listener, tls))
    else:
        passed = _passed_on(view, gateway, listener)
        whole = FilterChain(
            name=chain_name(listener.key), server_names=(), tls=None, traffic=L4Traffic(action=passed.action), log=log
        )
        yield from by_client(whole, passed.clients)


def _without_certificate(chain: FilterChain) -> FilterChain:
    """Return what closes the connections for server names that no Ingress has a certificate for."""
    return replace(chain, tls=None, traffic=L4Traffic(action=L4Refuse()))


def _server_names(hostname: str) -> tuple[str, ...]:
    return () if hostname == ANY else (hostname,)


class _Claim(NamedTuple):
    """A TLSRoute's wish for a server name; the smallest gets it."""

    effective: str
    less_special: tuple[int, ...]
    created: str
    key: ObjectKey
    kind: str
    member: Member


def _tls_chains(
    view: View, gateway: ObjectKey, listener: MergedListener, tls: DownstreamTLS | None
) -> Iterator[FilterChain]:
    """Yield a chain for each server name that a TLSRoute claims: the most specific original hostname wins, then age.

    Names that belong to a more specific listener of the port are left to it: Envoy refuses two chains for one name.
    """
    name = chain_name(listener.key)
    port_of = PortKey(gateway, "tcp", listener.port)
    winners: dict[str, _Claim] = {}
    for claim in sorted(_claims(view, listener)):
        if owner(view, port_of, claim.effective) == listener:
            winners.setdefault(claim.effective, claim)
    for effective, claim in winners.items():
        passed = connections(view, ListenerOf(gateway, listener.key), claim.member)
        whole = FilterChain(
            name=f"{name}/{effective}",
            server_names=_server_names(effective),
            tls=tls,
            traffic=L4Traffic(action=passed.action),
        )
        yield from by_client(whole, passed.clients)
    if listener.hostname not in winners:
        yield FilterChain(
            name=name, server_names=_server_names(listener.hostname), tls=tls, traffic=L4Traffic(action=L4Refuse())
        )


def _claims(view: View, listener: MergedListener) -> Iterator[_Claim]:
    for member in view.bucket(ATTACHED, listener.key):
        yield from view.attempt(
            Attempt("server names of a route", member), partial(_claims_of, view, listener, member), _none
        )


def _none(_error: Exception) -> list[_Claim]:
    return []


def _claims_of(view: View, listener: MergedListener, member: Member) -> list[_Claim]:
    row = view.get(member.table, member.key)
    if row is None:
        return []
    return [
        _Claim(
            pair.effective,
            tuple(-part for part in specificity(pair.original)),
            row.metadata.creation_timestamp,
            row.metadata.key,
            member.table.__name__,
            member,
        )
        for parent in attachments(view, member)
        for attached in parent.attached
        if attached.listener == listener.key
        for pair in attached.hosts
    ]


def _passed_on(view: View, gateway: ObjectKey, listener: MergedListener) -> PassedOn:
    member = _oldest(view, listener)
    if member is None:
        return PassedOn(L4Refuse(), ())
    return connections(view, ListenerOf(gateway, listener.key), member)


def _forward(view: View, listener: MergedListener) -> L4Action:
    member = _oldest(view, listener)
    return L4Refuse() if member is None else rules(view, member).forward or L4Refuse()


def _oldest(view: View, listener: MergedListener) -> Member | None:
    """Return the route that has a port without hostnames.

    https://gateway-api.sigs.k8s.io/reference/spec/#tcproute
    """
    ages = {}
    for member in view.bucket(ATTACHED, listener.key):
        row = view.get(member.table, member.key)
        if row is not None:
            ages[member] = (row.metadata.creation_timestamp, row.metadata.key)
    return min(ages, key=lambda member: ages[member], default=None)
