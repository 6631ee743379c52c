"""What belongs to Services rather than to rules: BackendPolicies, and grants for what is in other namespaces."""

from collections.abc import Iterable, Iterator

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.draft import JSON, DraftObject
from gatewayd.convert.fates import Fidelity, Item
from gatewayd.convert.ingress.parts import IngressPart
from gatewayd.convert.services import asking_grant, backend_policy, backend_tls_policy
from gatewayd.translator.nginx.annotations import ANY_NAME


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


def tls_policies(parts: Iterable[IngressPart], items: list[Item]) -> Iterator[DraftObject]:
    """Yield a BackendTLSPolicy for each Service that is spoken to by TLS: certificates are checked, here always.

    Of two Ingresses that say the name of its certificate the older one counts, and one that says none does not.
    """
    taken: dict[ObjectKey, IngressPart] = {}
    ordered = sorted((each for each in parts if each.effect.tls_name), key=lambda each: each.order)
    for part in sorted(ordered, key=lambda each: each.effect.tls_name == ANY_NAME):
        for service in _services(part):
            owner = taken.setdefault(ObjectKey(part.source.key.namespace, service), part)
            if part.nginx is not None and part.effect.tls_name not in (ANY_NAME, owner.effect.tls_name):
                message = f"{owner.source.name} says another name for the Service {service}, which counts for both"
                items.append(Item.of(part.source, part.nginx.fate("proxy-ssl-name", Fidelity.LOST, message)))
    for key, part in sorted(taken.items()):
        name = part.effect.tls_name
        hostname = f"{key.name}.{key.namespace}.svc.cluster.local" if name == ANY_NAME else name
        validation = {"hostname": hostname, "wellKnownCACertificates": "System"}
        yield backend_tls_policy(key, validation, part.source.name)


def grants(parts: Iterable[IngressPart]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each object of another namespace that an AccessPolicy refers to."""
    wanted: dict[tuple[str, str, str, str], list[str]] = {}
    for part in parts:
        for kind, namespace, name in part.effect.grants:
            wanted.setdefault((namespace, part.source.key.namespace, kind, name), []).append(part.source.name)
    for (namespace, of, kind, name), origins in sorted(wanted.items()):
        yield asking_grant(of, kind, ObjectKey(namespace, name), origins)
