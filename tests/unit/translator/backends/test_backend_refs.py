from dataclasses import replace

import pytest

from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.ir.backend import Discovered, Endpoint, InvalidBackend, Protocol, Resolved, ServiceBackend, Upstream
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.store import Delta
from gatewayd.translator.backends.backend_refs import BackendAsk, GatewayUpstream, backend, cluster
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, GW, scratch

HTTPROUTE = GroupKind("gateway.networking.k8s.io", "HTTPRoute")
SERVICE = GroupKind("", "Service")
XBACKEND = GroupKind("gateway.networking.x-k8s.io", "XBackend")
ASK = BackendAsk(HTTPROUTE, "shop", SERVICE, ObjectKey("shop", "cart"), 80, Protocol.HTTP1)
OUTSIDE = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, external_names=True))
ALONE = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, external_names=True, loopback_backends=True))
PORTS = """
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  ports:
  - {name: web, port: 80}
  - {name: h2c, port: 81, appProtocol: kubernetes.io/h2c}
  - {name: ws, port: 82, appProtocol: kubernetes.io/ws}
  - {name: wss, port: 83, appProtocol: kubernetes.io/wss}
  - {name: dns, port: 53, protocol: UDP}
"""
EXTERNAL = """
kind: Service
metadata: {name: cart, namespace: shop}
spec: {type: ExternalName, externalName: cart.example, ports: [{port: 80}]}
"""


def invalid(ask: BackendAsk, *manifests: str | Delta) -> tuple[str, str]:
    found = backend(scratch(*manifests), ask)
    assert isinstance(found, InvalidBackend)
    return found.reason, found.message


def upstream(ask: BackendAsk, *manifests: str | Delta) -> Upstream:
    found = backend(scratch(*manifests), ask)
    assert isinstance(found, ServiceBackend)
    return found.upstream


def test_a_service() -> None:
    assert upstream(ASK, CART) == Upstream(
        kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1
    )


def test_a_kind_that_is_no_backend() -> None:
    reason, message = invalid(ASK._replace(target=GroupKind("apps", "Deployment")), CART)
    assert reason == "InvalidKind"
    assert message.startswith("kind apps/Deployment is not supported; allowed: Service")


def test_a_service_that_does_not_exist() -> None:
    assert invalid(ASK) == ("BackendNotFound", 'Service "shop/cart" does not exist')


@pytest.mark.parametrize("port", [8080, None])
def test_a_port_that_the_service_does_not_have(port: int | None) -> None:
    reason, message = invalid(ASK._replace(port=port), CART)
    assert reason == "BackendNotFound"
    assert message == f'Service "shop/cart" has no port {port} (TCP); ports: 80/TCP'


def test_transport_is_part_of_the_port() -> None:
    assert invalid(ASK._replace(port=53), PORTS)[0] == "BackendNotFound"
    assert upstream(ASK._replace(port=53, wants=Protocol.UDP), PORTS).port == 53
    assert invalid(ASK._replace(wants=Protocol.UDP), PORTS)[0] == "BackendNotFound"


def test_the_grant_is_asked_for_before_anything_is_told() -> None:
    elsewhere = ASK._replace(to=ObjectKey("payments", "pay"))
    reason, message = invalid(elsewhere)
    assert reason == "RefNotPermitted"
    assert message == (
        'Service "payments/pay" is in another namespace and no ReferenceGrant there allows it '
        "for HTTPRoute of namespace 'shop'"
    )


def test_the_kind_goes_before_the_grant() -> None:
    strange = ASK._replace(target=GroupKind("x.example", "Y"), to=ObjectKey("payments", "pay"))
    assert invalid(strange)[0] == "InvalidKind"


@pytest.mark.parametrize(
    ("port", "wants", "spoken"),
    [
        (80, Protocol.HTTP1, Protocol.HTTP1),
        (80, Protocol.HTTP2, Protocol.HTTP2),
        (81, Protocol.HTTP1, Protocol.HTTP2),
        (82, Protocol.HTTP1, Protocol.HTTP1),
        (81, Protocol.TCP, Protocol.TCP),
    ],
)
def test_what_is_spoken(port: int, wants: Protocol, spoken: Protocol) -> None:
    assert upstream(ASK._replace(port=port, wants=wants), PORTS).protocol is spoken


def speaking(service: str, slices: str = "") -> str:
    of_service, of_slices = (f", appProtocol: {each}" if each else "" for each in (service, slices))
    return CART.replace("{name: web, port: 80}", f"{{name: web, port: 80{of_service}}}").replace(
        "{name: web, port: 8080}", f"{{name: web, port: 8080{of_slices}}}"
    )


TLS_POLICY = """
kind: BackendTLSPolicy
metadata: {name: p, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  validation: {hostname: cart.example, wellKnownCACertificates: System}
"""


@pytest.mark.parametrize("value", ["https", "HTTPS", "tls", "wss", "kubernetes.io/wss", "kubernetes.io/WSS"])
def test_what_is_spoken_under_tls_needs_a_tls_policy(value: str) -> None:
    reason, message = invalid(ASK, speaking(value))
    assert reason == "UnsupportedProtocol"
    assert message.startswith(
        f'Service "shop/cart" port 80: appProtocol {value} is spoken under TLS; a BackendTLSPolicy'
    )
    assert upstream(ASK, speaking(value), TLS_POLICY).protocol is Protocol.HTTP1


def test_a_policy_for_another_port_is_not_enough() -> None:
    other = TLS_POLICY.replace("name: cart}", "name: cart, sectionName: other}")
    two = speaking("https").replace("spec: {ports: [", "spec: {ports: [{name: other, port: 81}, ")
    assert invalid(ASK, two, other)[0] == "UnsupportedProtocol"


@pytest.mark.parametrize("value", ["mysql", "redis", "example.com/odd", "kubernetes.io/odd", "http/3"])
def test_what_is_no_http_cannot_be_spoken(value: str) -> None:
    for wants in (Protocol.HTTP1, Protocol.HTTP2):
        reason, message = invalid(ASK._replace(wants=wants), speaking(value))
        assert reason == "UnsupportedProtocol"
        assert f"appProtocol {value} is not HTTP, as far as is known; allowed: http, " in message


@pytest.mark.parametrize("value", ["https", "mysql", "kubernetes.io/wss", "example.com/odd"])
def test_layer_4_does_not_ask_what_is_spoken(value: str) -> None:
    assert upstream(ASK._replace(wants=Protocol.TCP), speaking(value)).protocol is Protocol.TCP


def test_what_a_slice_says_counts_where_the_service_says_nothing() -> None:
    assert invalid(ASK, speaking("", "https"))[0] == "UnsupportedProtocol"
    assert upstream(ASK, speaking("", "kubernetes.io/h2c")).protocol is Protocol.HTTP2
    assert upstream(ASK, speaking("http", "mysql")).protocol is Protocol.HTTP1


def test_external_names_are_refused_in_a_cluster_and_taken_standalone() -> None:
    assert invalid(ASK, EXTERNAL)[0] == "BackendNotFound"
    assert upstream(ASK, EXTERNAL, OUTSIDE).name == "cart"


def xbackend(protocol: str) -> str:
    return f"""
        kind: XBackend
        metadata: {{name: api, namespace: shop}}
        spec:
          type: ExternalHostname
          externalHostname: {{hostname: api.example}}
          port: {{number: 443}}
          protocol: {protocol}
    """


@pytest.mark.parametrize(
    ("protocol", "wants", "spoken"),
    [
        ("HTTP", Protocol.HTTP1, Protocol.HTTP1),
        ("H2C", Protocol.HTTP1, Protocol.HTTP2),
        ("GRPC", Protocol.HTTP1, Protocol.HTTP2),
        ("HTTP", Protocol.HTTP2, Protocol.HTTP2),
        ("H2C", Protocol.TCP, Protocol.TCP),
    ],
)
def test_an_xbackend(protocol: str, wants: Protocol, spoken: Protocol) -> None:
    ask = ASK._replace(target=XBACKEND, to=ObjectKey("shop", "api"), port=None, wants=wants)
    assert upstream(ask, xbackend(protocol)) == Upstream(
        kind="XBackend", namespace="shop", name="api", port=443, protocol=spoken
    )


def test_an_xbackend_that_does_not_exist() -> None:
    ask = ASK._replace(target=XBACKEND, to=ObjectKey("shop", "api"))
    assert invalid(ask) == ("BackendNotFound", 'XBackend "shop/api" does not exist')


def at(name: str, kind: str = "Service") -> GatewayUpstream:
    up = Upstream(kind=kind, namespace="shop", name=name, port=80, protocol=Protocol.HTTP1)
    return GatewayUpstream(GW, up)


def test_the_cluster_of_a_service_has_its_endpoints() -> None:
    found = cluster(scratch(CART), at("cart"))
    assert found.endpoints == Discovered(endpoints=(Endpoint(address="10.0.0.1", port=8080, draining=False),))
    assert found.tls is None


def test_the_cluster_of_a_service_that_went_has_none() -> None:
    assert cluster(scratch(), at("cart")).endpoints == Discovered(endpoints=())


def test_a_cluster_without_endpoints_says_which_were_left_out() -> None:
    found = cluster(scratch(CART.replace("10.0.0.1", "127.0.0.1")), at("cart")).endpoints
    assert isinstance(found, Discovered)
    assert found.endpoints == ()
    assert found.closed.startswith(
        "EndpointSlice shop/cart-1 endpoints[0].addresses[0]: left out, 127.0.0.1 is loopback"
    )


def test_where_tls_was_asked_for_and_cannot_be_had_nobody_is_reached() -> None:
    policy = """
        kind: BackendTLSPolicy
        metadata: {name: p, namespace: shop}
        spec:
          targetRefs: [{group: "", kind: Service, name: cart}]
          validation: {hostname: cart.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: nobody}]}
    """
    found = cluster(scratch(CART, policy), at("cart"))
    assert found.tls is None
    assert isinstance(found.endpoints, Discovered)
    assert found.endpoints.endpoints == ()
    assert found.endpoints.closed.startswith("no plain text is sent: ")


@pytest.mark.parametrize("name", ["nobody", "cert"])
def test_where_a_client_certificate_was_asked_for_and_cannot_be_had_nobody_is_reached(name: str) -> None:
    validation = "validation: {hostname: api.example, wellKnownCACertificates: System}"
    tls = f"tls: {{mode: ClientAndServer, {validation}, clientCertificateRef: {{name: {name}}}}}"
    found = cluster(
        scratch(
            xbackend("HTTP").replace("protocol: HTTP", f"protocol: HTTP\n          {tls}"), pem.good_secret("cert")
        ),
        at("api", "XBackend"),
    )
    if name == "cert":
        assert found.tls is not None
        assert found.tls.client is not None
    else:
        assert isinstance(found.endpoints, Discovered)
        assert found.endpoints.closed.startswith("no plain text is sent: ")


def test_names_are_resolved_by_envoy() -> None:
    assert cluster(scratch(EXTERNAL, OUTSIDE), at("cart")).endpoints == Resolved(
        hostname="cart.example", port=80, absolute=True
    )
    assert cluster(scratch(xbackend("HTTP")), at("api", "XBackend")).endpoints == Resolved(
        hostname="api.example", port=80, absolute=True
    )
    assert cluster(scratch(xbackend("HTTP"), ALONE), at("api", "XBackend")).endpoints == Resolved(
        hostname="api.example", port=80, absolute=False
    )


@pytest.mark.parametrize("hostname", ["localhost", "127.1", "2130706433", "kubernetes.default.svc", "kubernetes"])
def test_names_that_lead_to_the_proxy_or_into_the_cluster(hostname: str) -> None:
    ask = ASK._replace(target=XBACKEND, to=ObjectKey("shop", "api"), port=None)
    inside = xbackend("HTTP").replace("api.example", f"'{hostname}'")

    reason, message = invalid(ask, inside)

    assert reason == "BackendNotFound"
    assert message.startswith(f'XBackend "shop/api" spec.externalHostname.hostname: "{hostname}" ')
    assert cluster(scratch(inside), at("api", "XBackend")).endpoints == Discovered(endpoints=())


def test_external_names_are_judged_by_the_same_table() -> None:
    inside = EXTERNAL.replace("cart.example", "kubernetes.default.svc")
    assert invalid(ASK, inside, OUTSIDE)[1].startswith(
        'Service "shop/cart" spec.externalName: "kubernetes.default.svc"'
    )
    assert cluster(scratch(inside, OUTSIDE), at("cart")).endpoints == Discovered(endpoints=())
    assert cluster(scratch(EXTERNAL), at("cart")).endpoints == Discovered(endpoints=())
    assert upstream(ASK, EXTERNAL.replace("cart.example", "localhost"), ALONE).name == "cart"
    assert invalid(ASK, EXTERNAL.replace("cart.example", "169.254.169.254"), ALONE)[0] == "BackendNotFound"


def test_an_unnamed_port_finds_unnamed_slices() -> None:
    nameless = CART.replace("name: web, ", "")
    assert cluster(scratch(nameless), at("cart")).endpoints == Discovered(
        endpoints=(Endpoint(address="10.0.0.1", port=8080, draining=False),)
    )
