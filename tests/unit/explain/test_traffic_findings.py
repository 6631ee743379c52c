import pytest

from gatewayd.explain.traffic_findings import is_for_this_machine
from tests.unit.example import SHOP, translated

GATEWAY, ROUTE, SERVICE, SLICE = SHOP.split("---\n")
WITHOUT_SLICES = SHOP.partition("---\napiVersion: discovery.k8s.io")[0]


def told(text: str) -> list[tuple[str, str, int]]:
    return [(each.object, each.reason, each.line) for each in translated(text).findings]


def test_nothing_is_told_of_what_serves() -> None:
    assert told(SHOP) == []


def test_a_copy_of_a_route_never_gets_a_request() -> None:
    text = f"{SHOP}---\n{ROUTE.replace('name: shop', 'name: shop2')}"

    findings = [each for each in translated(text).findings if each.reason == "NeverReached"]

    assert [each.object for each in findings] == ["HTTPRoute default/shop2"] * 2
    assert findings[0].message == (
        "spec.rules[0].matches[0]: never gets a request; "
        "HTTPRoute default/shop spec.rules[0].matches[0] takes all of it (shop.yaml:17)"
    )


def test_a_rule_without_weight() -> None:
    text = SHOP.replace("weight: 3", "weight: 0").replace("weight: 1", "weight: 0")
    assert told(text) == [("HTTPRoute default/shop", "NoWeight", 18)]


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ("service-name: cart", "service-name: crat", "has the label kubernetes.io/service-name: cart"),
        ("endpoints: [{", "endpoints: [] # [{", "EndpointSlice default/cart has no endpoints"),
        (
            "[{name: http, port: 9000}]",
            "[{name: htp, port: 1}, {name: b, port: 2}]",
            "have ports named b, htp; it has http",
        ),
        ('["127.0.0.1"]}', '["127.0.0.1"], conditions: {ready: false}}', "no endpoint of its EndpointSlices is ready"),
    ],
)
def test_a_service_without_endpoints_says_why(before: str, after: str, cause: str) -> None:
    findings = [each for each in translated(SHOP.replace(before, after)).findings if each.reason == "NoEndpoints"]
    (finding,) = findings
    assert finding.object == "Service default/cart"
    assert "requests of HTTPRoute default/shop rules[0] get a 503" in finding.message
    assert cause in finding.message


def test_a_cluster_makes_endpoints_of_selectors() -> None:
    selected = WITHOUT_SLICES.replace("spec: {ports", "spec: {selector: {app: cart}, ports")
    assert told(selected) == []
    assert not is_for_this_machine(translated(selected).engine)
    assert [reason for _, reason, _ in told(WITHOUT_SLICES)] == ["NoEndpoints"]


def test_a_slice_of_no_service() -> None:
    assert ("EndpointSlice default/cart", "SliceOfNoService", 34) in told(
        SHOP.replace("name: cart}\nspec", "name: c}\nspec")
    )
    unlabelled = SHOP.replace(", labels: {kubernetes.io/service-name: cart}", "")
    assert ("EndpointSlice default/cart", "SliceOfNoService", 34) in told(unlabelled)


def test_two_gateways_on_one_port() -> None:
    text = f"{SHOP}---\n{GATEWAY.replace('name: web', 'name: web2')}"
    (finding,) = translated(text).findings
    assert (finding.object, finding.reason) == ("Gateway default/web2", "PortOfAnotherGateway")
    assert "port 8080 is that of Gateway default/web (shop.yaml:1) too" in finding.message


@pytest.mark.parametrize(("kind", "reasons"), [("Opaque", ["SecretType"]), ("kubernetes.io/tls", [])])
def test_a_certificate_in_a_secret_of_another_type(kind: str, reasons: list[str]) -> None:
    secret = (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: c}}\ntype: {kind}\nstringData: {{tls.crt: a, tls.key: b}}\n"
    )
    assert [each.reason for each in translated(f"{SHOP}---\n{secret}").findings] == reasons


def test_a_service_whose_part_another_takes_has_somebody() -> None:
    spare = f"{SERVICE}---\n{SLICE}".replace("cart", "spare")
    policy = """---
apiVersion: gatewayd.io/v1alpha1
kind: BackendPolicy
metadata: {name: over}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  default: {failover: {services: [{name: spare, port: 80}]}}
"""
    empty = SHOP.replace("endpoints: [{", "endpoints: [] # [{")
    assert "NoEndpoints" in [reason for _, reason, _ in told(empty)]
    assert "NoEndpoints" not in [reason for _, reason, _ in told(f"{empty}---\n{spare}{policy}")]
