"""backendRef -> Backend, and Upstream -> Cluster.

A reference that leads nowhere is a value (InvalidBackend) that goes to the proxy and into the status alike.
https://gateway-api.sigs.k8s.io/reference/spec/#backendref
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.core import Service, ServicePort
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.backend import (
    DEFAULT_RETRY_BUDGET,
    Backend,
    Cluster,
    Discovered,
    InvalidBackend,
    Protocol,
    Resolved,
    ServiceBackend,
    Upstream,
)
from gatewayd.translator.clientcert import (
    NONE_ASKED,
    XBACKEND_KIND,
    ClientCertificate,
    backend_client_certificate,
    client_certificate,
)
from gatewayd.translator.endpoints import ServicePortKey, endpoints
from gatewayd.translator.gatewayclass import environment
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.backendtls import upstream_settings
from gatewayd.translator.policies.traffic import retry_budget
from gatewayd.translator.references import Pointer, permitted
from gatewayd.translator.stumbles import blame


class BackendAsk(NamedTuple):
    """A backendRef: who points (`source`, `namespace`), at what, and what the route wants to speak to it."""

    source: GroupKind
    namespace: str
    target: GroupKind
    to: ObjectKey
    port: int | None
    wants: Protocol


def _unresolved(_view: View, ask: BackendAsk, error: Exception, _before: Backend | None) -> Backend:
    return InvalidBackend(reason="Invalid", message=blame(f'{ask.target.kind} "{ask.to}"', error))


@rescued_query(_unresolved)
def backend(view: View, ask: BackendAsk) -> Backend:
    """Return where a backendRef leads. Checks, in order: kind, grant, existence, port."""
    resolve = _RESOLVERS.get(ask.target)
    if resolve is None:
        return InvalidBackend(
            reason="InvalidKind", message=f"kind {ask.target} is not supported; allowed: Service, {XBACKEND_KIND}"
        )
    if not permitted(view, Pointer(ask.source, ask.namespace, ask.target, ask.to)):
        return InvalidBackend(
            reason="RefNotPermitted",
            message=f'{ask.target.kind} "{ask.to}" is in another namespace and no ReferenceGrant there allows it '
            f"for {ask.source.kind} of namespace {ask.namespace!r}",
        )
    return resolve(view, ask)


def _service(view: View, ask: BackendAsk) -> Backend:
    row = view.get(Service, ask.to)
    if row is None:
        return _not_found(f'Service "{ask.to}" does not exist')
    if row.spec.type == "ExternalName" and not environment(view).external_names:
        return _not_found(f'Service "{ask.to}" is of type ExternalName, which may not be a backend here')
    transport = "UDP" if ask.wants is Protocol.UDP else "TCP"
    port = next((each for each in row.spec.ports if each.port == ask.port and each.protocol == transport), None)
    if port is None:
        known = ", ".join(f"{each.port}/{each.protocol}" for each in row.spec.ports) or "none"
        return _not_found(f'Service "{ask.to}" has no port {ask.port} ({transport}); ports: {known}')
    protocol = _protocol(port, ask.wants)
    upstream = Upstream(kind="Service", namespace=ask.to.namespace, name=ask.to.name, port=port.port, protocol=protocol)
    if port.app_protocol == "kubernetes.io/wss" and upstream_settings(view, upstream) is None:
        return InvalidBackend(
            reason="UnsupportedProtocol",
            message=f'Service "{ask.to}" port {port.port} speaks kubernetes.io/wss; that needs a BackendTLSPolicy',
        )
    return ServiceBackend(upstream=upstream)


def _protocol(port: ServicePort, wants: Protocol) -> Protocol:
    """Return what to speak: what the route's kind implies, or HTTP/2 where the port says so.

    https://gateway-api.sigs.k8s.io/geps/gep-1911/
    """
    if wants is Protocol.HTTP1 and port.app_protocol == "kubernetes.io/h2c":
        return Protocol.HTTP2
    return wants


def _not_found(message: str) -> InvalidBackend:
    return InvalidBackend(reason="BackendNotFound", message=message)


_XBACKEND_PROTOCOLS: Mapping[str, Protocol] = {"H2C": Protocol.HTTP2, "HTTP2": Protocol.HTTP2, "GRPC": Protocol.HTTP2}


def _xbackend(view: View, ask: BackendAsk) -> Backend:
    row = view.get(XBackend, ask.to)
    if row is None:
        return _not_found(f'XBackend "{ask.to}" does not exist')
    if row.spec.external_hostname is None:
        return _not_found(f'XBackend "{ask.to}" has spec.type {row.spec.type}; only ExternalHostname is supported')
    protocol = _XBACKEND_PROTOCOLS.get(row.spec.protocol or "", ask.wants) if ask.wants is Protocol.HTTP1 else ask.wants
    return ServiceBackend(
        upstream=Upstream(
            kind="XBackend",
            namespace=ask.to.namespace,
            name=ask.to.name,
            port=row.spec.port.value,
            protocol=protocol,
        )
    )


_RESOLVERS: Mapping[GroupKind, Callable[[View, BackendAsk], Backend]] = {
    SERVICE_KIND: _service,
    XBACKEND_KIND: _xbackend,
}


class GatewayUpstream(NamedTuple):
    """An upstream as the Envoys of one Gateway use it."""

    gateway: ObjectKey
    upstream: Upstream


def _unreachable(_view: View, key: GatewayUpstream, _error: Exception, _before: Cluster | None) -> Cluster:
    """Reach nobody: what was asked for may have been TLS."""
    return Cluster(
        upstream=key.upstream, endpoints=Discovered(endpoints=()), tls=None, retry_budget=DEFAULT_RETRY_BUDGET
    )


@rescued_query(_unreachable)
def cluster(view: View, key: GatewayUpstream) -> Cluster:
    """Return how the Envoys of a Gateway reach an upstream."""
    upstream = key.upstream
    found = upstream_settings(view, upstream)
    plain = Cluster(
        upstream=upstream, endpoints=_endpoints(view, upstream), tls=None, retry_budget=retry_budget(view, upstream)
    )
    if found is None:
        return plain
    if found.tls is None:
        # TLS was asked for and cannot be had: nobody may be reached, least of all in plain text.
        return replace(plain, endpoints=Discovered(endpoints=()))
    own = _own_certificate(view, upstream)
    if own.resolved is not None and own.certificate is None:
        # TLS on both sides was asked for, and the backend's object says with which certificate.
        return replace(plain, endpoints=Discovered(endpoints=()))
    shown = own.certificate or client_certificate(view, key.gateway).certificate
    return replace(plain, tls=replace(found.tls, client=shown))


def _own_certificate(view: View, upstream: Upstream) -> ClientCertificate:
    """Return the client certificate that the backend's object itself names."""
    if upstream.kind != "XBackend":
        return NONE_ASKED
    return backend_client_certificate(view, ObjectKey(upstream.namespace, upstream.name))


def _endpoints(view: View, upstream: Upstream) -> Discovered | Resolved:
    key = ObjectKey(upstream.namespace, upstream.name)
    if upstream.kind == "XBackend":
        external = view.get(XBackend, key)
        host = external.spec.external_hostname.hostname if external and external.spec.external_hostname else ""
        return Resolved(hostname=host, port=upstream.port)
    row = view.get(Service, key)
    if row is None:
        return Discovered(endpoints=())
    if row.spec.type == "ExternalName":
        return Resolved(hostname=row.spec.external_name, port=upstream.port)
    transport = "UDP" if upstream.protocol is Protocol.UDP else "TCP"
    names = (each.name for each in row.spec.ports if each.port == upstream.port and each.protocol == transport)
    return Discovered(endpoints=endpoints(view, ServicePortKey(key, next(names, ""), transport)))
