"""Ingresses for the tests. The class `web` is served by the Gateway shop/gw."""

import json

from tests.unit.translator.manifests import SHOP

WEB = """
kind: IngressClass
metadata: {name: web}
spec:
  controller: gatewayd.io/ingress-controller
  parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: gw, namespace: shop, scope: Namespace}
"""
SERVED = f"{SHOP}---{WEB}"


def ingress(spec: str, *, name: str = "web", namespace: str = "shop", meta: str = "") -> str:
    """Return an Ingress of the class `web`; `spec` is a YAML mapping in flow style, without its braces."""
    more = f", {meta}" if meta else ""
    return f"""
kind: Ingress
metadata: {{name: {name}, namespace: {namespace}, generation: 1{more}}}
spec: {{ingressClassName: web, {spec}}}
"""


def paths(*entries: str) -> str:
    """Return the paths "TYPE PATH" of a rule, which lead to the Service `cart`."""
    split = (entry.split(" ") for entry in entries)
    listed = (f"{{pathType: {kind}, path: '{path}', backend: {CART_PORT}}}" for kind, path in split)
    return f"http: {{paths: [{', '.join(listed)}]}}"


CART_PORT = "{service: {name: cart, port: {number: 80}}}"


def annotated_class(mode: str = "strict") -> str:
    """Return what `SERVED` holds, with the annotations of ingress-nginx read."""
    notes = f"metadata: {{name: web, annotations: {{gatewayd.io/nginx-annotations: {mode}}}}}"
    return SERVED.replace("metadata: {name: web}", notes, 1)


def noted(**values: str) -> str:
    """Return metadata with annotations of ingress-nginx; `use_regex` is nginx.ingress.kubernetes.io/use-regex."""
    named = (
        f"nginx.ingress.kubernetes.io/{name.replace('_', '-')}: {json.dumps(value)}" for name, value in values.items()
    )
    return f"annotations: {{{', '.join(named)}}}"
