import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.parent_findings import alike
from tests.unit.example import SHOP, translated


def told(parents: str, more: str = "") -> list[tuple[str, str, str]]:
    text = SHOP.replace("parentRefs: [{name: web}]", f"parentRefs: {parents}") + more
    return [(each.severity.value, each.reason, each.message) for each in translated(text).findings]


@pytest.mark.parametrize(
    ("parents", "severity", "reason", "message"),
    [
        (
            "[{name: wbe}]",
            "error",
            "ParentNotFound",
            '[0]: Gateway "default/wbe" does not exist; there is "default/web" (is it misspelt?)',
        ),
        (
            "[{name: web, namespace: b}]",
            "error",
            "ParentNotFound",
            '"b/web" does not exist; there is "default/web" (is the namespace missing?)',
        ),
        ("[{name: other}]", "error", "ParentNotFound", 'Gateway "default/other" does not exist; there is default/web'),
        ("[{group: '', kind: Service, name: cart}]", "warning", "ParentNotServed", "Service is served by no Gateway"),
        ("[]", "warning", "ParentNotFound", "spec.parentRefs: is empty"),
        ("[{kind: ListenerSet, name: web}]", "warning", "ParentNotFound", 'ListenerSet "default/web" does not exist'),
    ],
)
def test_where_a_parent_ref_leads(parents: str, severity: str, reason: str, message: str) -> None:
    (finding,) = told(parents)
    assert finding[:2] == (severity, reason)
    assert message in finding[2]


def test_a_route_whose_gateway_is_elsewhere_is_a_warning() -> None:
    (finding,) = translated(SHOP.partition("---\n")[2]).findings
    assert (finding.severity.value, finding.reason) == ("warning", "ParentNotFound")


def test_what_waits_for_a_gateway_is_told_there() -> None:
    twice = SHOP.replace("port: 8080}", "port: 8080}\n  - {name: http, protocol: HTTP, port: 8081}")
    other = SHOP.replace("gatewayClassName: gatewayd", "gatewayClassName: other")
    for text, reason in ((twice, "InvalidField"), (other, "ClassNotServed")):
        (finding,) = translated(text).findings
        assert (finding.object, finding.reason) == ("Gateway default/web", reason)
        assert finding.followers == ("HTTPRoute default/shop",)


def test_what_is_alike() -> None:
    known = [ObjectKey("a", "web"), ObjectKey("b", "shop"), ObjectKey("c", "shop-gateway")]
    assert alike(ObjectKey("z", "web"), known) == ObjectKey("a", "web")
    assert alike(ObjectKey("b", "shpo"), known) == ObjectKey("b", "shop")
    assert alike(ObjectKey("b", "wormhole"), known) is None


INGRESS = """---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: old}
spec:
  %s
  defaultBackend: {service: {name: cart, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
"""


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("", "spec.ingressClassName: names no class; an IngressClass with the annotation "),
        ("ingressClassName: gone", 'spec.ingressClassName: IngressClass "gone" does not exist'),
        ("ingressClassName: nginx", 'IngressClass "nginx" is not of gatewayd; spec.controller: gatewayd.io/'),
    ],
)
def test_an_ingress_that_is_nobodys_is_a_warning(named: str, message: str) -> None:
    (finding,) = translated(SHOP + INGRESS % named).findings
    assert (finding.severity.value, finding.reason, finding.object) == (
        "warning",
        "ClassNotServed",
        "Ingress default/old",
    )
    assert message in finding.message
