"""ClientPolicy with a real Envoy: what is for a ListenerSet alone, and what a connection begins and ends with."""

import asyncio
import ssl
import struct
from typing import Any

import pytest

from tests.feature.harness import http1
from tests.feature.harness.http1 import Answer, Connection
from tests.feature.harness.https import CA, REFUSED, https, plain, secure
from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PARENTS = (
    "name: edge, namespace: infra}, {group: gateway.networking.k8s.io, kind: ListenerSet, name: more, namespace: infra"
)
BASE = "\n".join(
    (
        CA.issue("first.example").secret("first"),
        CA.issue("second.example").secret("second"),
        f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {{namespaces: {{from: All}}}}
  listeners:
{plain("plain", "http")}{https("first", "tls", "{name: first}", "first.example")}""",
        f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: more, namespace: infra}}
spec:
  parentRef: {{name: edge}}
  listeners:
  - {{name: shared, port: <http>, protocol: HTTP, hostname: shared.example}}
{https("second", "tls", "{name: second}", "second.example")}""",
        http_route(
            "r",
            "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}",
            parent=PARENTS,
            host="first.example second.example shared.example r.example",
        ),
    )
)


def clients(sections: str, at: str = "", *, name: str = "clients") -> str:
    of = at or target("Gateway", "edge")
    return policy("ClientPolicy", name, of, f"default: {{{sections}}}", namespace="infra")


async def ask(world: World, *headers: tuple[str, str], path: str = "/", **more: Any) -> Answer:
    return await world.ask(path, *headers, host="r.example", **more)


def signature(version: int, source: str = "203.0.113.7") -> bytes:
    """Return the words of a balancer that speaks the PROXY protocol."""
    if version == 1:
        return f"PROXY TCP4 {source} 127.0.0.1 4000 80\r\n".encode()
    addresses = bytes(int(each) for each in (*source.split("."), 127, 0, 0, 1)) + struct.pack("!HH", 4000, 80)
    return b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + struct.pack("!H", len(addresses)) + addresses


async def through(world: World, version: int) -> Answer:
    """Ask by way of a balancer; version 0 says nothing."""
    connection = await world.connect()
    if version:
        connection.writer.write(signature(version))
    return await connection.ask("/", host="r.example")


async def is_closed(connection: Connection) -> bool:
    async with asyncio.timeout(http1.DEADLINE):
        try:
            return await connection.reader.read() == b""
        except ConnectionError:
            return True


@pytest.mark.parametrize("version", [1, 2])
async def test_a_balancer_that_must_speak_the_proxy_protocol(world: World, version: int) -> None:
    denied = policy(
        "AccessPolicy",
        "floor",
        target("Gateway", "edge"),
        "override: {clients: {deny: [{cidr: 203.0.113.0/24}]}}",
        namespace="infra",
    )
    await world.apply(clients("socket: {proxyProtocol: Required}"))
    answer = await through(world, version)
    assert answer.said == (200, "r", "one")
    assert answer.seen("x-forwarded-for") == ["203.0.113.7"]
    await world.apply(denied)
    assert (await through(world, version)).status == 403
    connection = await world.connect()
    connection.send("/", host="r.example")
    assert await is_closed(connection)


async def test_connections_end_after_a_number_of_requests(world: World) -> None:
    await world.apply(clients("connections: {maxRequestsEach: 2}"))
    connection = await world.connect()
    first, second = [await connection.ask("/", host="r.example") for _ in range(2)]
    assert (first.one("connection"), second.one("connection")) == (None, "close")


async def test_versions_of_tls_are_those_of_each_listener(world: World) -> None:
    async def with_version(server_name: str, version: ssl.TLSVersion) -> bool:
        context = CA.trusting()
        context.minimum_version = context.maximum_version = version
        try:
            answer = await world.ask("/", host=server_name, port="tls", tls=context, server_name=server_name)
        except REFUSED:
            return False
        return answer.status == 200

    await world.apply(clients('tls: {minVersion: "1.3"}', target("ListenerSet", "more")))
    assert await with_version("first.example", ssl.TLSVersion.TLSv1_2)
    assert not await with_version("second.example", ssl.TLSVersion.TLSv1_2)
    assert await with_version("second.example", ssl.TLSVersion.TLSv1_3)


async def test_a_policy_of_a_listener_set_is_for_its_listeners_alone(world: World) -> None:
    await world.apply(clients("connections: {maxRequestsEach: 1}", target("ListenerSet", "more", "second")))
    assert (await secure(world, "tls", "second.example")).one("connection") == "close"
    assert (await secure(world, "tls", "first.example")).one("connection") is None
