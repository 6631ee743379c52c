"""Ingress: hosts and paths, and the Services that they lead to, as they were written before there were routes.

Limits are those of the API server's validation, which has no CRD.
https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.scalars import SUBDOMAIN, ObjectName, PortNumber

CLASS_ANNOTATION: Final = "kubernetes.io/ingress.class"
"""Names the class of an Ingress, as it was done before `ingressClassName`; still honoured.

https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation
"""

NGINX_PREFIX: Final = "nginx.ingress.kubernetes.io/"
"""What the annotations of ingress-nginx begin with.

https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

IngressHost = Annotated[
    str,
    Meta(
        max_length=253,
        description="a lower-case DNS name whose first label may be '*', or empty for every host",
        pattern=rf"^\Z|^(\*\.)?{SUBDOMAIN}\Z",
    ),
]
PathType = Literal["Exact", "Prefix", "ImplementationSpecific"]


class ServiceBackendPort(Shape, frozen=True, kw_only=True):
    """A port of a Service, by its number or by its name."""

    name: Annotated[str, Meta(max_length=63)] = ""
    number: PortNumber | None = None


class IngressServiceBackend(Shape, frozen=True, kw_only=True):
    """A Service of the Ingress's own namespace."""

    name: ObjectName
    port: ServiceBackendPort = ServiceBackendPort()


class IngressResource(Shape, frozen=True, kw_only=True):
    """An object of the Ingress's namespace that is no Service."""

    api_group: str | None = None
    kind: Annotated[str, Meta(min_length=1)]
    name: ObjectName


class IngressBackend(Shape, frozen=True, kw_only=True):
    """Where requests go: to a Service, or to what another controller knows."""

    service: IngressServiceBackend | None = None
    resource: IngressResource | None = None


class HTTPIngressPath(Shape, frozen=True, kw_only=True):
    """A path of a host, and where its requests go. An empty path is every path."""

    path: str = ""
    path_type: PathType
    backend: IngressBackend


class HTTPIngressRuleValue(Shape, frozen=True, kw_only=True):
    """The paths of a host."""

    paths: Annotated[tuple[HTTPIngressPath, ...], Meta(min_length=1)]


class IngressRule(Shape, frozen=True, kw_only=True):
    """A host with its paths; without `http` all its requests go to the default backend."""

    host: IngressHost = ""
    http: HTTPIngressRuleValue | None = None


class IngressTLS(Shape, frozen=True, kw_only=True):
    """Hosts, and the Secret with the certificate that is shown for them; without one the proxy's own is."""

    hosts: tuple[IngressHost, ...] = ()
    secret_name: str = ""


class IngressSpec(Shape, frozen=True, kw_only=True):
    """What an Ingress asks for, and of which class."""

    ingress_class_name: ObjectName | None = None
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    rules: tuple[IngressRule, ...] = ()


class Ingress(KubernetesObject, frozen=True, kw_only=True):
    """An Ingress."""

    spec: IngressSpec = IngressSpec()
