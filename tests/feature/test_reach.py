"""Where no proxy is sent to: what works alone on a machine does not where the proxy is shared.

Every way to a backend leads to loopback here; as soon as the same objects stand in a cluster, nobody is reached.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import HOME, World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "two")
SHARED = replace(HOME, loopback_backends=False)
OUTSIDE = "{group: gateway.networking.x-k8s.io, kind: XBackend, name: outside}"
RULES = {
    "slice": "- {backendRefs: [{name: one, port: 80}]}",
    "xbackend": f"- {{backendRefs: [{OUTSIDE}]}}",
    "external-name": "- {backendRefs: [{name: by-name, port: 80}]}",
    "asked-first": (
        f"- {{filters: [{{type: ExternalAuth, externalAuth: {{protocol: HTTP, http: {{}}, backendRef: {OUTSIDE}}}}}], "
        "backendRefs: [{name: one, port: 80}]}"
    ),
    "mirror": (
        f"- {{filters: [{{type: RequestMirror, requestMirror: {{backendRef: {OUTSIDE}}}}}], "
        "backendRefs: [{name: one, port: 80}]}"
    ),
}


@pytest_asyncio.fixture(loop_scope="module")
async def shared(world: World) -> AsyncIterator[World]:
    yield world
    await world.stand(HOME)


def objects(port: int) -> str:
    return f"""---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: {{name: outside, namespace: shop}}
spec: {{type: ExternalHostname, externalHostname: {{hostname: localhost}}, port: {{number: {port}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: by-name, namespace: shop}}
spec: {{type: ExternalName, externalName: localhost, ports: [{{port: 80, targetPort: {port}}}]}}
"""


@pytest.mark.parametrize("way", RULES)
async def test_no_way_leads_to_the_proxys_own_machine(shared: World, way: str) -> None:
    route = http_route("r", RULES[way], host="r.example")
    await shared.apply(objects(shared.backends["two"].port), route)
    if way != "external-name":
        assert (await shared.ask(host="r.example")).status == 200
        assert any(each.requests for each in shared.backends.values())
    for each in shared.backends.values():
        each.requests.clear()

    await shared.stand(SHARED)
    answer = await shared.ask(host="r.example")

    assert answer.status in (500, 503)
    assert not any(each.requests for each in shared.backends.values())
    resolved = shared.route("HTTPRoute shop/r")["ResolvedRefs"]
    assert state(resolved) == ((True, "ResolvedRefs") if way == "slice" else (False, "BackendNotFound"))
    if way not in ("slice", "external-name"):
        assert 'spec.externalHostname.hostname: "localhost" is the proxy\'s own machine' in resolved.message


@pytest.mark.parametrize("hostname", ["0x7f.0.0.1", "2130706433", "127.1", "127.0.0.1"])
async def test_no_spelling_of_an_address_does(shared: World, hostname: str) -> None:
    text = objects(shared.backends["two"].port).replace("hostname: localhost", f"hostname: '{hostname}'")
    await shared.stand(SHARED)
    await shared.apply(text, http_route("r", RULES["xbackend"], host="r.example"))

    assert (await shared.ask(host="r.example")).status == 500
    assert not shared.backends["two"].requests
    assert state(shared.route("HTTPRoute shop/r")["ResolvedRefs"]) == (False, "BackendNotFound")
