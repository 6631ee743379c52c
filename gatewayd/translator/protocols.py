"""PROTOCOLS: what each listener protocol carries, and which listeners of a port can be told apart.

https://gateway-api.sigs.k8s.io/reference/spec/#protocoltype
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gatewayd.api.gateway import Gateway
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.listeners import Listener
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind
from gatewayd.api.tcproute import TCPRoute
from gatewayd.api.tlsroute import TLSRoute
from gatewayd.api.udproute import UDPRoute

RouteKind = type[HTTPRoute] | type[GRPCRoute] | type[TLSRoute] | type[TCPRoute] | type[UDPRoute] | type[Ingress]
ROUTE_TABLES: tuple[RouteKind, ...] = (HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute, Ingress)
"""What leads requests or connections to backends. An Ingress is a route whose parent is the Gateway of its class."""


def group_kind(table: type) -> GroupKind:
    """Return the API's name of one of the structs."""
    return BY_STRUCT[table].group_kind


ROUTES_BY_KIND: Mapping[GroupKind, RouteKind] = {group_kind(table): table for table in ROUTE_TABLES}
GATEWAY_KIND = group_kind(Gateway)
LISTENERSET_KIND = group_kind(ListenerSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerProtocol:
    """`family`: listeners of a port must be of one family. `by_hostname`: then told apart by hostname.

    `hostnames`: routes are matched by hostname. `kinds`: the route kinds carried, the listener's mode considered.
    """

    name: str
    family: str
    transport: str
    by_hostname: bool
    terminates: bool
    kinds: tuple[GroupKind, ...]


_HTTP_KINDS = (group_kind(HTTPRoute), group_kind(GRPCRoute))
_TLS_KINDS = (group_kind(TLSRoute),)

PROTOCOLS: dict[tuple[str, str], ListenerProtocol] = {
    (row.name, mode): row
    for mode, row in (
        (
            "",
            ListenerProtocol(
                name="HTTP", family="HTTP", transport="tcp", by_hostname=True, terminates=False, kinds=_HTTP_KINDS
            ),
        ),
        (
            "Terminate",
            ListenerProtocol(
                name="HTTPS", family="TLS", transport="tcp", by_hostname=True, terminates=True, kinds=_HTTP_KINDS
            ),
        ),
        (
            "Terminate",
            ListenerProtocol(
                name="TLS",
                family="TLS",
                transport="tcp",
                by_hostname=True,
                terminates=True,
                kinds=(*_TLS_KINDS, group_kind(TCPRoute)),
            ),
        ),
        (
            "Passthrough",
            ListenerProtocol(
                name="TLS", family="TLS", transport="tcp", by_hostname=True, terminates=False, kinds=_TLS_KINDS
            ),
        ),
        (
            "",
            ListenerProtocol(
                name="TCP",
                family="TCP",
                transport="tcp",
                by_hostname=False,
                terminates=False,
                kinds=(group_kind(TCPRoute),),
            ),
        ),
        (
            "",
            ListenerProtocol(
                name="UDP",
                family="UDP",
                transport="udp",
                by_hostname=False,
                terminates=False,
                kinds=(group_kind(UDPRoute),),
            ),
        ),
    )
}


def protocol_of(listener: Listener) -> ListenerProtocol | None:
    """Return the row for a listener, None for a protocol that is not supported."""
    if listener.protocol in ("HTTPS", "TLS"):
        return PROTOCOLS.get((listener.protocol, listener.tls.mode if listener.tls else "Terminate"))
    return PROTOCOLS.get((listener.protocol, ""))
