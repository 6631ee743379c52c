"""Certificates of Ingresses: which one is shown for which server name of an HTTPS listener.

A filter chain for each name, beside the listener's own and with all that it asks of clients: an Ingress adds a
certificate and nothing else. All chains of a listener route by its one table, so that the Host decides whatever the
server name was. A Secret is one of the Ingress's own namespace.
https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey, ObjectMeta
from gatewayd.incremental.view import Index, Member, Source, View, query, rescued_query
from gatewayd.ir.proxy import FilterChain
from gatewayd.ir.tls import Certificate
from gatewayd.translator.attachment import attachments
from gatewayd.translator.gateways.listener_conflicts import owner
from gatewayd.translator.gateways.listeners import ListenerKey, MergedListener, PortKey
from gatewayd.translator.gateways.termination import certificate_of
from gatewayd.translator.ingresses import tls_entries
from gatewayd.translator.proxies.virtualhosts import HOSTS, HostKey, carries_http, table_of


class ServerNameKey(NamedTuple):
    """A server name that Ingresses have a certificate for, at an HTTPS listener."""

    listener: ListenerKey
    port: PortKey
    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCertificate:
    """The certificate for a server name, and whose Ingress brings it."""

    hostname: str
    ingress: ObjectKey
    certificate: Certificate


@query
def server_names(view: View, member: Member) -> tuple[ServerNameKey, ...]:
    """Return the server names that an Ingress has certificates for, by listener."""
    row = view.get(Ingress, member.key)
    if row is None:
        return ()
    hosts = tuple(dict.fromkeys(host for entry in tls_entries(row) for host in entry.hosts))
    return tuple(dict.fromkeys(_server_names(view, member, hosts))) if hosts else ()


def _server_names(view: View, member: Member, hosts: tuple[str, ...]) -> Iterator[ServerNameKey]:
    for parent in attachments(view, member):
        for attached in parent.attached:
            for host in hosts:
                listener = owner(view, attached.port, host)
                if listener is not None and listener.key == attached.listener and _ends_tls_of_requests(listener):
                    yield ServerNameKey(listener.key, attached.port, host)


def _ends_tls_of_requests(listener: MergedListener) -> bool:
    return carries_http(listener) and listener.protocol is not None and listener.protocol.terminates


SERVER_NAMES = Index(
    name="ingresses_by_server_name",
    sources=(Source(table=Ingress, query=server_names),),
    group=lambda name: name.listener,
    readers=(Ingress,),
)


def _not_shown(
    _view: View, _name: ServerNameKey, _error: Exception, _before: ShownCertificate | None
) -> ShownCertificate | None:
    return None


@rescued_query(_not_shown)
def shown_certificate(view: View, name: ServerNameKey) -> ShownCertificate | None:
    """Return the certificate for a server name: that of the oldest Ingress that has one which can be used.

    None: the listener's own is shown. A host that an older route of another namespace has at the listener is served
    with the listener's certificate, and no Ingress changes that.
    """
    rows = [row for row in (view.get(Ingress, each.key) for each in view.bucket(SERVER_NAMES, name)) if row is not None]
    for row in sorted(rows, key=lambda each: (each.metadata.creation_timestamp, str(each.metadata.key))):
        if _is_taken(view, name, row):
            continue
        entries = [each for each in tls_entries(row) if name.hostname in each.hosts]
        for entry in entries:
            certificate = certificate_of(view, name.port.gateway, entry.secret, entry.path).certificate
            if certificate is not None:
                return ShownCertificate(hostname=name.hostname, ingress=row.metadata.key, certificate=certificate)
    return None


def _is_taken(view: View, name: ServerNameKey, row: Ingress) -> bool:
    """Return whether a route of another namespace had the host first."""
    listener = owner(view, name.port, name.hostname)
    # For the name that a listener has itself it has a certificate as well.
    if listener is None or listener.hostname == name.hostname:
        return True
    for member in view.bucket(HOSTS, HostKey(table_of(name.port.gateway, listener), name.hostname)):
        route = view.get(member.table, member.key) if member.table in (HTTPRoute, GRPCRoute) else None
        if route is not None and _was_first(route.metadata, row.metadata):
            return True
    return False


def _was_first(route: ObjectMeta, ingress: ObjectMeta) -> bool:
    return route.namespace != ingress.namespace and route.creation_timestamp <= ingress.creation_timestamp


def ingress_chains(view: View, listener: MergedListener, own: FilterChain) -> Iterator[FilterChain]:
    """Yield the chains beside a listener's `own`, for the server names that Ingresses have certificates for."""
    if own.tls is None:
        return
    for shown in view.collect(SERVER_NAMES, listener.key, shown_certificate):
        if shown is not None:
            yield replace(
                own,
                name=f"{own.name}/{shown.hostname}",
                server_names=(shown.hostname,),
                tls=replace(own.tls, certificates=(shown.certificate,)),
            )
