"""What belongs to Services rather than to rules: BackendPolicies, and grants for what is in other namespaces."""

from collections.abc import Iterable, Iterator

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.draft import JSON, DraftObject
from gatewayd.convert.fates import Fidelity, Item
from gatewayd.convert.ingress.parts import IngressPart
from gatewayd.convert.services import asking_grant, backend_policy, backend_tls_policy


def backend_policies(parts: Iterable[IngressPart], items: list[Item]) -> tuple[DraftObject, ...]:
    """Return a BackendPolicy for each Service for which an Ingress says something; of two the older Ingress counts."""
    taken: dict[tuple[str, str], tuple[JSON, IngressPart]] = {}
    for part in sorted((each for each in parts if each.effect.backend), key=lambda each: each.order):
        for service in _services(part):
            key = (part.source.key.namespace, service)
            sections, owner = taken.setdefault(key, (part.effect.backend, part))
            if part.nginx is not None and sections != part.effect.backend:
                message = f"{owner.source.name} says something else of the Service {service}, which counts for both"
                fate = part.nginx.fate("proxy-connect-timeout", Fidelity.LOST, message)
                items.append(Item.of(part.source, fate))
    return tuple(
        backend_policy(ObjectKey(namespace, service), dict(sections), part.source.name)
        for (namespace, service), (sections, part) in sorted(taken.items())
    )


def _services(part: IngressPart) -> tuple[str, ...]:
    spec = part.ingress.spec
    backends = (spec.default_backend, *(path.backend for rule in spec.rules for path in rule.http.paths))
    return tuple(dict.fromkeys(each.service.name for each in backends if each is not None and each.service is not None))


def tls_policies(parts: Iterable[IngressPart]) -> Iterator[DraftObject]:
    """Yield a BackendTLSPolicy for each Service that is spoken to by TLS: certificates are checked, here always."""
    taken: set[tuple[str, str]] = set()
    for part in sorted((each for each in parts if each.effect.tls_name), key=lambda each: each.order):
        namespace = part.source.key.namespace
        for service in _services(part):
            if (namespace, service) in taken:
                continue
            taken.add((namespace, service))
            name = part.effect.tls_name
            hostname = f"{service}.{namespace}.svc.cluster.local" if name == "*" else name
            validation = {"hostname": hostname, "wellKnownCACertificates": "System"}
            yield backend_tls_policy(ObjectKey(namespace, service), validation, part.source.name)


def grants(parts: Iterable[IngressPart]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each object of another namespace that an AccessPolicy refers to."""
    wanted: dict[tuple[str, str, str, str], list[str]] = {}
    for part in parts:
        for kind, namespace, name in part.effect.grants:
            wanted.setdefault((namespace, part.source.key.namespace, kind, name), []).append(part.source.name)
    for (namespace, of, kind, name), origins in sorted(wanted.items()):
        yield asking_grant(of, kind, ObjectKey(namespace, name), origins)
