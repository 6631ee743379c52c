"""What a port says that it speaks (`appProtocol`), and what is spoken to it.

A protocol that a route cannot send makes the backend invalid, so a value that is not known does, too: it is no HTTP.
https://gateway-api.sigs.k8s.io/reference/spec/#backendref, https://gateway-api.sigs.k8s.io/geps/gep-1911/
https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gatewayd.api.core import ServicePort
from gatewayd.api.discovery import SERVICE_NAME_LABEL, EndpointSlice
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, View, rows
from gatewayd.ir.backend import Protocol


class Spoken(NamedTuple):
    """What is spoken to a port for an HTTPRoute. `under_tls`: only so. `carries_grpc`: a GRPCRoute may name it."""

    protocol: Protocol
    under_tls: bool
    carries_grpc: bool


_HTTP: Final = Spoken(Protocol.HTTP1, under_tls=False, carries_grpc=True)
_WEBSOCKET: Final = Spoken(Protocol.HTTP1, under_tls=False, carries_grpc=False)
_HTTP2: Final = Spoken(Protocol.HTTP2, under_tls=False, carries_grpc=True)
_HTTPS: Final = Spoken(Protocol.HTTP1, under_tls=True, carries_grpc=True)

APP_PROTOCOLS: Final[Mapping[str, Spoken]] = {
    "http": _HTTP,
    "tcp": _HTTP,
    "grpc-web": _WEBSOCKET,
    "ws": _WEBSOCKET,
    "kubernetes.io/ws": _WEBSOCKET,
    "h2c": _HTTP2,
    "kubernetes.io/h2c": _HTTP2,
    "http2": _HTTP2,
    "grpc": _HTTP2,
    "https": _HTTPS,
    "tls": _HTTPS,
    "ssl": _HTTPS,
    "wss": _WEBSOCKET._replace(under_tls=True),
    "kubernetes.io/wss": _WEBSOCKET._replace(under_tls=True),
    "h2": _HTTP2._replace(under_tls=True),
    "grpcs": _HTTP2._replace(under_tls=True),
}
"""By the value in lower case. `tcp` says nothing of what is spoken over it."""

ALLOWED: Final = ", ".join(APP_PROTOCOLS)


class Unspoken(NamedTuple):
    """Why a port cannot be spoken to, as `<what is wrong>; <what is allowed>`."""

    message: str


def spoken(app_protocol: str, wants: Protocol) -> Spoken | Unspoken:
    """Return what is spoken to a port for a route that wants a protocol; "" says nothing, and layer 4 does not ask."""
    if wants not in (Protocol.HTTP1, Protocol.HTTP2) or not app_protocol:
        return Spoken(wants, under_tls=False, carries_grpc=True)
    known = APP_PROTOCOLS.get(app_protocol.lower())
    if known is None:
        return Unspoken(f"appProtocol {app_protocol} is not HTTP, as far as is known; allowed: {ALLOWED}")
    if wants is Protocol.HTTP1:
        return known
    if not known.carries_grpc:
        can = ", ".join(value for value, each in APP_PROTOCOLS.items() if each.carries_grpc)
        return Unspoken(f"appProtocol {app_protocol} is HTTP/1.1, which carries no gRPC; allowed: {can}")
    return known._replace(protocol=wants)


def needs_tls(app_protocol: str) -> Unspoken:
    """Say what a port lacks that is spoken to under TLS only."""
    return Unspoken(f"appProtocol {app_protocol} is spoken under TLS; a BackendTLSPolicy for the port is needed")


# --- what slices say -------------------------------------------------------------------------------------------


def _services(row: EndpointSlice) -> list[ObjectKey]:
    if not any(each.app_protocol for each in row.ports) or SERVICE_NAME_LABEL not in row.metadata.labels:
        return []
    return [ObjectKey(row.metadata.namespace, row.service_name)]


OUTSPOKEN_SLICES = Index(
    name="slices_with_app_protocol", sources=(rows(EndpointSlice, _services),), group=lambda service: service
)
"""Slices that name a protocol: those that somebody wrote by hand may, where their Service does not."""


def app_protocols(view: View, service: ObjectKey, port: ServicePort) -> tuple[str, ...]:
    """Return what a port of a Service says that it speaks; its slices are asked where it says nothing."""
    return (port.app_protocol,) if port.app_protocol else tuple(dict.fromkeys(_of_slices(view, service, port)))


def _of_slices(view: View, service: ObjectKey, port: ServicePort) -> Iterator[str]:
    for member in view.bucket(OUTSPOKEN_SLICES, service):
        row = view.get(EndpointSlice, member.key)
        for slice_port in row.ports if row is not None else ():
            if slice_port.name == port.name and slice_port.protocol == port.protocol and slice_port.app_protocol:
                yield slice_port.app_protocol
