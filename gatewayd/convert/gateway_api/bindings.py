"""Which routes a listener of v1alpha1 took: by labels of routes, their namespaces, and whom a route allowed.

Since v1alpha2 a route names its parents itself. https://gateway-api.sigs.k8s.io/geps/gep-724/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.api.meta import ObjectKey
from gatewayd.api.selectors import LabelSelector, LabelSelectorRequirement
from gatewayd.convert.draft import JSON
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import items, mapping, number, spec_of, text, texts
from gatewayd.translator.hostnames import intersection
from gatewayd.translator.namespaces import selects

NamespaceLabels = Mapping[str, Mapping[str, str]]
"""The labels of the namespaces that are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldListener:
    """A listener of v1alpha1 with the name that it has from now on."""

    gateway: ObjectKey
    name: str
    hostname: str
    routes: JSON


def old_listeners(gateway: SourceObject) -> tuple[OldListener, ...]:
    """Return the listeners of a Gateway, which had no names."""
    taken: dict[str, int] = {}
    listeners = []
    for listener in items(spec_of(gateway).get("listeners")):
        hostname = text(listener.get("hostname"))
        parts = (text(listener.get("protocol")) or "http", str(number(listener.get("port"), 0)), hostname)
        written = "-".join(part for part in parts if part).lower().replace("*", "any").replace(".", "-")
        taken[written] = count = taken.get(written, 0) + 1
        name = text(listener.get("name")) or (written if count == 1 else f"{written}-{count}")
        listeners.append(
            OldListener(gateway=gateway.key, name=name, hostname=hostname, routes=mapping(listener.get("routes")))
        )
    return tuple(listeners)


def parent_refs(route: SourceObject, listeners: tuple[OldListener, ...], labels: NamespaceLabels) -> list[JSON]:
    """Return the parents that a route has from now on: Gateways, or those of their listeners that took it."""
    refs: list[JSON] = []
    for gateway in sorted({each.gateway for each in listeners}):
        own = [each for each in listeners if each.gateway == gateway]
        taking = [each for each in own if _takes(each, route, labels)]
        away = {"namespace": gateway.namespace} if gateway.namespace != route.key.namespace else {}
        if taking and len(taking) == len(own):
            refs.append({"name": gateway.name, **away})
        else:
            refs.extend({"name": gateway.name, **away, "sectionName": each.name} for each in taking)
    return refs


def _takes(listener: OldListener, route: SourceObject, labels: NamespaceLabels) -> bool:
    own_labels = {
        key: text(value) for key, value in mapping(mapping(route.value.get("metadata")).get("labels")).items()
    }
    return (
        text(listener.routes.get("kind")) in ("", route.kind)
        and selects(label_selector(mapping(listener.routes.get("selector"))), own_labels)
        and _admits(listener, route.key.namespace, labels)
        and _is_allowed(listener.gateway, route)
        and _share_a_host(listener.hostname, route)
    )


def label_selector(written: JSON) -> LabelSelector:
    """Return a selector of labels as far as it can be read."""
    return LabelSelector(
        match_labels={key: text(value) for key, value in mapping(written.get("matchLabels")).items()},
        match_expressions=tuple(
            LabelSelectorRequirement(
                key=text(each.get("key")), operator=text(each.get("operator")), values=texts(each.get("values"))
            )
            for each in items(written.get("matchExpressions"))
        ),
    )


def _admits(listener: OldListener, namespace: str, labels: NamespaceLabels) -> bool:
    written = mapping(listener.routes.get("namespaces"))
    rule = text(written.get("from")) or "Same"
    if rule == "Selector":
        return selects(label_selector(mapping(written.get("selector"))), labels.get(namespace, {}))
    return rule == "All" or namespace == listener.gateway.namespace


def _is_allowed(gateway: ObjectKey, route: SourceObject) -> bool:
    written = mapping(spec_of(route).get("gateways"))
    rule = text(written.get("allow")) or "SameNamespace"
    if rule == "FromList":
        refs = items(written.get("gatewayRefs"))
        return gateway in {ObjectKey(text(each.get("namespace")), text(each.get("name"))) for each in refs}
    return rule == "All" or gateway.namespace == route.key.namespace


def _share_a_host(hostname: str, route: SourceObject) -> bool:
    wanted = texts(spec_of(route).get("hostnames"))
    return not (hostname and wanted) or any(intersection(hostname, each) is not None for each in wanted)


def gateway_listeners(gateway: SourceObject, listeners: tuple[OldListener, ...]) -> Iterator[dict[str, Any]]:
    """Yield the listeners of a Gateway of v1alpha1 as they are written from now on."""
    written = items(spec_of(gateway).get("listeners"))
    for listener, named in zip(written, listeners, strict=True):
        tls = mapping(listener.get("tls"))
        ref = mapping(tls.get("certificateRef"))
        refs = [{"name": text(ref.get("name"))}] if ref else [dict(each) for each in items(tls.get("certificateRefs"))]
        secured = {
            **({"mode": tls["mode"]} if "mode" in tls else {}),
            **({"certificateRefs": refs} if refs else {}),
        }
        namespaces = mapping(named.routes.get("namespaces"))
        allowed = {"namespaces": dict(namespaces), **mapping(listener.get("allowedRoutes"))} if namespaces else {}
        yield {
            "name": named.name,
            **({"hostname": named.hostname} if named.hostname else {}),
            "port": listener.get("port"),
            "protocol": listener.get("protocol"),
            **({"tls": secured} if secured else {}),
            **(
                {"allowedRoutes": allowed or listener["allowedRoutes"]}
                if allowed or "allowedRoutes" in listener
                else {}
            ),
        }


LISTENER_FIELDS: Final = ("name", "hostname", "port", "protocol", "tls", "routes", "allowedRoutes")
