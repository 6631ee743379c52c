"""Which Service a host name is for, on which port, and what has to be allowed for a route to lead there."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gatewayd.api.core import Service
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import JSON, DraftObject, DraftRoute

Services = Mapping[ObjectKey, Service]
"""The Services among the files."""


def only_port(services: Services, key: ObjectKey) -> int:
    """Return the port of a Service that has one, 0 where it is not known or has several."""
    service = services.get(key)
    ports = service.spec.ports if service is not None else ()
    return ports[0].port if len(ports) == 1 else 0


def backend_ref(key: ObjectKey, port: int, of: str, weight: int | None = None) -> JSON:
    """Return a backendRef to a Service, for a route of the namespace `of`."""
    away = {"namespace": key.namespace} if key.namespace != of else {}
    return {"name": key.name, **away, "port": port, **({"weight": weight} if weight is not None else {})}


class _Wish(NamedTuple):
    of: str
    to: ObjectKey
    origins: tuple[str, ...]


def route_grants(routes: Iterable[DraftRoute]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each Service of another namespace that an HTTPRoute leads to."""
    wanted: dict[tuple[str, ObjectKey], dict[str, None]] = {}
    for wish in (wish for route in routes for wish in _wishes(route)):
        wanted.setdefault((wish.of, wish.to), {}).update(dict.fromkeys(wish.origins))
    for (of, to), origins in sorted(wanted.items()):
        yield DraftObject(
            api_version=f"{GATEWAY_GROUP}/v1",
            kind="ReferenceGrant",
            namespace=to.namespace,
            name=f"{of}-to-{to.name}",
            spec={
                "from": [{"group": GATEWAY_GROUP, "kind": "HTTPRoute", "namespace": of}],
                "to": [{"group": "", "kind": "Service", "name": to.name}],
            },
            origins=tuple(origins),
        )


def _wishes(route: DraftRoute) -> Iterator[_Wish]:
    for rule in route.rules:
        mirrored = [each["requestMirror"]["backendRef"] for each in rule.filters if each["type"] == "RequestMirror"]
        for ref in (*rule.backends, *mirrored):
            if ref.get("namespace", route.namespace) != route.namespace:
                yield _Wish(route.namespace, ObjectKey(ref["namespace"], ref["name"]), route.origins)
