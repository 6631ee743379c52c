"""Objects as an API server sends them: uid, managedFields, last-applied annotation, status, all of it.

Route N sends to Service N alone, which has one EndpointSlice with one pod. Everything is a function of its numbers.
"""

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

Json = dict[str, Any]

GROUP = "gateway.networking.k8s.io/v1"
NAMESPACE = "bench"
CONTROLLER = "gatewayd.io/controller"
WHEN = "2026-11-01T08:00:00Z"
CLASSES = "/apis/gateway.networking.k8s.io/v1/gatewayclasses"
GATEWAYS = "/apis/gateway.networking.k8s.io/v1/gateways"
ROUTES = "/apis/gateway.networking.k8s.io/v1/httproutes"
SERVICES = "/api/v1/services"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"


def uid(text: str) -> str:
    """Return a uid that is always the same for the same text."""
    digits = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def stored(document: Json, *, version: int, managers: tuple[str, ...], fields: Json) -> Json:
    """Return a document as it is stored: `fields` is what each of the `managers` owns."""
    named = f"{document['kind']}/{document['metadata']['name']}"
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(document) + "\n"}
    managed = [
        {
            "manager": manager,
            "operation": "Update",
            "apiVersion": document["apiVersion"],
            "time": WHEN,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        for manager in managers
    ]
    metadata = {
        "generation": 1,
        **document["metadata"],
        "uid": uid(named),
        "resourceVersion": str(version),
        "creationTimestamp": WHEN,
        "annotations": {**applied, **document["metadata"].get("annotations", {})},
        "managedFields": managed,
    }
    return {**document, "metadata": metadata}


def conditions(generation: int, *types: str) -> list[Json]:
    """Return conditions that are true."""
    return [
        {
            "type": each,
            "status": "True",
            "reason": each,
            "message": "",
            "lastTransitionTime": WHEN,
            "observedGeneration": generation,
        }
        for each in types
    ]


def gateway_class() -> Json:
    document: Json = {
        "apiVersion": GROUP,
        "kind": "GatewayClass",
        "metadata": {"name": "gatewayd"},
        "spec": {"controllerName": CONTROLLER},
    }
    return stored(document, version=1, managers=("kubectl",), fields={"f:spec": {"f:controllerName": {}}})


def gateway() -> Json:
    listener = {"name": "http", "port": 8080, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    document: Json = {
        "apiVersion": GROUP,
        "kind": "Gateway",
        "metadata": {"name": "gw", "namespace": NAMESPACE},
        "spec": {"gatewayClassName": "gatewayd", "listeners": [listener]},
    }
    return stored(document, version=2, managers=("kubectl",), fields={"f:spec": {"f:listeners": {}}})


def route(number: int, seed: int, version: int) -> Json:
    """Return an HTTPRoute of one host and two rules; another seed sets another header and another path."""
    backend = {"group": "", "kind": "Service", "name": f"service-{number}", "port": 80, "weight": 1}
    headers = {"set": [{"name": "x-route", "value": f"{number}-{seed}"}]}
    rules = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": f"/api-{seed % 7}"}}],
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": headers}],
            "backendRefs": [backend],
        },
        {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [backend]},
    ]
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw"}
    document: Json = {
        "apiVersion": GROUP,
        "kind": "HTTPRoute",
        "metadata": {
            "name": f"route-{number}",
            "namespace": NAMESPACE,
            "generation": seed + 1,
            "labels": {"app.kubernetes.io/name": f"app-{number}", "app.kubernetes.io/managed-by": "Helm"},
        },
        "spec": {"parentRefs": [parent], "hostnames": [f"host-{number}.example.com"], "rules": rules},
    }
    fields = {"f:metadata": {"f:labels": {".": {}}}, "f:spec": {"f:hostnames": {}, "f:parentRefs": {}, "f:rules": {}}}
    said = {
        "parentRef": parent,
        "controllerName": CONTROLLER,
        "conditions": conditions(seed + 1, "Accepted", "ResolvedRefs"),
    }
    return {
        **stored(document, version=version, managers=("kubectl-client-side-apply", "gatewayd"), fields=fields),
        "status": {"parents": [said]},
    }


def address(number: int) -> str:
    return f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


def service(number: int, version: int) -> Json:
    name = f"service-{number}"
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}
    labels = {"app.kubernetes.io/name": f"app-{number}", "app.kubernetes.io/managed-by": "Helm"}
    spec = {
        "clusterIP": address(number + 1_000_000),
        "clusterIPs": [address(number + 1_000_000)],
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "ports": [port],
        "selector": {"app": f"app-{number}"},
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }
    document: Json = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": spec,
    }
    fields: Json = {"f:spec": {"f:internalTrafficPolicy": {}, "f:ports": {}, "f:selector": {}, "f:type": {}}}
    found = stored(document, version=version, managers=("kubectl-client-side-apply",), fields=fields)
    return {**found, "status": {"loadBalancer": {}}}


def endpoint(number: int, seed: int) -> Json:
    pod = f"app-{number}-7d4b9c-{seed:05}"
    return {
        "addresses": [address(number + seed * 65_536)],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": f"node-{number % 50}",
        "targetRef": {"kind": "Pod", "name": pod, "namespace": NAMESPACE, "uid": uid(pod)},
        "zone": f"zone-{number % 3}",
    }


def endpoint_slice(number: int, seed: int, version: int) -> Json:
    """Return the slice of a Service; another seed is another pod."""
    owner = {
        "apiVersion": "v1",
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": "Service",
        "name": f"service-{number}",
        "uid": uid(f"Service/service-{number}"),
    }
    labels = {
        "app.kubernetes.io/name": f"app-{number}",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": f"service-{number}",
    }
    metadata = {
        "name": f"service-{number}-x7k2q",
        "generateName": f"service-{number}-",
        "namespace": NAMESPACE,
        "generation": seed + 1,
        "labels": labels,
        "ownerReferences": [owner],
        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": WHEN},
    }
    document: Json = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv4",
        "endpoints": [endpoint(number, seed)],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }
    fields: Json = {"f:addressType": {}, "f:endpoints": {}, "f:metadata": {"f:labels": {}}, "f:ports": {}}
    return stored(document, version=version, managers=("kube-controller-manager",), fields=fields)


def everything(routes: int) -> Iterator[tuple[str, list[Json]]]:
    """Yield the objects of a cluster by collection."""
    yield CLASSES, [gateway_class()]
    yield GATEWAYS, [gateway()]
    yield ROUTES, [route(number, 0, 10 + number) for number in range(routes)]
    yield SERVICES, [service(number, 10 + routes + number) for number in range(routes)]
    yield SLICES, [endpoint_slice(number, 0, 10 + 2 * routes + number) for number in range(routes)]
