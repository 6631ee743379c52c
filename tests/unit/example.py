"""A small set of manifests, and what follows from it."""

from datetime import UTC, datetime

from gatewayd.manifests.read_once import Manifests, parse
from gatewayd.offline.translation import Translation, translate
from gatewayd.run.clock import time_is

NOON = time_is(datetime(2026, 5, 1, 12, tzinfo=UTC))
FILE = "shop.yaml"
SHOP = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: web}]
  hostnames: [shop.example]
  rules:
  - matches:
    - path: {type: PathPrefix, value: /cart}
    backendRefs:
    - {name: cart, port: 80, weight: 3}
    - {name: cart, port: 80, weight: 1}
  - matches:
    - path: {type: PathPrefix, value: /old}
    filters:
    - type: RequestRedirect
      requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /cart}}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
endpoints: [{addresses: ["127.0.0.1"]}]
ports: [{name: http, port: 9000}]
"""


def manifests(text: str) -> Manifests:
    """Read a text as the file `shop.yaml`."""
    return parse({FILE: text.encode()})


def translated(text: str) -> Translation:
    """Translate a text."""
    return translate(manifests(text), NOON)
