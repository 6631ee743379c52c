"""Certificates that change under load, go bad and come back, and grants that are taken back while traffic flows.

https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig, #referencegrant
"""

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.feature.harness import http1
from tests.feature.harness.http1 import Connection
from tests.feature.harness.https import CA, gateway, https, plain, secure
from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.pki import Pair, secret
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ROTATIONS, PERIOD, CLIENTS = 60, 0.1, 4
REVOKED_WITHIN = 1.0
HOST = "first.example"
BASE = CA.issue(HOST).secret("first") + gateway("edge", https("https", "tls", "{name: first}"), plain("plain", "http"))
ROUTE = http_route("r", "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}")


def serial(connection: Connection) -> int:
    der: bytes = connection.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der).serial_number


async def shown(world: World, tls: ssl.SSLContext | None = None) -> int:
    """Return the serial number of the certificate that a new connection gets, after a request on it was answered."""
    connection = await http1.connect(world.port("tls"), tls=tls or CA.trusting(), server_name=HOST)
    try:
        answer = await connection.ask(host=HOST)
        assert answer.said == (200, "r", "one")
        return serial(connection)
    finally:
        await connection.close()


async def test_no_handshake_fails_while_the_secret_is_rotated(world: World) -> None:
    """A new certificate every 100 ms for 6 s; clients connect all the time, and one keeps its connection."""
    pairs = [CA.issue(HOST) for _ in range(ROTATIONS)]
    known = {each.serial: at for at, each in enumerate(pairs)}
    await world.apply(pairs[0].secret("first"), ROUTE)
    kept = await world.connect("tls", tls=CA.trusting(), server_name=HOST)
    done = asyncio.Event()
    seen: list[list[int]] = [[] for _ in range(CLIENTS)]

    async def connect_on_and_on(found: list[int]) -> None:
        while not done.is_set():
            found.append(known[await shown(world)])

    async def rotate() -> None:
        loop = asyncio.get_running_loop()
        rotated = asyncio.Event()
        for at, pair in enumerate(pairs):
            loop.call_later(at * PERIOD, world.put, pair.secret("first"))
        loop.call_later(ROTATIONS * PERIOD, rotated.set)
        await rotated.wait()
        await world.settle()
        done.set()

    async with asyncio.TaskGroup() as group:
        for found in seen:
            group.create_task(connect_on_and_on(found))
        group.create_task(rotate())

    handshakes = sum(map(len, seen))
    print(f"{handshakes} handshakes over {ROTATIONS} certificates, 0 failed")  # noqa: T201
    assert handshakes > ROTATIONS
    # Never an older one after a newer one, and most of them were really served.
    assert all(found == sorted(found) for found in seen)
    assert len({each for found in seen for each in found}) > ROTATIONS // 2
    assert await shown(world) == pairs[-1].serial
    assert (await kept.ask(host=HOST)).said == (200, "r", "one")
    assert serial(kept) == pairs[0].serial


@pytest.mark.parametrize(
    "broken",
    [
        secret("first", b"no certificate", b"no key"),
        secret("first", b"", b""),
        secret("first", CA.issue(HOST).chain, CA.issue(HOST).key),
        "{apiVersion: v1, kind: Secret, metadata: {name: first, namespace: infra}}",
    ],
)
async def test_a_broken_secret_is_refused_and_the_last_good_one_stays(world: World, broken: str) -> None:
    good, next_one = CA.issue(HOST), CA.issue(HOST)
    await world.apply(good.secret("first"), ROUTE)
    before = await world.connect("tls", tls=CA.trusting(), server_name=HOST)
    assert await shown(world) == good.serial

    await world.apply(broken)

    said = world.listener("Gateway infra/edge", "https")
    assert state(said["ResolvedRefs"]) == (False, "InvalidCertificateRef")
    assert "spec.listeners[0].tls.certificateRefs[0]" in said["ResolvedRefs"].message
    assert "last good" in said["ResolvedRefs"].message
    assert await shown(world) == good.serial
    assert (await before.ask(host=HOST)).said == (200, "r", "one")
    assert (await world.ask(host=HOST)).said == (200, "r", "one")

    await world.apply(next_one.secret("first"))

    assert state(world.listener("Gateway infra/edge", "https")["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert await shown(world) == next_one.serial


def expired() -> Pair:
    """Return a self-signed certificate of which only the time is wrong."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(certificate.public_bytes(Encoding.PEM), private)


async def test_an_expired_certificate_is_served_as_it_was_asked_for(world: World) -> None:
    """Whether it is good is for clients to say: refusing it here would need a clock, and would not help anybody."""
    old = expired()
    await world.apply(old.secret("first"), ROUTE)
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE

    assert await shown(world, blind) == old.serial
    with pytest.raises(ssl.SSLCertVerificationError):
        await secure(world, "tls", HOST)


async def test_a_revoked_grant_stops_live_traffic_at_once(world: World) -> None:
    """Connections that are open already are no way around it."""
    rules = "- {filters: [<route:r>], backendRefs: [{name: far, namespace: vault, port: 80}]}"
    await world.apply(
        service("far", world.backends["one"].port, namespace="vault"),
        grant("g", namespace="vault", of="shop"),
        http_route("r", rules),
    )
    connection = await world.connect()
    first = await connection.ask(host=HOST)
    assert first.said == (200, "r", "one")
    tries = 0

    began = time.monotonic()
    removing = asyncio.create_task(world.remove("ReferenceGrant vault/g"))
    while (answer := await connection.ask(host=HOST)).status == 200:
        tries += 1
        assert time.monotonic() - began < REVOKED_WITHIN
    took = time.monotonic() - began
    await removing

    print(f"revoked after {took * 1000:.1f} ms, {tries} requests later")  # noqa: T201
    assert took < REVOKED_WITHIN
    assert (answer.status, answer.backend) == (500, None)
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (False, "RefNotPermitted")
    assert (await connection.ask(host=HOST)).status == 500
    assert (await world.ask(host=HOST)).status == 500

    await world.apply(grant("g", namespace="vault", of="shop"))
    assert (await connection.ask(host=HOST)).said == (200, "r", "one")
