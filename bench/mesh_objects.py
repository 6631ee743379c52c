"""Seeded inputs of a mesh: N Services with one routed port each, and an HTTPRoute for each of them."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any, Final

from bench.inputs import delta, endpoints, route, service
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment, Meshed
from gatewayd.store import Delta

PORT: Final = 80
_FIRST: Final = IPv4Address("10.96.0.10")


def mesh() -> Iterator[Delta]:
    """Yield what lets routes have Services as parents."""
    yield Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
    yield Delta(kind=Meshed, key=HERE, obj=Meshed())


def address(number: int) -> str:
    """Return the cluster IP of a Service that is routed."""
    return str(_FIRST + number)


def frontend(number: int, namespace: str = "bench") -> Delta:
    """Return a Service that routes are for."""
    metadata = {"name": f"front-{number}", "namespace": namespace}
    spec = {"clusterIP": address(number), "ports": [{"name": "http", "port": PORT}]}
    return delta({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


def backends(count: int) -> Iterator[Delta]:
    """Yield Services that routes lead to, with one endpoint each."""
    for number in range(count):
        yield service(f"service-{number}")
        yield endpoints(f"service-{number}", str(IPv4Address("10.244.0.10") + number))


def mesh_route(number: int, count: int, seed: int) -> dict[str, Any]:
    """Return the HTTPRoute of one Service, which leads to one of so many; another seed makes a visible change of it."""
    document = route(number, count, seed)
    parent = {"group": "", "kind": "Service", "name": f"front-{number}", "port": PORT}
    document["spec"] = {"parentRefs": [parent], "rules": document["spec"]["rules"]}
    return document


def routed(ports: int, count: int) -> Iterator[Delta]:
    """Yield so many Services with a route each, and so many that these lead to."""
    yield from backends(count)
    for number in range(ports):
        yield frontend(number)
        yield delta(mesh_route(number, count, 0))


def edited(step: int, ports: int, count: int) -> Delta:
    """Return the edit that is step `step`, of one route, spread over all of them; its backend stays."""
    number = step * 7919 % ports
    document = mesh_route(number, count, 0)
    document["metadata"]["generation"] = step + 1
    headers = {"set": [{"name": "x-route", "value": f"{number}-{step}"}]}
    document["spec"]["rules"][0]["filters"][0]["requestHeaderModifier"] = headers
    return delta(document)
