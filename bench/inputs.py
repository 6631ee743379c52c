"""Seeded inputs: N HTTPRoutes, each with a host of its own, over N/10 Services."""

import random
from collections.abc import Iterator
from typing import Any

from gatewayd.api.decode import Decoded, decode
from gatewayd.store import Delta

GROUP = "gateway.networking.k8s.io/v1"


def delta(document: dict[str, Any]) -> Delta:
    found = decode(document)
    if not isinstance(found, Decoded):
        raise TypeError(found)
    return Delta(kind=found.kind.struct, key=found.key, obj=found.obj)


def surroundings(services: int, port: int = 8080) -> Iterator[Delta]:
    """Yield the class, one Gateway with one port, and Services with one endpoint each."""
    yield delta(
        {
            "apiVersion": GROUP,
            "kind": "GatewayClass",
            "metadata": {"name": "gatewayd"},
            "spec": {"controllerName": "gatewayd.io/controller"},
        }
    )
    listener = {"name": "http", "port": port, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    yield delta(
        {
            "apiVersion": GROUP,
            "kind": "Gateway",
            "metadata": {"name": "gw", "namespace": "bench"},
            "spec": {"gatewayClassName": "gatewayd", "listeners": [listener]},
        }
    )
    for number in range(services):
        yield service(f"service-{number}")
        yield endpoints(f"service-{number}", f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")


def service(name: str, namespace: str = "bench") -> Delta:
    """Return a Service with the port 80."""
    metadata = {"name": name, "namespace": namespace}
    return delta({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}})


def endpoints(name: str, address: str, namespace: str = "bench", port: int = 8080) -> Delta:
    """Return the one endpoint of a Service."""
    return delta(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "ports": [{"port": port}],
            "endpoints": [{"addresses": [address]}],
        }
    )


def route(number: int, services: int, seed: int) -> dict[str, Any]:
    """Return one HTTPRoute; another seed makes a visible change of it."""
    dice = random.Random(f"{number}/{seed}")  # noqa: S311 - inputs that are the same every time
    backend = {"name": f"service-{dice.randrange(services)}", "port": 80}
    headers = {"set": [{"name": "x-route", "value": f"{number}-{seed}"}]}
    rules = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": f"/{number}"}}],
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": headers}],
            "backendRefs": [backend],
        },
        {"backendRefs": [backend]},
    ]
    return {
        "apiVersion": GROUP,
        "kind": "HTTPRoute",
        "metadata": {"name": f"route-{number}", "namespace": "bench", "generation": seed + 1},
        "spec": {"parentRefs": [{"name": "gw"}], "hostnames": [f"host-{number}.example"], "rules": rules},
    }
