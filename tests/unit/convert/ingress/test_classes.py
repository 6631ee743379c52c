import pytest

from gatewayd.api.meta import ObjectMeta
from gatewayd.convert.ingress.classes import IngressClasses
from gatewayd.convert.ingress.shapes import WrittenClassSpec, WrittenIngress, WrittenIngressClass, WrittenIngressSpec

OURS = WrittenIngressClass(
    metadata=ObjectMeta(name="outer", annotations={"ingressclass.kubernetes.io/is-default-class": "true"}),
    spec=WrittenClassSpec(controller="k8s.io/ingress-nginx"),
)
OTHER = WrittenIngressClass(metadata=ObjectMeta(name="nginx"), spec=WrittenClassSpec(controller="example.com/other"))


def of(name: str = "", **annotations: str) -> WrittenIngress:
    return WrittenIngress(
        metadata=ObjectMeta(name="a", annotations=annotations), spec=WrittenIngressSpec(ingress_class_name=name)
    )


@pytest.mark.parametrize(
    ("ingress", "is_nginx"),
    [
        (of("outer"), True),
        (of("nginx"), False),
        (of("nginx-internal"), True),
        (of("istio"), False),
        (of(), True),
        (of("gone", **{"nginx.ingress.kubernetes.io/app-root": "/"}), True),
        (of(**{"kubernetes.io/ingress.class": "nginx"}), False),
    ],
)
def test_a_class_says_whose_it_is_else_its_name_does(ingress: WrittenIngress, *, is_nginx: bool) -> None:
    assert IngressClasses((OURS, OTHER)).is_nginx(ingress) is is_nginx


def test_without_a_class_and_a_default_there_is_none() -> None:
    assert IngressClasses(()).name(of()) == ""
    assert not IngressClasses(()).is_nginx(of())
