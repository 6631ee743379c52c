"""YAML for what every test needs, and the placeholders that tests write into theirs.

`<name>` is the port of that name, `<route:NAME>` a filter by which a rule names itself to the backend, `<tag:NAME>` one
by which it names itself to the client.
"""

import re
from collections.abc import Callable, Iterator

import yaml

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9-]*)(?::([\w.-]+))?>")
_DOCUMENT = re.compile(r"^---.*$", re.MULTILINE)
_TAGS = {
    "route": "{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: x-route, value: {0}}}]}}}}",
    "tag": "{{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-route, value: {0}}}]}}}}",
}

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
"""
TCP_LISTENER = """\
  - {name: tcp, port: <tcp>, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}
"""
"""Of a Gateway like this one, after its own."""


def filled(text: str, port_of: Callable[[str], int]) -> str:
    """Replace the placeholders."""

    def value(match: re.Match[str]) -> str:
        word, argument = match[1], match[2]
        return str(port_of(word)) if argument is None else _TAGS[word].format(argument)

    return _PLACEHOLDER.sub(value, text)


def documents(text: str) -> Iterator[tuple[str, str]]:
    """Yield (identity "Kind namespace/name", text) of each document."""
    for part in _DOCUMENT.split(text):
        found = yaml.safe_load(part)
        if found is None:
            continue
        metadata = found["metadata"]
        yield f"{found['kind']} {metadata.get('namespace', 'default')}/{metadata['name']}", part


def service(
    name: str,
    *ports: int,
    namespace: str = "shop",
    protocol: str = "TCP",
    app_protocol: str = "",
    host: str = "127.0.0.1",
) -> str:
    """Return a Service whose port 80 (and then 81, 82 ...) leads to these ports of this machine; none: no endpoints."""
    numbers = list(enumerate(ports or (1,)))
    app = f", appProtocol: {app_protocol}" if app_protocol else ""
    declared = ", ".join(f"{{name: p{at}, port: {80 + at}, protocol: {protocol}{app}}}" for at, _ in numbers)
    bound = ", ".join(f"{{name: p{at}, port: {port}, protocol: {protocol}}}" for at, port in numbers)
    kind = "IPv6" if ":" in host else "IPv4"
    endpoints = f'[{{addresses: ["{host}"]}}]' if ports else "[]"
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{ports: [{declared}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: {kind}
ports: [{bound}]
endpoints: {endpoints}
"""


def http_route(
    name: str,
    rules: str,
    *,
    host: str = "",
    namespace: str = "shop",
    parent: str = "name: edge, namespace: infra",
    created: str = "",
    kind: str = "HTTPRoute",
) -> str:
    """Return an HTTPRoute, or a route of another kind; `rules` is a YAML list in block style, `host` may be several."""
    stamp = f", creationTimestamp: '{created}'" if created else ""
    hosts = ", ".join(f'"{each}"' for each in host.split())
    spec = "\n".join(f"  {line}" for line in rules.strip("\n").splitlines())
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}{stamp}}}
spec:
  parentRefs: [{{{parent}}}]
{f"  hostnames: [{hosts}]" if hosts else ""}
  rules:
{spec}
"""


def grant(name: str, *, namespace: str, of: str, kind: str = "HTTPRoute", to: str = "Service", only: str = "") -> str:
    """Return a ReferenceGrant in `namespace` for objects of a kind in the namespace `of`."""
    group = "" if to in {"Service", "Secret", "ConfigMap"} else _group_of(to)
    named = f", name: {only}" if only else ""
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  from: [{{group: {_group_of(kind)}, kind: {kind}, namespace: {of}}}]
  to: [{{group: "{group}", kind: {to}{named}}}]
"""


def _group_of(kind: str) -> str:
    theirs = {"SecurityPolicy", "EnvoyExtensionPolicy", "EnvoyProxy", "Backend"}
    return "gateway.envoyproxy.io" if kind in theirs else "gateway.networking.k8s.io"
