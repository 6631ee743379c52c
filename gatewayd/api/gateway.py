"""Gateway: where traffic enters.

https://gateway-api.sigs.k8s.io/reference/spec/#gateway
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from gatewayd.api.listeners import Listeners
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import LocalObjectRef, ObjectRef, SecretObjectRef
from gatewayd.api.scalars import SUBDOMAIN, AnnotationValue, DefaultScope, LabelValue, ObjectName, PortNumber, map_list
from gatewayd.api.selectors import LabelSelector

GATEWAY_NAME_LABEL: Final = "gateway.networking.k8s.io/gateway-name"
"""On all that is made for a Gateway. https://gateway-api.sigs.k8s.io/geps/gep-1762/#resource-attachment"""

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
"""On all that we make for Gateways, with the mark of the installation: what does not carry it is somebody else's."""


class GatewayAddress(Shape, frozen=True, kw_only=True):
    """An address that the Gateway asks for; without `value`, any of that type."""

    type: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=253,
            description="IPAddress, Hostname, NamedAddress or an implementation's own such as example.com/bar",
            # As in the CRD: the two anchors bind only the first and the last alternative.
            pattern=rf"^Hostname|IPAddress|NamedAddress|{SUBDOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+\Z",
        ),
    ] = "IPAddress"
    value: Annotated[str, Meta(max_length=253)] | None = None
    routability: Annotated[str, Meta(max_length=253)] | None = None


class ListenerNamespaces(Shape, frozen=True, kw_only=True):
    """Whose ListenerSets may add listeners; `selector` counts when `from_` is Selector."""

    from_: Literal["All", "Selector", "Same", "None"] = "None"
    selector: LabelSelector | None = None


class AllowedListeners(Shape, frozen=True, kw_only=True):
    """Which ListenerSets may attach."""

    namespaces: ListenerNamespaces = ListenerNamespaces()


class GatewayInfrastructure(Shape, frozen=True, kw_only=True):
    """What the objects made for the Gateway carry."""

    labels: Annotated[dict[str, LabelValue], Meta(max_length=8)] = field(default_factory=dict)
    annotations: Annotated[dict[str, AnnotationValue], Meta(max_length=16)] = field(default_factory=dict)
    parameters_ref: LocalObjectRef | None = None


class GatewayBackendTLS(Shape, frozen=True, kw_only=True):
    """The certificate that the Gateway shows to backends that ask for one."""

    client_certificate_ref: SecretObjectRef | None = None


class FrontendValidation(Shape, frozen=True, kw_only=True):
    """How client certificates are checked."""

    ca_certificate_refs: Annotated[tuple[ObjectRef, ...], Meta(min_length=1, max_length=16)]
    mode: Literal["AllowValidOnly", "AllowInsecureFallback"] = "AllowValidOnly"


class FrontendTLS(Shape, frozen=True, kw_only=True):
    """What is asked of clients; without `validation`, nothing."""

    validation: FrontendValidation | None = None


class PortFrontendTLS(Shape, frozen=True, kw_only=True):
    """What is asked of clients of one port."""

    port: PortNumber
    tls: FrontendTLS


class GatewayFrontendTLS(Shape, frozen=True, kw_only=True):
    """What is asked of clients, with exceptions by port."""

    default: FrontendTLS
    per_port: Annotated[tuple[PortFrontendTLS, ...], Meta(max_length=64, extra=map_list("port"))] = ()


class GatewayTLS(Shape, frozen=True, kw_only=True):
    """TLS settings of the whole Gateway, to both sides."""

    backend: GatewayBackendTLS | None = None
    frontend: GatewayFrontendTLS | None = None


class GatewaySpec(Shape, frozen=True, kw_only=True):
    """Class, listeners and what concerns all of them."""

    gateway_class_name: ObjectName
    listeners: Listeners
    addresses: Annotated[tuple[GatewayAddress, ...], Meta(max_length=16)] = ()
    infrastructure: GatewayInfrastructure | None = None
    allowed_listeners: AllowedListeners | None = None
    tls: GatewayTLS | None = None
    default_scope: DefaultScope | None = None


class Gateway(KubernetesObject, frozen=True, kw_only=True):
    """A Gateway."""

    spec: GatewaySpec
