"""TCP, TLS by server name (passed through or ended here) and UDP.

https://gateway-api.sigs.k8s.io/reference/spec/#tcproute, #tlsroute, #udproute
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.feature.harness import http1
from tests.feature.harness.echo import tcp_backend, udp_backend
from tests.feature.harness.l4 import CLOSED, Datagrams, datagrams, greeting
from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.pki import authority, serving
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CA = authority()
EDGE, INNER = CA.issue("*.edge.example"), CA.issue("*.inner.example")
ALL = "allowedRoutes: {namespaces: {from: All}}"
BACKENDS = ("web",)
BASE = (
    EDGE.secret("edge")
    + f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {{name: tcp, port: <tcp>, protocol: TCP, {ALL}}}
  - {{name: udp, port: <udp>, protocol: UDP, {ALL}}}
  - {{name: pass, port: <mixed>, protocol: TLS, hostname: "*.inner.example", tls: {{mode: Passthrough}}, {ALL}}}
  - {{name: end, port: <mixed>, protocol: TLS, hostname: "*.edge.example", tls: {{mode: Terminate, certificateRefs: [{{name: edge}}]}}, {ALL}}}
  - {{name: https, port: <mixed>, protocol: HTTPS, hostname: web.edge.example, tls: {{certificateRefs: [{{name: edge}}]}}, {ALL}}}
  - {{name: any, port: <any>, protocol: TLS, tls: {{mode: Passthrough}}, {ALL}}}
"""  # noqa: E501
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def l4_backends(shared_world: World) -> AsyncIterator[None]:
    enter = shared_world.stack.enter_async_context
    for name in ("one", "two"):
        found = await enter(tcp_backend(name))
        datagram = await enter(udp_backend(name))
        secure = await enter(tcp_backend(name, tls=serving(INNER)))
        await shared_world.apply(
            service(name, found.port),
            service(f"udp-{name}", datagram.port, protocol="UDP"),
            service(f"tls-{name}", secure.port),
        )
    await shared_world.apply(service("empty"), service("udp-empty", protocol="UDP"))
    yield


def route(
    kind: str, section: str, *backends: str, name: str = "r", host: str = "", namespace: str = "shop", created: str = ""
) -> str:
    refs = ", ".join(f"{{{each}}}" for each in backends)
    return http_route(
        name,
        f"- {{backendRefs: [{refs}]}}",
        kind=kind,
        host=host,
        namespace=namespace,
        parent=f"name: edge, namespace: infra, sectionName: {section}",
        created=created,
    )


def to(name: str, weight: int = 1) -> str:
    return f"name: {name}, port: 80, weight: {weight}"


async def test_tcp(world: World) -> None:
    await world.apply(route("TCPRoute", "tcp", to("one")))

    assert await greeting(world.port("tcp")) == "one"
    assert state(world.route("TCPRoute shop/r")["Accepted"]) == (True, "Accepted")
    assert state(world.route("TCPRoute shop/r")["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert world.kinds("Gateway infra/edge", "tcp") == ("TCPRoute",)
    assert world.attached("Gateway infra/edge", "tcp") == 1


async def test_tcp_without_a_route_is_closed(world: World) -> None:
    await world.settle()  # the route of the test before may still be on its way out
    assert await greeting(world.port("tcp")) == CLOSED

    await world.apply(route("TCPRoute", "tcp", to("one")))
    assert await greeting(world.port("tcp")) == "one"

    await world.remove("TCPRoute shop/r")
    assert await greeting(world.port("tcp")) == CLOSED


async def greetings(world: World, count: int) -> Counter[str]:
    return Counter([await greeting(world.port("tcp")) for _ in range(count)])


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        ((to("one", 80), to("two", 20)), {"one": 0.8, "two": 0.2}),
        ((to("one", 1), to("two", 0)), {"one": 1.0}),
        ((to("one", 70), to("missing", 30)), {"one": 0.7, CLOSED: 0.3}),
        ((to("one", 50), to("empty", 50)), {"one": 0.5, CLOSED: 0.5}),
        ((to("missing", 1),), {CLOSED: 1.0}),
        ((to("one", 0),), {CLOSED: 1.0}),
    ],
)
async def test_tcp_weights(world: World, backends: tuple[str, ...], expected: dict[str, float]) -> None:
    await world.apply(route("TCPRoute", "tcp", *backends))

    found = await greetings(world, 300)

    assert found.keys() == expected.keys()
    for who, share in expected.items():
        assert plausible(found[who], 300, share), found


@pytest.mark.parametrize(
    ("kind", "section", "port"), [("TCPRoute", "tcp", "tcp"), ("TLSRoute", "any", "any")], ids=["TCPRoute", "TLSRoute"]
)
@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("name: missing, port: 80", "BackendNotFound"),
        ("name: one, port: 1", "BackendNotFound"),
        ("name: one, port: 80, kind: Pod", "InvalidKind"),
        ("name: one, port: 80, namespace: other", "RefNotPermitted"),
    ],
)
async def test_backends_that_lead_nowhere_are_refused(
    world: World, kind: str, section: str, port: str, backend: str, reason: str
) -> None:
    await world.apply(route(kind, section, backend, host="" if kind == "TCPRoute" else "a.inner.example"))

    assert state(world.route(f"{kind} shop/r")["Accepted"]) == (True, "Accepted")
    assert state(world.route(f"{kind} shop/r")["ResolvedRefs"]) == (False, reason)
    tls = CA.trusting() if kind == "TLSRoute" else None
    assert await greeting(world.port(port), tls=tls, server_name="a.inner.example" if tls else None) == CLOSED


@pytest.mark.parametrize("kind", ["TCPRoute", "UDPRoute"])
async def test_of_several_routes_the_oldest_has_the_port(world: World, kind: str) -> None:
    section = kind[:3].lower()
    prefix = "udp-" if section == "udp" else ""
    await world.apply(
        route(kind, section, to(f"{prefix}two"), name="a", created="2024-02-01T00:00:00Z"),
        route(kind, section, to(f"{prefix}one"), name="z", created="2024-01-01T00:00:00Z"),
    )

    async def who() -> str:
        if section == "tcp":
            return await greeting(world.port("tcp"))
        client = await datagrams(world.port("udp"))
        try:
            return await client.ask()
        finally:
            client.close()

    assert await who() == "one"
    for name in ("a", "z"):
        assert state(world.route(f"{kind} shop/{name}")["Accepted"]) == (True, "Accepted")
    assert world.attached("Gateway infra/edge", section) == 2

    await world.remove(f"{kind} shop/z")
    assert await who() == "two"


async def test_a_grant_is_given_and_revoked_live(world: World) -> None:
    await world.apply(route("TCPRoute", "tcp", "name: one, namespace: shop, port: 80", namespace="team"))
    assert await greeting(world.port("tcp")) == CLOSED

    await world.apply(grant("g", namespace="shop", of="team", kind="TCPRoute"))
    assert await greeting(world.port("tcp")) == "one"

    await world.remove("ReferenceGrant shop/g")
    assert await greeting(world.port("tcp")) == CLOSED


async def test_an_open_connection_outlives_a_change_of_its_route(world: World) -> None:
    await world.apply(route("TCPRoute", "tcp", to("one")))
    connection = await http1.connect(world.port("tcp"))
    assert await connection.reader.readline() == b"one\n"

    await world.apply(route("UDPRoute", "udp", to("udp-one"), name="u"))

    connection.writer.write(b"still")
    assert await connection.reader.readexactly(5) == b"still"
    await connection.close()


async def secure(world: World, server_name: str, port: str = "mixed") -> str:
    return await greeting(world.port(port), tls=CA.trusting(), server_name=server_name)


async def certificate_names(world: World, server_name: str, port: str = "mixed") -> list[str]:
    context = CA.trusting()
    connection = await http1.connect(world.port(port), tls=context, server_name=server_name)
    shown = connection.writer.get_extra_info("peercert")
    await connection.close()
    return [name for _, name in shown["subjectAltName"]]


MIXED = "".join(
    (
        route("TLSRoute", "pass", to("tls-one"), name="pass", host="a.inner.example"),
        route("TLSRoute", "end", to("two"), name="end", host="a.edge.example"),
        http_route(
            "web",
            "- {filters: [<route:web>], backendRefs: [{name: web, port: 80}]}",
            parent="name: edge, namespace: infra, sectionName: https",
        ),
    )
)


async def test_tls_passed_through_tls_ended_and_https_share_a_port(world: World) -> None:
    await world.apply(MIXED)

    # The client sees the backend's own certificate where nobody looks in, and the Gateway's where TLS ends.
    assert await certificate_names(world, "a.inner.example") == ["*.inner.example"]
    assert await certificate_names(world, "a.edge.example") == ["*.edge.example"]
    assert await secure(world, "a.inner.example") == "one"
    assert await secure(world, "a.edge.example") == "two"
    answer = await world.ask(
        "/", host="web.edge.example", port="mixed", tls=CA.trusting(), server_name="web.edge.example"
    )
    assert answer.said == (200, "web", "web")
    for name in ("pass", "end", "https"):
        assert state(world.listener("Gateway infra/edge", name)["Accepted"]) == (True, "Accepted")
        assert state(world.listener("Gateway infra/edge", name)["Programmed"]) == (True, "Programmed")
        assert world.attached("Gateway infra/edge", name) == 1


@pytest.mark.parametrize("server_name", ["b.inner.example", "b.edge.example", "inner.example", "elsewhere.example"])
async def test_server_names_that_no_route_wants_are_closed(world: World, server_name: str) -> None:
    await world.apply(MIXED)

    assert await secure(world, server_name) == CLOSED


async def test_a_connection_without_tls_is_closed(world: World) -> None:
    await world.apply(MIXED)

    connection = await http1.connect(world.port("mixed"))
    connection.writer.write(b"GET / HTTP/1.1\r\nhost: a.inner.example\r\n\r\n")
    with contextlib.suppress(ConnectionResetError):
        assert await connection.reader.read() == b""
    await connection.close()


async def test_the_most_special_server_name_wins(world: World) -> None:
    await world.apply(
        route("TLSRoute", "any", to("tls-one"), name="exact", host="a.inner.example"),
        route("TLSRoute", "any", to("tls-two"), name="wild", host="*.inner.example", created="2020-01-01T00:00:00Z"),
    )

    assert await secure(world, "a.inner.example", "any") == "one"
    assert await secure(world, "A.Inner.Example", "any") == "one"
    assert await secure(world, "b.inner.example", "any") == "two"
    assert await secure(world, "b.c.inner.example", "any") == "two"
    assert await secure(world, "other.example", "any") == CLOSED

    await world.remove("TLSRoute shop/exact")
    assert await secure(world, "a.inner.example", "any") == "two"


async def test_tls_weights(world: World) -> None:
    await world.apply(route("TLSRoute", "any", to("tls-one", 70), to("tls-two", 30), host="a.inner.example"))

    found = Counter([await secure(world, "a.inner.example", "any") for _ in range(200)])

    assert found.keys() == {"one", "two"}
    assert plausible(found["one"], 200, 0.7), found


async def test_a_tcp_route_where_tls_ends(world: World) -> None:
    await world.apply(route("TCPRoute", "end", to("one")))

    assert state(world.route("TCPRoute shop/r")["Accepted"]) == (True, "Accepted")
    assert await secure(world, "any.edge.example") == "one"


async def test_a_tls_route_that_has_no_host_in_common_is_told_so(world: World) -> None:
    await world.apply(route("TLSRoute", "pass", to("tls-one"), host="a.other.example"))

    assert state(world.route("TLSRoute shop/r")["Accepted"]) == (False, "NoMatchingListenerHostname")
    assert world.attached("Gateway infra/edge", "pass") == 0


async def test_udp(world: World) -> None:
    await world.apply(route("UDPRoute", "udp", to("udp-one")))

    client = await datagrams(world.port("udp"))
    for number in range(20):
        assert await client.ask(f"datagram {number}".encode()) == "one"
    client.close()
    assert state(world.route("UDPRoute shop/r")["Accepted"]) == (True, "Accepted")
    assert world.kinds("Gateway infra/edge", "udp") == ("UDPRoute",)


async def test_udp_weights(world: World) -> None:
    await world.apply(route("UDPRoute", "udp", to("udp-one", 80), to("udp-two", 20)))
    found: Counter[str] = Counter()

    for _ in range(400):
        client = await datagrams(world.port("udp"))
        found[await client.ask()] += 1
        client.close()

    assert found.keys() == {"one", "two"}
    assert plausible(found["one"], 400, 0.8), found


async def first_answered(clients: list[Datagrams]) -> Datagrams:
    """Wait for the first answer and take it."""
    waiting = {asyncio.create_task(client.answers.get()): client for client in clients}
    done, rest = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    first, *others = done
    for task in others:
        waiting[task].answers.put_nowait(task.result())
    return waiting[first]


@pytest.mark.parametrize("lost", ["missing", "udp-empty"])
async def test_the_share_of_a_udp_backend_that_is_not_there_is_lost(world: World, lost: str) -> None:
    await world.apply(route("UDPRoute", "udp", to("udp-one", 50), to(lost, 50)))
    clients = [await datagrams(world.port("udp")) for _ in range(200)]
    for client in clients:
        client.send()

    # Three rounds with one that is answered: whatever else was to be answered has been by then.
    answered = await first_answered(clients)
    for _ in range(3):
        assert await answered.ask() == "one"

    count = 1 + sum(not client.answers.empty() for client in clients if client is not answered)
    for client in clients:
        client.close()
    assert plausible(count, 200, 0.5), count
