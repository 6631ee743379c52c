"""ClusterTrustBundle: CA certificates of the whole cluster, for backends and for clients.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicyvalidation, #frontendtlsvalidation (caCertificateRefs)
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness import https
from tests.feature.harness.backend_tls import CA, STRANGERS, ask, assert_refused, policy, route, said
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.pki import Authority, serving
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = GATEWAY
BACKENDS = ("one",)
ROOTS = "{group: certificates.k8s.io, kind: ClusterTrustBundle, name: roots}"
BY_ROOTS = policy(trust=f"caCertificateRefs: [{ROOTS}]")


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def tls_backend(shared_world: World) -> AsyncIterator[None]:
    await shared_world.backend("secure", tls=serving(CA.issue("inner.example")))
    yield


def bundle(authority: Authority, version: str = "v1beta1", name: str = "roots") -> str:
    lines = "".join(f"    {line}\n" for line in authority.pem.decode().splitlines())
    return f"""---
apiVersion: certificates.k8s.io/{version}
kind: ClusterTrustBundle
metadata: {{name: {name}}}
spec:
  trustBundle: |
{lines}"""


@pytest.mark.parametrize("version", ["v1beta1", "v1alpha1"])
async def test_a_backend_is_checked_with_it(world: World, version: str) -> None:
    await world.apply(bundle(CA, version), BY_ROOTS, route("secure"))

    assert (await ask(world)).said == (200, "r", "secure")
    assert said(world) == {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}


async def test_it_is_replaced_live(world: World) -> None:
    # A name of its own: connections that are open already stay, whatever is trusted now.
    await world.apply(bundle(STRANGERS, name="fresh"), BY_ROOTS.replace("roots", "fresh"), route("secure"))
    assert_refused(world, await ask(world), "secure")

    await world.apply(bundle(CA, name="fresh"))

    assert (await ask(world)).said == (200, "r", "secure")


async def test_one_that_is_not_there(world: World) -> None:
    await world.apply(BY_ROOTS, route("secure"))

    assert_refused(world, await ask(world), "secure")
    assert said(world) == {
        "Accepted": (False, "NoValidCACertificate"),
        "ResolvedRefs": (False, "InvalidCACertificateRef"),
    }

    await world.apply(bundle(CA))

    assert (await ask(world)).said == (200, "r", "secure")


async def test_clients_are_checked_with_it(world: World) -> None:
    tls = f"{{frontend: {{default: {{validation: {{caCertificateRefs: [{ROOTS}]}}}}}}}}"
    edge: dict[str, Any] = {"server_name": "first.example", "port": "mutual"}
    await world.apply(
        https.CA.issue("first.example").secret("first"),
        bundle(CA),
        https.gateway("mutual", https.https("https", "mutual", "{name: first}"), tls=tls),
        http_route("r", "- backendRefs: [{name: one, port: 80}]", parent="name: mutual, namespace: infra"),
    )

    friend = CA.issue("friend", client=True)
    assert (await https.secure(world, **edge, client=friend)).status == 200
    for client in (None, STRANGERS.issue("stranger", client=True)):
        with pytest.raises(https.REFUSED):
            await https.secure(world, **edge, client=client)
    assert state(world.listener("Gateway infra/mutual", "https")["ResolvedRefs"]) == (True, "ResolvedRefs")
