"""TLS that ends at the Gateway: certificates, server names, misdirected requests, rotation.

https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig, https://gateway-api.sigs.k8s.io/geps/gep-3567/
"""

import asyncio
import ssl

import pytest
from cryptography import x509

from tests.feature.harness import http1, http2
from tests.feature.harness.https import CA, REFUSED, gateway, https, plain, secure
from tests.feature.harness.manifests import grant, http_route
from tests.feature.harness.pki import secret
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

FIRST, SECOND, BOTH = (
    CA.issue("first.example"),
    CA.issue("second.example", "*.second.example"),
    CA.issue("*.shop.example"),
)

# Port `tls` has a listener for each of two hosts, port `any` one for a host and one for all others.
BASE = "\n---\n".join(
    (
        FIRST.secret("first"),
        SECOND.secret("second"),
        BOTH.secret("both"),
        gateway(
            "edge",
            https("first", "tls", "{name: first}", "first.example"),
            https("second", "tls", "{name: second}", "*.second.example"),
            https("all", "any", "{name: both}"),
            https("special", "any", "{name: first}", "first.example"),
            https("several", "several", "{name: first}, {name: second}"),
            plain("plain", "http"),
        ),
    )
)


def to(section: str, gateway: str = "edge") -> str:
    return f"name: {gateway}, namespace: infra, sectionName: {section}"


def route(name: str, parent: str, host: str = "", backend: str = "one") -> str:
    rules = f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: 80}}]}}"
    return http_route(name, rules, parent=parent, host=host)


async def shown(world: World, port: str, server_name: str) -> int:
    """Return the serial number of the certificate that is shown for a server name."""
    connection = await http1.connect(world.port(port), tls=CA.trusting(), server_name=server_name)
    try:
        return serial(connection.writer)
    finally:
        await connection.close()


def serial(writer: asyncio.StreamWriter) -> int:
    der: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der).serial_number


async def test_a_listener_ends_tls_with_its_certificate(world: World) -> None:
    await world.apply(route("first", to("first")), route("second", to("second"), backend="two"))

    answer = await secure(world, "tls", "first.example")

    assert answer.said == (200, "first", "one")
    assert answer.seen("x-forwarded-proto") == ["https"]
    assert await shown(world, "tls", "first.example") == FIRST.serial
    assert (await secure(world, "tls", "a.second.example")).said == (200, "second", "two")
    assert await shown(world, "tls", "a.second.example") == SECOND.serial
    assert await shown(world, "any", "a.shop.example") == BOTH.serial
    assert await shown(world, "any", "first.example") == FIRST.serial


async def test_of_several_certificates_the_one_for_the_server_name_is_shown(world: World) -> None:
    await world.apply(route("several", to("several")))

    assert await shown(world, "several", "first.example") == FIRST.serial
    assert await shown(world, "several", "second.example") == SECOND.serial
    assert await shown(world, "several", "x.second.example") == SECOND.serial
    assert await shown(world, "several", "neither.example") == FIRST.serial
    assert (await secure(world, "several", "second.example")).said == (200, "several", "one")


async def test_a_server_name_that_no_listener_has_is_not_served(world: World) -> None:
    await world.apply(route("first", to("first")))

    with pytest.raises(REFUSED):
        await secure(world, "tls", "third.example")
    with pytest.raises(REFUSED):
        await world.ask("/", host="first.example", port="tls")


async def test_both_versions_of_http_are_offered(world: World) -> None:
    await world.apply(route("first", to("first")))

    connection = await http2.connect(world.port("tls"), tls=CA.trusting("h2", "http/1.1"), server_name="first.example")
    answer = await connection.ask(host="first.example")
    await connection.close()

    assert answer.said == (200, "first", "one")
    assert (await secure(world, "tls", "first.example")).said == (200, "first", "one")


async def test_old_versions_of_tls_are_not_spoken(world: World) -> None:
    old = CA.trusting()
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")

    with pytest.raises(REFUSED):
        await http1.connect(world.port("tls"), tls=old, server_name="first.example")


async def test_a_listener_without_routes_says_not_found(world: World) -> None:
    for server_name, port in (("first.example", "tls"), ("first.example", "any"), ("x.shop.example", "any")):
        assert (await secure(world, port, server_name)).said == (404, None, None)


@pytest.mark.parametrize(
    ("port", "server_name", "host", "expected"),
    [
        # The connection of one listener may not be used for the hosts of another.
        ("tls", "first.example", "first.example", (200, "first")),
        ("tls", "first.example", "a.second.example", (421, None)),
        ("tls", "a.second.example", "first.example", (421, None)),
        ("tls", "a.second.example", "b.second.example", (200, "second")),
        # A host that no listener of the port has is not found.
        ("tls", "first.example", "unknown.example", (404, None)),
        ("any", "first.example", "first.example", (200, "special")),
        ("any", "first.example", "x.shop.example", (421, None)),
        ("any", "x.shop.example", "first.example", (421, None)),
        ("any", "x.shop.example", "y.shop.example", (200, "all")),
        ("any", "x.shop.example", "unknown.example", (200, "all")),
    ],
)
async def test_misdirected_requests(
    world: World, port: str, server_name: str, host: str, expected: tuple[int, str | None]
) -> None:
    await world.apply(
        *(route(name, to(name)) for name in ("first", "special", "all")), route("second", to("second"), backend="two")
    )

    connection = await http2.connect(world.port(port), tls=CA.trusting("h2"), server_name=server_name)
    answer = await connection.ask(host=host)
    # The connection itself is fine and goes on.
    own = await connection.ask(host=server_name)
    await connection.close()

    assert (answer.status, answer.route) == expected
    assert own.status == 200


async def test_misdirection_without_any_routes(world: World) -> None:
    connection = await http2.connect(world.port("tls"), tls=CA.trusting("h2"), server_name="first.example")

    assert (await connection.ask(host="first.example")).status == 404
    assert (await connection.ask(host="a.second.example")).status == 421
    await connection.close()


async def test_overlapping_listeners_are_warned_of(world: World) -> None:
    for name in ("all", "special"):
        said = world.listener("Gateway infra/edge", name)
        assert said["OverlappingTLSConfig"].status
    for name in ("first", "second", "several"):
        assert "OverlappingTLSConfig" not in world.listener("Gateway infra/edge", name)


async def test_a_new_secret_is_served_and_no_connection_is_dropped(world: World) -> None:
    await world.apply(route("first", to("first")))
    renewed = CA.issue("first.example")
    connection = await http1.connect(world.port("tls"), tls=CA.trusting(), server_name="first.example")
    assert (await connection.ask(host="first.example")).said == (200, "first", "one")

    await world.apply(renewed.secret("first"))

    assert await shown(world, "tls", "first.example") == renewed.serial
    assert (await connection.ask(host="first.example")).said == (200, "first", "one")
    assert serial(connection.writer) == FIRST.serial
    await connection.close()


async def test_a_secret_that_goes_bad_is_told_and_its_last_good_certificate_is_served(world: World) -> None:
    await world.apply(route("first", to("first")), route("second", to("second"), backend="two"))
    connection = await http1.connect(world.port("tls"), tls=CA.trusting(), server_name="first.example")
    assert (await connection.ask(host="first.example")).said == (200, "first", "one")

    await world.apply(secret("first", b"no certificate", b"no key"))

    said = world.listener("Gateway infra/edge", "first")
    assert state(said["ResolvedRefs"]) == (False, "InvalidCertificateRef")
    assert "last good certificate" in said["ResolvedRefs"].message
    assert state(said["Programmed"]) == (True, "Programmed")
    assert await shown(world, "tls", "first.example") == FIRST.serial
    assert (await connection.ask(host="first.example")).said == (200, "first", "one")
    await connection.close()
    assert state(world.listener("Gateway infra/edge", "second")["ResolvedRefs"]) == (True, "ResolvedRefs")

    renewed = CA.issue("first.example")
    await world.apply(renewed.secret("first"))

    assert await shown(world, "tls", "first.example") == renewed.serial
    assert state(world.listener("Gateway infra/edge", "first")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_a_secret_that_is_removed_takes_only_its_listener(world: World) -> None:
    await world.apply(route("first", to("first")), route("second", to("second"), backend="two"))
    connection = await http1.connect(world.port("tls"), tls=CA.trusting(), server_name="a.second.example")
    assert (await connection.ask(host="a.second.example")).said == (200, "second", "two")

    await world.remove("Secret infra/first")

    bad, good = world.listener("Gateway infra/edge", "first"), world.listener("Gateway infra/edge", "second")
    assert state(bad["ResolvedRefs"]) == (False, "InvalidCertificateRef")
    assert bad["Programmed"].status is False
    assert world.attached("Gateway infra/edge", "first") == 1
    assert state(good["Programmed"]) == (True, "Programmed")
    assert (await secure(world, "tls", "a.second.example")).said == (200, "second", "two")
    assert (await connection.ask(host="a.second.example")).said == (200, "second", "two")
    await connection.close()
    with pytest.raises(REFUSED):
        await secure(world, "tls", "first.example")

    await world.apply(FIRST.secret("first"))

    assert (await secure(world, "tls", "first.example")).said == (200, "first", "one")
    assert state(world.listener("Gateway infra/edge", "first")["Programmed"]) == (True, "Programmed")


OTHER = CA.issue("other.example")


@pytest.mark.parametrize(
    ("ref", "objects", "reason"),
    [
        ("{name: missing}", "", "InvalidCertificateRef"),
        ("{name: first, kind: ConfigMap}", "", "InvalidCertificateRef"),
        ("{name: first, group: example.com}", "", "InvalidCertificateRef"),
        ("{name: mixed}", secret("mixed", OTHER.chain, FIRST.key), "InvalidCertificateRef"),
        ("{name: empty}", secret("empty", b"", b""), "InvalidCertificateRef"),
        ("{name: cut}", secret("cut", OTHER.chain[:200], OTHER.key), "InvalidCertificateRef"),
        ("{name: there, namespace: vault}", OTHER.secret("there", namespace="vault"), "RefNotPermitted"),
        ("{name: missing, namespace: vault}", "", "RefNotPermitted"),
        (
            "{name: there, namespace: vault}",
            OTHER.secret("there", namespace="vault")
            + grant("g", namespace="vault", of="infra", kind="HTTPRoute", to="Secret"),
            "RefNotPermitted",
        ),
        (
            "{name: there, namespace: vault}",
            OTHER.secret("there", namespace="vault")
            + grant("g", namespace="vault", of="infra", kind="Gateway", to="Secret", only="other"),
            "RefNotPermitted",
        ),
    ],
)
async def test_references_that_lead_to_no_certificate(world: World, ref: str, objects: str, reason: str) -> None:
    await world.apply(
        objects,
        gateway("bad", https("bad", "bad", ref), https("good", "good", "{name: first}")),
        route("r", to("good", "bad")),
    )

    bad, good = world.listener("Gateway infra/bad", "bad"), world.listener("Gateway infra/bad", "good")
    assert state(bad["ResolvedRefs"]) == (False, reason)
    assert bad["Programmed"].status is False
    assert "spec.listeners[0].tls.certificateRefs[0]" in bad["ResolvedRefs"].message
    assert state(good["Programmed"]) == (True, "Programmed")
    assert (await secure(world, "good", "first.example")).said == (200, "r", "one")
    with pytest.raises(REFUSED):
        await secure(world, "bad", "first.example")


async def test_a_grant_makes_a_certificate_of_another_namespace_usable_until_it_is_revoked(world: World) -> None:
    await world.apply(
        OTHER.secret("there", namespace="vault"),
        grant("g", namespace="vault", of="infra", kind="Gateway", to="Secret", only="there"),
        gateway("granted", https("https", "granted", "{name: there, namespace: vault}")),
        route("r", to("https", "granted")),
    )
    assert (await secure(world, "granted", "other.example")).said == (200, "r", "one")
    assert await shown(world, "granted", "other.example") == OTHER.serial

    await world.remove("ReferenceGrant vault/g")

    said = world.listener("Gateway infra/granted", "https")
    assert state(said["ResolvedRefs"]) == (False, "RefNotPermitted")
    with pytest.raises(REFUSED):
        await secure(world, "granted", "other.example")
