"""ClientPolicy, section clientCertificate: pins and revocation lists, with a real Envoy."""

import base64
import hashlib
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.feature.harness.https import CA, REFUSED, gateway, https, secure
from tests.feature.harness.manifests import http_route
from tests.feature.harness.pki import Pair
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

VALIDATION = "{validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}], mode: AllowValidOnly}}"
BASE = "\n".join(
    (
        CA.issue("first.example").secret("first"),
        CA.configmap("clients"),
        gateway("edge", https("https", "tls", "{name: first}"), tls=f"{{frontend: {{default: {VALIDATION}}}}}"),
        http_route("r", "- {backendRefs: [{name: one, port: 80}]}", parent="name: edge, namespace: infra"),
    )
)
FRIEND, OTHER = CA.issue("friend", client=True), CA.issue("other", client=True)


def lists(*revoked: Pair, days: int = 1, key: str = "ca.crl") -> str:
    return listed(CA.revoking(*revoked, days=days), key)


def listed(pem: bytes, key: str = "ca.crl") -> str:
    text = pem.decode()
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: revoked, namespace: infra}}
data:
  {key}: |
{lines}"""


def certificates(section: str) -> str:
    at = target("Gateway", "edge")
    return policy("ClientPolicy", "certificates", at, f"override: {{clientCertificate: {section}}}", namespace="infra")


REVOCATION = certificates("{revocation: {lists: [{name: revoked}]}}")


async def comes_in(world: World, client: Pair | None) -> bool:
    try:
        return (await secure(world, "tls", "first.example", client=client)).status == 200
    except REFUSED:
        return False


async def changes(world: World) -> dict[str, int]:
    """Return how often listeners have been changed; those of other tests may still be draining."""
    return {name: count for name, count in (await drains(world)).items() if not name.endswith("draining")}


async def who(world: World) -> list[bool]:
    return [await comes_in(world, each) for each in (FRIEND, OTHER, None)]


def said(world: World) -> tuple[str, str]:
    outcome: Any = world.outcome("ClientPolicy infra/certificates")
    (ancestor,) = outcome.ancestors
    (verdict,) = (each for each in ancestor.verdicts if each.type == "Accepted")
    return verdict.reason, verdict.message


async def test_who_is_revoked_does_not_come_in_and_a_new_list_drains_nothing(world: World) -> None:
    await world.settle()
    assert await who(world) == [True, True, False]
    await world.apply(lists(OTHER), REVOCATION)
    assert await who(world) == [True, False, False]
    before = await changes(world)
    await world.apply(lists(FRIEND, OTHER))
    assert await who(world) == [False, False, False]
    await world.apply(lists(FRIEND))
    assert await who(world) == [False, True, False]
    assert await changes(world) == before
    await world.remove("ClientPolicy infra/certificates")
    assert await who(world) == [True, True, False]


async def test_while_a_list_is_missing_or_too_old_nobody_comes_in(world: World) -> None:
    await world.apply(REVOCATION)
    assert await who(world) == [False, False, False]
    reason, message = said(world)
    assert reason == "Invalid"
    assert message == (
        'spec.override.clientCertificate.revocation.lists[0]: ConfigMap "infra/revoked" does not exist; no certificate'
        " of a client is good where it is in force until then"
    )
    await world.apply(lists(key="other"))
    assert "has no ca.crl" in said(world)[1]
    assert await who(world) == [False, False, False]
    await world.apply(lists())
    assert said(world)[0] == "Accepted"
    assert await who(world) == [True, True, False]
    await world.apply(lists(days=-1))
    assert await who(world) == [False, False, False]


async def test_a_list_that_envoy_would_refuse_lets_nobody_in(world: World) -> None:
    await world.apply(lists(OTHER), REVOCATION)
    assert await who(world) == [True, False, False]
    # Envoy would go on with the list that it has, where FRIEND is good.
    der = x509.load_pem_x509_crl(CA.revoking(FRIEND)).public_bytes(Encoding.DER)
    odd = base64.encodebytes(der.replace(b"Test CA", b"Te\xc0t CA"))
    await world.apply(listed(b"-----BEGIN X509 CRL-----\n" + odd + b"-----END X509 CRL-----\n"))
    assert await who(world) == [False, False, False]
    assert said(world)[0] == "Invalid"
    assert world.rejections() == ()


async def test_who_has_none_of_the_hashes_does_not_come_in(world: World) -> None:
    friend, other = (x509.load_pem_x509_certificate(each.chain) for each in (FRIEND, OTHER))
    of_friend = hashlib.sha256(friend.public_bytes(Encoding.DER)).hexdigest()
    key = other.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    of_other = base64.b64encode(hashlib.sha256(key).digest()).decode()
    await world.apply(certificates(f"{{hashes: ['{of_friend}']}}"))
    assert await who(world) == [True, False, False]
    await world.apply(certificates(f"{{publicKeyHashes: ['{of_other}']}}"))
    assert await who(world) == [False, True, False]
    await world.apply(certificates(f"{{hashes: ['{of_friend}'], publicKeyHashes: ['{of_other}']}}"))
    assert await who(world) == [True, True, False]
