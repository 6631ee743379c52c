import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from gatewayd.identity.certificates import (
    BACKDATED,
    CA_LIFETIME,
    LEAF_LIFETIME,
    KeyPair,
    Subject,
    check_pair,
    expiry,
    gateway_identity,
    issue,
    issued_at,
    make_ca,
)
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.tls import PrivateBytes
from tests.unit.translator.pem import certificate_of, ec_key, pem_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SERVER = "gatewayd.gatewayd-system.svc"
CA = make_ca(NOW)
PROXY = Subject(common_name="gw", dns_names=(), uris=(gateway_identity(GatewayFleet(namespace="shop", name="gw"), ""),))
USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign"),
)
CONTROL_PLANE = Subject(common_name="gatewayd", dns_names=(SERVER,), uris=())


def read(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def builder(ca: KeyPair = CA, at: datetime = NOW) -> verification.PolicyBuilder:
    return verification.PolicyBuilder().store(verification.Store([read(ca)])).time(at)


def test_the_name_of_a_gateway() -> None:
    assert (
        gateway_identity(GatewayFleet(namespace="shop", name="gw"), "0e-1f")
        == "spiffe://gatewayd/ns/shop/gateway/gw/uid/0e-1f"
    )
    assert gateway_identity(GatewayFleet(namespace="shop", name="gw"), "") == "spiffe://gatewayd/ns/shop/gateway/gw"


def test_when_a_certificate_was_made() -> None:
    assert issued_at(issue(CA, PROXY, NOW).certificate) == NOW.replace(microsecond=0)


def test_a_proxy_is_who_its_uri_says() -> None:
    verified = builder().build_client_verifier().verify(read(issue(CA, PROXY, NOW)), [])
    assert verified.subjects == [x509.UniformResourceIdentifier("spiffe://gatewayd/ns/shop/gateway/gw")]
    assert verified.chain[1] == read(CA)


def test_the_server_is_believed_under_its_name_only() -> None:
    server = read(issue(CA, CONTROL_PLANE, NOW))
    builder().build_server_verifier(x509.DNSName(SERVER)).verify(server, [])
    with pytest.raises(verification.VerificationError):
        builder().build_server_verifier(x509.DNSName("other.svc")).verify(server, [])


def test_another_ca_of_the_same_name_is_not_believed() -> None:
    with pytest.raises(verification.VerificationError):
        builder(make_ca(NOW)).build_client_verifier().verify(read(issue(CA, PROXY, NOW)), [])


def test_a_certificate_signs_no_other() -> None:
    proxy = issue(CA, PROXY, NOW)
    forged = read(issue(proxy, CONTROL_PLANE, NOW))
    with pytest.raises(verification.VerificationError):
        builder().build_client_verifier().verify(forged, [read(proxy)])


@pytest.mark.parametrize(
    ("pair", "lifetime"), [(CA, CA_LIFETIME), (issue(CA, PROXY, NOW), LEAF_LIFETIME)], ids=["CA", "proxy"]
)
def test_how_long_they_live(pair: KeyPair, lifetime: timedelta) -> None:
    found = read(pair)
    assert found.not_valid_before_utc == NOW - BACKDATED
    assert found.not_valid_after_utc == expiry(pair.certificate) == pair.expires == NOW + lifetime
    assert not pair.is_due(NOW + lifetime * 2 / 3 - timedelta(minutes=1), lifetime)
    assert pair.is_due(NOW + lifetime * 2 / 3 + timedelta(minutes=1), lifetime)


def test_an_expired_certificate_is_not_believed() -> None:
    proxy = read(issue(CA, PROXY, NOW))
    with pytest.raises(verification.VerificationError):
        builder(at=NOW + LEAF_LIFETIME + timedelta(seconds=1)).build_client_verifier().verify(proxy, [])


def test_any_time_zone_will_do() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert make_ca(elsewhere).expires == NOW + CA_LIFETIME


def test_what_they_may_be_used_for() -> None:
    assert read(CA).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert usage(CA) == {"key_cert_sign", "crl_sign"}
    proxy = read(issue(CA, PROXY, NOW)).extensions
    assert not proxy.get_extension_for_class(x509.BasicConstraints).value.ca
    assert usage(issue(CA, PROXY, NOW)) == {"digital_signature"}
    uses = set(proxy.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert uses == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


def usage(pair: KeyPair) -> set[str]:
    found = read(pair).extensions.get_extension_for_class(x509.KeyUsage)
    assert found.critical
    return {name for name in USAGES if getattr(found.value, name)}


def test_both_sides_of_a_grpc_connection_take_them() -> None:
    """The libraries that serve and dial are stricter than those that verify a chain."""
    now = datetime.now(UTC)
    ca = make_ca(now)
    server_pair, proxy_pair = issue(ca, CONTROL_PLANE, now), issue(ca, PROXY, now)
    server = grpc.server(ThreadPoolExecutor(1))
    believed = grpc.ssl_server_credentials(
        [(bytes(server_pair.key), server_pair.certificate)], ca.certificate, require_client_auth=True
    )
    port = server.add_secure_port("127.0.0.1:0", believed)
    server.start()
    mine = grpc.ssl_channel_credentials(ca.certificate, bytes(proxy_pair.key), proxy_pair.certificate)
    try:
        with grpc.secure_channel(f"127.0.0.1:{port}", mine, [("grpc.ssl_target_name_override", SERVER)]) as channel:
            grpc.channel_ready_future(channel).result(timeout=10)
    finally:
        server.stop(None).wait()


def test_every_certificate_has_a_key_and_a_number_of_its_own() -> None:
    one, two = issue(CA, PROXY, NOW), issue(CA, PROXY, NOW)
    assert one.key != two.key
    assert read(one).serial_number != read(two).serial_number


def test_a_long_name_is_shortened_where_nobody_reads_it() -> None:
    uri = gateway_identity(GatewayFleet(namespace="n" * 63, name="g" * 253), "u" * 36)
    found = read(issue(CA, Subject(common_name="g" * 253, dns_names=(), uris=(uri,)), NOW))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [uri]


def test_a_key_is_never_shown() -> None:
    assert "PRIVATE" not in repr(CA)


def test_a_pair_is_read_back() -> None:
    proxy = issue(CA, PROXY, NOW)
    assert check_pair(proxy.certificate, bytes(proxy.key)) == proxy


@pytest.mark.parametrize(
    ("certificate", "key", "message"),
    [
        (b"", b"", "cannot be read"),
        (CA.certificate, b"", "cannot be read"),
        (b"", bytes(CA.key), "cannot be read"),
        (CA.certificate[:200], bytes(CA.key), "cannot be read"),
        (CA.certificate, b"\xff" * 100, "cannot be read"),
        (CA.certificate, bytes(make_ca(NOW).key), "does not belong"),
        (bytes(CA.key), CA.certificate, "cannot be read"),
    ],
)
def test_what_is_no_pair_is_told(certificate: bytes, key: bytes, message: str) -> None:
    found = check_pair(certificate, key)
    assert isinstance(found, str)
    assert message in found


def rsa_key() -> PrivateBytes:
    key = rsa.generate_private_key(65537, 2048)
    return PrivateBytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_only_keys_of_our_own_kind_are_ours() -> None:
    key = rsa_key()
    assert check_pair(CA.certificate, bytes(key)) == "the key does not belong to the certificate"
    with pytest.raises(TypeError, match="elliptic"):
        issue(KeyPair(certificate=CA.certificate, key=key), PROXY, NOW)


def test_the_key_is_the_one_in_the_certificate() -> None:
    proxy = issue(CA, PROXY, NOW)
    public = load_key(proxy.key, password=None).public_key()
    encoded = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public.public_bytes(*encoded) == read(proxy).public_key().public_bytes(*encoded)


def test_a_certificate_that_ended_at_the_first_moment_there_is_can_be_compared() -> None:
    chain = certificate_of(ec_key())
    der = x509.load_pem_x509_certificate(chain).public_bytes(Encoding.DER).replace(b"21200101", b"00010101")
    text = base64.encodebytes(der)
    found = check_pair(
        b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n", bytes(pem_of(ec_key()))
    )
    assert isinstance(found, KeyPair)
    assert found.expires.year == 1
    assert found.is_due(NOW, LEAF_LIFETIME)


def test_what_cannot_be_read_ended_long_ago() -> None:
    assert expiry(b"garbage") < NOW
    assert KeyPair(certificate=b"", key=CA.key).is_due(NOW, LEAF_LIFETIME)
