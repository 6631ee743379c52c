import pytest

from gatewayd.ir.tls import Certificate
from gatewayd.translator.clientcert import NONE_ASKED, ClientCertificate, client_certificate
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch

GRANT = """
kind: ReferenceGrant
metadata: {name: g, namespace: certs}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: shop}]
  to: [{group: "", kind: Secret}]
"""


def shown(ref: str, *manifests: str) -> ClientCertificate:
    gateway = f"{GATEWAY}  tls: {{backend: {{clientCertificateRef: {ref}}}}}\n"
    return client_certificate(scratch(CLASS, gateway, *manifests), GW)


def test_nothing_is_asked_for() -> None:
    assert client_certificate(scratch(CLASS, GATEWAY), GW) == NONE_ASKED
    assert client_certificate(scratch(), GW) == NONE_ASKED


def test_a_good_certificate() -> None:
    found = shown("{name: cert}", pem.good_secret("cert"))
    assert isinstance(found.certificate, Certificate)
    assert found.certificate.name == "shop/cert"
    assert found.resolved is not None
    assert (found.resolved.type, found.resolved.status) == ("ResolvedRefs", True)


@pytest.mark.parametrize(
    ("ref", "reason", "said"),
    [
        ("{name: nobody}", "InvalidClientCertificateRef", 'Secret "shop/nobody" does not exist'),
        ("{name: cert, kind: Thing}", "InvalidClientCertificateRef", "kind Thing is not supported; allowed: Secret"),
        ("{name: cert, namespace: certs}", "RefNotPermitted", "without a ReferenceGrant"),
        ("{name: nobody, namespace: certs}", "RefNotPermitted", "without a ReferenceGrant"),
    ],
)
def test_a_bad_reference(ref: str, reason: str, said: str) -> None:
    found = shown(ref, pem.good_secret("cert"), pem.good_secret("cert", "certs"))
    assert found.certificate is None
    assert found.resolved is not None
    assert (found.resolved.type, found.resolved.reason) == ("ResolvedRefs", reason)
    assert found.resolved.message.startswith("spec.tls.backend.clientCertificateRef: ")
    assert said in found.resolved.message


def test_a_grant() -> None:
    found = shown("{name: cert, namespace: certs}", pem.good_secret("cert", "certs"), GRANT)
    assert found.certificate is not None
