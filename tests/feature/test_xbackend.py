"""XBackend: hosts outside the cluster by name, in plain text and under TLS.

https://gateway-api.sigs.k8s.io/geps/gep-4731/
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness import http2
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import GATEWAY, grant, http_route
from tests.feature.harness.pki import authority, serving
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CA, STRANGERS, OURS, GATEWAYS = (authority(name) for name in ("Test CA", "Strangers", "Ours", "Gateways"))
INNER = CA.issue("inner.example", "spiffe://shop/inner")
BACKENDS = ("plain",)
BASE = GATEWAY + CA.configmap("ca", namespace="shop") + STRANGERS.configmap("strangers", namespace="shop")


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def tls_backends(shared_world: World) -> AsyncIterator[None]:
    await shared_world.backend("secure", tls=serving(INNER))
    await shared_world.backend("mutual", tls=serving(INNER, clients=OURS))
    yield


def xbackend(world: World, to: str, *, tls: str = "", protocol: str = "", port: str = "number", more: str = "") -> str:
    """Return XBackend shop/outside: the port of a backend on "localhost", which needs DNS."""
    spoken = f"  protocol: {protocol}\n" if protocol else ""
    secured = f"  tls: {{{tls}}}\n" if tls else ""
    return f"""---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: {{name: outside, namespace: shop}}
spec:
  type: ExternalHostname
  externalHostname: {{hostname: localhost}}
  port: {{{port}: {world.backends[to].port}}}
{spoken}{secured}{more}"""


def validated(hostname: str = "inner.example", ca: str = "ca", mode: str = "ServerOnly", more: str = "") -> str:
    refs = f"caCertificateRefs: [{{group: '', kind: ConfigMap, name: {ca}}}]"
    return f"mode: {mode}, validation: {{hostname: {hostname}, {refs}}}{more}"


REF = "{group: gateway.networking.x-k8s.io, kind: XBackend, name: outside}"


def route(namespace: str = "shop", ref: str = REF) -> str:
    rules = f"- {{filters: [<route:r>], backendRefs: [{ref}]}}"
    return http_route("r", rules, host="r.example", namespace=namespace)


def conditions(world: World) -> dict[str, tuple[bool, str]]:
    """Return what is said about XBackend shop/outside; the Gateway is its only ancestor."""
    outcome: Any = world.outcome("XBackend shop/outside")
    (one,) = outcome.ancestors
    assert (one.ref.kind, one.ref.namespace, one.ref.name) == ("Gateway", "infra", "edge")
    return {each.type: state(each) for each in one.verdicts}


async def ask(world: World) -> Answer:
    return await world.ask(host="r.example")


def assert_refused(world: World, answer: Answer, backend: str) -> None:
    assert (answer.status // 100, answer.backend) == (5, None)
    assert not world.backends[backend].requests


@pytest.mark.parametrize("port", ["number", "port"])
async def test_a_host_by_its_name(world: World, port: str) -> None:
    await world.apply(xbackend(world, "plain", port=port), route())

    answer = await ask(world)

    assert answer.said == (200, "r", "plain")
    assert answer.seen("host") == ["r.example"]
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_a_host_under_tls(world: World) -> None:
    await world.apply(xbackend(world, "secure", tls=validated()), route())

    answer = await ask(world)

    assert answer.said == (200, "r", "secure")
    assert answer.echo["sni"] == "inner.example"


async def test_a_uri_in_the_certificate(world: World) -> None:
    names = "hostname: outer.example, subjectAltNames: [{type: URI, uri: spiffe://shop/inner}]"
    tls = validated().replace("hostname: inner.example", names)
    await world.apply(xbackend(world, "secure", tls=tls), route())

    answer = await ask(world)

    assert answer.said == (200, "r", "secure")
    assert answer.echo["sni"] == "outer.example"


@pytest.mark.parametrize(
    ("to", "tls"),
    [
        ("secure", validated("outer.example")),
        ("secure", validated(ca="strangers")),
        ("secure", validated(ca="missing")),
        ("plain", validated()),
        ("plain", validated(ca="missing")),
        ("secure", ""),
    ],
)
async def test_a_host_that_cannot_be_trusted_gets_nothing(world: World, to: str, tls: str) -> None:
    await world.apply(xbackend(world, to, tls=tls), route())

    assert_refused(world, await ask(world), to)


async def test_the_certificate_of_the_backend_object_is_shown(world: World) -> None:
    """https://gateway-api.sigs.k8s.io/geps/gep-4731/ (tls.mode ClientAndServer)."""
    both = validated(mode="ClientAndServer", more=", clientCertificateRef: {name: client}")
    await world.apply(xbackend(world, "mutual", tls=both), route())
    assert_refused(world, await ask(world), "mutual")

    await world.apply(OURS.issue("gateway", client=True).secret("client", namespace="shop"))
    assert (await ask(world)).said == (200, "r", "mutual")

    await world.apply(GATEWAYS.issue("gateway", client=True).secret("client", namespace="shop"))
    await world.apply(xbackend(world, "mutual", tls=validated()))
    world.backends["mutual"].requests.clear()
    assert_refused(world, await ask(world), "mutual")


async def test_http2(world: World) -> None:
    async with http2.http2_backend("two") as backend:
        world.backends["two"] = backend
        await world.apply(xbackend(world, "two", protocol="H2C"), route())
        answer = await ask(world)
        assert (answer.said, answer.echo["protocol"]) == ((200, "r", "two"), "h2")

    async with http2.http2_backend("two", tls=serving(INNER, alpn=("h2",))) as backend:
        world.backends["two"] = backend
        await world.apply(xbackend(world, "two", protocol="HTTP2", tls=validated()))
        answer = await ask(world)
        assert (answer.said, answer.echo["protocol"]) == ((200, "r", "two"), "h2")
    del world.backends["two"]


async def test_another_namespace_needs_a_grant(world: World) -> None:
    await world.apply(
        xbackend(world, "plain"), route("team", REF.replace("name: outside", "name: outside, namespace: shop"))
    )
    assert (await ask(world)).status == 500
    assert state(world.route("HTTPRoute team/r")["ResolvedRefs"]) == (False, "RefNotPermitted")

    # The group of the grant's target is that of XBackend.
    text = grant("g", namespace="shop", of="team", to="XBackend")
    await world.apply(text)
    assert state(world.route("HTTPRoute team/r")["ResolvedRefs"]) == (False, "RefNotPermitted")
    await world.apply(
        text.replace(
            '{group: "gateway.networking.k8s.io", kind: XBackend',
            '{group: "gateway.networking.x-k8s.io", kind: XBackend',
        )
    )
    assert (await ask(world)).said == (200, "r", "plain")


async def test_backends_that_are_not_there(world: World) -> None:
    await world.apply(route())
    assert (await ask(world)).status == 500
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (False, "BackendNotFound")


def pods(*backends: str, world: World, more: str = "") -> str:
    """Return XBackend shop/outside for pods, and what Kubernetes would make of them: a slice for each."""
    at = {name: world.backends[name].port for name in backends}
    slices = "".join(
        f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: gatewayd-xbackend-outside}}}}
addressType: IPv4
ports: [{{name: "", port: {port}, protocol: TCP}}]
endpoints: [{{addresses: [127.0.0.1]}}]
"""
        for name, port in at.items()
    )
    return f"""---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: {{name: outside, namespace: shop}}
spec: {{type: EndpointSelector, endpointSelector: {{matchLabels: {{app: cart}}}}, port: {{number: 80}}{more}}}
{slices}"""


async def test_pods_by_their_labels(world: World) -> None:
    await world.apply(pods(world=world), route())
    assert (await ask(world)).status == 503
    assert conditions(world) == {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}

    await world.apply(pods("plain", world=world))
    assert (await ask(world)).said == (200, "r", "plain")
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_sessions_stay_with_a_pod_where_the_object_says_so(world: World) -> None:
    await world.backend("other")
    await world.apply(pods("plain", "other", world=world, more=", sessionPersistence: {cookie: {name: s}}"), route())
    first = await ask(world)
    cookie = (first.one("set-cookie") or "").partition(";")[0].replace('"', "")
    assert cookie.startswith("s=")
    for _ in range(6):
        assert (await world.ask("/", ("cookie", cookie), host="r.example")).backend == first.backend


async def test_the_object_itself_is_told_how_it_is(world: World) -> None:
    both = validated(mode="ClientAndServer", more=", clientCertificateRef: {name: lost}")
    await world.apply(xbackend(world, "mutual", tls=both))
    assert world.outcome("XBackend shop/outside") is None

    await world.apply(route())
    lost = (False, "InvalidClientCertificateRef")
    assert conditions(world) == {"Accepted": (True, "Accepted"), "ResolvedRefs": lost}

    await world.apply(OURS.issue("gateway", client=True).secret("lost", namespace="shop"))
    assert conditions(world) == {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}
    assert (await ask(world)).said == (200, "r", "mutual")


async def test_beside_a_service_by_weight(world: World) -> None:
    service = "{name: secure, port: 80, weight: 0}"
    await world.apply(xbackend(world, "plain"), route(ref=f"{REF}, {service}"))

    assert (await ask(world)).said == (200, "r", "plain")
