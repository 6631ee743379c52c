import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gatewayd.api.core import Secret
from gatewayd.api.meta import ObjectKey, ObjectMeta
from gatewayd.ir.tls import Certificate, TrustBundle
from gatewayd.store import Delta
from gatewayd.translator.certificates import (
    TRUST_READERS,
    certificate,
    trust_in_cluster,
    trust_in_configmap,
    trust_in_secret,
)
from tests.unit.translator import pem
from tests.unit.translator.manifests import scratch

KEY = ObjectKey("shop", "cert")
CHAIN, PRIVATE = pem.certificate_of(pem.ec_key()), pem.pem_of(pem.ec_key())


def read(chain: bytes, key: bytes) -> Certificate | str:
    return certificate(scratch(pem.secret("cert", chain, key)), KEY)


def refusal(chain: bytes, key: bytes) -> str:
    found = read(chain, key)
    assert isinstance(found, str)
    assert found.startswith('Secret "shop/cert"')
    return found


def test_a_good_certificate_is_named_by_its_secret() -> None:
    found = read(CHAIN, PRIVATE)
    assert isinstance(found, Certificate)
    assert found.name == "shop/cert"
    assert found.chain == CHAIN
    assert bytes(found.key) == PRIVATE


def test_the_key_is_never_shown() -> None:
    assert "PRIVATE" not in repr(read(CHAIN, PRIVATE))


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_curves_that_envoy_takes(curve: ec.EllipticCurve) -> None:
    key = ec.derive_private_key(99, curve)
    assert isinstance(read(pem.certificate_of(key), pem.pem_of(key)), Certificate)


def test_rsa_of_2048_bits() -> None:
    key = pem.rsa_key(2048)
    assert isinstance(read(pem.certificate_of(key), pem.traditional_pem_of(key)), Certificate)


def test_a_chain_is_kept_in_order_and_text_around_it_is_dropped() -> None:
    issuer = pem.certificate_of(pem.ec_key(1), "ca.example")
    found = read(b"Bag Attributes\n" + CHAIN + b"\nissuer:\n" + issuer, PRIVATE)
    assert isinstance(found, Certificate)
    assert found.chain == CHAIN + issuer


def test_a_key_in_the_old_form_is_written_anew() -> None:
    found = read(CHAIN, pem.traditional_pem_of(pem.ec_key()))
    assert isinstance(found, Certificate)
    assert bytes(found.key) == PRIVATE


@pytest.mark.parametrize(
    ("chain", "key", "said"),
    [
        (b"garbage", PRIVATE, "tls.crt holds no PEM certificate that can be read"),
        (CHAIN.replace(b"MII", b"AAA"), PRIVATE, "tls.crt holds no PEM certificate that can be read"),
        (PRIVATE, PRIVATE, "tls.crt holds no PEM certificate that can be read"),
        (CHAIN, b"garbage", "tls.key holds no PEM private key"),
        (CHAIN, CHAIN, "tls.key holds no PEM private key"),
        (CHAIN, pem.locked_pem_of(pem.ec_key()), "without a password"),
        (CHAIN, pem.pem_of(pem.ec_key(1)), "tls.key does not belong to the first certificate of tls.crt"),
        (b"", PRIVATE, "has no tls.crt; a certificate needs tls.crt and tls.key"),
        (CHAIN, b"", "has no tls.key; a certificate needs tls.crt and tls.key"),
        (b"", b"", "has no tls.crt and no tls.key; a certificate needs tls.crt and tls.key"),
    ],
)
def test_what_is_refused(chain: bytes, key: bytes, said: str) -> None:
    assert said in refusal(chain, key)


def test_keys_that_envoy_would_refuse() -> None:
    for key in (ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32), ec.derive_private_key(99, ec.SECP256K1())):
        assert "neither RSA of 2048 bits or more nor ECDSA" in refusal(pem.certificate_of(key), pem.pem_of(key))


def test_a_small_rsa_key() -> None:
    key = pem.rsa_key(1024)
    assert "neither RSA of 2048 bits or more" in refusal(pem.certificate_of(key), pem.pem_of(key))


def test_a_certificate_for_a_key_of_an_unknown_kind() -> None:
    elliptic, unknown = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d027f")
    der = x509.load_pem_x509_certificate(CHAIN).public_bytes(Encoding.DER).replace(elliptic, unknown)
    strange = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n".encode()
    assert "tls.crt is for a key of a kind that is not known" in refusal(strange, PRIVATE)


def test_the_leaf_must_come_first() -> None:
    issuer = pem.certificate_of(pem.ec_key(1), "ca.example")
    assert "does not belong to the first certificate" in refusal(issuer + CHAIN, PRIVATE)


def test_a_secret_that_does_not_exist() -> None:
    assert certificate(scratch(), KEY) == 'Secret "shop/cert" does not exist'


def test_data_that_is_not_base64() -> None:
    row = Secret(
        metadata=ObjectMeta(name="cert", namespace="shop"), data={"tls.crt": "?", "tls.key": "?", "ca.crt": "?"}
    )
    view = scratch(Delta(kind=Secret, key=KEY, obj=row))
    assert certificate(view, KEY) == 'Secret "shop/cert": data is not base64'
    assert trust_in_secret(view, KEY) == 'Secret "shop/cert": data is not base64'


def test_trust_in_a_configmap() -> None:
    found = trust_in_configmap(scratch(pem.bundle("cert", CHAIN + CHAIN)), KEY)
    assert found == TrustBundle(name="configmap/shop/cert", certificates=CHAIN + CHAIN)


def test_trust_in_a_secret() -> None:
    text = base64.b64encode(CHAIN).decode()
    view = scratch(f"kind: Secret\nmetadata: {{name: cert, namespace: shop}}\ndata: {{ca.crt: {text}}}")
    assert trust_in_secret(view, KEY) == TrustBundle(name="secret/shop/cert", certificates=CHAIN)


def test_trust_without_its_key() -> None:
    assert trust_in_configmap(scratch(pem.bundle("cert", b"")), KEY) == (
        'ConfigMap "shop/cert" has no ca.crt; PEM certificates of a CA are needed there'
    )


@pytest.mark.parametrize("text", [b"garbage", PRIVATE])
def test_trust_without_certificates(text: bytes) -> None:
    found = trust_in_configmap(scratch(pem.bundle("cert", text)), KEY)
    assert found == 'ConfigMap "shop/cert" has no PEM certificate under ca.crt'


def test_trust_of_the_cluster() -> None:
    view = scratch(pem.cluster_bundle("roots", CHAIN))
    assert trust_in_cluster(view, "roots") == TrustBundle(name="clustertrustbundle/roots", certificates=CHAIN)
    assert trust_in_cluster(view, "nobody") == 'ClusterTrustBundle "nobody" does not exist'
    empty = scratch(pem.cluster_bundle("roots", b"garbage"))
    assert (
        trust_in_cluster(empty, "roots") == 'ClusterTrustBundle "roots" has no PEM certificate under spec.trustBundle'
    )


def test_trust_is_read_by_kind() -> None:
    view = scratch(pem.bundle("cert", CHAIN), pem.cluster_bundle("cert", CHAIN))
    found = {kind.kind: read(view, KEY) for kind, read in TRUST_READERS.items()}
    assert [kind for kind, each in found.items() if isinstance(each, TrustBundle)] == [
        "ConfigMap",
        "ClusterTrustBundle",
    ]


def test_trust_that_does_not_exist() -> None:
    assert trust_in_configmap(scratch(), KEY) == 'ConfigMap "shop/cert" does not exist'
    assert trust_in_secret(scratch(), KEY) == 'Secret "shop/cert" does not exist'


def test_what_is_written_can_be_read() -> None:
    found = read(CHAIN, PRIVATE)
    assert isinstance(found, Certificate)
    (leaf,) = x509.load_pem_x509_certificates(found.chain)
    assert leaf.public_key() == load_pem_private_key(bytes(found.key), None).public_key()
