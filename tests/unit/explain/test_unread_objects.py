import pytest

from gatewayd.explain.unread_objects import Others, plural
from gatewayd.offline.findings import Report
from tests.unit.example import SHOP, translated

POLICY = """\
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: jwt, namespace: default}
spec:
  targetRefs: [{group: %s, kind: %s, name: %s}]
"""
DEPLOYMENT = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"


def reported(more: str) -> Report:
    return translated(SHOP + more).report


@pytest.mark.parametrize(
    ("group", "kind", "name"),
    [
        ("gateway.networking.k8s.io", "HTTPRoute", "shop"),
        ("gateway.networking.k8s.io", "Gateway", "web"),
        ("''", "Service", "cart"),
    ],
)
def test_what_is_served_without_a_policy_is_an_error(group: str, kind: str, name: str) -> None:
    (finding,) = reported(POLICY % (group, kind, name)).findings
    assert (finding.severity.value, finding.object, finding.reason) == (
        "error",
        "SecurityPolicy default/jwt",
        "PolicyNotRead",
    )
    assert f"{kind} default/{name} is served WITHOUT it" in finding.message


def test_a_policy_for_something_else_is_counted_only() -> None:
    report = reported(POLICY % ("apps", "Deployment", "shop") + DEPLOYMENT + DEPLOYMENT)
    assert report.findings == ()
    assert report.others == (Others("Deployment", 2), Others("SecurityPolicy", 1))


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("extensions/v1beta1", "Ingress"),
        ("networking.istio.io/v1", "VirtualService"),
        ("networking.istio.io/v1beta1", "Gateway"),
        ("projectcontour.io/v1", "HTTPProxy"),
    ],
)
def test_other_apis_have_a_way_over(api_version: str, kind: str) -> None:
    report = reported(f"---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n")
    (finding,) = report.findings
    assert (finding.severity.value, finding.reason) == ("warning", "OtherAPI")
    assert "`gatewayd convert shop.yaml`" in finding.message
    assert report.others == ()


def test_plurals() -> None:
    assert [plural(kind, 2) for kind in ("Pod", "NetworkPolicy", "Ingress", "Gateway")] == [
        "Pods",
        "NetworkPolicies",
        "Ingresses",
        "Gateways",
    ]
    assert plural("Pod", 1) == "Pod"
