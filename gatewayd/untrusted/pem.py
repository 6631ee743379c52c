"""PEM texts of strangers -> plain values: the only place that hands them to the library which reads them.

In: bytes. Out: values of our own, or an `Unreadable` that says what is wrong; nothing raises, now or later. The library
reads much of a certificate only when it is asked for it, so what it gives never leaves this module: everything that
somebody will want to know is asked for here.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gatewayd.ir.tls import PrivateBytes
from gatewayd.untrusted.revocation_lists import revocation_lists

T = TypeVar("T")

_PANIC: Final = "PanicException"
"""What the library raises where its Rust panics: no Exception, and of a type that cannot be imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why a text cannot be read, in the library's words: never shown to those who cannot see the text."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCertificate:
    """A certificate: its PEM, written anew, what it is good for, and when.

    `public_key`: DER of the SubjectPublicKeyInfo, b"" when the key is of a kind that is not known. `dns_names`, `uris`:
    those of the subjectAltName; None: they cannot be read.
    """

    pem: bytes
    public_key: bytes
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...] | None
    uris: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadKey:
    """A private key: its PEM (PKCS#8), written anew. `rsa_bits` 0: not RSA; `curve` "": not of an elliptic curve."""

    pem: PrivateBytes
    public_key: bytes
    rsa_bits: int
    curve: str


def read_certificates(text: bytes) -> tuple[ReadCertificate, ...] | Unreadable:
    """Return the certificates of a text in their order, one at least."""
    return _guarded(lambda: tuple(_certificate(each) for each in _parsed(text)))


def rewritten(text: bytes) -> bytes | Unreadable:
    """Return the certificates of a text, one at least, and nothing that stands between them."""
    return _guarded(lambda: b"".join(each.public_bytes(Encoding.PEM) for each in _parsed(text)))


def rewritten_lists(text: bytes) -> bytes | Unreadable:
    """Return the revocation lists of a text, one at least, and nothing that stands between them."""
    return _guarded(lambda: revocation_lists(text))


def read_key(text: bytes) -> ReadKey | Unreadable:
    """Return the private key of a text; it must have no password."""
    return _guarded(lambda: _key(load_pem_private_key(text, password=None)))


def is_issued_by(certificate: bytes, authority: bytes) -> bool:
    """Return whether the first certificate of a text is signed by that of another; not whether it is valid now."""
    return _guarded(lambda: _is_issued(certificate, authority)) is True


def _guarded(read: Callable[[], T]) -> T | Unreadable:
    """Run what reads a stranger's bytes.

    The library raises what it likes: ValueError and TypeError, UnsupportedAlgorithm, InvalidVersion, which are neither,
    and whatever its next release thinks of. Any of them is a fault of the text, and means the same to whoever asks.
    """
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - see above
        return Unreadable(why=str(error) or type(error).__name__)
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        return Unreadable(why="the library that reads it has failed")


def _parsed(text: bytes) -> list[x509.Certificate]:
    """Read the certificates twice: the library leaves open what OpenSSL, like the BoringSSL of Envoy, parses at once.

    Envoy keeps a Secret that it refused, and refuses every later change of a listener that names it.
    """
    read = x509.load_pem_x509_certificates(text)
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for each in read:
        store.load_verify_locations(cadata=each.public_bytes(Encoding.DER))
    return read


def _certificate(read: x509.Certificate) -> ReadCertificate:
    names = _guarded(lambda: _names(read))
    known = _guarded(lambda: read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    dns_names, uris = (None, None) if isinstance(names, Unreadable) else names
    return ReadCertificate(
        pem=read.public_bytes(Encoding.PEM),
        public_key=b"" if isinstance(known, Unreadable) else known,
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        dns_names=dns_names,
        uris=uris,
    )


def _names(read: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), ()
    dns, uris = names.get_values_for_type(x509.DNSName), names.get_values_for_type(x509.UniformResourceIdentifier)
    return tuple(dns), tuple(uris)


def _key(read: PrivateKeyTypes) -> ReadKey:
    return ReadKey(
        pem=PrivateBytes(read.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
        public_key=read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        rsa_bits=read.key_size if isinstance(read, rsa.RSAPrivateKey) else 0,
        curve=read.curve.name if isinstance(read, ec.EllipticCurvePrivateKey) else "",
    )


def _is_issued(certificate: bytes, authority: bytes) -> bool:
    try:
        x509.load_pem_x509_certificate(certificate).verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    except InvalidSignature:
        return False
    return True
