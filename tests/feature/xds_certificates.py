"""Certificates of a test, and the TLS contexts of its clients and backends."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gatewayd.ir.tls import Certificate, PrivateBytes


class Authority:
    """A certificate authority of one test."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(
            self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=0)
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, *alternatives: x509.GeneralName) -> Certificate:
        """Return a certificate for a DNS name, or for other names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName(alternatives or (x509.DNSName(name),))
        made = self._signed(subject, key.public_key(), names)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Certificate(name=f"shop/{name}", chain=made.public_bytes(Encoding.PEM), key=PrivateBytes(private))

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        unsigned = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        dated = unsigned.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        return (
            dated.not_valid_after(now + timedelta(hours=1))
            .add_extension(extension, critical=False)
            .sign(self._key, SHA256())
        )


def client_context(folder: Path, *, trust: Authority | None, shown: Certificate | None = None) -> ssl.SSLContext:
    """Return what a client uses; `trust` None believes any certificate."""
    context = ssl.create_default_context(cadata=trust.pem.decode() if trust else None)
    if trust is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if shown is not None:
        context.load_cert_chain(_written(folder, shown))
    return context


def server_context(folder: Path, shown: Certificate, *, clients: Authority | None = None) -> ssl.SSLContext:
    """Return what a backend uses; `clients` is whom its clients must be certified by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(_written(folder, shown))
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem.decode())
    return context


def _written(folder: Path, shown: Certificate) -> Path:
    path = folder / f"{shown.name.replace('/', '-')}.pem"
    path.write_bytes(shown.chain + bytes(shown.key))
    return path
