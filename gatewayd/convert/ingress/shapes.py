"""Ingress and IngressClass as they are written, down to what a converter reads.

Other controllers took what gatewayd/api/ingress.py refuses, such as hosts in capitals, so that nothing is checked here.

https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/
"""

from typing import Literal

from gatewayd.api.meta import KubernetesObject, Shape


class WrittenPort(Shape, frozen=True, kw_only=True):
    """A port of a Service, by its name or its number."""

    name: str = ""
    number: int = 0


class WrittenService(Shape, frozen=True, kw_only=True):
    """A Service of the Ingress's namespace."""

    name: str
    port: WrittenPort = WrittenPort()


class WrittenResource(Shape, frozen=True, kw_only=True):
    """A backend that is no Service."""

    kind: str = ""
    name: str = ""


class WrittenBackend(Shape, frozen=True, kw_only=True):
    """Where requests go."""

    service: WrittenService | None = None
    resource: WrittenResource | None = None


class WrittenPath(Shape, frozen=True, kw_only=True):
    """Requests for a path, and where they go."""

    path: str = ""
    path_type: Literal["Exact", "Prefix", "ImplementationSpecific"] = "ImplementationSpecific"
    backend: WrittenBackend


class WrittenPaths(Shape, frozen=True, kw_only=True):
    """The paths of a host."""

    paths: tuple[WrittenPath, ...] = ()


class WrittenRule(Shape, frozen=True, kw_only=True):
    """The rules of a host; "" is every host."""

    host: str = ""
    http: WrittenPaths = WrittenPaths()


class WrittenTLS(Shape, frozen=True, kw_only=True):
    """Hosts and the Secret with their certificate."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class WrittenIngressSpec(Shape, frozen=True, kw_only=True):
    """The class, and what is served."""

    ingress_class_name: str = ""
    default_backend: WrittenBackend | None = None
    rules: tuple[WrittenRule, ...] = ()
    tls: tuple[WrittenTLS, ...] = ()


class WrittenIngress(KubernetesObject, frozen=True, kw_only=True):
    """An Ingress."""

    spec: WrittenIngressSpec = WrittenIngressSpec()


class WrittenClassSpec(Shape, frozen=True, kw_only=True):
    """Whose the class is."""

    controller: str = ""


class WrittenIngressClass(KubernetesObject, frozen=True, kw_only=True):
    """An IngressClass."""

    spec: WrittenClassSpec = WrittenClassSpec()
