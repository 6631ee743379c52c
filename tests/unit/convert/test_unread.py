import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, ingress


def told(text: str) -> list[tuple[str, str]]:
    """Return what is lost of a document beside a good Ingress, which is written all the same."""
    done = converted(text, ingress("good"))
    assert done.is_lossy
    assert "good" in {each["metadata"]["name"] for each in done.objects}
    assert {item.file for item in done.items} == {"a.yaml"}
    return [(item.object, item.path) for item in done.items if item.fidelity is Fidelity.LOST]


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("", "Ingress"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io/v1", "ingress"),
        ("v1", "Ingress"),
        ("", "VirtualService"),
        ("projectcontour.io", "HTTPProxy"),
    ],
)
def test_what_is_spelled_like_what_is_read_is_told(version: str, kind: str) -> None:
    document = f"{{apiVersion: {version!r}, kind: {kind}, metadata: {{name: a, namespace: shop}}, spec: {{}}}}"
    assert told(document) == [(f"{kind} shop/a", "apiVersion")]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (("kind: Ingress", "kind: ''"), "kind"),
        (("apiVersion: networking.k8s.io/v1", "apiVersion: 1"), "apiVersion"),
        (("name: shop", "name: 123"), "metadata.name"),
        (("name: shop", "generateName: shop-"), "metadata.name"),
    ],
)
def test_what_is_no_object_is_told(changed: tuple[str, str], path: str) -> None:
    assert [where for _, where in told(ingress().replace(*changed))] == [path]


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("traefik.io/v1alpha1", "IngressRoute"),
        ("contour.heptio.com/v1beta1", "IngressRoute"),
        ("k8s.nginx.org/v1", "VirtualServer"),
        ("configuration.konghq.com/v1", "KongPlugin"),
        ("gateway.solo.io/v1", "VirtualService"),
    ],
)
def test_objects_of_other_controllers_are_told(version: str, kind: str) -> None:
    document = f"{{apiVersion: {version}, kind: {kind}, metadata: {{name: a, namespace: shop}}}}"
    assert told(document) == [(f"{kind} shop/a", "kind")]


@pytest.mark.parametrize(
    "document",
    [
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}",
        "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {rules: 1}}",
        "{replicas: 2}",
    ],
)
def test_what_nobody_misses_is_not(document: str) -> None:
    assert converted(document).items == ()
