"""Kinds that every API server has: their schemas out of its OpenAPI, and good documents to make slips in.

Such a schema has types and required fields, and no bounds: those are in the API server's own code, so that a drawn
document is hardly ever good. Fields that gatewayd does not read hold whatever they hold, and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from conformance.scenarios.drawn import Schema
from gatewayd.api.kinds import Kind
from gatewayd.api.unread import UNREAD

GROUPS: Final = frozenset({"", "discovery.k8s.io", "networking.k8s.io"})
_OF_THE_NETWORK: Final = frozenset({
    "clusterIP", "clusterIPs", "externalIPs", "ipFamilies", "nodePort", "loadBalancerClass", "trafficDistribution",
})  # fmt: skip
"""How the cluster's own network serves a Service: what may stand there hangs on the cluster."""
_NOT_READ: Final = frozenset[str]().union(*UNREAD.values(), _OF_THE_NETWORK)
_KEPT: Final = frozenset({"apiVersion", "kind", "spec"})
_INT32: Final = 2**31 - 1

_GOOD: Final = """
kind: Service
spec: {ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP}], selector: {app: web}}
---
kind: Service
spec: {type: ExternalName, externalName: shop.example, ports: [{port: 443}]}
---
kind: Service
spec: {ports: [{name: a, port: 80, appProtocol: kubernetes.io/h2c}, {name: b, port: 81, protocol: UDP}]}
---
kind: Secret
type: Opaque
data: {a: aGVsbG8=}
---
kind: Secret
stringData: {user: secret}
---
kind: ConfigMap
data: {a: b, ca.crt: x}
binaryData: {c: aGVsbG8=}
---
kind: Namespace
---
kind: EndpointSlice
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, zone: a, hints: {forZones: [{name: a}]}}]
---
kind: EndpointSlice
addressType: IPv6
ports: [{port: 8080, appProtocol: http}, {name: b, port: 80}]
endpoints: [{addresses: ["2001:db8::1"]}, {addresses: ["2001:db8::2"], conditions: {serving: true, terminating: true}}]
---
kind: Ingress
spec:
  ingressClassName: gatewayd
  tls: [{hosts: [shop.example], secretName: cert}]
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}
      - {path: /pay, pathType: Exact, backend: {service: {name: pay, port: {name: http}}}}
---
kind: Ingress
spec: {defaultBackend: {service: {name: cart, port: {number: 80}}}}
---
kind: IngressClass
spec: {controller: gatewayd.io/ingress-controller}
"""


def good_documents(kind: str) -> tuple[Mapping[str, Any], ...]:
    """Return good documents of a kind, without their heads."""
    documents = [each for each in yaml.safe_load_all(_GOOD) if each["kind"] == kind]
    return tuple({name: value for name, value in each.items() if name != "kind"} for each in documents)


def schema_of(kind: Kind, openapi: Mapping[str, Any]) -> Schema:
    """Return the schema of a kind out of the OpenAPI document of its group and version."""
    components = openapi["components"]["schemas"]
    wanted = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    named = (
        each
        for each in components.values()
        if wanted in each.get("x-kubernetes-group-version-kind", ()) and "metadata" in each.get("properties", ())
    )
    return _resolved(next(named), components)


def _resolved(schema: Schema, components: Mapping[str, Schema]) -> dict[str, Any]:
    """Return a schema with what it refers to in the place of references, less what is not read."""
    if "$ref" in schema:
        return _resolved(components[schema["$ref"].rpartition("/")[2]], components)
    if len(schema.get("allOf", ())) == 1:
        return _resolved(schema["allOf"][0], components)
    if schema.get("format") == "int-or-string" or "oneOf" in schema:
        return {"x-kubernetes-int-or-string": True}
    whole = dict(schema)
    if schema.get("format") == "int32":
        whole.setdefault("maximum", _INT32)
    if "properties" in schema:
        whole["properties"] = {
            name: _resolved(below, components)
            for name, below in schema["properties"].items()
            if name in _KEPT or name not in {*_NOT_READ, "metadata"}
        }
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), Mapping):
            whole[name] = _resolved(schema[name], components)
    return whole
