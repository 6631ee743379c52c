"""What is spoken to backends, and which addresses a Service stands for.

https://gateway-api.sigs.k8s.io/geps/gep-1911/,
https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
"""

import asyncio
import base64
import hashlib
import socket
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness import http2
from tests.feature.harness.echo import http_backend
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def h2_backend(shared_world: World) -> AsyncIterator[None]:
    shared_world.backends["h2"] = await shared_world.stack.enter_async_context(http2.http2_backend("h2"))
    yield


def route(to: str, port: int = 80, more: str = "") -> str:
    return http_route(
        "r", f"- {{filters: [<route:r>], backendRefs: [{{name: {to}, port: {port}}}]{more}}}", host="p.example"
    )


async def asked(world: World, path: str = "/", *headers: tuple[str, str], **more: str) -> Answer:
    return await world.ask(path, *headers, host="p.example", **more)


async def test_h2c(world: World) -> None:
    await world.apply(service("web", world.backends["h2"].port, app_protocol="kubernetes.io/h2c"), route("web"))

    answer = await world.ask("/a?b", ("x-mine", "1"), host="p.example", method="POST", body=b"x" * 10_000)

    assert answer.said == (200, "r", "h2")
    assert (answer.echo["protocol"], answer.echo["path"], answer.seen("x-mine")) == ("h2", "/a?b", ["1"])
    assert len(answer.echo["body"]) == 10_000


async def test_an_http_listener_takes_http_2_as_well(world: World) -> None:
    await world.apply(route("one"))

    connection = await http2.connect(world.port("http"))
    answer = await connection.ask("/a?b", host="p.example", scheme="http")
    await connection.close()

    assert answer.said == (200, "r", "one")
    assert (answer.echo["protocol"], answer.echo["path"]) == ("http/1.1", "/a?b")


@pytest.mark.parametrize("app_protocol", ["", "kubernetes.io/ws", "http"])
async def test_websockets(world: World, app_protocol: str) -> None:
    await world.apply(
        service("ws", world.backends["one"].port, app_protocol=app_protocol),
        route("ws", more=", timeouts: {request: 300ms}"),
    )
    key = base64.b64encode(b"0123456789abcdef").decode()

    connection = await world.connect()
    upgrade = (("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"))
    answer = await connection.ask("/chat", *upgrade, ("sec-websocket-key", key), host="p.example")

    assert (answer.status, answer.backend) == (101, "one")
    accept = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()  # noqa: S324
    assert answer.one("sec-websocket-accept") == base64.b64encode(accept).decode()
    assert world.backends["one"].requests[-1].all("x-route") == ["r"]
    for message in (b"first", b"second" * 1000):
        connection.writer.write(message)
        async with asyncio.timeout(10):
            assert await connection.reader.readexactly(len(message)) == message
    await connection.close()


@pytest.mark.parametrize(
    "app_protocol", ["kubernetes.io/wss", "wss", "https", "HTTPS", "tls", "mysql", "example.com/odd", "h2"]
)
async def test_what_cannot_be_spoken_is_refused(world: World, app_protocol: str) -> None:
    await world.apply(service("strange", world.backends["one"].port, app_protocol=app_protocol), route("strange"))

    assert (await asked(world)).status == 500
    assert not world.backends["one"].requests
    said = world.route("HTTPRoute shop/r")["ResolvedRefs"]
    assert state(said) == (False, "UnsupportedProtocol")
    assert f'spec.rules[0].backendRefs[0]: Service "shop/strange" port 80: appProtocol {app_protocol} ' in said.message


@pytest.mark.parametrize(
    ("app_protocol", "backend"), [("tcp", "one"), ("HTTP", "one"), ("http2", "h2"), ("grpc", "h2")]
)
async def test_other_names_of_what_can_be_spoken(world: World, app_protocol: str, backend: str) -> None:
    await world.apply(service("known", world.backends[backend].port, app_protocol=app_protocol), route("known"))

    assert (await asked(world)).said == (200, "r", backend)


async def test_a_slice_may_say_what_is_spoken(world: World) -> None:
    by_hand = service("web", world.backends["h2"].port)
    slices = by_hand.replace("protocol: TCP}]\nendpoints", "protocol: TCP, appProtocol: kubernetes.io/h2c}]\nendpoints")
    assert slices != by_hand
    await world.apply(slices, route("web"))
    assert (await asked(world)).said == (200, "r", "h2")

    await world.apply(slices.replace("kubernetes.io/h2c", "https"))
    assert (await asked(world)).status == 500


async def test_several_ports_of_a_service(world: World) -> None:
    await world.apply(
        service("several", world.backends["one"].port, world.backends["two"].port),
        http_route(
            "r",
            """
- {matches: [{path: {value: /80}}], filters: [<route:r80>], backendRefs: [{name: several, port: 80}]}
- {matches: [{path: {value: /81}}], filters: [<route:r81>], backendRefs: [{name: several, port: 81}]}
- {matches: [{path: {value: /82}}], filters: [<route:r82>], backendRefs: [{name: several, port: 82}]}
""",
            host="p.example",
        ),
    )

    assert (await asked(world, "/80")).said == (200, "r80", "one")
    assert (await asked(world, "/81")).said == (200, "r81", "two")
    assert (await asked(world, "/82")).status == 500
    said = world.route("HTTPRoute shop/r")["ResolvedRefs"]
    assert state(said) == (False, "BackendNotFound")
    assert "82" in said.message


async def test_a_port_that_has_no_name(world: World) -> None:
    await world.apply(
        f"""
apiVersion: v1
kind: Service
metadata: {{name: plain, namespace: shop}}
spec: {{ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: plain-1, namespace: shop, labels: {{kubernetes.io/service-name: plain}}}}
addressType: IPv4
ports: [{{port: {world.backends["one"].port}}}]
endpoints: [{{addresses: ["127.0.0.1"]}}]
""",
        route("plain"),
    )

    assert (await asked(world)).said == (200, "r", "one")


async def test_a_headless_service(world: World) -> None:
    text = service("headless", world.backends["one"].port).replace("spec: {ports", "spec: {clusterIP: None, ports")
    await world.apply(text, route("headless"))

    assert (await asked(world)).said == (200, "r", "one")


async def test_an_external_name(world: World) -> None:
    port = world.backends["one"].port
    await world.apply(
        f"""
apiVersion: v1
kind: Service
metadata: {{name: outside, namespace: shop}}
spec: {{type: ExternalName, externalName: localhost, ports: [{{port: {port}}}]}}
""",
        route("outside", port),
    )

    assert (await asked(world)).said == (200, "r", "one")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_ipv6(world: World) -> None:
    try:
        backend = await world.stack.enter_async_context(http_backend("six", host="::1"))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    await world.apply(service("six", backend.port, host="::1"), route("six"))

    assert (await asked(world)).said == (200, "r", "six")


def slices(**backends: tuple[int, str]) -> str:
    """Return a Service whose every endpoint stands in a slice of its own: port and conditions."""
    text = """
apiVersion: v1
kind: Service
metadata: {name: set, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
"""
    for name, (port, conditions) in backends.items():
        text += f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: set-{name}, namespace: shop, labels: {{kubernetes.io/service-name: set}}}}
addressType: IPv4
ports: [{{name: web, port: {port}}}]
endpoints: [{{addresses: ["127.0.0.1"], conditions: {{{conditions}}}}}]
"""
    return text


READY = "ready: true, serving: true, terminating: false"
NOT_READY = "ready: false, serving: false, terminating: false"
DRAINING = "ready: false, serving: true, terminating: true"
GONE = "ready: false, serving: false, terminating: true"


@pytest.mark.parametrize(
    ("one", "two", "serving"),
    [
        (READY, READY, {"one", "two"}),
        ("", READY, {"one", "two"}),
        (READY, NOT_READY, {"one"}),
        (NOT_READY, NOT_READY, {"503"}),
        # One that ends but still serves is used only when nobody is ready.
        (READY, DRAINING, {"one"}),
        (NOT_READY, DRAINING, {"two"}),
        (DRAINING, DRAINING, {"one", "two"}),
        (DRAINING, GONE, {"one"}),
        (GONE, GONE, {"503"}),
    ],
)
async def test_conditions_of_endpoints(world: World, one: str, two: str, serving: set[str]) -> None:
    ports = {name: world.backends[name].port for name in ("one", "two")}
    await world.apply(slices(one=(ports["one"], one), two=(ports["two"], two)), route("set"))
    found: Counter[str] = Counter()

    # 64 requests all to one of two are less likely than 1 in 10**18.
    for _ in range(64 if len(serving) == 2 else 8):
        answer = await asked(world)
        found[answer.backend or str(answer.status)] += 1

    assert found.keys() == serving


async def test_conditions_that_change_quickly_take_effect_at_once(world: World) -> None:
    """Envoy would gather changes of health for a second before it acts on them."""
    one, two = world.backends["one"].port, world.backends["two"].port
    await world.apply(slices(one=(one, READY), two=(two, READY)), route("set"))

    for serving in ("one", "two", "one", "two", "one"):
        first, second = (READY, DRAINING) if serving == "one" else (DRAINING, READY)
        await world.apply(slices(one=(one, first), two=(two, second)))
        for _ in range(16):
            assert (await asked(world)).said == (200, "r", serving)


async def test_an_endpoint_that_drains_gets_no_new_requests_and_drops_no_old_one(world: World) -> None:
    one, two = world.backends["one"], world.backends["two"]
    await world.apply(slices(one=(one.port, READY)), route("set"))
    under_way = asyncio.create_task(asked(world, "/slow", ("x-echo-wait", "1")))
    await one.received(lambda seen: len(seen) == 1)

    await world.apply(slices(one=(one.port, DRAINING), two=(two.port, READY)))

    for _ in range(16):
        assert (await asked(world)).said == (200, "r", "two")
    one.gate.set()
    assert (await under_way).said == (200, "r", "one")


async def test_a_removed_endpoint_drops_no_request_that_is_under_way(world: World) -> None:
    one, two = world.backends["one"], world.backends["two"]
    await world.apply(service("moving", one.port), route("moving"))
    under_way = asyncio.create_task(asked(world, "/slow", ("x-echo-wait", "1")))
    await one.received(lambda seen: len(seen) == 1)

    await world.apply(service("moving", two.port))

    assert (await asked(world)).said == (200, "r", "two")
    one.gate.set()
    assert (await under_way).said == (200, "r", "one")


async def test_slices_of_names_and_of_other_services_do_not_count(world: World) -> None:
    await world.apply(
        service("mine", world.backends["one"].port),
        """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: mine-fqdn, namespace: shop, labels: {kubernetes.io/service-name: mine}}
addressType: FQDN
ports: [{name: p0, port: 1}]
endpoints: [{addresses: [nowhere.example]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: mine-other, namespace: other, labels: {kubernetes.io/service-name: mine}}
addressType: IPv4
ports: [{name: p0, port: 1}]
endpoints: [{addresses: [127.0.0.1]}]
""",
        route("mine"),
    )

    for _ in range(16):
        assert (await asked(world)).said == (200, "r", "one")


async def test_bodies_of_any_size(world: World) -> None:
    await world.apply(route("one"))

    for size in (0, 1, 70_000, 2_000_000):
        answer = await world.ask("/", host="p.example", method="POST", body=b"x" * size)
        assert answer.said == (200, "r", "one")
        assert len(answer.echo["body"]) == size
    head = await asked(world, method="HEAD")
    assert (head.status, head.backend, head.body) == (200, "one", b"")
