"""Services that routes lead to: their ports, what is said of connections to them, and what has to be allowed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from gatewayd.api.core import Service
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import GATEWAY_API, JSON, DraftObject, DraftRoute
from gatewayd.own_group import API_VERSION, DOMAIN

_HTTP_ROUTE: Final = "HTTPRoute"
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


def backend_policy(service: ObjectKey, sections: JSON, origin: str) -> DraftObject:
    """Return a BackendPolicy for a Service."""
    return _policy(service, "BackendPolicy", API_VERSION, {"default": sections}, origin)


def backend_tls_policy(service: ObjectKey, validation: JSON, origin: str) -> DraftObject:
    """Return a BackendTLSPolicy for a Service."""
    return _policy(service, "BackendTLSPolicy", GATEWAY_API, {"validation": validation}, origin)


def _policy(service: ObjectKey, kind: str, api_version: str, spec: JSON, origin: str) -> DraftObject:
    target = {"group": "", "kind": "Service", "name": service.name}
    return DraftObject(
        api_version=api_version,
        kind=kind,
        namespace=service.namespace,
        name=service.name,
        spec={"targetRefs": [target], **spec},
        origins=(origin,),
    )


class Referring(NamedTuple):
    """Objects of a kind in a namespace, which refer to something of another one."""

    group: str
    kind: str
    namespace: str


def grant(name: str, referring: Referring, kind: str, to: ObjectKey, origins: Iterable[str]) -> DraftObject:
    """Return a ReferenceGrant for an object of a kind of the core group."""
    return DraftObject(
        api_version=GATEWAY_API,
        kind="ReferenceGrant",
        namespace=to.namespace,
        name=name,
        spec={"from": [referring._asdict()], "to": [{"group": "", "kind": kind, "name": to.name}]},
        origins=tuple(origins),
    )


def asking_grant(namespace: str, kind: str, to: ObjectKey, origins: Iterable[str]) -> DraftObject:
    """Return a ReferenceGrant for what an AccessPolicy of a namespace refers to."""
    return grant(f"{namespace}-asks-{to.name}", Referring(DOMAIN, "AccessPolicy", namespace), kind, to, origins)


class Leading(NamedTuple):
    """What routes of a kind and a namespace lead to: `refs` to Services, each with a namespace where it is another."""

    referring: Referring
    refs: tuple[JSON, ...]
    origins: tuple[str, ...]


def grants(routes: Iterable[Leading]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each Service of another namespace that routes lead to."""
    wanted: dict[tuple[Referring, ObjectKey], dict[str, None]] = {}
    for referring, refs, origins in routes:
        for ref in refs:
            if ref.get("namespace", referring.namespace) != referring.namespace:
                wish = (referring, ObjectKey(ref["namespace"], ref["name"]))
                wanted.setdefault(wish, {}).update(dict.fromkeys(origins))
    for (referring, to), names in sorted(wanted.items()):
        kind = "" if referring.kind == _HTTP_ROUTE else f"-{referring.kind.lower()}"
        yield grant(f"{referring.namespace}{kind}-to-{to.name}", referring, "Service", to, names)


def route_grants(routes: Iterable[DraftRoute]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each Service of another namespace that an HTTPRoute leads to."""
    return grants(
        Leading(Referring(GATEWAY_GROUP, _HTTP_ROUTE, route.namespace), tuple(_refs(route)), route.origins)
        for route in routes
    )


def _refs(route: DraftRoute) -> Iterator[JSON]:
    for rule in route.rules:
        yield from rule.backends
        yield from (each["requestMirror"]["backendRef"] for each in rule.filters if each["type"] == "RequestMirror")
