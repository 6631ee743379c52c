"""The filter that ends every chain: it sends the request."""

from envoy.extensions.filters.http.router.v3 import router_pb2

NAME = "envoy.filters.http.router"
# Backends and clients are told nothing about Envoy (x-envoy-upstream-service-time and the like).
CONFIG = router_pb2.Router(suppress_envoy_headers=True)
