# ruff: noqa: E501 - hostile things are long
"""Objects and requests that somebody made by mistake or on purpose."""

import copy
from collections.abc import Iterator
from typing import Any

import yaml

Path = tuple[str | int, ...]

HTTP_ROUTE: dict[str, Any] = yaml.safe_load("""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: sample, namespace: shop, creationTimestamp: "2024-01-01T00:00:00Z", labels: {a: b}}
spec:
  parentRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge, namespace: infra, sectionName: http, port: 80}]
  hostnames: [sample.example]
  rules:
  - name: first
    matches:
    - path: {type: PathPrefix, value: /a}
      method: GET
      headers: [{type: Exact, name: x-a, value: b}]
      queryParams: [{type: Exact, name: q, value: r}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: b}], add: [{name: x-b, value: c}], remove: [x-c]}}
    - {type: RequestMirror, requestMirror: {backendRef: {group: "", kind: Service, name: one, namespace: shop, port: 80}, percent: 10}}
    - {type: URLRewrite, urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}
    - {type: CORS, cors: {allowOrigins: ["https://a.example"], allowMethods: [GET], allowHeaders: [x-a], exposeHeaders: [x-b], maxAge: 5, allowCredentials: true}}
    timeouts: {request: 2s, backendRequest: 1s}
    retry: {codes: [503], attempts: 2, backoff: 10ms}
    backendRefs: [{group: "", kind: Service, name: one, namespace: shop, port: 80, weight: 1}]
""")
GRPC_ROUTE: dict[str, Any] = yaml.safe_load("""
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: sample, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: infra}]
  hostnames: [sample.example]
  rules:
  - matches: [{method: {type: Exact, service: a.B, method: C}, headers: [{type: Exact, name: x-a, value: b}]}]
    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-a, value: b}]}}]
    backendRefs: [{name: one, port: 80, weight: 1}]
""")
GATEWAY: dict[str, Any] = yaml.safe_load("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: sample, namespace: infra}
spec:
  gatewayClassName: nobodys
  addresses: [{type: IPAddress, value: 127.0.0.1}]
  infrastructure: {labels: {a: b}, annotations: {c: d}}
  listeners:
  - name: https
    hostname: sample.example
    port: 8443
    protocol: HTTPS
    tls: {mode: Terminate, certificateRefs: [{group: "", kind: Secret, name: s, namespace: infra}]}
    allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}, kinds: [{group: gateway.networking.k8s.io, kind: HTTPRoute}]}
""")
SERVICE: dict[str, Any] = yaml.safe_load("""
apiVersion: v1
kind: Service
metadata: {name: sample, namespace: shop}
spec: {type: ClusterIP, ports: [{name: web, port: 80, protocol: TCP, appProtocol: kubernetes.io/h2c}]}
""")
SAMPLES = {"HTTPRoute": HTTP_ROUTE, "GRPCRoute": GRPC_ROUTE, "Gateway": GATEWAY, "Service": SERVICE}

# What decides which object it is, and of which kind, is for the hand-written table.
_IDENTITY = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}


def fields(sample: dict[str, Any]) -> Iterator[tuple[Path, object]]:
    """Yield every value of a document with its path, the ones that say which object it is left out."""

    def walk(value: object, path: Path) -> Iterator[tuple[Path, object]]:
        if path and path not in _IDENTITY:
            yield path, value
        steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for step, inner in steps:
            yield from walk(inner, (*path, step))

    yield from walk(sample, ())


_RULE = ("spec", "rules", 0)
FREE_TEXTS: dict[str, tuple[Path, ...]] = {
    "HTTPRoute": (
        ("metadata", "creationTimestamp"),
        ("spec", "parentRefs", 0, "name"),
        (*_RULE, "matches", 0, "queryParams", 0, "value"),
        (*_RULE, "filters", 0, "requestHeaderModifier", "remove", 0),
        (*_RULE, "filters", 1, "requestMirror", "backendRef", "name"),
        (*_RULE, "filters", 2, "urlRewrite", "path", "replacePrefixMatch"),
        (*_RULE, "backendRefs", 0, "name"),
    ),
    "GRPCRoute": (
        ("spec", "parentRefs", 0, "name"),
        (*_RULE, "matches", 0, "headers", 0, "value"),
        (*_RULE, "backendRefs", 0, "name"),
    ),
    "Gateway": (
        ("spec", "gatewayClassName"),
        ("spec", "addresses", 0, "type"),
        ("spec", "infrastructure", "annotations", "c"),
        ("spec", "listeners", 0, "tls", "certificateRefs", 0, "name"),
        ("spec", "listeners", 0, "allowedRoutes", "namespaces", "selector", "matchLabels", "a"),
    ),
}
"""Texts that the CRDs take as they are, so that it is ours to see that they do no harm."""


def route(name: str, spec: str) -> str:
    """Return an HTTPRoute of infra/edge; `spec` is the rest of it."""
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: shop}}
spec:
  parentRefs: [{{name: edge, namespace: infra}}]
{spec}"""


EXPLOSIVE = (
    "(",
    "a**",
    "[z-a]",
    "\\\\1(a)",
    "(?=a)",
    "(?<!a)b",
    "a{1001}",
    "((a{100}){100}){100}",
    "((x+x+)+y){1000}",
    "\\\\pL{300}",
    "[[:nothing:]]",
    "\\\\p{Nothing}",
)
"""Expressions that RE2 does not take, or that take more room than is allowed; written for double-quoted YAML."""


def explosive_routes() -> str:
    """Return a route for each of EXPLOSIVE, in turn as path, header and query parameter."""
    places = (
        'path: {{type: RegularExpression, value: "/{0}"}}',
        'headers: [{{type: RegularExpression, name: x, value: "{0}"}}]',
        'queryParams: [{{type: RegularExpression, name: x, value: "{0}"}}]',
    )
    return "---".join(
        route(
            f"regex-{at}", f"  hostnames: [regex.example]\n  rules:\n  - matches: [{{{places[at % 3].format(each)}}}]\n"
        )
        for at, each in enumerate(EXPLOSIVE)
    )


NASTY = ("a\x07\n\x1b[31m", "%0d%0a", "\u202edesrever", "\U0001f600", "a\r\nx-evil: 1", "\x7f", "%REQ(x)%", "{{}}")


def replaced(sample: dict[str, Any], path: Path, value: object, name: str = "") -> dict[str, Any]:
    """Return a copy of a document with one value replaced, and maybe another name."""
    changed = copy.deepcopy(sample)
    if name:
        changed["metadata"]["name"] = name
    at: Any = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


def free_texts() -> str:
    """Return objects with control characters and worse in every text that the API does not look at."""
    found = [
        replaced(
            SAMPLES[kind], path, f"{dict(fields(SAMPLES[kind]))[path]}{text}", f"nasty-{kind.lower()}-{at}-{number}"
        )
        for kind, paths in FREE_TEXTS.items()
        for at, path in enumerate(paths)
        for number, text in enumerate(NASTY)
    ]
    redirect = "spec:\n  rules:\n  - filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: x}}}]\n"
    sample = yaml.safe_load(route("away", "  hostnames: [away.example]\n").replace("spec:\n", redirect))
    path = (*_RULE, "filters", 0, "requestRedirect", "path", "replaceFullPath")
    found += [replaced(sample, path, text, f"nasty-redirect-{number}") for number, text in enumerate(NASTY)]
    for number, document in enumerate(found):
        if "hostnames" in document["spec"]:
            document["spec"]["hostnames"] = [f"n{number}.example"]
            for parent in document["spec"]["parentRefs"]:
                parent.pop("port", None)
    return yaml.safe_dump_all(found, sort_keys=False)


CYCLES = """
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: itself, namespace: infra}
spec:
  parentRef: {kind: ListenerSet, group: gateway.networking.k8s.io, name: itself}
  listeners: [{name: http, port: 8099, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: other, namespace: infra}
spec:
  parentRef: {kind: ListenerSet, group: gateway.networking.k8s.io, name: itself}
  listeners: [{name: http, port: 8099, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cycle, namespace: infra}
spec:
  parentRefs:
  - {kind: HTTPRoute, name: cycle}
  - {kind: ListenerSet, name: itself}
  - {name: edge}
  hostnames: [cycle.example]
  rules:
  - filters: [{type: RequestMirror, requestMirror: {backendRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: cycle, port: 80}}}]
    backendRefs:
    - {group: gateway.networking.k8s.io, kind: HTTPRoute, name: cycle, port: 80}
    - {group: gateway.networking.k8s.io, kind: Gateway, name: edge, port: 80}
---
apiVersion: v1
kind: Service
metadata: {name: cycle, namespace: infra}
spec: {type: ExternalName, externalName: cycle.infra.svc.cluster.local, ports: [{port: 80}]}
"""

PEMS: tuple[tuple[bytes, bytes], ...] = (
    (b"", b""),
    (b"garbage", b"garbage"),
    (
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    ),
    (
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ),
    (bytes(range(256)) * 100, bytes(range(256)) * 100),
    (b"-----BEGIN CERTIFICATE-----\n" + b"A" * 500_000 + b"\n-----END CERTIFICATE-----\n", b"x"),
)


def https_gateway(count: int) -> str:
    """Return a Gateway whose listener N refers to the Secret pem-N, with one good HTTP listener."""
    listeners = "".join(
        f"  - {{name: l{at}, port: <garbage>, protocol: HTTPS, hostname: h{at}.example, tls: {{certificateRefs: [{{name: pem-{at}}}]}}}}\n"
        for at in range(count)
    )
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: garbage, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
{listeners}  - {{name: plain, port: <plain>, protocol: HTTP}}
"""


def crowds() -> str:
    """Return a route with as much of everything as the API allows."""
    matches = ", ".join(
        f"{{path: {{value: /p{at}}}, headers: [{', '.join(f'{{name: h{no}, value: v}}' for no in range(16))}]}}"
        for at in range(8)
    )
    rule = f"  - {{matches: [{matches}], backendRefs: [{', '.join(f'{{name: s{no}, port: 80, weight: 1000000}}' for no in range(16))}]}}\n"
    hosts = ", ".join(f"c{at}.example" for at in range(16))
    return route("crowd", f"  hostnames: [{hosts}]\n  rules:\n{rule * 16}")


REQUESTS = (
    b"\x00\x01\x02\x03\r\n\r\n",
    b"GET / HTTP/9.9\r\nhost: good.example\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example\r\nhost: other.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
    b"POST / HTTP/1.1\r\nhost: good.example\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example\r\nx_route: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example\r\nx: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example\r\nx : a\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example\r\nx: a\x00b\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage garbage garbage",
    b"\x16\x03\x01\x00\x05hello",
    b"GET " + b"/a" * 50_000 + b" HTTP/1.1\r\nhost: good.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: good.example/evil\r\n\r\n",
)
