from dataclasses import replace

from gatewayd.ir.tls import Certificate, PrivateBytes, RevocationLists, SharedSecret, TrustBundle
from gatewayd.xds.encoding import serialised
from gatewayd.xds.messages.secret import secret
from gatewayd.xds.resource import content_version


def test_certificate() -> None:
    made = secret(Certificate(name="shop/tls", chain=b"CHAIN", key=PrivateBytes(b"KEY")))
    assert made.name == "certificate/shop/tls"
    assert made.tls_certificate.certificate_chain.inline_bytes == b"CHAIN"
    assert made.tls_certificate.private_key.inline_bytes == b"KEY"


def test_trust() -> None:
    made = secret(TrustBundle(name="shop/ca", certificates=b"CA"))
    assert made.name == "trust/shop/ca"
    assert made.validation_context.trusted_ca.inline_bytes == b"CA"


def test_what_is_revoked_stands_beside_the_authorities_and_makes_another_secret() -> None:
    lists = RevocationLists(name="configmap/shop/crl", lists=b"CRL", whole_chain=True)
    bundle = TrustBundle(name="shop/ca", certificates=b"CA", revoked=lists)
    made = secret(bundle)
    assert made.name == "trust/shop/ca!configmap/shop/crl"
    told = made.validation_context
    assert (told.crl.inline_bytes, told.only_verify_leaf_cert_crl) == (b"CRL", False)
    of_leaf = replace(bundle, revoked=replace(lists, whole_chain=False))
    assert secret(of_leaf).validation_context.only_verify_leaf_cert_crl
    other = replace(bundle, revoked=replace(lists, lists=b"OTHER"))
    assert len({each.version for each in (bundle, of_leaf, other, replace(bundle, revoked=None))}) == 4


def test_a_secret_that_others_know() -> None:
    made = secret(SharedSecret(name="client/shop/s", content=PrivateBytes(b"SECRET")))
    assert made.name == "shared/client/shop/s"
    assert made.generic_secret.secret.inline_bytes == b"SECRET"


def test_the_bytes_of_a_version_are_fixed() -> None:
    """Who changes what a message says changes `_MESSAGE` in ir/tls.py as well, or proxies keep the one before."""
    certificate = Certificate(name="shop/tls", chain=b"CHAIN", key=PrivateBytes(b"KEY"))
    trust = TrustBundle(name="shop/ca", certificates=b"CA")
    shared = SharedSecret(name="client/shop/s", content=PrivateBytes(b"SECRET"))
    digests = [content_version(serialised(secret(each))) for each in (certificate, trust, shared)]
    assert (certificate.version, trust.version, shared.version, *digests) == (
        "8e3963a6fbf437e4",
        "84941d7a33398389",
        "2c45f5b072a8cd2f",
        "7dd9990439be03b9",
        "71c1151dc2f92b34",
        "d4ea4ecbaf425f5c",
    )
