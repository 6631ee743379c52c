"""Hosts of Ingresses whose clients are sent from HTTP to HTTPS: `ssl-redirect` of ingress-nginx, and its default.

In: an Ingress whose annotations count. Out: its Routes at listeners without TLS, as redirects where its host has a
certificate and a listener with TLS serves it. They come before anything that asks who the client is: credentials are
not asked for in plain text. https://kubernetes.github.io/ingress-nginx/user-guide/tls/
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, View, query
from gatewayd.ir.http import DEFAULT_BACKEND, FURTHER_HOST, Redirect, RuleRef
from gatewayd.translator.attachment import Attached, attachments
from gatewayd.translator.further_hosts import all_hosts, host_of
from gatewayd.translator.gateways.listener_conflicts import owner
from gatewayd.translator.hostnames import ANY
from gatewayd.translator.live_annotations import CERTIFIED_HOSTS, GatewayHost, live_annotations, who_brings
from gatewayd.translator.nginx.redirects import CHALLENGES
from gatewayd.translator.rules.rule_set import Ranked

_HTTPS_PORT: Final = 443


class SecuredHost(NamedTuple):
    """A host, and the port at which it is served by TLS."""

    host: str
    port: int


def hosts_to_https(view: View, member: Member) -> tuple[SecuredHost, ...]:
    """Return the hosts of an Ingress whose clients are sent to HTTPS, and where to.

    No query: for an Ingress whose annotations do not count nothing is kept.
    """
    return () if live_annotations(view, member) is None else _hosts_to_https(view, member)


@query
def _hosts_to_https(view: View, member: Member) -> tuple[SecuredHost, ...]:
    row, annotations = view.get(Ingress, member.key), live_annotations(view, member)
    if row is None or annotations is None or annotations.is_canary:
        return ()
    asked = annotations.redirecting
    if not (asked.to_https or asked.forced):
        return ()
    return tuple(_hosts(view, member, row, needs_certificate=not asked.forced))


def _hosts(view: View, member: Member, row: Ingress, *, needs_certificate: bool) -> Iterator[SecuredHost]:
    for parent in attachments(view, member):
        for host in all_hosts(view, row):
            ports = [each.port.port for each in parent.attached if _ends_tls(view, each, host)]
            if host != ANY and ports and (not needs_certificate or _is_certified(view, parent.gateway, host, row)):
                yield SecuredHost(host, min(ports))


def _ends_tls(view: View, attached: Attached, host: str) -> bool:
    listener = owner(view, attached.port, host)
    if listener is None or listener.key != attached.listener or listener.protocol is None:
        return False
    return listener.protocol.terminates


def _is_certified(view: View, gateway: ObjectKey, host: str, row: Ingress) -> bool:
    """Return whether an Ingress brings a certificate for a host; nginx asks all Ingresses of the host together."""
    names = (host, f"*.{host.partition('.')[2]}")
    return any(who_brings(view, CERTIFIED_HOSTS, GatewayHost(gateway, name), row) is not None for name in names)


def _is_challenge(row: Ingress, source: RuleRef) -> bool:
    """Return whether a Route is for what who issues certificates asks by HTTP."""
    http = row.spec.rules[source.rule % FURTHER_HOST].http if source.rule < DEFAULT_BACKEND else None
    return http is not None and http.paths[source.match].path.startswith(CHALLENGES)


def sent_to_https(view: View, member: Member, routes: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """Return the Routes of an Ingress as a listener without TLS has them."""
    row, ports = view.get(Ingress, member.key), dict(hosts_to_https(view, member))
    if row is None or not ports:
        return routes
    return tuple(_sent(each, row, ports) for each in routes)


def _sent(ranked: Ranked, row: Ingress, ports: Mapping[str, int]) -> Ranked:
    port = ports.get(host_of(row, ranked.route.source))
    if port is None or _is_challenge(row, ranked.route.source):
        return ranked
    shown = None if port == _HTTPS_PORT else port
    action = Redirect(scheme="https", host=None, port=shown, path=None, status=308)
    return ranked._replace(route=replace(ranked.route, action=action, filters=()))
