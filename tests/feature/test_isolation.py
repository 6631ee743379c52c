"""Certificates of another team on a shared Gateway: whatever they are, everybody else is served and can edit."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.feature.harness.https import CA, REFUSED, secure
from tests.feature.harness.listenersets import conditions, gateway, http, https, listeners
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.pki import Pair, secret
from tests.feature.harness.world import World, running_world, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

OURS, THEIRS = CA.issue("ours.example"), CA.issue("theirs.example")
VERSION_SEVEN = ("a003020102", "a003020107")
UNKNOWN_CURVE = ("06082a8648ce3d030107", "06082a8648ce3d03017f")
UNKNOWN_KEY = ("06072a8648ce3d0201", "06072a8648ce3d027f")
UNKNOWN_SIGNATURE = ("06082a8648ce3d040302", "06082a8648ce3d04037f")
NO_EXTENSION = ("0603551d11", "0603551d13")
NO_STRING = ("06035504030c", "060355040322")
"""A name that is of no type of strings: one of the two that read it in gatewayd leaves that open, Envoy does not."""
STRANGE = (VERSION_SEVEN, UNKNOWN_CURVE, UNKNOWN_KEY, UNKNOWN_SIGNATURE, NO_EXTENSION, NO_STRING)
BASE = OURS.secret("ours") + gateway(
    "namespaces: {from: All}", http("own", "http"), https("own-tls", "tls", "{name: ours}", "ours.example")
)
BACKENDS = ("one",)


def changed(text: bytes, change: tuple[str, str]) -> bytes:
    """Return a certificate with some bytes (hex) exchanged for others, wherever they are."""
    der = x509.load_pem_x509_certificate(text).public_bytes(Encoding.DER)
    other = der.replace(*map(bytes.fromhex, change))
    assert other != der
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(other) + b"-----END CERTIFICATE-----\n"


def of_team(change: tuple[str, str]) -> str:
    """Return what another team adds: a listener, and a TLS backend with its policy, with such certificates and CAs."""
    bad = Pair(changed(THEIRS.chain, change), THEIRS.key)
    authority = changed(CA.pem, change) if change != NO_EXTENSION else changed(CA.pem, ("0603551d13", "0603551d11"))
    lines = "".join(f"    {line}\n" for line in authority.decode().splitlines())
    return "\n---\n".join((
        secret("bad", bad.chain, bad.key, namespace="team"),
        listeners(
            "theirs",
            https("bad", "tls", "{name: bad}", "theirs.example"),
            http("plain", "http", "theirs.example"),
        ),
        service("secure", 1, namespace="team"),
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: bad, namespace: team}}\ndata:\n  ca.crt: |\n{lines}",
        """
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: theirs, namespace: team}
spec:
  targetRefs: [{group: '', kind: Service, name: secure}]
  validation: {hostname: x.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: bad}]}
""",
        http_route(
            "theirs",
            "- {backendRefs: [{name: secure, port: 80}]}",
            namespace="team",
            host="theirs.example",
            parent="kind: ListenerSet, group: gateway.networking.k8s.io, name: theirs",
        ),
    ))  # fmt: skip


def of_ours(edit: str) -> str:
    """Return our route, by whose name for itself an edit can be told."""
    rules = f"- {{filters: [<route:{edit}>], backendRefs: [{{name: one, port: 80}}]}}"
    return http_route("ours", rules, host="ours.example")


async def apply(world: World, *texts: str) -> None:
    """Apply documents; what Envoy refuses of what follows may be the other team's only."""
    assert not world.put("\n---\n".join(texts)).problems
    await world.settle(refusals=True)
    assert all("/team/" in name for each in world.rejections() for name in each.names), world.rejections()


async def assert_served(world: World, edit: str) -> None:
    for answer in (await world.ask("/", host="ours.example"), await secure(world, "tls", "ours.example")):
        assert answer.said == (200, edit, "one")


@pytest.mark.parametrize("change", STRANGE, ids=["version", "curve", "key", "signature", "extension", "name"])
async def test_everybody_else_is_served_and_can_edit(world: World, change: tuple[str, str]) -> None:
    await world.apply(of_ours("before"))
    await assert_served(world, "before")

    await apply(world, of_team(change))
    await apply(world, of_ours("after"))

    await assert_served(world, "after")
    # Their own plain listener works; what needs the CA reaches nobody, and certainly nobody in plain text.
    assert (await world.ask("/", host="theirs.example")).status in (500, 503)
    with pytest.raises(REFUSED):
        await secure(world, "tls", "theirs.example")


@pytest.mark.parametrize("change", STRANGE, ids=["version", "curve", "key", "signature", "extension", "name"])
async def test_everybody_else_is_served_after_a_fresh_start(change: tuple[str, str]) -> None:
    async with running_world() as world:
        await world.backend("one")
        await apply(world, BASE, of_team(change), of_ours("first"))
        await assert_served(world, "first")
        await apply(world, of_ours("second"))
        await assert_served(world, "second")


async def test_the_team_is_told(world: World) -> None:
    await world.apply(of_team(VERSION_SEVEN), of_ours("r"))
    assert conditions(world, "ListenerSet team/theirs", "bad")["ResolvedRefs"] == (False, "InvalidCertificateRef")
    assert conditions(world, "ListenerSet team/theirs", "plain")["ResolvedRefs"] == (True, "ResolvedRefs")
    said = world.listener("ListenerSet team/theirs", "bad")["ResolvedRefs"].message
    assert "tls.crt holds no PEM certificate that can be read" in said
    policy: Any = world.outcome("BackendTLSPolicy team/theirs")
    assert {each.type: state(each) for each in policy.ancestors[0].verdicts} == {
        "Accepted": (False, "NoValidCACertificate"),
        "ResolvedRefs": (False, "InvalidCACertificateRef"),
    }
