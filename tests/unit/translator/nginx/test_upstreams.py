from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects, rules

EXACT, NEARLY, MANUAL, LOST = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.MANUAL, Fidelity.LOST


@pytest.mark.parametrize(
    ("spoken", "fate", "policies"),
    [("HTTP", EXACT, 0), ("grpc", MANUAL, 0), ("HTTPS", MANUAL, 1), ("GRPCS", MANUAL, 1), ("FCGI", LOST, 0)],
)
def test_what_backends_speak(spoken: str, fate: Fidelity, policies: int) -> None:
    done = converted(ingress(backend_protocol=spoken))
    assert fates(done) == {"backend-protocol": fate}
    assert len(objects(done, "BackendTLSPolicy")) == policies


def test_certificates_of_backends_are_checked() -> None:
    done = converted(ingress(backend_protocol="HTTPS", proxy_ssl_name="web.internal", proxy_ssl_secret="shop/ca"))
    policy = objects(done, "BackendTLSPolicy")["shop/web"]["spec"]
    assert policy["validation"] == {"hostname": "web.internal", "wellKnownCACertificates": "System"}
    assert fates(done) == {"backend-protocol": MANUAL, "proxy-ssl-name": EXACT, "proxy-ssl-secret": MANUAL}
    assert fates(converted(ingress(proxy_ssl_secret="shop/ca"))) == {"proxy-ssl-secret": EXACT}


def persistence(**annotations: str) -> Any:
    return rules(converted(ingress(**annotations)))["root"].get("sessionPersistence")


def test_clients_stay_with_an_endpoint() -> None:
    assert persistence(affinity="cookie") == {"type": "Cookie", "cookie": {"name": "INGRESSCOOKIE"}}
    assert persistence(
        affinity="cookie", session_cookie_name="s", session_cookie_path="/a", session_cookie_max_age="172800"
    ) == {
        "type": "Cookie",
        "cookie": {"name": "s", "path": "/a", "lifetimeType": "Permanent"},
        "absoluteTimeout": "48h0s",
    }
    assert persistence(session_cookie_name="s") is None


def test_what_of_cookies_is_lost() -> None:
    done = converted(ingress(affinity="cookie", session_cookie_samesite="Lax", affinity_mode="persistent"))
    assert fates(done) == {"affinity": NEARLY, "session-cookie-samesite": LOST, "affinity-mode": NEARLY}


def retry(**annotations: str) -> Any:
    written = objects(converted(ingress(**annotations)), "RoutePolicy")
    return written["shop/shop"]["spec"]["default"]["retry"] if written else None


def test_what_is_tried_again() -> None:
    assert retry(proxy_next_upstream="error timeout http_502 http_503") == {"attempts": 2, "codes": [502, 503]}
    assert retry(proxy_next_upstream_tries="5") == {"attempts": 4}
    assert retry(proxy_next_upstream="off") == {"attempts": 0}
    assert retry(proxy_next_upstream_timeout="5") is None


def test_a_copy_goes_to_a_service() -> None:
    done = converted(ingress(mirror_target="http://copy.shop.svc.cluster.local:8080$request_uri"))
    assert rules(done)["root"]["filters"] == [
        {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 8080}}}
    ]
    elsewhere = converted(ingress(mirror_target="https://test.example$request_uri", mirror_host="a"))
    assert fates(elsewhere) == {"mirror-target": LOST, "mirror-host": LOST}


def test_a_copy_by_tls_is_sent_so_once_its_certificate_can_be_checked() -> None:
    assert fates(converted(ingress(mirror_target="https://copy.shop.svc/$request_uri"))) == {"mirror-target": MANUAL}


def test_of_two_names_for_the_certificate_of_a_service_the_older_one_counts() -> None:
    texts = [
        ingress("a", "/a", backend_protocol="HTTPS"),
        ingress("b", "/b", backend_protocol="HTTPS", proxy_ssl_name="b.internal"),
        ingress("c", "/c", backend_protocol="HTTPS", proxy_ssl_name="c.internal"),
    ]
    done = converted(*texts)
    assert objects(done, "BackendTLSPolicy")["shop/web"]["spec"]["validation"]["hostname"] == "b.internal"
    lost = [(item.object, item.path) for item in done.items if item.fidelity is LOST]
    assert lost == [("Ingress shop/c", 'metadata.annotations["nginx.ingress.kubernetes.io/proxy-ssl-name"]')]
