from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.translator.backends.rate_limit_server import (
    RateLimitServer,
    rate_limit_server,
    silent_server,
    without_server,
)
from gatewayd.translator.problems import Unsupported
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch

OWN = GATEWAY.replace(
    "listeners:", 'infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: edge}}\n  listeners:'
)
BY_CLASS = """
kind: GatewayClass
metadata: {name: gatewayd}
spec:
  controllerName: gatewayd.io/controller
  parametersRef: {group: "", kind: ConfigMap, name: all, namespace: gatewayd-system}
"""
SERVICE = """
kind: Service
metadata: {name: limits, namespace: platform}
spec: {ports: [{name: grpc, port: 8081}]}
"""
READY = """
kind: EndpointSlice
metadata: {name: limits-1, namespace: platform, labels: {kubernetes.io/service-name: limits}}
addressType: IPv4
ports: [{name: grpc, port: 8081}]
endpoints: [{addresses: [10.0.0.9]}]
"""
GRANT = """
kind: ReferenceGrant
metadata: {name: limits, namespace: platform}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: shop}]
  to: [{group: "", kind: Service, name: limits}]
"""
UPSTREAM = Upstream(kind="Service", namespace="platform", name="limits", port=8081, protocol=Protocol.HTTP2)
SERVER = RateLimitServer(upstream=UPSTREAM, timeout_ms=100)


def parameters(namespace: str, name: str, service: str = "platform", port: int = 8081) -> str:
    return f"""
kind: ConfigMap
metadata: {{name: {name}, namespace: {namespace}}}
data: {{rateLimitService: "{{namespace: {service}, name: limits, port: {port}}}"}}
"""


def test_nobody_counts_unless_somebody_is_named() -> None:
    view = scratch(CLASS, GATEWAY)
    assert rate_limit_server(view, GW) is None
    assert without_server(view, GW).startswith("Gateway shop/gw has no rate limit service; rateLimitService in ")
    assert silent_server(view, GW) == ""


def test_what_a_class_names_needs_no_leave() -> None:
    view = scratch(BY_CLASS, GATEWAY, SERVICE, parameters("gatewayd-system", "all"))
    assert rate_limit_server(view, GW) == SERVER
    assert without_server(view, GW) == ""


def test_what_a_gateway_names_in_another_namespace_needs_a_grant() -> None:
    named = (CLASS, OWN, SERVICE, parameters("shop", "edge"))
    refused = rate_limit_server(scratch(*named), GW)
    assert isinstance(refused, Unsupported)
    assert refused.message.startswith("rateLimitService in the parameters of Gateway shop/gw: ")
    assert "no ReferenceGrant there allows it for Gateway of namespace 'shop'" in refused.message
    assert rate_limit_server(scratch(*named, GRANT), GW) == SERVER


def test_a_gateway_says_the_same_as_its_class() -> None:
    both = (parameters("gatewayd-system", "all"), parameters("shop", "edge"))
    assert rate_limit_server(scratch(BY_CLASS, OWN, SERVICE, *both), GW) == SERVER


def test_a_service_that_is_not_there() -> None:
    found = rate_limit_server(scratch(BY_CLASS, GATEWAY, SERVICE, parameters("gatewayd-system", "all", port=80)), GW)
    assert isinstance(found, Unsupported)
    assert 'Service "platform/limits" has no port 80 (TCP); ports: 8081/TCP' in found.message


def test_a_service_that_must_be_spoken_to_under_tls_and_cannot() -> None:
    broken = """
kind: BackendTLSPolicy
metadata: {name: limits, namespace: platform}
spec:
  targetRefs: [{group: "", kind: Service, name: limits}]
  validation: {hostname: limits.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: nothing}]}
"""
    found = rate_limit_server(scratch(BY_CLASS, GATEWAY, SERVICE, broken, parameters("gatewayd-system", "all")), GW)
    assert isinstance(found, Unsupported)
    assert "no plain text is sent" in found.message


def test_a_service_without_endpoints_is_silent() -> None:
    named = (BY_CLASS, GATEWAY, SERVICE, parameters("gatewayd-system", "all"))
    assert silent_server(scratch(*named), GW) == (
        'the rate limit service, Service "platform/limits", has no ready endpoint'
    )
    assert silent_server(scratch(*named, READY), GW) == ""
