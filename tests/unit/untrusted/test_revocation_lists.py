"""Lists that Envoy would refuse, or not read to their end, are none."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gatewayd.untrusted.pem import Unreadable, rewritten_lists
from tests.unit.translator import pem


def test_a_list_that_is_cut_off_is_none_beside_a_whole_one() -> None:
    one, two = pem.revoked_by(pem.ec_key(), "one", 7, 8), pem.revoked_by(pem.ec_key(1), "two")
    assert isinstance(rewritten_lists(one + two[:-20]), Unreadable)


def test_a_list_that_envoy_refuses_is_none() -> None:
    """The library takes it, and Envoy, which reads names at once, would go on with the list that it had before."""
    good = x509.load_pem_x509_crl(pem.revoked_by(pem.ec_key(), "shop.example", 7)).public_bytes(Encoding.DER)
    odd = base64.encodebytes(good.replace(b"shop.example", b"sh\xc0p.example"))
    text = b"-----BEGIN X509 CRL-----\n" + odd + b"-----END X509 CRL-----\n"
    assert isinstance(rewritten_lists(text), Unreadable)


@pytest.mark.parametrize("count", [0, 1, 10, 1_000, 4_000])
def test_lists_of_any_length_are_read(count: int) -> None:
    text = pem.revoked_by(pem.ec_key(), "one", *range(1, count + 1))
    assert rewritten_lists(text) == text
