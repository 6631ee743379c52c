"""A mesh, a Service with an address, and routes for it."""

MESH = """
kind: XMesh
metadata: {name: mesh}
spec: {controllerName: gatewayd.io/controller}
"""
ECHO = """
kind: Service
metadata: {name: echo, namespace: shop}
spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80}, {name: grpc, port: 7070}, {name: redis, port: 6379}]}
"""


def route(
    name: str = "r",
    *,
    namespace: str = "shop",
    to: str = "name: echo",
    kind: str = "HTTPRoute",
    rules: str = "[{backendRefs: [{name: echo, namespace: shop, port: 80}]}]",
    more: str = "",
) -> str:
    return f"""
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{parentRefs: [{{group: "", kind: Service, {to}}}], rules: {rules}{more}}}
"""


def policy(kind: str, sections: str, target: str = "kind: HTTPRoute, name: r", namespace: str = "shop") -> str:
    group = '""' if "Namespace" in target else "gateway.networking.k8s.io"
    return f"""
kind: {kind}
metadata: {{name: p, namespace: {namespace}}}
spec: {{targetRefs: [{{group: {group}, {target}}}], {sections}}}
"""


def callers(conditions: str, target: str = "kind: HTTPRoute, name: r", namespace: str = "shop") -> str:
    """Return an AccessPolicy that lets requests pass."""
    return policy("AccessPolicy", f"default: {{authorization: {{allow: {conditions}}}}}", target, namespace)


CONSUMER = route("own", namespace="blog", to="name: echo, namespace: shop")
