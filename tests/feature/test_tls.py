"""TLS that ends at the Gateway: certificates, server names, misdirected requests, rotation, client certificates.

https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig, https://gateway-api.sigs.k8s.io/geps/gep-3567/
"""

import asyncio
import ssl

import pytest
from cryptography import x509

from tests.feature.harness import http1, http2
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import grant, http_route
from tests.feature.harness.pki import Pair, authority, secret
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CA = authority()
FIRST, SECOND, BOTH = CA.issue("first.example"), CA.issue("second.example", "*.second.example"), CA.issue("*.shop.example")
ALL = "allowedRoutes: {namespaces: {from: All}}"
REFUSED = (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)


def https(name: str, port: str, refs: str, hostname: str = "") -> str:
    host = f", hostname: '{hostname}'" if hostname else ""
    return f"  - {{name: {name}, port: <{port}>, protocol: HTTPS{host}, tls: {{certificateRefs: [{refs}]}}, {ALL}}}\n"


def gateway(name: str, *listeners: str, tls: str = "") -> str:
    more = f"  tls: {tls}\n" if tls else ""
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: infra}}
spec:
  gatewayClassName: gatewayd
{more}  listeners:
{"".join(listeners)}"""


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
            f"  - {{name: plain, port: <http>, protocol: HTTP, {ALL}}}\n",
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


async def secure(world: World, port: str, server_name: str, host: str = "", *, client: Pair | None = None) -> Answer:
    return await world.ask(
        "/", host=host or server_name, port=port, tls=CA.trusting(client=client), server_name=server_name
    )


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
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning):
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


async def test_a_secret_that_goes_bad_takes_only_its_listener(world: World) -> None:
    await world.apply(route("first", to("first")), route("second", to("second"), backend="two"))
    connection = await http1.connect(world.port("tls"), tls=CA.trusting(), server_name="a.second.example")
    assert (await connection.ask(host="a.second.example")).said == (200, "second", "two")

    await world.apply(secret("first", b"no certificate", b"no key"))

    bad, good = world.listener("Gateway infra/edge", "first"), world.listener("Gateway infra/edge", "second")
    assert state(bad["ResolvedRefs"]) == (False, "InvalidCertificateRef")
    assert bad["Programmed"].status is False
    assert world.attached("Gateway infra/edge", "first") == 1
    assert state(good["ResolvedRefs"]) == (True, "ResolvedRefs")
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
        objects, gateway("bad", https("bad", "bad", ref), https("good", "good", "{name: first}")), route("r", to("good", "bad"))
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


STRANGERS = authority("Strangers")
FRIEND, STRANGER = CA.issue("friend", client=True), STRANGERS.issue("stranger", client=True)


def validating(mode: str, refs: str = "{group: '', kind: ConfigMap, name: clients}") -> str:
    return f"{{frontend: {{default: {{validation: {{caCertificateRefs: [{refs}], mode: {mode}}}}}}}}}"


async def test_client_certificates_are_required(world: World) -> None:
    await world.apply(
        CA.configmap("clients"),
        gateway(
            "mutual",
            https("https", "mutual", "{name: first}"),
            f"  - {{name: plain, port: <mplain>, protocol: HTTP, {ALL}}}\n",
            tls=validating("AllowValidOnly"),
        ),
        route("r", "name: mutual, namespace: infra"),
    )

    assert (await secure(world, "mutual", "first.example", client=FRIEND)).said == (200, "r", "one")
    for client in (None, STRANGER):
        with pytest.raises(REFUSED):
            await secure(world, "mutual", "first.example", client=client)
    assert (await world.ask("/", host="first.example", port="mplain")).said == (200, "r", "one")


async def test_client_certificates_are_asked_for_but_not_needed(world: World) -> None:
    await world.apply(
        CA.configmap("clients"),
        gateway("lax", https("https", "lax", "{name: first}"), tls=validating("AllowInsecureFallback")),
        route("r", "name: lax, namespace: infra"),
    )

    for client in (FRIEND, None, STRANGER):
        assert (await secure(world, "lax", "first.example", client=client)).said == (200, "r", "one")
    said = world.gateway("Gateway infra/lax")
    assert state(said["InsecureFrontendValidationMode"]) == (True, "ConfigurationChanged")

    await world.apply(gateway("lax", https("https", "lax", "{name: first}"), tls=validating("AllowValidOnly")))

    assert "InsecureFrontendValidationMode" not in world.gateway("Gateway infra/lax")
    with pytest.raises(REFUSED):
        await secure(world, "lax", "first.example")


async def test_a_port_has_its_own_rule_for_client_certificates(world: World) -> None:
    validation = "{validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]}}"
    strangers = "{validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: strangers}]}}"
    await world.apply(
        CA.configmap("clients"),
        STRANGERS.configmap("strangers"),
        gateway(
            "ports",
            https("checked", "checked", "{name: first}"),
            https("open", "open", "{name: first}"),
            https("theirs", "theirs", "{name: first}"),
            tls=f"{{frontend: {{default: {validation}, perPort: [{{port: <open>, tls: {{}}}}, {{port: <theirs>, tls: {strangers}}}]}}}}",
        ),
        route("r", "name: ports, namespace: infra"),
    )

    assert (await secure(world, "checked", "first.example", client=FRIEND)).said == (200, "r", "one")
    with pytest.raises(REFUSED):
        await secure(world, "checked", "first.example")
    assert (await secure(world, "open", "first.example")).said == (200, "r", "one")
    assert (await secure(world, "theirs", "first.example", client=STRANGER)).said == (200, "r", "one")
    with pytest.raises(REFUSED):
        await secure(world, "theirs", "first.example", client=FRIEND)


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("{group: '', kind: ConfigMap, name: missing}", "InvalidCACertificateRef"),
        ("{group: '', kind: Service, name: clients}", "InvalidCACertificateKind"),
        ("{group: '', kind: ConfigMap, name: clients, namespace: vault}", "RefNotPermitted"),
    ],
)
async def test_a_bad_client_ca_closes_the_https_listeners_alone(world: World, ref: str, reason: str) -> None:
    await world.apply(
        gateway(
            "badca",
            https("https", "badca", "{name: first}"),
            f"  - {{name: plain, port: <bplain>, protocol: HTTP, {ALL}}}\n",
            tls=validating("AllowValidOnly", ref),
        ),
        route("r", "name: badca, namespace: infra"),
    )

    said = world.listener("Gateway infra/badca", "https")
    assert state(said["Accepted"]) == (False, "NoValidCACertificate")
    assert state(said["ResolvedRefs"]) == (False, reason)
    assert said["Programmed"].status is False
    assert state(world.listener("Gateway infra/badca", "plain")["Programmed"]) == (True, "Programmed")
    with pytest.raises(REFUSED):
        await secure(world, "badca", "first.example", client=FRIEND)
    assert (await world.ask("/", host="first.example", port="bplain")).said == (200, "r", "one")


async def test_a_client_ca_is_replaced_live(world: World) -> None:
    await world.apply(
        CA.configmap("clients"),
        gateway("rotating", https("https", "rotating", "{name: first}"), tls=validating("AllowValidOnly")),
        route("r", "name: rotating, namespace: infra"),
    )
    assert (await secure(world, "rotating", "first.example", client=FRIEND)).said == (200, "r", "one")

    await world.apply(STRANGERS.configmap("clients"))

    assert (await secure(world, "rotating", "first.example", client=STRANGER)).said == (200, "r", "one")
    with pytest.raises(REFUSED):
        await secure(world, "rotating", "first.example", client=FRIEND)
