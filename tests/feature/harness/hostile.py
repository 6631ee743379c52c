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
""")  # noqa: E501
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
""")  # noqa: E501
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
    "Service": (("spec", "ports", 0, "appProtocol"),),
}
"""Texts that the CRDs take as they are, so that it is ours to see that they do no harm."""


def route(name: str, spec: str) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: shop}}
spec:
  parentRefs: [{{name: edge, namespace: infra}}]
{spec}"""


# name, text, part of the message
TEXTS: tuple[tuple[str, str, str], ...] = (
    ("no kind", "apiVersion: v1\nmetadata: {name: x}\n", "kind"),
    ("no apiVersion", "kind: Service\nmetadata: {name: x}\n", "apiVersion"),
    ("no metadata", "apiVersion: v1\nkind: Service\n", "metadata"),
    ("no name", "apiVersion: v1\nkind: Service\nmetadata: {namespace: x}\n", "metadata.name"),
    ("generated name", "apiVersion: v1\nkind: Service\nmetadata: {generateName: x-}\n", "metadata.name"),
    ("kind is a list", "apiVersion: v1\nkind: [Service]\nmetadata: {name: x}\n", "kind"),
    ("name is a number", "apiVersion: v1\nkind: Service\nmetadata: {name: 7}\n", "metadata.name"),
    ("namespace is a list", "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: [a]}\n", "metadata.namespace"),
    ("name with a slash", "apiVersion: v1\nkind: Service\nmetadata: {name: ../../etc/passwd}\nspec: {ports: [{port: 1}]}\n", "metadata.name"),
    ("name in capitals", "apiVersion: v1\nkind: Service\nmetadata: {name: ABC}\nspec: {ports: [{port: 1}]}\n", "metadata.name"),
    ("name with an escape", 'apiVersion: v1\nkind: Service\nmetadata: {name: "a\\e[31m"}\nspec: {ports: [{port: 1}]}\n', "metadata.name"),
    ("namespace with a dot", "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: a.b}\nspec: {ports: [{port: 1}]}\n", "metadata.namespace"),
    ("wrong group", "apiVersion: networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\n", "apiVersion"),
    ("wrong version", "apiVersion: gateway.networking.k8s.io/v9\nkind: HTTPRoute\nmetadata: {name: x}\n", "apiVersion"),
    ("a scalar", "just words\n", ""),
    ("a number", "42\n", ""),
    ("a list", "- a\n- b\n", ""),
    ("unclosed", "kind: [\n", "YAML"),
    ("tabs", "kind: Service\n\tmetadata: x\n", "YAML"),
    ("bad indent", "kind: Service\n  metadata: x\n", "YAML"),
    ("duplicate key", "kind: Service\nkind: Secret #<\n", "twice"),
    ("unknown tag", "kind: !!python/object/apply:os.system [id] #<\n", "tag"),
    ("alias of itself", "kind: &a [*a]\n", "alias"),
    ("alias of nothing", "kind: *nothing\n", "alias"),
    ("a list as key", "? [a]\n: b\n", "key"),
    ("no spec", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\n", "spec"),
    ("no listeners", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec: {gatewayClassName: gatewayd, listeners: []} #<\n", "spec.listeners"),
    ("port 0", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec:\n  gatewayClassName: gatewayd\n  listeners:\n  - {name: a, port: 0, protocol: HTTP} #<\n", "spec.listeners[0].port"),
    ("port 65536", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec:\n  gatewayClassName: gatewayd\n  listeners:\n  - {name: a, port: 65536, protocol: HTTP} #<\n", "spec.listeners[0].port"),
    ("listener twice", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec:\n  gatewayClassName: gatewayd\n  listeners:\n  - {name: a, port: 1, protocol: HTTP}\n  - {name: a, port: 2, protocol: HTTP} #<\n", "spec.listeners"),
    ("https without tls", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec:\n  gatewayClassName: gatewayd\n  listeners:\n  - {name: a, port: 1, protocol: HTTPS, tls: {mode: Passthrough}} #<\n", "spec.listeners"),
    ("tcp with hostname", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec:\n  gatewayClassName: gatewayd\n  listeners:\n  - {name: a, port: 1, protocol: TCP, hostname: a.example} #<\n", "spec.listeners"),
    ("host in capitals", route("r", "  hostnames: [A.example] #<\n"), "spec.hostnames[0]"),
    ("two stars", route("r", "  hostnames: ['*.*.example'] #<\n"), "spec.hostnames[0]"),
    ("negative weight", route("r", "  rules:\n  - backendRefs: [{name: a, port: 80, weight: -1}] #<\n"), "spec.rules[0].backendRefs[0].weight"),
    ("huge weight", route("r", "  rules:\n  - backendRefs: [{name: a, port: 80, weight: 99999999999999999999}] #<\n"), "spec.rules[0].backendRefs[0].weight"),
    ("weight is not a number", route("r", "  rules:\n  - backendRefs: [{name: a, port: 80, weight: .nan}] #<\n"), "spec.rules[0].backendRefs[0].weight"),
    ("weight is a fraction", route("r", "  rules:\n  - backendRefs: [{name: a, port: 80, weight: 1.5}] #<\n"), "spec.rules[0].backendRefs[0].weight"),
    ("no port", route("r", "  rules:\n  - backendRefs: [{name: a}] #<\n"), "spec.rules[0].backendRefs[0]"),
    ("path without slash", route("r", "  rules:\n  - matches: [{path: {value: a}}] #<\n"), "spec.rules[0].matches[0].path"),
    ("path with dots", route("r", "  rules:\n  - matches: [{path: {value: /a/../b}}] #<\n"), "spec.rules[0].matches[0].path"),
    ("path with two slashes", route("r", "  rules:\n  - matches: [{path: {value: //a}}] #<\n"), "spec.rules[0].matches[0].path"),
    ("path with a hash", route("r", "  rules:\n  - matches: [{path: {value: '/a#b'}}] #<\n"), "spec.rules[0].matches[0].path"),
    ("method in small letters", route("r", "  rules:\n  - matches: [{method: get}] #<\n"), "spec.rules[0].matches[0].method"),
    ("header name with a colon", route("r", "  rules:\n  - matches: [{headers: [{name: ':path', value: a}]}] #<\n"), "spec.rules[0].matches[0].headers[0].name"),
    ("header value with a newline", route("r", '  rules:\n  - filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "b\\r\\nx: y"}]}}] #<\n'), "spec.rules[0].filters[0].requestHeaderModifier.set[0].value"),
    ("two filters in one", route("r", "  rules:\n  - filters: [{type: RequestRedirect, requestMirror: {backendRef: {name: a, port: 1}}}] #<\n"), "spec.rules[0].filters[0]"),
    ("filter twice", route("r", "  rules:\n  - filters: [{type: URLRewrite, urlRewrite: {hostname: a.b}}, {type: URLRewrite, urlRewrite: {hostname: c.d}}] #<\n"), "spec.rules[0].filters"),
    ("redirect and rewrite", route("r", "  rules:\n  - filters: [{type: URLRewrite, urlRewrite: {hostname: a.b}}, {type: RequestRedirect, requestRedirect: {scheme: https}}] #<\n"), "spec.rules[0].filters"),
    ("unknown filter", route("r", "  rules:\n  - filters: [{type: MakeCoffee}] #<\n"), "spec.rules[0].filters[0].type"),
    ("prefix rewrite without prefix", route("r", "  rules:\n  - matches: [{path: {type: Exact, value: /a}}]\n    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]\n"), "spec.rules[0]"),
    ("bad duration", route("r", "  rules:\n  - timeouts: {request: soon} #<\n"), "spec.rules[0].timeouts.request"),
    ("one try longer than all", route("r", "  rules:\n  - timeouts: {request: 1s, backendRequest: 2s} #<\n"), "spec.rules[0].timeouts"),
    ("redirect to code 200", route("r", "  rules:\n  - filters: [{type: RequestRedirect, requestRedirect: {statusCode: 200}}] #<\n"), "statusCode"),
    ("retry on 200", route("r", "  rules:\n  - retry: {codes: [200]} #<\n"), "spec.rules[0].retry.codes[0]"),
    ("17 rules", route("r", "  rules:\n" + "  - {}\n" * 17), "spec.rules"),
    ("17 hosts", route("r", "  hostnames: [" + ", ".join(f"h{at}.example" for at in range(17)) + "] #<\n"), "spec.hostnames"),
    ("rule name twice", route("r", "  rules:\n  - {name: a}\n  - {name: a}\n"), "spec.rules"),
    ("mirror with percent and fraction", route("r", "  rules:\n  - filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, percent: 1, fraction: {numerator: 1}}}] #<\n"), "spec.rules[0].filters[0].requestMirror"),
    ("mirror of more than all", route("r", "  rules:\n  - filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, fraction: {numerator: 3, denominator: 2}}}] #<\n"), "spec.rules[0].filters[0].requestMirror"),
    ("grant without from", "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g}\nspec: {from: [], to: [{group: '', kind: Service}]} #<\n", "spec.from"),
)  # noqa: E501

# name, bytes, part of the message
RAW: tuple[tuple[str, bytes, str], ...] = (
    ("nul", b"kind: Service\x00\n", ""),
    ("not utf-8", b"kind: \xff\xfe\xfd\n", ""),
    ("random bytes", bytes(range(256)) * 4, ""),
    ("elf", b"\x7fELF\x02\x01\x01" + bytes(64), ""),
    ("half a surrogate", b'kind: "\\ud800"\n', ""),
    ("escape sequences", b'kind: "\\e]0;title\\a"\n', ""),
    ("deep lists", b"kind: " + b"[" * 10_000 + b"]" * 10_000 + b"\n", "deep"),
    ("deep maps", b"a: {" * 5_000 + b"}" * 5_000 + b"\n", ""),
    ("laughs", b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n".encode() for old, new in zip("abcdefghi", "bcdefghij", strict=True)), "values"),
    ("too long", b"#" * (9 * 1024 * 1024), "too long"),
    ("name of 2 MB", b"apiVersion: v1\nkind: Service\nmetadata: {name: " + b"a" * 2_000_000 + b"}\nspec: {ports: [{port: 1}]}\n", "metadata.name"),
    ("host of 2 MB", route("r", "  hostnames: [" + "a" * 2_000_000 + "]\n").encode(), "spec.hostnames[0]"),
    ("text of 2 MB", route("r", "  rules: " + "a" * 2_000_000 + "\n").encode(), "spec.rules"),
)  # noqa: E501

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
        route(f"regex-{at}", f"  hostnames: [regex.example]\n  rules:\n  - matches: [{{{places[at % 3].format(each)}}}]\n")
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
        replaced(SAMPLES[kind], path, f"{dict(fields(SAMPLES[kind]))[path]}{text}", f"nasty-{kind.lower()}-{at}-{number}")
        for kind, paths in FREE_TEXTS.items()
        for at, path in enumerate(paths)
        for number, text in enumerate(NASTY)
    ]
    redirect = "spec:\n  rules:\n  - filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: x}}}]\n"
    sample = yaml.safe_load(route("away", "  hostnames: [away.example]\n") .replace("spec:\n", redirect))
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
    (b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
    (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    (bytes(range(256)) * 100, bytes(range(256)) * 100),
    (b"-----BEGIN CERTIFICATE-----\n" + b"A" * 500_000 + b"\n-----END CERTIFICATE-----\n", b"x"),
)  # noqa: E501


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
        f"{{path: {{value: /p{at}}}, headers: [{', '.join(f'{{name: h{no}, value: v}}' for no in range(16))}]}}" for at in range(8)
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
