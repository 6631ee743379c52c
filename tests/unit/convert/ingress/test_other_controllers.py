"""Annotations of other controllers: told, and what may protect closes."""

import pytest

from tests.unit.convert.ingress.test_protected_hosts import closed
from tests.unit.convert.ingresses import converted, ingress

OTHERS = {
    "traefik.ingress.kubernetes.io/router.middlewares": True,
    "haproxy-ingress.github.io/allowlist-source-range": True,
    "haproxy.org/deny-list": True,
    "alb.ingress.kubernetes.io/inbound-cidrs": True,
    "konghq.com/plugins": True,
    "nginx.org/policies": True,
    "zalando.org/skipper-filter": True,
    "ingress.kubernetes.io/auth-type": True,
    "alb.ingress.kubernetes.io/target-type": False,
    "traefik.ingress.kubernetes.io/router.priority": False,
}


def of_another(annotation: str) -> str:
    text = ingress("shop", "/a", class_name="traefik", use_regex="x")
    return text.replace("nginx.ingress.kubernetes.io/use-regex", annotation)


@pytest.mark.parametrize("annotation", OTHERS)
def test_they_are_told_and_close_where_they_may_protect(annotation: str) -> None:
    done = converted(of_another(annotation))
    assert closed(of_another(annotation)) == ({"shop-a"} if OTHERS[annotation] else set())
    [text] = [each.message for each in done.items if each.path == f'metadata.annotations["{annotation}"]']
    assert "another controller" in text


@pytest.mark.parametrize("annotation", ["cert-manager.io/cluster-issuer", "external-dns.alpha.kubernetes.io/target"])
def test_annotations_of_no_controller_of_ingresses_are_none_of_ours(annotation: str) -> None:
    done = converted(of_another(annotation))
    assert (closed(of_another(annotation)), done.items) == (set(), ())


CLASS = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
"""


def test_those_of_others_had_no_effect_in_ingress_nginx_where_that_is_certain() -> None:
    text = of_another("nginx.org/policies").replace(": traefik", ": nginx")
    assert closed(text) == {"shop-a"}
    assert closed(text, CLASS) == set()
