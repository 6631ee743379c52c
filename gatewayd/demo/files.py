"""The manifests of the demo: ordinary Gateway API YAML that `kubectl apply` takes as well.

In: ports. Out: texts by file name. `KEPT` files are written once and then belong to the user; the others say where the
demo's own backends are in this run.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BACKENDS: Final = ("hello-v1", "hello-v2")
KEPT: Final = ("gateway.yaml", "routes.yaml")
GATEWAY: Final = "demo"
FIRST_PORT: Final = 8888
"""The port of the Gateway, unless somebody else has it."""

_GATEWAY: Final = f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: {GATEWAY}
spec:
  gatewayClassName: gatewayd
  listeners:
    - name: http
      protocol: HTTP
      port: %d
"""
_ROUTES: Final = """\
# Change something and save: it is in Envoy a moment later, and the table says so.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: hello
spec:
  parentRefs:
    - name: demo
  rules:
    # A path.
    - matches:
        - path:
            type: PathPrefix
            value: /hello
      backendRefs:
        - name: hello-v1
          port: 8080
    # The same path with a header: a canary for those who ask for it.
    - matches:
        - path:
            type: PathPrefix
            value: /hello
          headers:
            - name: env
              value: canary
      backendRefs:
        - name: hello-v2
          port: 8080
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: split
spec:
  parentRefs:
    - name: demo
  rules:
    # Nine of ten requests go to v1.
    - matches:
        - path:
            type: PathPrefix
            value: /split
      backendRefs:
        - name: hello-v1
          port: 8080
          weight: 90
        - name: hello-v2
          port: 8080
          weight: 10
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: moved
spec:
  parentRefs:
    - name: demo
  rules:
    # What has moved answers with its new place.
    - matches:
        - path:
            type: PathPrefix
            value: /old
      filters:
        - type: RequestRedirect
          requestRedirect:
            path:
              type: ReplacePrefixMatch
              replacePrefixMatch: /hello
            statusCode: 302
"""
_BACKENDS_HEAD: Final = "# Where the demo's own backends are; written anew at each `gatewayd demo`.\n"
_BACKEND: Final = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  ports:
    - name: http
      port: 8080
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {name}
  labels:
    kubernetes.io/service-name: {name}
addressType: IPv4
endpoints:
  - addresses: ["127.0.0.1"]
ports:
  - name: http
    port: {port}
"""


def demo_files(gateway_port: int, backends: Mapping[str, int]) -> Mapping[str, str]:
    """Return all files; `backends` gives the port of each of BACKENDS on this machine."""
    return MappingProxyType({
        "gateway.yaml": _GATEWAY % gateway_port,
        "routes.yaml": _ROUTES,
        "backends.yaml": _BACKENDS_HEAD
        + "---\n".join(_BACKEND.format(name=name, port=port) for name, port in backends.items()),
    })  # fmt: skip
