"""Keys and certificates for the tests, made on the spot; nothing here is a secret."""

import base64
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@cache
def ec_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """Return a P-256 key, the same for the same number."""
    return ec.derive_private_key(1_000_003 + number, ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


def certificate_of(key: Key, host: str = "shop.example", *, begins: datetime = FIRST, ends: datetime = LAST) -> bytes:
    """Return a self-signed certificate, PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    builder = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM)


def pem_of(key: Key) -> bytes:
    """Return the private key, PEM (PKCS#8)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def traditional_pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def locked_pem_of(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))


def encoded(text: bytes) -> str:
    """Return bytes as a Secret holds them."""
    return base64.b64encode(text).decode()


def secret(name: str, chain: bytes, key: bytes, namespace: str = "shop") -> str:
    """Return the manifest of a TLS Secret."""
    crt, text = encoded(chain), encoded(key)
    return f"""
        kind: Secret
        type: kubernetes.io/tls
        metadata: {{name: {name}, namespace: {namespace}}}
        data: {{tls.crt: "{crt}", tls.key: "{text}"}}
    """


def good_secret(name: str, namespace: str = "shop") -> str:
    return secret(name, certificate_of(ec_key()), pem_of(ec_key()), namespace)


def bundle(name: str, text: bytes, namespace: str = "shop") -> str:
    """Return the manifest of a ConfigMap with CA certificates."""
    shown = text.decode().replace("\n", "\\n")
    return f"""
        kind: ConfigMap
        metadata: {{name: {name}, namespace: {namespace}}}
        data: {{ca.crt: "{shown}"}}
    """


def cluster_bundle(name: str, text: bytes) -> str:
    """Return the manifest of a ClusterTrustBundle."""
    lines = "".join(f"    {line}\n" for line in text.decode().splitlines())
    return f"""
kind: ClusterTrustBundle
metadata: {{name: {name}}}
spec:
  trustBundle: |
{lines}"""


def with_bytes(chain: bytes, old: str, new: str) -> bytes:
    """Return a certificate with some bytes (hex) of its DER exchanged, the first time that they are there."""
    der = x509.load_pem_x509_certificate(chain).public_bytes(Encoding.DER)
    changed = der.replace(bytes.fromhex(old), bytes.fromhex(new), 1)
    assert changed != der
    body = base64.encodebytes(changed)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def of_version_seven(chain: bytes) -> bytes:
    """Return a certificate whose version there is not: one byte, and the library raises what is no ValueError."""
    return with_bytes(chain, "a003020102", "a003020107")


def on_unknown_curve(chain: bytes) -> bytes:
    """Return a certificate whose P-256 key is said to be on a curve that nobody knows."""
    return with_bytes(chain, "06082a8648ce3d030107", "06082a8648ce3d03017f")


def revoked_by(key: ec.EllipticCurvePrivateKey, host: str = "shop.example", *serials: int) -> bytes:
    """Return a revocation list of the certificate of a key, PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    builder = x509.CertificateRevocationListBuilder(issuer_name=name, last_update=FIRST, next_update=LAST)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(FIRST).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
