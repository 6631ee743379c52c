"""The chain of a policy: what is said of it, and where each of its sections is in force."""

import pytest

from gatewayd.offline.translate import standalone_environment
from tests.unit.explain.chains import asked, bad, lines
from tests.unit.translator.manifests import SHOP

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules:
  - backendRefs: [{name: cart, port: 80}]
  - {matches: [{path: {value: /b}}], backendRefs: [{name: cart, port: 80}]}
"""


def policy(kind: str, name: str, target: str, says: str) -> str:
    group, target_kind, target_name = target.split("/")
    return f"""
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec:
  targetRefs: [{{group: "{group}", kind: {target_kind}, name: {target_name}}}]
  {says}
"""


GATEWAY, OF_ROUTE, SERVICE = (
    "gateway.networking.k8s.io/Gateway/gw",
    "gateway.networking.k8s.io/HTTPRoute/it",
    "/Service/cart",
)
SLOW = policy("RoutePolicy", "slow", GATEWAY, "default: {timeouts: {request: 3s}}")


def test_a_policy_that_is_in_force_says_where() -> None:
    steps = asked("routepolicy/shop/slow", SHOP, ROUTE, SLOW)

    assert bad(steps) == []
    both = " ".join(f"HTTPRoute shop/it rule {rule} at listener http," for rule in (0, 1)).removesuffix(",")
    assert lines(steps) == [
        "RoutePolicy shop/slow: generation 0",
        "  Accepted for Gateway shop/gw: in force for Gateway/shop/gw (1 routes)",
        "  Programmed for Gateway shop/gw: all connected proxies have acknowledged it",
        f"  spec.default.timeouts: in force at 2 places: {both}",
    ]
    assert steps[3].place == "slow.yaml:1"


def test_a_section_that_another_one_goes_before_is_in_force_nowhere() -> None:
    nearer = policy("RoutePolicy", "quick", OF_ROUTE, "default: {timeouts: {request: 1s}}")

    assert bad(asked("routepolicy/shop/slow", SHOP, ROUTE, SLOW, nearer)) == [
        "spec.default.timeouts: in force nowhere; timeouts of shop/quick, for HTTPRoute/shop/it, is"
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (
            policy("AccessPolicy", "it", OF_ROUTE, "default: {cors: {allowOrigins: ['https://a.example']}}"),
            "HTTPRoute shop/it rule 0 at listener http",
        ),
        (
            policy("BackendPolicy", "it", SERVICE, "default: {limits: {requests: 3}}"),
            "Service shop/cart:80 of Gateway shop/gw",
        ),
        (
            policy("ClientPolicy", "it", GATEWAY, "default: {timeouts: {idle: 10s}}"),
            "Gateway shop/gw listener http",
        ),
        (
            policy("ReportPolicy", "it", GATEWAY, "default: {accessLog: {minStatus: 500}}"),
            "Gateway shop/gw listener http",
        ),
    ],
)
def test_every_kind_has_its_places(written: str, place: str) -> None:
    kind = written.split()[1]
    # In a cluster no ready pod of the Gateway would have the port.
    steps = asked(f"{kind}/shop/it", SHOP, ROUTE, written, environment=standalone_environment("127.0.0.1", 0, None))

    assert bad(steps) == []
    assert steps[-1].says.endswith(place) or f": {place}" in steps[-1].says


def test_a_policy_for_nothing() -> None:
    for_nothing = policy(
        "RoutePolicy", "slow", "gateway.networking.k8s.io/Gateway/none", "default: {timeouts: {request: 3s}}"
    )

    assert bad(asked("routepolicy/shop/slow", SHOP, for_nothing)) == [
        'Accepted for Gateway shop/none: spec.targetRefs[0]: Gateway "shop/none" does not exist',
        "spec.default.timeouts: in force nowhere",
    ]


TLS = """
kind: BackendTLSPolicy
metadata: {name: tls, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: SERVICE}]
  validation: {hostname: cart.example, wellKnownCACertificates: System}
"""


def test_a_backend_tls_policy_is_said_to_gateways() -> None:
    steps = asked("backendtlspolicy/shop/tls", SHOP, ROUTE, TLS.replace("SERVICE", "cart"))

    assert bad(steps) == []
    assert lines(steps)[1].startswith("  Accepted for Gateway shop/gw: ")


def test_a_backend_tls_policy_that_nothing_comes_of() -> None:
    assert bad(asked("backendtlspolicy/shop/tls", SHOP, ROUTE, TLS.replace("SERVICE", "other"))) == [
        "spec.targetRefs: no Gateway of gatewayd has anything to do with them: nothing comes of the policy"
    ]
