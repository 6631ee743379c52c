"""Services that routes lead to: their ports, what is said of connections to them, and what has to be allowed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from gatewayd.api.core import Service
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import JSON, DraftObject, DraftRoute
from gatewayd.own_group import API_VERSION, DOMAIN

_GATEWAY_API: Final = f"{GATEWAY_GROUP}/v1"
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
    return _policy(service, "BackendTLSPolicy", _GATEWAY_API, {"validation": validation}, origin)


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
        api_version=_GATEWAY_API,
        kind="ReferenceGrant",
        namespace=to.namespace,
        name=name,
        spec={"from": [referring._asdict()], "to": [{"group": "", "kind": kind, "name": to.name}]},
        origins=tuple(origins),
    )


def asking_grant(namespace: str, kind: str, to: ObjectKey, origins: Iterable[str]) -> DraftObject:
    """Return a ReferenceGrant for what an AccessPolicy of a namespace refers to."""
    return grant(f"{namespace}-asks-{to.name}", Referring(DOMAIN, "AccessPolicy", namespace), kind, to, origins)


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
        yield grant(f"{of}-to-{to.name}", Referring(GATEWAY_GROUP, "HTTPRoute", of), "Service", to, origins)


def _wishes(route: DraftRoute) -> Iterator[_Wish]:
    for rule in route.rules:
        mirrored = [each["requestMirror"]["backendRef"] for each in rule.filters if each["type"] == "RequestMirror"]
        for ref in (*rule.backends, *mirrored):
            if ref.get("namespace", route.namespace) != route.namespace:
                yield _Wish(route.namespace, ObjectKey(ref["namespace"], ref["name"]), route.origins)
