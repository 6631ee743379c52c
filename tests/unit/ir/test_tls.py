import json

import pytest

from gatewayd.ir.tls import Certificate, PrivateBytes

KEY = PrivateBytes(b"-----BEGIN PRIVATE KEY-----")


def test_a_key_is_bytes() -> None:
    assert KEY == b"-----BEGIN PRIVATE KEY-----"
    assert hash(KEY) == hash(bytes(KEY))
    assert len(KEY) == 27


@pytest.mark.parametrize("shown", [repr(KEY), str(KEY), f"{KEY}", f"{KEY!r}", "%s" % KEY])  # noqa: UP031 - one of the ways
def test_a_key_is_never_shown(shown: str) -> None:
    assert shown == "<redacted>"


def test_a_key_is_not_shown_by_what_holds_it() -> None:
    certificate = Certificate(name="shop/cert", chain=b"chain", key=KEY)
    assert "PRIVATE" not in repr(certificate)
    assert "PRIVATE" not in json.dumps([str(certificate)])
