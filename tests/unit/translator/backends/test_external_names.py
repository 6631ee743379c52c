from pathlib import Path

import pytest

from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.ir.backend import InvalidBackend, Protocol, ServiceBackend, Upstream
from gatewayd.translator.backends.backend_refs import BackendAsk, backend
from gatewayd.translator.policies.attach import SERVICE_KIND
from tests.unit.translator.manifests import scratch

PAGE = Path(__file__).parents[4] / "docs" / "operations.md"
ROUTE = GroupKind("gateway.networking.k8s.io", "HTTPRoute")
ASK = BackendAsk(ROUTE, "shop", SERVICE_KIND, ObjectKey("shop", "cart"), 80, Protocol.HTTP1)
CART = "{kind: Service, metadata: {name: cart, namespace: payments}, spec: {ports: [{port: 80}]}}"


def named(name: str, namespace: str = "shop") -> str:
    return f"""
kind: Service
metadata: {{name: cart, namespace: {namespace}}}
spec: {{type: ExternalName, externalName: {name}}}
"""


def grant(kind: str = "Service", namespace: str = "shop") -> str:
    return f"""
kind: ReferenceGrant
metadata: {{name: shop, namespace: payments}}
spec: {{from: [{{group: '', kind: {kind}, namespace: {namespace}}}], to: [{{group: '', kind: Service, name: cart}}]}}
"""


@pytest.mark.parametrize("suffix", ["svc", "svc.cluster.local", "svc.cluster.local."])
def test_one_that_names_a_service_leads_to_it_with_a_grant(suffix: str) -> None:
    found = backend(scratch(named(f"cart.payments.{suffix}"), grant(), CART), ASK)
    upstream = Upstream(kind="Service", namespace="payments", name="cart", port=80, protocol=Protocol.HTTP1)
    assert found == ServiceBackend(upstream=upstream)


def test_in_its_own_namespace_no_grant_is_needed() -> None:
    there = CART.replace("payments", "shop").replace("name: cart", "name: other")
    assert isinstance(backend(scratch(named("other.shop.svc"), there), ASK), ServiceBackend)


LOCAL = "cart.payments.svc.cluster.local"


@pytest.mark.parametrize(
    ("manifests", "reason", "message"),
    [
        (
            [named(LOCAL), CART],
            "RefNotPermitted",
            'Service "shop/cart" stands for Service "payments/cart", and no ReferenceGrant there allows it for Service',
        ),
        ([named(LOCAL), CART, grant("HTTPRoute")], "RefNotPermitted", "no ReferenceGrant there allows it"),
        ([named(LOCAL), CART, grant(namespace="other")], "RefNotPermitted", "no ReferenceGrant there allows it"),
        ([named(LOCAL), grant()], "BackendNotFound", 'stands for Service "payments/cart", which does not exist'),
        (
            [named(LOCAL), grant(), named("a.example", "payments")],
            "BackendNotFound",
            "which is of type ExternalName itself",
        ),
        ([named("cart.example")], "BackendNotFound", "allowed: externalName: NAME.NAMESPACE.svc.cluster.local"),
        ([named("169.254.169.254")], "BackendNotFound", "which may only name a Service of this cluster"),
        ([named("metadata.google.internal")], "BackendNotFound", "which may only name a Service of this cluster"),
        (
            [named(LOCAL), grant(), CART.replace("port: 80", "port: 81")],
            "BackendNotFound",
            'Service "payments/cart" has no port 80 (TCP); ports: 81/TCP',
        ),
    ],
)
def test_what_leads_nowhere_says_why(manifests: list[str], reason: str, message: str) -> None:
    found = backend(scratch(*manifests), ASK)
    assert isinstance(found, InvalidBackend)
    assert found.reason == reason
    assert message in found.message


def test_the_example_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("### Services of type ExternalName")[2]
    example = text.partition("```yaml\n")[2].partition("```")[0]
    found = backend(scratch(example, CART), ASK)
    assert isinstance(found, ServiceBackend)
    assert (found.upstream.namespace, found.upstream.name) == ("payments", "cart")
