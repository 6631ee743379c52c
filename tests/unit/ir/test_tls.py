import json

import pytest

from gatewayd.ir.tls import Certificate, PrivateBytes, TrustBundle

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


def test_a_version_stands_for_the_kind_the_name_and_all_of_the_content() -> None:
    """Its value is fixed: proxies outlive a gatewayd, and replicas of two releases run side by side."""
    one = Certificate(name="shop/a", chain=b"chain", key=PrivateBytes(b"key"))
    assert one.version == Certificate(name="shop/a", chain=b"chain", key=PrivateBytes(b"key")).version
    assert one.version == "49edb368a1bef691"
    others = (
        Certificate(name="shop/b", chain=b"chain", key=PrivateBytes(b"key")),
        Certificate(name="shop/a", chain=b"chaink", key=PrivateBytes(b"ey")),
        TrustBundle(name="shop/a", certificates=b"chain"),
        TrustBundle(name="shop/a", certificates=b"other"),
    )
    assert len({each.version for each in (one, *others)}) == len(others) + 1
