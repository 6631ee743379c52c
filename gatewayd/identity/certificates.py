"""Keys and certificates of the control plane's own CA. `now` is always an argument.

Names: a proxy is `spiffe://TRUST-DOMAIN/ns/NAMESPACE/gateway/NAME/uid/UID`, one of a node
`spiffe://TRUST-DOMAIN/mesh/NAME`; the server carries DNS names.
https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gatewayd.ir.fleet import GatewayFleet, NodeFleet
from gatewayd.ir.tls import PrivateBytes
from gatewayd.own_group import IDENTITY, NODE_IDENTITY
from gatewayd.untrusted.pem import Unreadable, read_certificates, read_key

CA_LIFETIME: Final = timedelta(days=730)
LEAF_LIFETIME: Final = timedelta(days=30)
BACKDATED: Final = timedelta(minutes=5)
"""Certificates are valid from a little before now, for clocks that are behind."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: PrivateBytes

    @property
    def expires(self) -> datetime:
        """When the certificate ends."""
        return expiry(self.certificate)

    def is_due(self, now: datetime, lifetime: timedelta) -> bool:
        """Return whether two thirds of the lifetime have passed: time to make a new one."""
        # Nothing is taken from `expires`, which may be the first moment that there is.
        return now + lifetime / 3 > self.expires


def expiry(certificate: bytes) -> datetime:
    """Return when a PEM certificate ends; one that cannot be read ended long ago."""
    certificates = read_certificates(certificate)
    return LONG_AGO if isinstance(certificates, Unreadable) else certificates[0].not_after


def issued_at(certificate: bytes) -> datetime:
    """Return when a PEM certificate of ours was made. Raises ValueError when it cannot be read."""
    return x509.load_pem_x509_certificate(certificate).not_valid_before_utc + BACKDATED


def gateway_identity(fleet: GatewayFleet, uid: str) -> str:
    """Return the URI that a Gateway's proxies carry; `uid` "" gives that of before there were uids in it."""
    identity = f"{IDENTITY}{fleet.namespace}/gateway/{fleet.name}"
    return f"{identity}/uid/{uid}" if uid else identity


def node_identity(fleet: NodeFleet) -> str:
    """Return the URI that the proxies of all nodes carry: there is one certificate for them."""
    return f"{NODE_IDENTITY}{fleet.name}"


def make_ca(now: datetime) -> KeyPair:
    """Return a new self-signed CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gatewayd xDS CA")])
    builder = (
        _builder(name, name, key.public_key(), now, CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a certificate is for."""

    common_name: str
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]


def issue(ca: KeyPair, subject: Subject, now: datetime) -> KeyPair:
    """Return a certificate that the CA signs, for both sides of a connection."""
    signer = load_pem_private_key(ca.key, password=None)
    issuer = x509.load_pem_x509_certificate(ca.certificate)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA's key is not an elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has at most 64 characters; nobody reads it but people.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name[:64])])
    names: Sequence[x509.GeneralName] = (
        *(x509.DNSName(each) for each in subject.dns_names),
        *(x509.UniformResourceIdentifier(each) for each in subject.uris),
    )
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = (
        _builder(name, issuer.subject, key.public_key(), now, LEAF_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(uses, critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    )
    return _pair(builder.sign(signer, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - BACKDATED)
        .not_valid_after(now.astimezone(UTC) + lifetime)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    return KeyPair(
        certificate=certificate.public_bytes(Encoding.PEM),
        key=PrivateBytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
    )


def check_pair(certificate: bytes, key: bytes) -> KeyPair | str:
    """Return the pair that two PEM texts make, or what is wrong with them. Raises for no text."""
    certificates = read_certificates(certificate)
    if isinstance(certificates, Unreadable):
        return f"cannot be read: {certificates.why}"
    private = read_key(key)
    if isinstance(private, Unreadable):
        return f"cannot be read: {private.why}"
    if not private.curve or private.public_key != certificates[0].public_key:
        return "the key does not belong to the certificate"
    return KeyPair(certificate=certificate, key=PrivateBytes(key))
