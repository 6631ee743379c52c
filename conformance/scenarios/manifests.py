"""The objects that scenarios apply, as dictionaries; every route names itself to its backend in a request header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]

GATEWAY_API = "gateway.networking.k8s.io/v1"
ROUTE_HEADER = "X-Scenario-Route"
ECHO_IMAGE = "registry.k8s.io/gateway-api/echo-basic:v1.6.3"
ECHO_PORT = 3000


def namespace(name: str) -> Object:
    """Return a Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def echo(where: str, name: str, replicas: int = 1) -> tuple[Object, Object]:
    """Return a Deployment of echo servers and its Service."""
    field = {"POD_NAME": "metadata.name", "NAMESPACE": "metadata.namespace"}
    container = {
        "name": "echo",
        "image": ECHO_IMAGE,
        "env": [{"name": key, "valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in field.items()],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": ECHO_PORT}},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": where, "name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }
    return deployment, service(where, name, {"app": name})


def service(where: str, name: str, selector: Mapping[str, str]) -> Object:
    """Return a Service with port 80 of Pods that echo."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": where, "name": name},
        "spec": {"selector": dict(selector), "ports": [{"port": 80, "targetPort": ECHO_PORT}]},
    }


def endpoint_slice(where: str, name: str, of: str, addresses: Sequence[str], *, port: str = "") -> Object:
    """Return a slice of a Service: Pods that echo at these addresses; `port` is the name of the Service's port."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": where, "name": name, "labels": {"kubernetes.io/service-name": of}},
        "addressType": "IPv4",
        "ports": [{"name": port, "port": ECHO_PORT, "protocol": "TCP"}],
        "endpoints": [{"addresses": [each], "conditions": {"ready": True}} for each in addresses],
    }


def gateway(where: str, name: str, *listeners: Object, parameters: str = "") -> Object:
    """Return a Gateway; without listeners it has one for HTTP on port 80. `parameters` names a ConfigMap."""
    spec: Object = {"gatewayClassName": "gatewayd", "listeners": list(listeners) or [http_listener()]}
    if parameters:
        spec["infrastructure"] = {"parametersRef": {"group": "", "kind": "ConfigMap", "name": parameters}}
    return {
        "apiVersion": GATEWAY_API,
        "kind": "Gateway",
        "metadata": {"namespace": where, "name": name},
        "spec": spec,
    }


def config_map(where: str, name: str, data: Mapping[str, str]) -> Object:
    """Return a ConfigMap."""
    metadata = {"namespace": where, "name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def gateway_class(name: str, parameters: Object) -> Object:
    """Return a GatewayClass of gatewayd whose parameters stand in a ConfigMap."""
    metadata = parameters["metadata"]
    ref = {"group": "", "kind": "ConfigMap", "namespace": metadata["namespace"], "name": metadata["name"]}
    spec = {"controllerName": "gatewayd.io/controller", "parametersRef": ref}
    return {"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": name}, "spec": spec}


def http_listener() -> Object:
    """Return the listener for HTTP on port 80."""
    return {"name": "http", "port": 80, "protocol": "HTTP"}


def https_listener(hostname: str, secret: str) -> Object:
    """Return a listener that terminates TLS on port 443 with a Secret of its own namespace."""
    tls = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
    return {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": hostname, "tls": tls}


def route(
    where: str,
    name: str,
    hostnames: Sequence[str],
    backend: str,
    *,
    parent: str = "gateway",
    says: str = "",
) -> Object:
    """Return an HTTPRoute of hosts to a Service, "name" or "namespace/name".

    `says` is what it tells its backend, by default its own name.
    """
    backend_namespace, _, service_name = backend.rpartition("/")
    reference: Object = {"name": service_name, "port": 80}
    if backend_namespace:
        reference["namespace"] = backend_namespace
    header = {"name": ROUTE_HEADER, "value": says or name}
    filters = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [header]}}]
    return {
        "apiVersion": GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"namespace": where, "name": name},
        "spec": {
            "parentRefs": [{"name": parent}],
            "hostnames": list(hostnames),
            "rules": [{"filters": filters, "backendRefs": [reference]}],
        },
    }


def grant(where: str, name: str, from_namespace: str) -> Object:
    """Return a ReferenceGrant: HTTPRoutes of a namespace may use the Services of `where`."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"namespace": where, "name": name},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": from_namespace}],
            "to": [{"group": "", "kind": "Service"}],
        },
    }


def tls_secret(where: str, name: str, certificate: str, key: str) -> Object:
    """Return a Secret of a certificate and its key, both base64."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"namespace": where, "name": name},
        "data": {"tls.crt": certificate, "tls.key": key},
    }


_PLURALS = {
    "AccessPolicy": "accesspolicies",
    "RoutePolicy": "routepolicies",
    "BackendPolicy": "backendpolicies",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "EndpointSlice": "endpointslices",
    "Gateway": "gateways",
    "GatewayClass": "gatewayclasses",
    "HTTPRoute": "httproutes",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "Namespace": "namespaces",
    "Node": "nodes",
    "Pod": "pods",
    "ReferenceGrant": "referencegrants",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "Secret": "secrets",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
    "ServiceExport": "serviceexports",
    "ServiceImport": "serviceimports",
}


def collection(api_version: str, kind: str, where: str) -> str:
    """Return the URL path of a collection; `where` "" is for all namespaces, or for kinds without one."""
    root = "/apis/" if "/" in api_version else "/api/"
    inside = f"/namespaces/{where}" if where else ""
    return f"{root}{api_version}{inside}/{_PLURALS[kind]}"


def path(item: Object) -> str:
    """Return the URL path of an object."""
    metadata = item["metadata"]
    return f"{collection(item['apiVersion'], item['kind'], metadata.get('namespace', ''))}/{metadata['name']}"
