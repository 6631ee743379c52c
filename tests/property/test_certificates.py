"""Whatever bytes a certificate, a CA or a key is made of: it is read, or said to be unreadable. Nothing raises."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.meta import ObjectKey, ObjectMeta
from gatewayd.identity.certificates import CA_LIFETIME, KeyPair, check_pair, make_ca
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.tls import Certificate, TrustBundle
from gatewayd.translator.certificates import certificate, trust_in_configmap, trust_in_secret
from gatewayd.untrusted.pem import Unreadable, is_issued_by, read_certificates, read_key
from tests.unit.translator import pem

NOW = datetime(2026, 5, 1, tzinfo=UTC)
AT = ObjectKey("shop", "cert")
META = ObjectMeta(name="cert", namespace="shop")
CA = make_ca(NOW)
LEAF, KEY = pem.certificate_of(pem.ec_key()), pem.pem_of(pem.ec_key())
CASES = 10_000
# Negative serial numbers are warned of, once: https://cryptography.io/en/latest/changelog/
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def der_of(text: bytes) -> bytes:
    return x509.load_pem_x509_certificate(text).public_bytes(Encoding.DER)


def armoured(der: bytes, label: bytes) -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN " + label + b"-----\n" + body + b"-----END " + label + b"-----\n"


def changed(der: bytes, cases: int) -> Iterator[bytes]:
    """Yield the bytes with each of them changed in turn, several times over."""
    each = -(-cases // len(der))
    for at, byte in enumerate(der):
        # Its neighbours, the lowest and the highest bit, all bits; then whatever is left, spread evenly.
        values = dict.fromkeys(
            [(byte + 1) % 256, (byte - 1) % 256, byte ^ 1, byte ^ 128, byte ^ 255, 0, 7, 255]
            + [(byte + 11 * step) % 256 for step in range(1, 24)]
        )
        for value in [value for value in values if value != byte][:each]:
            yield der[:at] + bytes([value]) + der[at + 1 :]


def read(chain: bytes, key: bytes) -> None:
    """Read a certificate and its key in every way in which gatewayd does; what cannot be read is a text."""
    data = {
        name: base64.b64encode(text).decode()
        for name, text in (("tls.crt", chain), ("tls.key", key), ("ca.crt", chain))
    }
    config = ConfigMap(metadata=META, data={"ca.crt": chain.decode(errors="replace")})
    view = Scratch({Secret: {AT: Secret(metadata=META, data=data)}, ConfigMap: {AT: config}})
    assert isinstance(certificate(view, AT), Certificate | str)
    assert isinstance(trust_in_secret(view, AT), TrustBundle | str)
    assert isinstance(trust_in_configmap(view, AT), TrustBundle | str)
    pair = check_pair(chain, key)
    assert isinstance(pair, KeyPair | str)
    if isinstance(pair, KeyPair):
        assert pair.is_due(NOW, CA_LIFETIME) in (True, False)
    assert is_issued_by(chain, CA.certificate) in (True, False)
    assert is_issued_by(LEAF, chain) in (True, False)


@pytest.mark.parametrize(("text", "key"), [(LEAF, KEY), (CA.certificate, bytes(CA.key))], ids=["leaf", "CA"])
def test_every_byte_of_a_certificate(text: bytes, key: bytes) -> None:
    cases = readable = 0
    for der in changed(der_of(text), CASES // 2):
        mutant = armoured(der, b"CERTIFICATE")
        read(mutant, key)
        cases += 1
        readable += not isinstance(read_certificates(mutant), Unreadable)
    assert cases >= CASES // 2
    assert 0 < readable < cases, "either all or none could be read: nothing was tried"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_every_byte_of_a_key(form: PrivateFormat) -> None:
    der = pem.ec_key().private_bytes(Encoding.DER, form, NoEncryption())
    label = b"PRIVATE KEY" if form is PrivateFormat.PKCS8 else b"EC PRIVATE KEY"
    for mutant in changed(der, 1000):
        read(LEAF, armoured(mutant, label))


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=4), st.integers(0, 2**16))
def test_several_bytes_and_an_end_too_early(edits: list[tuple[int, int]], cut: int) -> None:
    der = bytearray(der_of(LEAF))
    for at, value in edits:
        der[at % len(der)] = value
    read(armoured(bytes(der[: cut % len(der) + 1]), b"CERTIFICATE"), KEY)
    read(LEAF + armoured(bytes(der), b"CERTIFICATE"), KEY)


@settings(max_examples=300)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"CERTIFICATE", b"PRIVATE KEY", b"RSA PRIVATE KEY", b"TRUSTED CERTIFICATE"]),
)
@example(b"", b"ENCRYPTED PRIVATE KEY")
def test_any_bytes_under_any_label(der: bytes, label: bytes) -> None:
    text = armoured(der, label)
    read(text, text)
    read(LEAF, text)
    read(text, KEY)
    assert isinstance(read_key(der), Unreadable)


@settings(max_examples=300)
@given(st.integers(0, 2**16), st.integers(0, 255), st.integers(0, 2**16))
def test_any_letter_of_a_pem_text(at: int, letter: int, cut: int) -> None:
    text = bytearray(LEAF + KEY)
    text[at % len(text)] = letter
    read(bytes(text), bytes(text[cut % len(text) :]))
