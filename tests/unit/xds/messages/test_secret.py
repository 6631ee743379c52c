from gatewayd.ir.tls import Certificate, PrivateBytes, TrustBundle
from gatewayd.xds.messages.secret import secret


def test_certificate() -> None:
    made = secret(Certificate(name="shop/tls", chain=b"CHAIN", key=PrivateBytes(b"KEY")))
    assert made.name == "certificate/shop/tls"
    assert made.tls_certificate.certificate_chain.inline_bytes == b"CHAIN"
    assert made.tls_certificate.private_key.inline_bytes == b"KEY"


def test_trust() -> None:
    made = secret(TrustBundle(name="shop/ca", certificates=b"CA"))
    assert made.name == "trust/shop/ca"
    assert made.validation_context.trusted_ca.inline_bytes == b"CA"
