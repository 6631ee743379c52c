"""Client certificates: required, asked for, by port, and with a CA that is not there.

https://gateway-api.sigs.k8s.io/reference/spec/#frontendtlsvalidation
"""

import pytest

from tests.feature.harness.https import CA, REFUSED, gateway, https, plain, secure
from tests.feature.harness.manifests import http_route
from tests.feature.harness.pki import authority
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = CA.issue("first.example").secret("first")
STRANGERS = authority("Strangers")
FRIEND, STRANGER = CA.issue("friend", client=True), STRANGERS.issue("stranger", client=True)


def route(name: str, parent: str) -> str:
    return http_route(name, f"- {{filters: [<route:{name}>], backendRefs: [{{name: one, port: 80}}]}}", parent=parent)


def validating(mode: str, refs: str = "{group: '', kind: ConfigMap, name: clients}") -> str:
    return f"{{frontend: {{default: {{validation: {{caCertificateRefs: [{refs}], mode: {mode}}}}}}}}}"


async def test_client_certificates_are_required(world: World) -> None:
    await world.apply(
        CA.configmap("clients"),
        gateway(
            "mutual",
            https("https", "mutual", "{name: first}"),
            plain("plain", "mplain"),
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
    others = f"{{port: <open>, tls: {{}}}}, {{port: <theirs>, tls: {strangers}}}"
    await world.apply(
        CA.configmap("clients"),
        STRANGERS.configmap("strangers"),
        gateway(
            "ports",
            https("checked", "checked", "{name: first}"),
            https("open", "open", "{name: first}"),
            https("theirs", "theirs", "{name: first}"),
            tls=f"{{frontend: {{default: {validation}, perPort: [{others}]}}}}",
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
            plain("plain", "bplain"),
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
