"""IngressClasses and Ingresses as YAML. The class `gatewayd` is served by the Gateway infra/edge."""

import json

CLASS = """---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: gatewayd}
spec:
  controller: gatewayd.io/ingress-controller
  parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: edge, namespace: infra, scope: Namespace}
"""


def to(backend: str, port: str = "number: 80") -> str:
    """Return a backend: a Service, and one of its ports."""
    return f"{{service: {{name: {backend}, port: {{{port}}}}}}}"


def path(text: str, backend: str = "one", kind: str = "Prefix") -> str:
    """Return a path that leads to a Service."""
    return f"{{path: '{text}', pathType: {kind}, backend: {to(backend)}}}"


def rule(*paths: str, host: str = "") -> str:
    """Return a rule with paths, for a host or for all of them."""
    of_host = f"host: '{host}', " if host else ""
    return f"{{{of_host}http: {{paths: [{', '.join(paths)}]}}}}"


def ingress(
    name: str,
    *rules: str,
    namespace: str = "shop",
    default: str = "",
    tls: str = "",
    class_name: str = "gatewayd",
    annotations: str = "",
    created: str = "",
) -> str:
    """Return an Ingress; `default` is a backend, `tls` a YAML list, `annotations` YAML pairs."""
    stamp = f", creationTimestamp: '{created}'" if created else ""
    notes = f", annotations: {{{annotations}}}" if annotations else ""
    lines = [
        *([f"  ingressClassName: {class_name}"] if class_name else []),
        *([f"  defaultBackend: {default}"] if default else []),
        *([f"  tls: {tls}"] if tls else []),
        *([f"  rules: [{', '.join(rules)}]"] if rules else []),
    ]
    spec = "\n".join(lines)
    return f"""---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: {namespace}{stamp}{notes}}}
spec:
{spec}
"""


def nginx_class(mode: str = "strict") -> str:
    """Return the class `gatewayd` with the annotations of ingress-nginx read."""
    notes = f"metadata: {{name: gatewayd, annotations: {{gatewayd.io/nginx-annotations: {mode}}}}}"
    return CLASS.replace("metadata: {name: gatewayd}", notes)


def nginx(**values: str) -> str:
    """Return annotations of ingress-nginx as YAML pairs; `ssl_redirect` is nginx.ingress.kubernetes.io/ssl-redirect."""
    named = {f"nginx.ingress.kubernetes.io/{name.replace('_', '-')}": value for name, value in values.items()}
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in named.items())
