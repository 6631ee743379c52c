"""Certificates of CAs of our own, and what Secrets, ConfigMaps and TLS contexts are made of."""

import base64
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from itertools import count
from math import gcd
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain and its key, PEM."""

    chain: bytes
    key: bytes

    @property
    def serial(self) -> int:
        """The serial number of the first certificate."""
        return x509.load_pem_x509_certificate(self.chain).serial_number

    def secret(self, name: str, *, namespace: str = "infra") -> str:
        """Return a Secret of type kubernetes.io/tls."""
        return secret(name, self.chain, self.key, namespace=namespace)


def secret(name: str, chain: bytes, key: bytes, *, namespace: str = "infra") -> str:
    """Return a Secret with whatever is given."""
    crt, private = base64.b64encode(chain).decode(), base64.b64encode(key).decode()
    return f"""---
apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: {namespace}}}
type: kubernetes.io/tls
data: {{tls.crt: "{crt}", tls.key: "{private}"}}
"""


class Authority:
    """A certificate authority."""

    def __init__(self, name: str = "Test CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            _builder(self._name, self._key)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The CA's own certificate."""
        return self._certificate.public_bytes(Encoding.PEM)

    def issue(self, *names: str, client: bool = False, days: int = 1) -> Pair:
        """Issue a certificate for DNS names, IP addresses or, with a colon and slashes, URIs; it ends in `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:60])]), key, days)
            .issuer_name(self._name)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        chain = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        return Pair(chain, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def issue_odd(self, *names: str) -> Pair:
        """Issue a certificate for a key that OpenSSL takes and BoringSSL does not: RSA, with an exponent of 34 bits."""
        numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
        p, q, around = numbers.p, numbers.q, (numbers.p - 1) * (numbers.q - 1)
        exponent = next(each for each in count(2**33 + 1, 2) if gcd(each, around) == 1)
        inverse = pow(exponent, -1, around)
        key = rsa.RSAPrivateNumbers(
            p=p,
            q=q,
            d=inverse,
            dmp1=rsa.rsa_crt_dmp1(inverse, p),
            dmq1=rsa.rsa_crt_dmq1(inverse, q),
            iqmp=rsa.rsa_crt_iqmp(p, q),
            public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
        ).private_key()
        builder = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), key)
            .issuer_name(self._name)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        )
        chain = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        return Pair(chain, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def configmap(self, name: str, *, namespace: str = "infra") -> str:
        """Return a ConfigMap with this CA under ca.crt."""
        lines = "".join(f"    {line}\n" for line in self.pem.decode().splitlines())
        return f"""---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, namespace: {namespace}}}
data:
  ca.crt: |
{lines}"""

    def revoking(self, *pairs: Pair, days: int = 1) -> bytes:
        """Return a list, PEM, that says of certificates that they are good no more; it counts for `days`."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - timedelta(days=3))
            .next_update(now + timedelta(days=days))
        )
        for pair in pairs:
            entry = x509.RevokedCertificateBuilder().serial_number(pair.serial).revocation_date(now - timedelta(days=2))
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def trusting(self, *alpn: str, client: Pair | None = None) -> ssl.SSLContext:
        """Return a client's context that trusts this CA."""
        context = ssl.create_default_context(cadata=self.pem.decode())
        # Which certificate is for whom is what the tests ask themselves.
        context.check_hostname = False
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if client is not None:
            _load(context, client)
        return context


@cache
def authority(name: str = "Test CA") -> Authority:
    """Return the CA of a name; one is enough for all tests of a run."""
    return Authority(name)


def serving(pair: Pair, *, alpn: tuple[str, ...] = (), clients: Authority | None = None) -> ssl.SSLContext:
    """Return a server's context; with `clients` it demands certificates of that CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, pair)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if clients is not None:
        context.load_verify_locations(cadata=clients.pem.decode())
        context.verify_mode = ssl.CERT_REQUIRED

    def note(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.wanted_name = name  # type: ignore[attr-defined]

    context.sni_callback = note
    return context


def _load(context: ssl.SSLContext, pair: Pair) -> None:
    """Load a certificate; the ssl module takes it from a file only."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pair.key + pair.chain)
        file.flush()
        context.load_cert_chain(Path(file.name))


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, days: int = 1
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
    )


def _general(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
