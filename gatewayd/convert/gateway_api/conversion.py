"""Objects of older versions of the Gateway API in; the same as they are written today, and each field's fate, out.

One of a group that is spelled wrongly is one of the Gateway API that nobody has ever read: it is told, and put right.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gatewayd.api.kinds import BY_GROUP_KIND
from gatewayd.api.meta import GroupKind
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import JSON, Draft, Drafted, DraftObject
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.gateway_api.bindings import (
    LISTENER_FIELDS,
    NamespaceLabels,
    gateway_listeners,
    old_listeners,
    parent_refs,
)
from gatewayd.convert.gateway_api.references import MISSPELT, OLD_GROUP, backend_tls_policy, grant, named
from gatewayd.convert.gateway_api.routes import OLD_PATHS, http_rule, l4_rule, snis
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import items, mapping, spec_of, text, texts, unread

_RENAMED: Final = {"ReferencePolicy": "ReferenceGrant"}
_L4: Final = ("TCPRoute", "TLSRoute", "UDPRoute")
_ROUTES: Final = ("HTTPRoute", "GRPCRoute", *_L4)
_KINDS: Final = frozenset(
    {"GatewayClass", "Gateway", "ReferenceGrant", "ReferencePolicy", "BackendPolicy", "BackendTLSPolicy", *_ROUTES}
)
_KEPT_OF_GATEWAYS: Final = ("addresses", "infrastructure", "allowedListeners", "tls")
_ROUTE_FIELDS: Final = ("parentRefs", "hostnames", "rules", "gateways", "tls", "useDefaultGateways")


def old_api_draft(sources: Sequence[SourceObject], class_name: str) -> Drafted:
    """Convert all objects of older versions among the sources; Gateways are of the class `class_name` then."""
    old = tuple(source for source in sources if is_old(source))
    listeners = tuple(each for source in old if _is_of_alpha(source) for each in old_listeners(source))
    labels = _namespace_labels(sources)
    found: list[Item] = []
    written: list[DraftObject] = []
    for source in old:
        fates: list[Fate] = list(_spelled(source))
        spec = _spec(source, class_name, parent_refs(source, listeners, labels), fates)
        found.extend(Item.of(source, fate) for fate in fates)
        if spec is not None:
            written.append(_draft_object(source, spec))
    return Drafted(Draft(objects=tuple(written)), tuple(found))


def is_old(source: SourceObject) -> bool:
    """Return whether an object is one of the Gateway API that is written otherwise today."""
    if source.kind not in _KINDS:
        return False
    if source.group == OLD_GROUP or source.group in MISSPELT or not source.version:
        return True
    kind = BY_GROUP_KIND.get(GroupKind(GATEWAY_GROUP, _RENAMED.get(source.kind, source.kind)))
    is_current = kind is not None and kind.kind == source.kind and source.version == kind.version
    return source.group == GATEWAY_GROUP and (not is_current or _has_old_fields(source))


def _has_old_fields(source: SourceObject) -> bool:
    spec = spec_of(source)
    if source.kind == "Gateway":
        return _chooses_routes(source)
    rules = items(spec.get("rules"))
    matches = [match for rule in rules for match in items(rule.get("matches"))]
    old = (
        "gateways" in spec,
        any("forwardTo" in rule for rule in rules),
        any("serviceName" in ref for rule in rules for ref in items(rule.get("backendRefs"))),
        any(isinstance(match.get("headers"), dict) or isinstance(match.get("queryParams"), dict) for match in matches),
        any(text(mapping(match.get("path")).get("type")) in OLD_PATHS for match in matches),
    )
    return source.kind in _ROUTES and any(old)


def _chooses_routes(source: SourceObject) -> bool:
    """Return whether listeners of a Gateway chose routes by their labels, as in v1alpha1."""
    return source.kind == "Gateway" and any("routes" in each for each in items(spec_of(source).get("listeners")))


def _is_alpha(source: SourceObject) -> bool:
    """Return whether an object is of the version in which listeners chose routes by their labels."""
    return source.group == OLD_GROUP


def _is_of_alpha(source: SourceObject) -> bool:
    return source.kind == "Gateway" and (_is_alpha(source) or _chooses_routes(source))


def _namespace_labels(sources: Sequence[SourceObject]) -> NamespaceLabels:
    return {
        source.key.name: {
            "kubernetes.io/metadata.name": source.key.name,
            **{key: text(value) for key, value in mapping(mapping(source.value.get("metadata")).get("labels")).items()},
        }
        for source in sources
        if (source.group, source.kind) == ("", "Namespace")
    }


def _spelled(source: SourceObject) -> Iterator[Fate]:
    written = source.value.get("apiVersion")
    if source.group in MISSPELT or not source.version:
        shown = f'"{written}"' if written else "no apiVersion"
        message = f"{shown}: no API server has such a {source.kind}, so that it had no effect; it is of {GATEWAY_GROUP}"
        yield Fate(path="apiVersion", fidelity=Fidelity.APPROXIMATE, message=message)
    else:
        yield Fate(path="apiVersion", fidelity=Fidelity.EXACT, message=f"{GATEWAY_GROUP}/v1")


def _spec(source: SourceObject, class_name: str, parents: list[JSON], fates: list[Fate]) -> JSON | None:
    """Return the spec of an object as it is written today; None for one that there is no place for."""
    spec = spec_of(source)
    match source.kind:
        case "GatewayClass":
            message = f"the class {class_name} takes its place"
            fates.append(Fate(path="spec", fidelity=Fidelity.APPROXIMATE, message=message))
            return None
        case "BackendPolicy":
            message = "how a backend's certificate is checked is for a BackendTLSPolicy to say"
            fates.append(Fate(path="spec", fidelity=Fidelity.LOST, message=message))
            return None
        case "Gateway":
            return _gateway(source, spec, class_name, fates)
        case "ReferenceGrant" | "ReferencePolicy":
            return grant(spec, fates)
        case "BackendTLSPolicy":
            return backend_tls_policy(spec, fates)
        case _:
            return _route(source, spec, parents, fates)


def _gateway(source: SourceObject, spec: JSON, class_name: str, fates: list[Fate]) -> JSON:
    named = text(spec.get("gatewayClassName"))
    if named != class_name:
        message = f"{named} was another controller's; {class_name} takes its place"
        fates.append(Fate(path="spec.gatewayClassName", fidelity=Fidelity.APPROXIMATE, message=message))
    if not _is_of_alpha(source):
        return {**spec, "gatewayClassName": class_name}
    fates.extend(_listener_fates(spec))
    written = list(gateway_listeners(source, old_listeners(source)))
    fates.extend(unread(spec, ("gatewayClassName", "listeners", *_KEPT_OF_GATEWAYS), "spec"))
    kept = {name: spec[name] for name in _KEPT_OF_GATEWAYS if name in spec}
    return {"gatewayClassName": class_name, "listeners": written, **kept}


def _listener_fates(spec: JSON) -> Iterator[Fate]:
    for at, listener in enumerate(items(spec.get("listeners"))):
        path = f"spec.listeners[{at}]"
        yield from unread(listener, LISTENER_FIELDS, path)
        yield from unread(
            mapping(listener.get("tls")), ("mode", "certificateRef", "certificateRefs", "routeOverride"), f"{path}.tls"
        )
        if mapping(listener.get("routes")):
            message = "each of these routes names this listener; others of the same namespaces may do so as well"
            yield Fate(path=f"{path}.routes", fidelity=Fidelity.APPROXIMATE, message=message)
        if "routeOverride" in mapping(listener.get("tls")):
            message = "routes have no certificates; a ListenerSet beside them has"
            yield Fate(path=f"{path}.tls.routeOverride", fidelity=Fidelity.LOST, message=message)


def _route(source: SourceObject, spec: JSON, parents: list[JSON], fates: list[Fate]) -> JSON:
    fates.extend(unread(spec, _ROUTE_FIELDS, "spec"))
    rules = items(spec.get("rules"))
    rule = l4_rule if source.kind in _L4 else http_rule
    own = named(items(spec.get("parentRefs")), "spec.parentRefs", fates)
    refs = parents if _is_alpha(source) or not own else own
    if not refs:
        message = "no listener takes it, by its labels, namespace and hostnames; it is written without parents"
        fates.append(Fate(path="metadata.labels", fidelity=Fidelity.MANUAL, message=message))
    if "gateways" in spec:
        fates.append(
            Fate(path="spec.gateways", fidelity=Fidelity.EXACT, message="the parents are those that it allowed")
        )
    if "tls" in spec:
        message = "routes have no certificates; a ListenerSet beside them has"
        fates.append(Fate(path="spec.tls", fidelity=Fidelity.LOST, message=message))
    if source.kind == "GRPCRoute":
        return spec
    hostnames = [*texts(spec.get("hostnames")), *(snis(rules) if source.kind == "TLSRoute" else ())]
    read = [rule(each, f"spec.rules[{at}]", fates) for at, each in enumerate(rules)]
    written: list[dict[str, Any]] = [each for each in read if each is not None]
    return {
        **{name: spec[name] for name in ("useDefaultGateways",) if name in spec},
        **({"parentRefs": refs} if refs else {}),
        **({"hostnames": list(dict.fromkeys(hostnames))} if hostnames else {}),
        **({"rules": written} if written else {}),
    }


def _draft_object(source: SourceObject, spec: JSON) -> DraftObject:
    name = _RENAMED.get(source.kind, source.kind)
    kind = BY_GROUP_KIND[GroupKind(GATEWAY_GROUP, name)]
    return DraftObject(
        api_version=kind.api_version,
        kind=name,
        namespace=source.key.namespace,
        name=source.key.name,
        spec=spec,
        origins=(source.name,),
    )
