"""Listeners, which Gateways and ListenerSets write the same way.

https://gateway-api.sigs.k8s.io/reference/spec/#listener
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.filters import HTTPExternalAuthFilter
from gatewayd.api.meta import GroupKind, Shape
from gatewayd.api.refs import GATEWAY_GROUP, LocalObjectRef, SecretObjectRef
from gatewayd.api.scalars import (
    SUBDOMAIN,
    Group,
    Hostname,
    KindName,
    PortNumber,
    SectionName,
    TLSOptions,
    map_list,
)
from gatewayd.api.selectors import LabelSelector

Protocol = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        description="HTTP, HTTPS, TLS, TCP, UDP or an implementation's own such as example.com/bar",
        pattern=rf"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?\Z|{SUBDOMAIN}\/[A-Za-z0-9]+\Z",
    ),
]
"""HTTP, HTTPS, TLS, TCP, UDP, or an implementation's own `domain/NAME`."""


class RouteNamespaces(Shape, frozen=True, kw_only=True):
    """Whose routes may attach; `selector` counts when `from_` is Selector."""

    from_: Literal["All", "Selector", "Same"] = "Same"
    selector: LabelSelector | None = None


class RouteGroupKind(Shape, frozen=True, kw_only=True):
    """A kind of route that may attach."""

    group: Group = GATEWAY_GROUP
    kind: KindName

    @property
    def group_kind(self) -> GroupKind:
        """The same as a plain pair."""
        return GroupKind(self.group, self.kind)


class AllowedRoutes(Shape, frozen=True, kw_only=True):
    """Which routes may attach; without `kinds`, those that the protocol can carry."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: Annotated[tuple[RouteGroupKind, ...], Meta(max_length=8)] = ()


class ListenerTLS(Shape, frozen=True, kw_only=True):
    """Where TLS ends and with which certificates."""

    mode: Literal["Terminate", "Passthrough"] = "Terminate"
    certificate_refs: Annotated[tuple[SecretObjectRef, ...], Meta(max_length=64)] = ()
    options: TLSOptions = field(default_factory=dict)


class ListenerRequestFilter(Shape, frozen=True, kw_only=True):
    """A filter for every request of the listener, whatever its route."""

    type: Literal["ExternalAuth", "ExtensionRef"]
    external_auth: HTTPExternalAuthFilter | None = None
    extension_ref: LocalObjectRef | None = None


class ListenerFilters(Shape, frozen=True, kw_only=True):
    """The filters of a listener, in order."""

    requests: Annotated[tuple[ListenerRequestFilter, ...], Meta(max_length=16)] = ()


class Listener(Shape, frozen=True, kw_only=True):
    """A port with a protocol and, for those that name hosts, a hostname (None: any)."""

    name: SectionName
    hostname: Hostname | None = None
    port: PortNumber
    protocol: Protocol
    tls: ListenerTLS | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()
    filters: ListenerFilters | None = None


Listeners = Annotated[tuple[Listener, ...], Meta(min_length=1, max_length=64, extra=map_list("name"))]
