"""DestinationRules: a Service for each subset, and what is said of connections to backends.

https://istio.io/latest/docs/reference/config/networking/destination-rule/
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.draft import JSON, DraftObject
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.settings import backend_sections
from gatewayd.convert.read_source import ReadSource
from gatewayd.convert.services import Services, backend_policy, backend_tls_policy
from gatewayd.translator.hostnames import named_service

_TLS: Final = ("SIMPLE", "MUTUAL")


class RuledBackends(NamedTuple):
    """What DestinationRules come to: the Service for each subset, and the objects that are written."""

    subsets: Mapping[tuple[ObjectKey, str], str]
    objects: tuple[DraftObject, ...]


def ruled_backends(rules: Iterable[ReadSource], services: Services) -> RuledBackends:
    """Return what all DestinationRules say of Services; of two for the same one the older counts."""
    subsets: dict[tuple[ObjectKey, str], str] = {}
    written: dict[tuple[str, ObjectKey], DraftObject] = {}
    taken: dict[ObjectKey, ReadSource] = {}
    for rule in sorted(rules, key=lambda each: each.order):
        rule.spec.ignore("exportTo")
        rule.spec.lost_if_written({"workloadSelector": "who calls is known in a mesh alone"})
        host = rule.spec.text("host")
        named = named_service(host.lower(), rule.key.namespace)
        if named is None:
            rule.spec.lost("host", f"{host} is no Service (NAME, or NAME.NAMESPACE.svc.cluster.local)")
            continue
        key = ObjectKey(*named)
        if taken.setdefault(key, rule) is not rule:
            rule.spec.lost("host", f"{taken[key].source.name} is for the Service {key}, and counts")
            continue
        for draft in _objects(rule, key, services, subsets):
            written[draft.kind, ObjectKey(draft.namespace, draft.name)] = draft
    return RuledBackends(subsets, tuple(each for _, each in sorted(written.items())))


def _objects(
    rule: ReadSource, key: ObjectKey, services: Services, subsets: dict[tuple[ObjectKey, str], str]
) -> Iterator[DraftObject]:
    shared = rule.spec.one("trafficPolicy")
    yield from _policies(rule, key, {}, shared)
    own_sections = backend_sections(shared)
    for subset in rule.spec.many("subsets"):
        name = subset.text("name")
        service = ObjectKey(key.namespace, f"{key.name}-{name}")
        subsets[key, name] = service.name
        yield from _subset_service(rule, subset, key, service, services)
        yield from _policies(rule, service, own_sections, subset.one("trafficPolicy"), inherited=shared)


def _subset_service(
    rule: ReadSource, subset: Fields, key: ObjectKey, named: ObjectKey, services: Services
) -> Iterator[DraftObject]:
    labels = subset.pairs("labels")
    service = services.get(key)
    shown = ", ".join(f"{name}: {value}" for name, value in labels.items()) or "no labels"
    if service is None or not service.spec.selector:
        message = (
            f"make a Service {named.name} with the ports of {key.name} and its selector together with {shown}; "
            f"with {key.name} among the files it is written"
        )
        subset.manual("", message)
        return
    subset.exact("", f"the Service {named.name}, whose selector has {shown} as well")
    yield DraftObject(
        api_version="v1",
        kind="Service",
        namespace=named.namespace,
        name=named.name,
        spec={
            "selector": {**service.spec.selector, **labels},
            "ports": [_port(each) for each in service.spec.ports],
        },
        origins=(rule.source.name,),
    )


def _port(port: Any) -> JSON:
    return {
        **({"name": port.name} if port.name else {}),
        "port": port.port,
        "protocol": port.protocol,
        **({"targetPort": port.target_port} if port.target_port is not None else {}),
        **({"appProtocol": port.app_protocol} if port.app_protocol else {}),
    }


def _policies(
    rule: ReadSource, key: ObjectKey, above: JSON, written: Fields, inherited: Fields | None = None
) -> Iterator[DraftObject]:
    """Yield the BackendPolicy and the BackendTLSPolicy of a Service; a subset has what it does not say from above."""
    sections = {**above, **backend_sections(written)}
    if sections:
        yield backend_policy(key, sections, rule.source.name)
    tls = written.one("tls") if written.one("tls") or inherited is None else inherited.one("tls")
    mode = tls.text("mode")
    if tls and mode in _TLS:
        yield backend_tls_policy(key, _validation(tls, key), rule.source.name)
    elif mode == "ISTIO_MUTUAL":
        tls.lost("mode", "the mesh's own certificates are for its own proxies; a Service that asks for them refuses")


def _validation(tls: Fields, key: ObjectKey) -> JSON:
    names = tls.texts("subjectAltNames")
    hostname = tls.text("sni") or (names[0] if names else f"{key.name}.{key.namespace}.svc.cluster.local")
    if tls.text("mode") == "MUTUAL":
        tls.lost("mode", "the certificate that the proxy shows backends is one for a whole Gateway: tls.backend")
    tls.lost_if_written(dict.fromkeys(("clientCertificate", "privateKey"), "goes with MUTUAL"))
    for name in ("caCertificates", "credentialName", "caCrl"):
        if name in tls:
            tls.manual(name, "write the CA into a ConfigMap as ca.crt, and name it in the BackendTLSPolicy")
    if tls.boolean("insecureSkipVerify"):
        tls.manual("insecureSkipVerify", "certificates are checked here, always: write the CA into the policy")
    alternatives = [
        {"type": "URI", "uri": each} if "://" in each else {"type": "Hostname", "hostname": each} for each in names
    ]
    return {
        "hostname": hostname,
        "wellKnownCACertificates": "System",
        **({"subjectAltNames": alternatives[:5]} if alternatives else {}),
    }
