"""ListenerSets for tests: Gateway infra/edge, sets of namespace team, routes for either, and what is said of them."""

from typing import Any

from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

ALL = "allowedRoutes: {namespaces: {from: All}}"
OLD, YOUNG = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
ACCEPTED, PROGRAMMED, FOUND = (True, "Accepted"), (True, "Programmed"), (True, "ResolvedRefs")
GOOD = {"Accepted": ACCEPTED, "Programmed": PROGRAMMED}
NO_ENTRY = {"Accepted": (False, "ListenersNotValid"), "Programmed": (False, "ListenersNotValid")}


def gateway(allowed: str = "namespaces: {from: All}", *listeners: str) -> str:
    """Return Gateway infra/edge with a rule for its allowedListeners."""
    rule = f"  allowedListeners: {{{allowed}}}\n" if allowed else ""
    text = "".join(f"  - {each}\n" for each in listeners or (http("own", "own"),))
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
{rule}  listeners:
{text}"""


def http(name: str, port: str, host: str = "", routes: str = ALL, protocol: str = "HTTP") -> str:
    """Return a listener on the port of a name."""
    named = f", hostname: '{host}'" if host else ""
    return f"{{name: {name}, port: <{port}>, protocol: {protocol}{named}, {routes}}}"


def https(name: str, port: str, ref: str, host: str) -> str:
    """Return an HTTPS listener on the port of a name."""
    tls = f"tls: {{certificateRefs: [{ref}]}}"
    return f"{{name: {name}, port: <{port}>, protocol: HTTPS, hostname: '{host}', {tls}, {ALL}}}"


def listeners(name: str, *entries: str, namespace: str = "team", created: str = OLD) -> str:
    """Return a ListenerSet for infra/edge."""
    text = "".join(f"  - {each}\n" for each in entries or (http("web", "web"),))
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: '{created}'}}
spec:
  parentRef: {{name: edge, namespace: infra}}
  listeners:
{text}"""


def route(name: str, parent: str = "set", section: str = "", *, kind: str = "ListenerSet", **more: str) -> str:
    """Return an HTTPRoute of namespace shop for a ListenerSet or a Gateway."""
    part = f", sectionName: {section}" if section else ""
    where = more.pop("of", "team" if kind == "ListenerSet" else "infra")
    rules = f"- {{filters: [<route:{name}>], backendRefs: [{{name: one, port: 80}}]}}"
    target = f"group: gateway.networking.k8s.io, kind: {kind}, name: {parent}, namespace: {where}{part}"
    return http_route(name, rules, parent=target, **more)


def conditions(world: World, identity: str, name: str = "") -> dict[str, tuple[bool, str]]:
    """Return what is said about an object, or about one of its listeners."""
    found = world.listener(identity, name) if name else world.gateway(identity)
    return {kind: state(each) for kind, each in found.items()}


def sets(world: World) -> int:
    """Return the number of ListenerSets that the Gateway counts."""
    outcome: Any = world.outcome("Gateway infra/edge")
    return int(outcome.attached_sets)


GOOD = {"Accepted": ACCEPTED, "Programmed": PROGRAMMED}
NOT_ALLOWED = {"Accepted": (False, "NotAllowed"), "Programmed": (False, "NotAllowed")}
LABELLED = "namespaces: {from: Selector, selector: {matchLabels: {edge: 'yes'}}}"
EXPRESSED = "namespaces: {from: Selector, selector: {matchExpressions: [{key: edge, operator: Exists}]}}"
