# ruff: noqa: E501 - hostile things are long
"""Files with something wrong in them, each in its own way; `#<` marks the line that the message must name."""

from tests.feature.harness.hostile import route

_GATEWAY = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: x}
spec:
  gatewayClassName: gatewayd
  listeners:
"""


def service(metadata: str) -> str:
    """Return a Service with this metadata."""
    return f"apiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {{ports: [{{port: 1}}]}}\n"


def listeners(*each: str) -> str:
    """Return a Gateway with these listeners; the last one is wrong."""
    return _GATEWAY + "".join(f"  - {text}\n" for text in each[:-1]) + f"  - {each[-1]} #<\n"


def hosts(text: str) -> str:
    """Return a route with these hostnames."""
    return route("r", f"  hostnames: {text} #<\n")


def rule(text: str) -> str:
    """Return a route with this rule."""
    return route("r", f"  rules:\n  - {text} #<\n")


# Name, text, part of the message.
TEXTS: tuple[tuple[str, str, str], ...] = (
    ("no kind", "apiVersion: v1\nmetadata: {name: x}\n", "kind"),
    ("no apiVersion", "kind: Service\nmetadata: {name: x}\n", "apiVersion"),
    ("no metadata", "apiVersion: v1\nkind: Service\n", "metadata"),
    ("no name", "apiVersion: v1\nkind: Service\nmetadata: {namespace: x}\n", "metadata.name"),
    ("generated name", "apiVersion: v1\nkind: Service\nmetadata: {generateName: x-}\n", "metadata.name"),
    ("kind is a list", "apiVersion: v1\nkind: [Service]\nmetadata: {name: x}\n", "kind"),
    ("name is a number", "apiVersion: v1\nkind: Service\nmetadata: {name: 7}\n", "metadata.name"),
    (
        "namespace is a list",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: [a]}\n",
        "metadata.namespace",
    ),
    ("name with a slash", service("{name: ../../etc/passwd}"), "metadata.name"),
    ("name in capitals", service("{name: ABC}"), "metadata.name"),
    ("name with an escape", service('{name: "a\\e[31m"}'), "metadata.name"),
    ("namespace with a dot", service("{name: x, namespace: a.b}"), "metadata.namespace"),
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
    (
        "no listeners",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec: {gatewayClassName: gatewayd, listeners: []} #<\n",
        "spec.listeners",
    ),
    ("port 0", listeners("{name: a, port: 0, protocol: HTTP}"), "spec.listeners[0].port"),
    ("port 65536", listeners("{name: a, port: 65536, protocol: HTTP}"), "spec.listeners[0].port"),
    (
        "listener twice",
        listeners("{name: a, port: 1, protocol: HTTP}", "{name: a, port: 2, protocol: HTTP}"),
        "spec.listeners",
    ),
    ("https without tls", listeners("{name: a, port: 1, protocol: HTTPS, tls: {mode: Passthrough}}"), "spec.listeners"),
    ("tcp with hostname", listeners("{name: a, port: 1, protocol: TCP, hostname: a.example}"), "spec.listeners"),
    ("host in capitals", hosts("[A.example]"), "spec.hostnames[0]"),
    ("two stars", hosts("['*.*.example']"), "spec.hostnames[0]"),
    ("negative weight", rule("backendRefs: [{name: a, port: 80, weight: -1}]"), "spec.rules[0].backendRefs[0].weight"),
    (
        "huge weight",
        rule("backendRefs: [{name: a, port: 80, weight: 99999999999999999999}]"),
        "spec.rules[0].backendRefs[0].weight",
    ),
    (
        "weight is not a number",
        rule("backendRefs: [{name: a, port: 80, weight: .nan}]"),
        "spec.rules[0].backendRefs[0].weight",
    ),
    (
        "weight is a fraction",
        rule("backendRefs: [{name: a, port: 80, weight: 1.5}]"),
        "spec.rules[0].backendRefs[0].weight",
    ),
    ("no port", rule("backendRefs: [{name: a}]"), "spec.rules[0].backendRefs[0]"),
    ("path without slash", rule("matches: [{path: {value: a}}]"), "spec.rules[0].matches[0].path"),
    ("path with dots", rule("matches: [{path: {value: /a/../b}}]"), "spec.rules[0].matches[0].path"),
    ("path with two slashes", rule("matches: [{path: {value: //a}}]"), "spec.rules[0].matches[0].path"),
    ("path with a hash", rule("matches: [{path: {value: '/a#b'}}]"), "spec.rules[0].matches[0].path"),
    ("method in small letters", rule("matches: [{method: get}]"), "spec.rules[0].matches[0].method"),
    (
        "header name with a colon",
        rule("matches: [{headers: [{name: ':path', value: a}]}]"),
        "spec.rules[0].matches[0].headers[0].name",
    ),
    (
        "header value with a newline",
        rule(
            'filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "b\\r\\nx: y"}]}}]'
        ),
        "spec.rules[0].filters[0].requestHeaderModifier.set[0].value",
    ),
    (
        "two filters in one",
        rule("filters: [{type: RequestRedirect, requestMirror: {backendRef: {name: a, port: 1}}}]"),
        "spec.rules[0].filters[0]",
    ),
    (
        "filter twice",
        rule(
            "filters: [{type: URLRewrite, urlRewrite: {hostname: a.b}}, {type: URLRewrite, urlRewrite: {hostname: c.d}}]"
        ),
        "spec.rules[0].filters",
    ),
    (
        "redirect and rewrite",
        rule(
            "filters: [{type: URLRewrite, urlRewrite: {hostname: a.b}}, {type: RequestRedirect, requestRedirect: {scheme: https}}]"
        ),
        "spec.rules[0].filters",
    ),
    ("unknown filter", rule("filters: [{type: MakeCoffee}]"), "spec.rules[0].filters[0].type"),
    (
        "prefix rewrite without prefix",
        route(
            "r",
            "  rules:\n  - matches: [{path: {type: Exact, value: /a}}]\n    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]\n",
        ),
        "spec.rules[0]",
    ),
    ("bad duration", rule("timeouts: {request: soon}"), "spec.rules[0].timeouts.request"),
    ("one try longer than all", rule("timeouts: {request: 1s, backendRequest: 2s}"), "spec.rules[0].timeouts"),
    (
        "redirect to code 200",
        rule("filters: [{type: RequestRedirect, requestRedirect: {statusCode: 200}}]"),
        "statusCode",
    ),
    ("retry on 200", rule("retry: {codes: [200]}"), "spec.rules[0].retry.codes[0]"),
    (
        "17 rules",
        route(
            "r",
            "  rules:\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n  - {}\n",
        ),
        "spec.rules",
    ),
    (
        "17 hosts",
        hosts(
            "[h0.example, h1.example, h2.example, h3.example, h4.example, h5.example, h6.example, h7.example, h8.example, h9.example, h10.example, h11.example, h12.example, h13.example, h14.example, h15.example, h16.example]"
        ),
        "spec.hostnames",
    ),
    ("rule name twice", route("r", "  rules:\n  - {name: a}\n  - {name: a}\n"), "spec.rules"),
    (
        "mirror with percent and fraction",
        rule(
            "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, percent: 1, fraction: {numerator: 1}}}]"
        ),
        "spec.rules[0].filters[0].requestMirror",
    ),
    (
        "mirror of more than all",
        rule(
            "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, fraction: {numerator: 3, denominator: 2}}}]"
        ),
        "spec.rules[0].filters[0].requestMirror",
    ),
    (
        "grant without from",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g}\nspec: {from: [], to: [{group: '', kind: Service}]} #<\n",
        "spec.from",
    ),
)

# Name, bytes, part of the message.
RAW: tuple[tuple[str, bytes, str], ...] = (
    ("nul", b"kind: Service\x00\n", ""),
    ("not utf-8", b"kind: \xff\xfe\xfd\n", ""),
    ("random bytes", bytes(range(256)) * 4, ""),
    ("elf", b"\x7fELF\x02\x01\x01" + bytes(64), ""),
    ("half a surrogate", b'kind: "\\ud800"\n', ""),
    ("escape sequences", b'kind: "\\e]0;title\\a"\n', ""),
    ("deep lists", b"kind: " + b"[" * 10_000 + b"]" * 10_000 + b"\n", "deep"),
    ("deep maps", b"a: {" * 5_000 + b"}" * 5_000 + b"\n", ""),
    (
        "laughs",
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n".encode()
            for old, new in zip("abcdefghi", "bcdefghij", strict=True)
        ),
        "values",
    ),
    ("too long", b"#" * (9 * 1024 * 1024), "too long"),
    (
        "name of 2 MB",
        b"apiVersion: v1\nkind: Service\nmetadata: {name: " + b"a" * 2_000_000 + b"}\nspec: {ports: [{port: 1}]}\n",
        "metadata.name",
    ),
    ("host of 2 MB", route("r", "  hostnames: [" + "a" * 2_000_000 + "]\n").encode(), "spec.hostnames[0]"),
    ("text of 2 MB", route("r", "  rules: " + "a" * 2_000_000 + "\n").encode(), "spec.rules"),
)
