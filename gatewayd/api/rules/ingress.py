"""Rules about Ingresses and their classes that no single field can express, as the API server checks them.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

import ipaddress
from typing import Final

import re2

from gatewayd.api.ingress import (
    HTTPIngressPath,
    IngressBackend,
    IngressResource,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    ServiceBackendPort,
)
from gatewayd.api.ingressclass import IngressClassParameters, IngressClassSpec
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.names import is_dns_label, is_dns_subdomain, is_port_name, shown

_NOT_IN_PATH: Final = ("//", "/./", "/../", "%2f", "%2F")
_NOT_AT_END: Final = ("/..", "/.")
_PATH: Final = re2.compile(r"^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$")
"""https://www.rfc-editor.org/rfc/rfc3986#section-3.3"""


def backend_is_one(backend: IngressBackend) -> Problems:
    """Check that a backend is a Service or another object, and not both."""
    if (backend.service is None) == (backend.resource is None):
        yield Problem(path="", message="must have one of service and resource, and not both")


def port_is_one(port: ServiceBackendPort) -> Problems:
    """Check that a port is given by its number or by its name, and not by both."""
    if bool(port.name) == (port.number is not None):
        yield Problem(path="", message="must have one of name and number, and not both")
    elif port.name and not is_port_name(port.name):
        yield Problem(path="name", message=f"{shown(port.name)} is not the name of a port")


def path_is_one(path: HTTPIngressPath) -> Problems:
    """Check that a path begins with "/", which alone ImplementationSpecific may leave out, and is normal."""
    if not path.path.startswith("/"):
        if path.path or path.path_type != "ImplementationSpecific":
            yield Problem(path="path", message=f"must start with '/' for pathType {path.path_type}")
        return
    if path.path_type == "ImplementationSpecific":
        return
    for part in _NOT_IN_PATH:
        if part in path.path:
            yield Problem(path="path", message=f"must not contain '{part}' for pathType {path.path_type}")
    for end in _NOT_AT_END:
        if path.path.endswith(end):
            yield Problem(path="path", message=f"must not end with '{end}' for pathType {path.path_type}")


def host_is_a_name(rule: IngressRule) -> Problems:
    """Check that a host is no address."""
    try:
        ipaddress.ip_address(rule.host)
    except ValueError:
        return
    yield Problem(path="host", message=f"{shown(rule.host)} is an address; a DNS name is allowed")


def leads_somewhere(spec: IngressSpec) -> Problems:
    """Check that there is a rule or a default backend."""
    if not spec.rules and spec.default_backend is None:
        yield Problem(path="", message="must have rules or defaultBackend")


def names_formed(spec: IngressSpec) -> Problems:
    """Check that the names of a class, of Secrets and of what they are for are some."""
    if spec.ingress_class_name is not None and not is_dns_subdomain(spec.ingress_class_name):
        yield Problem(path="ingressClassName", message=f"{shown(spec.ingress_class_name)} is not the name of a class")
    for index, tls in enumerate(spec.tls):
        for place, host in enumerate(tls.hosts):
            if not host:
                yield Problem(path=f"tls[{index}].hosts[{place}]", message="must be a host name; it is empty")
        if tls.secret_name and not is_dns_subdomain(tls.secret_name):
            path = f"tls[{index}].secretName"
            yield Problem(path=path, message=f"{shown(tls.secret_name)} is not the name of a Secret")


def object_named(reference: IngressResource | IngressClassParameters) -> Problems:
    """Check that a group is one, and that a kind and a name can stand in a path of the API."""
    if reference.api_group and not is_dns_subdomain(reference.api_group):
        yield Problem(path="apiGroup", message=f"{shown(reference.api_group)} is not a DNS name")
    for path, text in (("kind", reference.kind), ("name", reference.name)):
        if text in (".", "..") or "/" in text or "%" in text:
            yield Problem(path=path, message=f"{shown(text)} is not valid; '/', '%', '.' and '..' are not allowed")


def service_is_named(backend: IngressServiceBackend) -> Problems:
    """Check that the name of a Service is one."""
    if not is_dns_label(backend.name):
        yield Problem(path="name", message=f"{shown(backend.name)} is not the name of a Service")


def controller_named(spec: IngressClassSpec) -> Problems:
    """Check that a class names its controller, as a path below a domain."""
    domain, slash, path = spec.controller.partition("/")
    if not spec.controller:
        yield Problem(path="controller", message="is required")
    elif not (slash and is_dns_subdomain(domain) and _PATH.search(path)):
        yield Problem(path="controller", message=f"{shown(spec.controller)} is not valid; allowed: example.com/name")


def parameters_scoped(parameters: IngressClassParameters) -> Problems:
    """Check that parameters have a namespace exactly where their scope is one."""
    if parameters.scope == "Namespace" and parameters.namespace is None:
        yield Problem(path="namespace", message="is required for scope Namespace")
    if parameters.scope == "Cluster" and parameters.namespace is not None:
        yield Problem(path="namespace", message="must be left out for scope Cluster")
