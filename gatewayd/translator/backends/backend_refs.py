"""backendRef -> Backend, and Upstream -> Cluster.

A reference that leads nowhere is a value (InvalidBackend) that goes to the proxy and into the status alike.
https://gateway-api.sigs.k8s.io/reference/spec/#backendref
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.core import Service
from gatewayd.api.envoy_gateway.objects import EnvoyBackend
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import BackendObjectRef
from gatewayd.api.serviceimport import ServiceImport
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.backend import (
    DEFAULT_RETRY_BUDGET,
    Backend,
    Cluster,
    Discovered,
    Endpoint,
    InvalidBackend,
    Protocol,
    Resolved,
    ServiceBackend,
    Upstream,
)
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.backends.app_protocols import Spoken, Unspoken, app_protocols, needs_tls, spoken
from gatewayd.translator.backends.client_certificates import (
    NONE_ASKED,
    ClientCertificate,
    client_certificate,
    client_certificate_for,
)
from gatewayd.translator.backends.destinations import address_problem, hostname_problem
from gatewayd.translator.backends.endpoints import discovered, endpoints, prefers_zone, service_port
from gatewayd.translator.backends.external_names import stands_for
from gatewayd.translator.backends.imports import imported_endpoints, imported_port, known_ports
from gatewayd.translator.backends.members import watched
from gatewayd.translator.backends.selected_pods import selected_endpoints, selection_problem
from gatewayd.translator.environment import environment
from gatewayd.translator.envoy_gateway.outside import Outside, outside
from gatewayd.translator.policies.attach import (
    IMPORT_KIND,
    OUTSIDE_KIND,
    PORTED,
    SERVICE_KIND,
    UPSTREAM_KINDS,
    XBACKEND_KIND,
)
from gatewayd.translator.policies.backend import ServedPort, governed_backend
from gatewayd.translator.policies.backendtls import as_taken, upstream_settings
from gatewayd.translator.policies.traffic import retry_budget
from gatewayd.translator.reference_grants import Pointer, permitted
from gatewayd.translator.rescues import blame


class BackendAsk(NamedTuple):
    """A backendRef: who points (`source`, `namespace`), at what, and what the route wants to speak to it.

    `of_service`: the route's parent is a Service. Whoever calls one may call others, so no grant is needed; and what
    else there is a proxy of all nodes does not lead to.
    """

    source: GroupKind
    namespace: str
    target: GroupKind
    to: ObjectKey
    port: int | None
    wants: Protocol
    of_service: bool = False


def ask_for(
    source: GroupKind, namespace: str, ref: BackendObjectRef, wants: Protocol, *, of_service: bool = False
) -> BackendAsk:
    """Return the question of a backendRef in an object of a kind; without a namespace it means the object's own."""
    to = ObjectKey(ref.namespace or namespace, ref.name)
    return BackendAsk(ref.written_in or source, namespace, ref.group_kind, to, ref.port, wants, of_service)


def _unresolved(_view: View, ask: BackendAsk, error: Exception, _before: Backend | None) -> Backend:
    return InvalidBackend(reason=verdicts.INVALID, message=blame(f'{ask.target.kind} "{ask.to}"', error))


@rescued_query(_unresolved)
def backend(view: View, ask: BackendAsk) -> Backend:
    """Return where a backendRef leads. Checks, in order: kind, grant, existence, port."""
    resolve = _RESOLVERS.get(ask.target)
    if resolve is None:
        return _no_kind(ask)
    if ask.of_service and ask.target != SERVICE_KIND:
        message = f"kind {ask.target} is not supported where the parent is a Service; allowed: {SERVICE_KIND}"
        return InvalidBackend(reason=verdicts.INVALID_KIND, message=message)
    if not ask.of_service and not permitted(view, Pointer(ask.source, ask.namespace, ask.target, ask.to)):
        return InvalidBackend(
            reason=verdicts.REF_NOT_PERMITTED,
            message=f'{ask.target.kind} "{ask.to}" is in another namespace and no ReferenceGrant there allows it '
            f"for {ask.source.kind} of namespace {ask.namespace!r}",
        )
    if resolve is _foreign and view.get(EnvoyBackend, ask.to) is None:
        return _no_kind(ask)  # most clusters have none, and read none
    return resolve(view, ask)


def _no_kind(ask: BackendAsk) -> Backend:
    allowed = ", ".join(map(str, _ALLOWED))
    return InvalidBackend(
        reason=verdicts.INVALID_KIND, message=f"kind {ask.target} is not supported; allowed: {allowed}"
    )


def _service(view: View, ask: BackendAsk) -> Backend:
    row = view.get(Service, ask.to)
    if row is None:
        return _not_found(f'Service "{ask.to}" does not exist')
    if row.spec.type == "ExternalName" and not environment(view).external_names:
        named = stands_for(view, row)
        return named if isinstance(named, InvalidBackend) else _service(view, ask._replace(to=named))
    problem = _external_name_problem(view, row)
    if problem is not None:
        return _not_found(f'Service "{ask.to}" {problem}')
    transport = ask.wants.transport
    port = next((each for each in row.spec.ports if each.port == ask.port and each.protocol == transport), None)
    if port is None:
        known = ", ".join(f"{each.port}/{each.protocol}" for each in row.spec.ports) or "none"
        return _not_found(f'Service "{ask.to}" has no port {ask.port} ({transport}); ports: {known}')
    return _speaking(view, ask, port.port, app_protocols(view, ask.to, port))


def _service_import(view: View, ask: BackendAsk) -> Backend:
    if view.get(ServiceImport, ask.to) is None:
        return _not_found(f'ServiceImport "{ask.to}" does not exist')
    transport = ask.wants.transport
    port = imported_port(view, ask.to, ask.port, transport)
    if port is None or ask.port is None:
        known = known_ports(view, ask.to)
        return _not_found(f'ServiceImport "{ask.to}" has no port {ask.port} ({transport}); ports: {known}')
    return _speaking(view, ask, ask.port, (port.app_protocol,) if port.app_protocol else ())


def _speaking(view: View, ask: BackendAsk, port: int, app_protocols: tuple[str, ...]) -> Backend:
    """Return a port with what is spoken to it: the first thing that it says and cannot be had counts."""
    protocol = ask.wants
    for app_protocol in app_protocols:
        spoken_protocol = spoken(app_protocol, ask.wants)
        if isinstance(spoken_protocol, Spoken):
            protocol = spoken_protocol.protocol
            if spoken_protocol.under_tls and upstream_settings(view, _upstream(ask, port, protocol)) is None:
                spoken_protocol = needs_tls(app_protocol)
        if isinstance(spoken_protocol, Unspoken):
            message = f'{ask.target.kind} "{ask.to}" port {port}: {spoken_protocol.message}'
            return InvalidBackend(reason=verdicts.UNSUPPORTED_PROTOCOL, message=message)
    return ServiceBackend(upstream=_upstream(ask, port, protocol))


def _upstream(ask: BackendAsk, port: int, protocol: Protocol) -> Upstream:
    return Upstream(kind=ask.target.kind, namespace=ask.to.namespace, name=ask.to.name, port=port, protocol=protocol)


def _not_found(message: str) -> InvalidBackend:
    return InvalidBackend(reason=verdicts.BACKEND_NOT_FOUND, message=message)


_XBACKEND_PROTOCOLS: Mapping[str, Protocol] = {"H2C": Protocol.HTTP2, "HTTP2": Protocol.HTTP2, "GRPC": Protocol.HTTP2}


def _xbackend(view: View, ask: BackendAsk) -> Backend:
    row = view.get(XBackend, ask.to)
    if row is None:
        return _not_found(f'XBackend "{ask.to}" does not exist')
    problem = xbackend_problem(view, row)
    if problem is not None:
        return _not_found(f'XBackend "{ask.to}" {problem}')
    protocol = _XBACKEND_PROTOCOLS.get(row.spec.protocol or "", ask.wants) if ask.wants is Protocol.HTTP1 else ask.wants
    return ServiceBackend(upstream=_upstream(ask, row.spec.port.value, protocol))


def _foreign(view: View, ask: BackendAsk) -> Backend:
    """Return where a Backend of Envoy Gateway leads."""
    found = _outside_of(view, ask.to)
    if isinstance(found, Outside):
        protocol = Protocol.HTTP2 if found.speaks_http2 and ask.wants is Protocol.HTTP1 else ask.wants
        return ServiceBackend(upstream=_upstream(ask, found.port, protocol))
    return _not_found(f'{OUTSIDE_KIND.kind} "{ask.to}": {found}')


def _outside_of(view: View, key: ObjectKey) -> Outside | str:
    """Return where a Backend of Envoy Gateway is, or why no proxy is sent there."""
    row = view.get(EnvoyBackend, key)
    found = outside(row.spec) if row is not None else None
    if not isinstance(found, Outside):
        return str(found) if found is not None else "does not exist"
    if found.hostname:
        return _host_problem(view, "spec.endpoints[0].fqdn.hostname", found.hostname) or found
    loopback = environment(view).loopback_backends
    for address, _ in found.addresses:
        if problem := address_problem(address, loopback=loopback):
            return f"spec.endpoints: {problem}"
    return found


def _at_outside(view: View, upstream: Upstream) -> Discovered | Resolved:
    found = _outside_of(view, ObjectKey(upstream.namespace, upstream.name))
    if isinstance(found, str):
        return Discovered(endpoints=())
    if found.hostname:
        return _resolved(view, found.hostname, found.port)
    addresses = (Endpoint(address=address, port=port, draining=False) for address, port in found.addresses)
    return Discovered(endpoints=tuple(sorted(set(addresses))))


def xbackend_problem(view: View, row: XBackend) -> str | None:
    """Return why no proxy is sent to the host that an XBackend names, or to the pods that it selects."""
    if row.spec.external_hostname is None:
        return selection_problem(view, row.metadata.key)
    path = "spec.externalHostname.hostname"
    return _host_problem(view, path, row.spec.external_hostname.hostname)


def _external_name_problem(view: View, row: Service) -> str | None:
    if row.spec.type != "ExternalName":
        return None
    return _host_problem(view, "spec.externalName", row.spec.external_name)


def _host_problem(view: View, path: str, hostname: str) -> str | None:
    problem = hostname_problem(hostname, loopback=environment(view).loopback_backends)
    return None if problem is None else f"{path}: {problem}"


_RESOLVERS: Mapping[GroupKind, Callable[[View, BackendAsk], Backend]] = {
    SERVICE_KIND: _service,
    XBACKEND_KIND: _xbackend,
    IMPORT_KIND: _service_import,
    OUTSIDE_KIND: _foreign,
}
_ALLOWED = tuple(kind for kind in _RESOLVERS if kind != OUTSIDE_KIND)


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
    settings = upstream_settings(view, upstream)
    governed = governed_backend(view, key.gateway, upstream)
    endpoints = _endpoints(view, upstream)
    plain = Cluster(
        upstream=upstream,
        endpoints=_with_failover(view, endpoints, governed.failover, upstream.family),
        tls=None,
        retry_budget=retry_budget(view, upstream),
        settings=watched(governed.settings, endpoints),
        prefers_zone=_prefers_zone(view, upstream),
    )
    if settings is None:
        return plain
    settings = as_taken(view, key.gateway, settings)
    if settings.tls is None:
        # TLS was asked for and cannot be had: nobody may be reached, least of all in plain text.
        return replace(plain, endpoints=_closed(settings.accepted))
    own = _own_certificate(view, key)
    if own.resolved is not None and own.certificate is None:
        # TLS on both sides was asked for, and the backend's object says with which certificate.
        return replace(plain, endpoints=_closed(own.resolved))
    shown = own.certificate or client_certificate(view, key.gateway).certificate
    return replace(plain, tls=replace(settings.tls, client=shown))


def _closed(why: Verdict) -> Discovered:
    return Discovered(endpoints=(), closed=f"no plain text is sent: {why.message}")


def _own_certificate(view: View, key: GatewayUpstream) -> ClientCertificate:
    """Return the client certificate that the backend's object itself names."""
    if key.upstream.kind != "XBackend":
        return NONE_ASKED
    return client_certificate_for(view, key.gateway, ObjectKey(key.upstream.namespace, key.upstream.name))


def _with_failover(
    view: View, source: Discovered | Resolved, failover: tuple[ServedPort, ...], family: str
) -> Discovered | Resolved:
    """Return endpoints with those of the Services that take over. A name that Envoy resolves has nobody beside it."""
    if not failover or isinstance(source, Resolved):
        return source
    services = (endpoints(view, service_port(view, each.service, each.port, "TCP", family)) for each in failover)
    return replace(source, failover=(*source.failover, *services))


def _prefers_zone(view: View, upstream: Upstream) -> bool:
    table = PORTED.get(UPSTREAM_KINDS[upstream.kind])
    row = view.get(table, ObjectKey(upstream.namespace, upstream.name)) if table is not None else None
    return row is not None and prefers_zone(row.spec)


def _endpoints(view: View, upstream: Upstream) -> Discovered | Resolved:
    key = ObjectKey(upstream.namespace, upstream.name)
    if upstream.kind == "XBackend":
        return _outside(view, upstream)
    if upstream.kind == "ServiceImport":
        return imported_endpoints(view, key, upstream.port, upstream.protocol.transport)
    if upstream.kind == OUTSIDE_KIND.kind:
        return _at_outside(view, upstream)
    row = view.get(Service, key)
    if row is None:
        return Discovered(endpoints=())
    if row.spec.type == "ExternalName":
        refused = _external_name_problem(view, row) is not None or not environment(view).external_names
        return Discovered(endpoints=()) if refused else _resolved(view, row.spec.external_name, upstream.port)
    return discovered(view, service_port(view, key, upstream.port, upstream.protocol.transport, upstream.family))


def _outside(view: View, upstream: Upstream) -> Discovered | Resolved:
    row = view.get(XBackend, ObjectKey(upstream.namespace, upstream.name))
    if row is None:
        return Discovered(endpoints=())
    if row.spec.external_hostname is None:
        return selected_endpoints(view, upstream)
    if xbackend_problem(view, row) is not None:
        return Discovered(endpoints=())
    return _resolved(view, row.spec.external_hostname.hostname, upstream.port)


def _resolved(view: View, hostname: str, port: int) -> Resolved:
    # A cluster's search domains would make `cart.payments` a Service of another namespace.
    return Resolved(hostname=hostname, port=port, absolute=not environment(view).loopback_backends)
