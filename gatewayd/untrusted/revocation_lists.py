"""Revocation lists of strangers -> the same lists, written anew, where Envoy reads them too.

In: PEM. Out: PEM of the lists alone; whatever is wrong with one of them is raised, as the libraries like. A list that
Envoy refuses is worse than none: it would go on with the one that it had, and let in whom the new one revokes.
"""

import re
from collections import deque
from datetime import UTC, datetime
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

_LIST: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_BEGIN: Final = b"-----BEGIN X509 CRL-----"
_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SEQUENCE, _SET, _FIRST, _SECOND = 0x30, 0x31, 0xA0, 0xA1
"""Tags of DER: https://www.itu.int/rec/T-REC-X.690"""
_VERSION: Final = bytes.fromhex("020101")
_DATA: Final = bytes.fromhex("06092a864886f70d010701")
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")


def revocation_lists(text: bytes) -> bytes:
    """Return the lists of a text, one at least, and nothing that stands between them. Raises whatever is wrong."""
    read = [x509.load_pem_x509_crl(each) for each in _LIST.findall(text)]
    if not read:
        raise ValueError("no revocation list")
    if len(read) != text.count(_BEGIN):
        raise ValueError("a revocation list has no end")
    for each in read:
        # The library reads entries when it is asked for them; Envoy reads them all.
        deque(each, maxlen=0)
        _read_by_openssl(each.public_bytes(Encoding.DER))
    return b"".join(each.public_bytes(Encoding.PEM) for each in read)


def _read_by_openssl(revocation_list: bytes) -> None:
    """Read a list by OpenSSL, which is as strict as the BoringSSL of Envoy; raises ValueError where it refuses.

    The library reads by OpenSSL what is in a PKCS #7 bundle of certificates, where lists may stand beside them.
    https://www.rfc-editor.org/rfc/rfc2315#section-9.1
    """
    beside = _der(_FIRST, _any_certificate()) + _der(_SECOND, revocation_list)
    signed = _VERSION + _der(_SET) + _der(_SEQUENCE, _DATA) + beside + _der(_SET)
    pkcs7.load_der_pkcs7_certificates(_der(_SEQUENCE, _SIGNED_DATA + _der(_FIRST, _der(_SEQUENCE, signed))))


def _der(tag: int, content: bytes = b"") -> bytes:
    """Return a value in DER."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


@cache
def _any_certificate() -> bytes:
    """Return a certificate: a bundle without one is none to the library."""
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
    dated = builder.not_valid_before(_DAY).not_valid_after(_DAY)
    return dated.sign(key, None).public_bytes(Encoding.DER)
