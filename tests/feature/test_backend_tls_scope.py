"""BackendTLSPolicy: which one applies, where, to what kinds of routes, and the certificate that the Gateway shows.

https://gateway-api.sigs.k8s.io/geps/gep-1897/, https://gateway-api.sigs.k8s.io/reference/spec/#gatewaybackendtls
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.feature.harness import grpcs
from tests.feature.harness.backend_tls import (
    CA,
    GATEWAYS,
    INNER,
    MISSING,
    OBJECTS,
    OK,
    RESOLVED,
    UNKNOWN,
    ask,
    assert_refused,
    policy,
    route,
    said,
    sni,
    start_backends,
)
from tests.feature.harness.echo import finish, in_tasks, tcp_backend
from tests.feature.harness.https import gateway, plain
from tests.feature.harness.l4 import CLOSED, greeting
from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.pki import secret, serving
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CLIENT = GATEWAYS.issue("gateway", client=True)
BACKENDS = ("plain",)
BASE = OBJECTS


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def tls_backends(shared_world: World) -> AsyncIterator[None]:
    await start_backends(shared_world)
    yield


def two_ports(world: World) -> str:
    """Return a Service "both": port 80 (p0) and port 81 (p1) lead to different backends, both under TLS."""
    return service("both", world.backends["secure"].port, world.backends["other"].port)


def both_ports() -> str:
    return route("both") + route("both", port=81, name="second")


async def test_a_policy_for_a_section_is_for_that_port_alone(world: World) -> None:
    mixed = service("both", world.backends["plain"].port, world.backends["secure"].port)
    await world.apply(mixed, both_ports(), policy(to="both", section="p1"))

    assert (await ask(world)).said == (200, "r", "plain")
    assert (await ask(world, name="second")).said == (200, "second", "secure")


async def test_a_policy_for_a_port_that_is_not_there_lets_nothing_through_in_plain_text(world: World) -> None:
    mixed = service("both", world.backends["plain"].port, world.backends["secure"].port)
    await world.apply(mixed, both_ports(), policy(to="both", section="p2"))

    for name, backend in (("r", "plain"), ("second", "secure")):
        assert_refused(world, await ask(world, name=name), backend)
    assert said(world, "p")["Accepted"] == (False, "TargetNotFound")

    # The port that the owner meant gets the name.
    await world.apply(mixed.replace("name: p1", "name: p2"))
    assert (await ask(world, name="second")).said == (200, "second", "secure")
    assert (await ask(world)).said == (200, "r", "plain")
    assert said(world, "p")["Accepted"] == OK


@pytest.mark.parametrize("app_protocol", ["https", "HTTPS", "tls"])
async def test_a_port_that_says_https_is_spoken_to_under_the_policy(world: World, app_protocol: str) -> None:
    outspoken = service("secure", world.backends["secure"].port, app_protocol=app_protocol)
    await world.apply(outspoken, route("secure"))
    assert_refused(world, await ask(world), "secure")
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (False, "UnsupportedProtocol")

    await world.apply(policy())
    assert (await ask(world)).said == (200, "r", "secure")
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_a_policy_for_a_service_that_is_not_there_says_so_until_it_is(world: World) -> None:
    await world.apply(policy(to="later"), route("later"))
    assert (await ask(world)).status == 500
    assert said(world, "p")["Accepted"] == (False, "TargetNotFound")

    await world.apply(service("later", world.backends["secure"].port))
    assert (await ask(world)).said == (200, "r", "secure")
    assert said(world, "p")["Accepted"] == OK


async def test_the_policy_of_a_section_goes_before_that_of_the_whole_service(world: World) -> None:
    await world.apply(
        two_ports(world),
        both_ports(),
        policy("whole", to="both", created="2024-01-01T00:00:00Z"),
        policy("part", to="both", section="p1", hostname="a.wild.example", created="2025-01-01T00:00:00Z"),
    )

    assert sni(await ask(world)) == "inner.example"
    assert sni(await ask(world, name="second")) == "a.wild.example"
    for name in ("whole", "part"):
        assert said(world, name) == {"Accepted": OK, "ResolvedRefs": RESOLVED}

    await world.remove("BackendTLSPolicy shop/part")
    assert sni(await ask(world, name="second")) == "inner.example"


@pytest.mark.parametrize(
    ("first", "second", "section"),
    [
        ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", ""),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", ""),
        ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "p0"),
    ],
)
async def test_of_two_policies_the_older_wins_then_the_first_by_name(
    world: World, first: str, second: str, section: str
) -> None:
    older = policy("older", section=section, hostname="a.wild.example", created=first)
    younger = policy("younger", section=section, hostname="b.wild.example", created=second)
    # The later one comes first: what counts is the time in the object.
    await world.apply(younger, route("secure"))
    assert sni(await ask(world)) == "b.wild.example"

    await world.apply(older)
    assert sni(await ask(world)) == "a.wild.example"
    assert said(world, "older")["Accepted"] == OK
    assert said(world, "younger")["Accepted"] == (False, "Conflicted")

    await world.remove("BackendTLSPolicy shop/older")
    assert sni(await ask(world)) == "b.wild.example"
    assert said(world, "younger")["Accepted"] == OK


async def test_the_older_policy_wins_even_when_it_is_broken(world: World) -> None:
    """Another policy that is fine must not weaken what the older one asks for."""
    await world.apply(
        policy("older", trust=MISSING, created="2024-01-01T00:00:00Z"),
        policy("younger", created="2025-01-01T00:00:00Z"),
        route("secure"),
    )

    assert_refused(world, await ask(world), "secure")
    assert said(world, "older")["Accepted"] == (False, "NoValidCACertificate")
    assert said(world, "younger")["Accepted"] == (False, "Conflicted")


async def test_every_gateway_that_uses_it_is_an_ancestor(world: World) -> None:
    second = "name: second, namespace: infra"
    await world.apply(gateway("second", plain("http", "second")))
    await world.apply(policy(), route("secure"), route("secure", name="more", parent=second))

    assert (await ask(world)).said == (200, "r", "secure")
    assert (await ask(world, name="more", port="second")).said == (200, "more", "secure")
    outcome: Any = world.outcome("BackendTLSPolicy shop/p")
    assert [each.ref.name for each in outcome.ancestors] == ["edge", "second"]


class Relay:
    """Ends TLS in front of a port without it; `seen` are (server name, protocol by ALPN) of each connection."""

    def __init__(self, port: int) -> None:
        self.seen: list[tuple[str | None, str | None]] = []
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        self.seen.append((getattr(tls, "wanted_name", None), tls.selected_alpn_protocol()))
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pipe(reader, outer), _pipe(inner, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def grpc_relay(world: World) -> AsyncIterator[Relay]:
    """Start a gRPC backend "calls" behind TLS that offers h2 only."""
    tasks: set[asyncio.Task[None]] = set()
    async with grpcs.grpc_backend("calls") as calls:
        relay = Relay(calls.port)
        context = serving(INNER, alpn=("h2",))
        server = await asyncio.start_server(in_tasks(relay.serve, tasks), "127.0.0.1", 0, ssl=context)
        await world.apply(service("calls", server.sockets[0].getsockname()[1]))
        rules = "- {backendRefs: [{name: calls, port: 80}]}"
        await world.apply(http_route("calls", rules, kind="GRPCRoute", host="g.example"))
        yield relay
        server.close()
        await finish(tasks)


async def test_grpc(world: World, grpc_relay: Relay) -> None:
    await world.apply(policy(to="calls"))

    reply = await grpcs.call(world.port("http"), "/shop.Cart/Add", authority="g.example")

    assert reply.said == ("OK", None, "calls")
    assert grpc_relay.seen == [("inner.example", "h2")]


@pytest.mark.parametrize(
    "bad",
    [
        policy(to="calls", hostname="outer.example"),
        policy(to="calls", trust=UNKNOWN),
        policy(to="calls", trust=MISSING),
    ],
)
@pytest.mark.usefixtures("grpc_relay")
async def test_grpc_to_a_backend_that_cannot_be_trusted(world: World, bad: str) -> None:
    await world.apply(bad)

    reply = await grpcs.call(world.port("http"), "/shop.Cart/Add", authority="g.example")

    assert reply.said == ("UNAVAILABLE", None, None)


ENDED = f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: ended, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
  - name: tls
    port: <ended>
    protocol: TLS
    hostname: outer.example
    tls: {{mode: Terminate, certificateRefs: [{{name: outer}}]}}
    allowedRoutes: {{namespaces: {{from: All}}}}
{CA.issue("outer.example").secret("outer")}"""


async def test_tls_that_ends_at_the_gateway_is_encrypted_again(world: World) -> None:
    context = serving(INNER)
    names: list[str | None] = []
    context.sni_callback = lambda _connection, name, _context: names.append(name)
    async with tcp_backend("bytes", tls=context) as backend:
        to_bytes = "- {backendRefs: [{name: bytes, port: 80}]}"
        parent = "name: ended, namespace: infra"
        await world.apply(ENDED, service("bytes", backend.port), policy(to="bytes"))
        await world.apply(http_route("t", to_bytes, kind="TLSRoute", host="outer.example", parent=parent))

        async def greeted() -> str:
            return await greeting(world.port("ended"), tls=CA.trusting(), server_name="outer.example")

        assert await greeted() == "bytes"
        assert names == ["inner.example"]
        outcome: Any = world.outcome("BackendTLSPolicy shop/p")
        assert [each.ref.name for each in outcome.ancestors] == ["ended"]

        for bad in (
            policy(to="bytes", hostname="other.example"),
            policy(to="bytes", trust=UNKNOWN),
            policy(to="bytes", trust=MISSING),
        ):
            await world.apply(bad)
            assert await greeted() == CLOSED
        await world.apply(policy(to="bytes"))
        assert await greeted() == "bytes"
        await world.remove("TLSRoute shop/t")


def showing(ref: str) -> str:
    return gateway("shows", plain("http", "shows"), tls=f"{{backend: {{clientCertificateRef: {{{ref}}}}}}}")


SHOWS = "name: shows, namespace: infra"


async def test_the_certificate_of_the_gateway_is_shown_to_backends_that_ask(world: World) -> None:
    await world.apply(CLIENT.secret("client"), showing("name: client"), policy(to="mutual"), policy("q"))
    await world.apply(route("mutual", parent=SHOWS), route("secure", name="lax", parent=SHOWS))
    await world.apply(route("mutual", name="without"))

    assert (await ask(world, port="shows")).said == (200, "r", "mutual")
    assert (await ask(world, name="lax", port="shows")).said == (200, "lax", "secure")
    assert state(world.gateway("Gateway infra/shows")["ResolvedRefs"]) == RESOLVED
    # The other Gateway has none to show.
    assert (await ask(world, name="without")).status // 100 == 5
    assert "ResolvedRefs" not in world.gateway("Gateway infra/edge")


@pytest.mark.parametrize(
    ("ref", "objects", "reason"),
    [
        ("name: missing", "", "InvalidClientCertificateRef"),
        ("name: client, kind: ConfigMap", "", "InvalidClientCertificateRef"),
        ("name: bad", secret("bad", b"no certificate", b"no key"), "InvalidClientCertificateRef"),
        ("name: client, namespace: vault", CLIENT.secret("client", namespace="vault"), "RefNotPermitted"),
        ("name: missing, namespace: vault", "", "RefNotPermitted"),
    ],
)
async def test_references_that_lead_to_no_client_certificate(world: World, ref: str, objects: str, reason: str) -> None:
    await world.apply(objects, showing(ref), policy(to="mutual"), policy("q"))
    await world.apply(route("mutual", parent=SHOWS), route("secure", name="lax", parent=SHOWS))

    found = world.gateway("Gateway infra/shows")
    assert state(found["ResolvedRefs"]) == (False, reason)
    assert "spec.tls.backend.clientCertificateRef" in found["ResolvedRefs"].message
    assert state(found["Accepted"]) == OK
    assert_refused(world, await ask(world, port="shows"), "mutual")
    assert (await ask(world, name="lax", port="shows")).said == (200, "lax", "secure")


async def test_a_grant_lets_the_gateway_show_a_certificate_of_another_namespace(world: World) -> None:
    await world.apply(
        CLIENT.secret("client", namespace="vault"),
        grant("g", namespace="vault", of="infra", kind="Gateway", to="Secret", only="client"),
        showing("name: client, namespace: vault"),
        policy(to="mutual"),
        route("mutual", parent=SHOWS),
    )

    assert (await ask(world, port="shows")).said == (200, "r", "mutual")

    await world.remove("ReferenceGrant vault/g")

    assert state(world.gateway("Gateway infra/shows")["ResolvedRefs"]) == (False, "RefNotPermitted")
    assert (await ask(world, port="shows")).status // 100 == 5
