import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.tls import Certificate
from gatewayd.translator.backends.client_certificates import (
    NONE_ASKED,
    ClientCertificate,
    backend_client_certificate,
    client_certificate,
)
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch
from tests.unit.translator.test_refused_secrets import refused_by

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


XBACKEND = """
kind: XBackend
apiVersion: gateway.networking.x-k8s.io/v1alpha1
metadata: {{name: outside, namespace: shop}}
spec:
  type: ExternalHostname
  externalHostname: {{hostname: outside.example}}
  port: {{number: 443}}
  tls: {{{0}}}
"""
VALIDATION = "validation: {hostname: outside.example, wellKnownCACertificates: System}"
OUTSIDE = ObjectKey("shop", "outside")


def own(ref: str, *manifests: str) -> ClientCertificate:
    text = XBACKEND.format(f"mode: ClientAndServer, {VALIDATION}, clientCertificateRef: {ref}")
    return backend_client_certificate(scratch(text, *manifests), OUTSIDE)


def test_a_backend_that_names_no_certificate() -> None:
    assert backend_client_certificate(scratch(), OUTSIDE) == NONE_ASKED
    text = XBACKEND.format(f"mode: ServerOnly, {VALIDATION}")
    assert backend_client_certificate(scratch(text), OUTSIDE) == NONE_ASKED


def test_a_backend_that_names_a_certificate() -> None:
    found = own("{name: cert}", pem.good_secret("cert"))
    assert found.certificate is not None
    assert found.certificate.name == "shop/cert"


def test_a_backend_that_names_a_bad_certificate() -> None:
    for ref, reason in (
        ("{name: nobody}", "InvalidClientCertificateRef"),
        ("{name: cert, namespace: certs}", "RefNotPermitted"),
    ):
        # The grant is for Gateways.
        found = own(ref, pem.good_secret("cert", "certs"), GRANT)
        assert found.certificate is None
        assert found.resolved is not None
        assert found.resolved.reason == reason
        assert found.resolved.message.startswith("spec.tls.clientCertificateRef: ")


def test_what_a_proxy_of_the_gateway_refused_is_shown_to_nobody() -> None:
    secret = pem.good_secret("cert")
    gateway = f"{GATEWAY}  tls: {{backend: {{clientCertificateRef: {{name: cert}}}}}}\n"
    odd = shown("{name: cert}", secret).certificate
    assert odd is not None
    found = client_certificate(scratch(CLASS, gateway, secret, refused_by(GW, odd)), GW)
    assert found.certificate is None
    assert found.resolved is not None
    assert found.resolved.reason == "InvalidClientCertificateRef"
    assert found.resolved.message == "spec.tls.backend.clientCertificateRef: a proxy refused it: Failed to load"
    elsewhere = refused_by(ObjectKey("shop", "other"), odd)
    assert client_certificate(scratch(CLASS, gateway, secret, elsewhere), GW).certificate == odd
