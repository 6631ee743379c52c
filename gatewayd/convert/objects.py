"""A draft as objects: one Gateway, a ListenerSet in each namespace with certificates, HTTPRoutes, and policies.

Out: documents in a fixed order, within the limits of the Gateway API: rules and matches of a route, hostnames of one,
listeners of a ListenerSet. https://gateway-api.sigs.k8s.io/reference/spec/
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.batches import batches, numbered
from gatewayd.convert.draft import (
    GATEWAY_API,
    HTTPS,
    JSON,
    Carrier,
    Draft,
    DraftListener,
    DraftObject,
    DraftRoute,
    DraftRule,
    GatewayTarget,
    StreamPort,
    host_word,
)
from gatewayd.convert.policies import policies
from gatewayd.convert.streams import stream_route
from gatewayd.own_group import API_VERSION, DOMAIN, own
from gatewayd.translator.nginx.filters import joined

Document = dict[str, Any]

CONVERTED_FROM: Final = own("converted-from")
"""The annotation that says which objects one was converted from."""
HTTP_LISTENER: Final = "http"
MOST_RULES: Final = 16
MOST_MATCHES: Final = 128
"""Of all rules of an HTTPRoute together."""
MOST_HOSTNAMES: Final = 16
MOST_LISTENERS: Final = 64
_EVERYBODY: Final = {"namespaces": {"from": "All"}}
"""As with Ingress, where any namespace may have paths of any host."""


def objects(draft: Draft, target: GatewayTarget) -> tuple[Document, ...]:
    """Return all objects of a draft; none for one in which nothing is served."""
    if not (draft.routes or draft.streams or draft.listeners):
        return tuple(map(document, draft.objects))
    sets = _listener_sets(draft.listeners, target)
    names = {at: name for name, listeners in sets for at in (each.at for each in listeners)}
    written = [
        _gateway(target, shared=bool(sets)),
        *(_listener_set(name, listeners, target) for name, listeners in sets),
        *(item for route in draft.routes for item in _route(route, names, target)),
        *(document(stream_route(each, names)) for each in draft.streams),
        *map(document, draft.objects),
    ]
    return tuple(written)


def document(draft: DraftObject) -> Document:
    """Return an object with its spec and where it was converted from."""
    return {
        "apiVersion": draft.api_version,
        "kind": draft.kind,
        "metadata": {
            "name": draft.name,
            "namespace": draft.namespace,
            "annotations": {CONVERTED_FROM: ", ".join(draft.origins)},
        },
        "spec": dict(draft.spec),
    }


def _gateway(target: GatewayTarget, *, shared: bool) -> Document:
    listener = {
        "name": HTTP_LISTENER,
        "port": target.http_port,
        "protocol": "HTTP",
        "allowedRoutes": _EVERYBODY,
    }
    return {
        "apiVersion": GATEWAY_API,
        "kind": "Gateway",
        "metadata": {"name": target.name, "namespace": target.namespace},
        "spec": {
            "gatewayClassName": target.class_name,
            **({"allowedListeners": _EVERYBODY} if shared else {}),
            "listeners": [listener],
        },
    }


def _listener_sets(
    listeners: Iterable[DraftListener], target: GatewayTarget
) -> tuple[tuple[str, tuple[DraftListener, ...]], ...]:
    """Return the ListenerSets by name, each with its listeners, which are of one namespace."""
    by_namespace: dict[str, list[DraftListener]] = {}
    for listener in sorted(listeners, key=lambda each: tuple(map(str, each.at))):
        by_namespace.setdefault(listener.at.namespace, []).append(listener)
    return tuple(
        (numbered(target.name, number), part)
        for _, own_listeners in sorted(by_namespace.items())
        for number, part in enumerate(batches(own_listeners, MOST_LISTENERS))
    )


def _listener_set(name: str, listeners: Sequence[DraftListener], target: GatewayTarget) -> Document:
    draft = DraftObject(
        api_version=GATEWAY_API,
        kind="ListenerSet",
        namespace=listeners[0].at.namespace,
        name=name,
        spec={
            "parentRef": {"name": target.name, "namespace": target.namespace},
            "listeners": [_listener(each, target) for each in listeners],
        },
        origins=tuple(dict.fromkeys(origin for each in listeners for origin in each.origins)),
    )
    return document(draft)


def _listener(listener: DraftListener, target: GatewayTarget) -> Document:
    at = listener.at
    certificates: Document = {"certificateRefs": [{"name": secret} for secret in listener.secrets]}
    name, port, protocol, tls = host_word(at.hostname), target.https_port, "HTTPS", certificates
    if isinstance(at, StreamPort):
        name, port, protocol = at.section, at.port or target.https_port, "TLS" if at.mode else "TCP"
        tls = {"mode": at.mode, **(certificates if listener.secrets else {})} if at.mode else {}
    return {
        "name": name,
        **({"hostname": at.hostname} if at.hostname else {}),
        "port": port,
        "protocol": protocol,
        **({"tls": tls} if tls else {}),
        **({"allowedRoutes": _EVERYBODY} if listener.shared else {}),
    }


def _route(route: DraftRoute, names: dict[HTTPS | StreamPort, str], target: GatewayTarget) -> Iterator[Document]:
    """Yield a route in parts that are not too long, and what belongs to its rules."""
    parts = [(hostnames, rules) for hostnames in _hostname_parts(route.hostnames) for rules in _rule_parts(route.rules)]
    named = [
        (numbered(route.name, number), hostnames, _named_rules(rules))
        for number, (hostnames, rules) in enumerate(parts)
    ]
    for name, hostnames, rules in named:
        spec = {
            "parentRefs": _parents(route, names, target),
            **({"hostnames": list(hostnames)} if hostnames else {}),
            "rules": [_rule(rule_name, rule, f"{name}-{rule_name}") for rule_name, rule in rules],
        }
        yield document(_own(route, name, "HTTPRoute", GATEWAY_API, spec))
        for rule_name, rule in rules:
            if rule.own_filter:
                yield document(_own(route, f"{name}-{rule_name}", "RouteFilter", API_VERSION, rule.own_filter))
    for policy in policies(route, [(name, rules) for name, _, rules in named]):
        yield document(policy)


def _own(route: DraftRoute, name: str, kind: str, api_version: str, spec: Any) -> DraftObject:
    return DraftObject(
        api_version=api_version, kind=kind, namespace=route.namespace, name=name, spec=spec, origins=route.origins
    )


def _hostname_parts(hostnames: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield from batches(hostnames, MOST_HOSTNAMES) if hostnames else ((),)


def _rule_parts(rules: Iterable[DraftRule]) -> Iterator[tuple[DraftRule, ...]]:
    part: list[DraftRule] = []
    for rule in rules:
        matches = sum(len(each.matches) for each in (*part, rule))
        if part and (len(part) == MOST_RULES or matches > MOST_MATCHES):
            yield tuple(part)
            part = []
        part.append(rule)
    yield tuple(part)


def _named_rules(rules: Iterable[DraftRule]) -> tuple[tuple[str, DraftRule], ...]:
    """Return rules with names of their own."""
    taken: dict[str, int] = {}
    named = []
    for rule in rules:
        taken[rule.title] = number = taken.get(rule.title, 0) + 1
        named.append((rule.title if number == 1 else f"{rule.title}.{number}", rule))
    return tuple(named)


def _parents(route: DraftRoute, names: dict[HTTPS | StreamPort, str], target: GatewayTarget) -> list[Document]:
    return list({repr(ref): ref for at in route.carriers for ref in (_parent(at, route, names, target),)}.values())


def _parent(at: Carrier, route: DraftRoute, names: dict[HTTPS | StreamPort, str], target: GatewayTarget) -> Document:
    """Return the reference to a listener; one of a ListenerSet is named where the route has no hostnames to tell by."""
    if not isinstance(at, HTTPS):
        away = {"namespace": target.namespace} if target.namespace != route.namespace else {}
        return {"name": target.name, **away, "sectionName": HTTP_LISTENER}
    away = {"namespace": at.namespace} if at.namespace != route.namespace else {}
    section = {} if route.hostnames else {"sectionName": host_word(at.hostname)}
    return {"group": GATEWAY_GROUP, "kind": "ListenerSet", "name": names[at], **away, **section}


def _rule(name: str, rule: DraftRule, filter_name: str) -> Document:
    ref = {"group": DOMAIN, "kind": "RouteFilter", "name": filter_name}
    own_filter = [{"type": "ExtensionRef", "extensionRef": ref}] if rule.own_filter else []
    written = _beside_rewrite(rule.filters) if "pathRewrite" in rule.own_filter else rule.filters
    filters = [*map(dict, written), *own_filter]
    matches = [dict(match) or {"path": {"type": "PathPrefix", "value": "/"}} for match in rule.matches]
    matches = matches if any(rule.matches) else []
    return {
        "name": name,
        **({"matches": matches} if matches else {}),
        **({"filters": filters} if filters else {}),
        **({"backendRefs": [dict(ref) for ref in rule.backends]} if rule.backends else {}),
        **rule.more,
    }


def _beside_rewrite(filters: Iterable[JSON]) -> tuple[JSON, ...]:
    """Return filters with the host as a header: beside an expression that rewrites the path a rule takes no rewrite."""
    written = tuple(map(_as_header, filters))
    modifiers = [each for each in written if each["type"].endswith("HeaderModifier")]
    return (*joined(modifiers), *(each for each in written if each not in modifiers))


def _as_header(written: JSON) -> JSON:
    rewrite = written.get("urlRewrite", {})
    if "hostname" not in rewrite or "path" in rewrite:
        return written
    header = {"name": "Host", "value": rewrite["hostname"]}
    return {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [header]}}
