"""How a member is reached: by its own CA alone, and with what stands in the Secret."""

import ssl
from datetime import UTC, datetime

import pytest

from gatewayd.identity.certificates import Subject, issue, make_ca
from gatewayd.kube.access import AccessError
from gatewayd.kube.member_access import member_access
from gatewayd.members.credentials import Credentials

NOW = datetime.now(UTC)
CA = make_ca(NOW)
PAIR = issue(CA, Subject(common_name="reader", dns_names=(), uris=()), NOW)
TEXT = CA.certificate.decode()


def reached(**more: str | bytes) -> Credentials:
    return Credentials(url="https://m.example", authority=TEXT, server_name="", **more)  # type: ignore[arg-type]


async def test_a_token() -> None:
    found = member_access(reached(token="one"))
    assert await found.authorization() == "Bearer one"
    assert (found.url, found.server_name, found.proxy) == ("https://m.example", None, None)
    assert found.tls.verify_mode is ssl.CERT_REQUIRED
    assert found.tls.check_hostname
    assert len(found.tls.get_ca_certs()) == 1


async def test_a_certificate() -> None:
    found = member_access(reached(certificate=PAIR.certificate, key=bytes(PAIR.key)))
    assert await found.authorization() == ""


@pytest.mark.parametrize("key", [b"-----BEGIN PRIVATE KEY-----\n", b"", bytes(CA.key)])
def test_a_pair_that_is_none_is_said(key: bytes) -> None:
    with pytest.raises(AccessError, match=r"client-certificate-data, client-key-data: are no pair"):
        member_access(reached(certificate=PAIR.certificate, key=key))


def test_a_ca_that_is_none_is_said() -> None:
    broken = Credentials(url="https://m", authority="-----BEGIN CERTIFICATE-----\nAA", server_name="", token="a")
    with pytest.raises(AccessError, match=r"certificate-authority-data: holds no certificate"):
        member_access(broken)
