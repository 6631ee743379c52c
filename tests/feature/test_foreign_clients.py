"""ClientTrafficPolicy of Envoy Gateway with a real Envoy: how clients may speak, and what closes listeners."""

from typing import Any

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import accepted, foreign, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
SHOP = http_route("shop", "- {backendRefs: [{name: one, port: 80}]}", host=HOST)
EDGE, LISTENER = target("Gateway", "edge"), target("Gateway", "edge", "http")


def policy(at: str = EDGE, name: str = "c", **spec: Any) -> str:
    return foreign("ClientTrafficPolicy", name, at, namespace="infra", **spec)


async def test_what_proxies_in_front_say(world: World) -> None:
    allowed = {"rules": [{"action": "Allow", "principal": {"clientCIDRs": ["192.0.2.1/32"]}}]}
    await world.apply(SHOP, foreign("SecurityPolicy", "a", target("HTTPRoute", "shop"), authorization=allowed))
    forwarded = ("x-forwarded-for", "192.0.2.1")
    assert (await world.ask("/", forwarded, host=HOST)).status == 403
    await world.apply(policy(clientIPDetection={"xForwardedFor": {"numTrustedHops": 1}}))
    assert (await world.ask("/", forwarded, host=HOST)).status == 200
    assert (await world.ask("/", host=HOST)).status == 403
    # The policy of the listener replaces that of the Gateway as a whole.
    await world.apply(policy(LISTENER, "l", path={"escapedSlashesAction": "RejectRequest"}))
    assert (await world.ask("/", forwarded, host=HOST)).status == 403


async def test_slashes_and_headers(world: World) -> None:
    early = {"earlyRequestHeaders": {"set": [{"name": "x-early", "value": "1"}], "remove": ["x-gone"]}}
    await world.apply(SHOP, policy(path={"escapedSlashesAction": "RejectRequest"}, headers=early))
    assert (await world.ask("/a%2Fb", host=HOST)).status == 400
    assert (await world.ask("/", ("x-gone", "1"), host=HOST)).status == 200
    request = world.backends["one"].requests[-1]
    assert (request.all("x-early"), request.all("x-gone")) == (["1"], [])


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"tls": {"clientValidation": {"caCertificateRefs": [{"name": "roots"}]}}}, 500),
        ({"clientIPDetection": {"customHeader": {"name": "x-client"}}}, 500),
        ({"frob": 1}, 500),
        ({"http1": {"preserveHeaderCase": True}}, 200),
    ],
)
async def test_what_cannot_be_had(world: World, spec: dict[str, Any], status: int) -> None:
    await world.apply(SHOP, policy(**spec))
    assert (await world.ask("/", host=HOST)).status == status
    said = accepted(world, "ClientTrafficPolicy infra/c")
    assert (said.status, said.reason) == (False, "Invalid")
    assert said.message.endswith("get a 500 until then" if status == 500 else "left out until then")
    await world.apply(policy(path={"disableMergeSlashes": True}))
    assert (await world.ask("/", host=HOST)).status == 200
