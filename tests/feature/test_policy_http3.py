"""ClientPolicy, section http3: a real client of HTTP/3 before a real Envoy."""

import asyncio
from typing import Any

import pytest

from tests.feature.harness.http3 import http3
from tests.feature.harness.https import CA, gateway, https, plain, secure
from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import EDGE, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

LISTENERS = (
    https("first", "tls", "{name: first}", "first.example"),
    https("second", "tls", "{name: second}", "second.example"),
    plain("plain", "http"),
)
PARENT = "name: edge, namespace: infra"
BASE = "\n".join(
    (
        CA.issue("first.example").secret("first"),
        CA.issue("second.example").secret("second"),
        CA.configmap("clients"),
        gateway("edge", *LISTENERS),
        http_route("r", "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}", parent=PARENT),
    )
)


def spoken(section: str = "", *, sections: str = "http3: {}") -> str:
    at = target("Gateway", "edge", section)
    return policy("ClientPolicy", "modern", at, f"default: {{{sections}}}", namespace="infra")


async def answers(world: World, server_name: str = "first.example") -> bool:
    """Tell whether somebody speaks HTTP/3 for a server name."""
    try:
        async with http3(world.port("tls"), server_name, CA) as client:
            return (await client.ask("/", host=server_name)).said == (200, "r", "one")
    except ConnectionError:
        return False


def remark(world: World) -> str:
    outcome: Any = world.outcome("ClientPolicy infra/modern")
    (ancestor,) = outcome.ancestors
    (verdict,) = (each for each in ancestor.verdicts if each.type == "Accepted")
    assert verdict.status
    return str(verdict.message)


async def test_https_listeners_speak_it_and_tell_their_clients(world: World) -> None:
    await world.settle()
    assert (await secure(world, "tls", "first.example")).one("alt-svc") is None
    await world.apply(spoken())
    told = f'h3=":{world.port("tls")}"; ma=3600'
    assert (await secure(world, "tls", "first.example")).one("alt-svc") == told
    assert (await world.ask("/", host="first.example")).one("alt-svc") is None
    async with http3(world.port("tls"), "first.example", CA) as client:
        answer = await client.ask("/a", ("x-forwarded-for", "203.0.113.7"), host="first.example")
        assert answer.said == (200, "r", "one")
        assert answer.one("alt-svc") == told
        assert "203.0.113.7" not in answer.seen("x-forwarded-for")
        assert answer.seen("x-forwarded-proto") == ["https"]
        bodies = [b"x" * 1000 * number for number in range(1, 21)]
        asked = (client.ask("/", host="first.example", method="POST", body=body) for body in bodies)
        assert {each.said for each in await asyncio.gather(*asked)} == {(200, "r", "one")}
        # A host of another listener is not served here, and what the proxy says by itself tells it as well.
        strange = await client.ask("/", host="second.example")
        assert (strange.status, strange.one("alt-svc")) == (421, told)
    await world.remove("ClientPolicy infra/modern")
    assert (await secure(world, "tls", "first.example")).one("alt-svc") is None
    assert not await answers(world)


async def test_each_listener_for_itself(world: World) -> None:
    await world.apply(spoken("second"))
    assert await answers(world, "second.example")
    assert not await answers(world, "first.example")
    assert (await secure(world, "tls", "first.example")).one("alt-svc") is None


async def test_a_port_that_a_balancer_has_in_front(world: World) -> None:
    await world.apply(spoken(sections="http3: {advertisedPort: 443}"))
    assert (await secure(world, "tls", "first.example")).one("alt-svc") == 'h3=":443"; ma=3600'
    assert await answers(world)


async def test_policies_hold_for_it(world: World) -> None:
    floor = "override: {clients: {deny: [{cidr: 127.0.0.1}]}}"
    await world.apply(spoken(), policy("AccessPolicy", "floor", target("Gateway", "edge"), floor, namespace="infra"))
    async with http3(world.port("tls"), "first.example", CA) as client:
        assert (await client.ask("/", host="first.example")).status == 403


async def test_listeners_that_ask_for_certificates_go_without(world: World) -> None:
    validation = "{validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]}}"
    await world.apply(gateway("edge", *LISTENERS, tls=f"{{frontend: {{default: {validation}}}}}"), spoken())
    assert not await answers(world)
    friend = CA.issue("friend", client=True)
    assert (await secure(world, "tls", "first.example", client=friend)).one("alt-svc") is None
    why = "its clients are asked for certificates, which are not checked over HTTP/3"
    assert f"http3 is left out for listener first: {why}; http3 is left out for listener second: {why}" in remark(world)


async def test_a_port_that_is_taken_for_datagrams_goes_without(world: World) -> None:
    udp = f"  - {{name: udp, port: {world.port('tls')}, protocol: UDP}}\n"
    await world.apply(gateway("edge", *LISTENERS, udp), spoken())
    assert (await secure(world, "tls", "first.example")).one("alt-svc") is None
    assert f"http3 is left out for listener first: another listener has UDP port {world.port('tls')}" in remark(world)


async def test_a_change_of_one_listener_leaves_the_connections_of_others(world: World) -> None:
    of_second = policy(
        "ClientPolicy", "second", target("Gateway", "edge", "second"), "default: {http1: {}}", namespace="infra"
    )
    await world.apply(spoken())
    async with http3(world.port("tls"), "first.example", CA) as client:
        assert (await client.ask("/", host="first.example")).status == 200
        await world.apply(of_second.replace("http1: {}", "http1: {http10: Refuse}"))
        await world.apply(CA.issue("first.example").secret("first"))
        assert (await client.ask("/", host="first.example")).status == 200
    stats = await world.envoys[EDGE].stats("listener_manager.(listener_in_place_updated|total_filter_chains_draining)")
    assert stats["listener_manager.listener_in_place_updated"] > 0


async def test_the_rest_of_a_policy_is_taken(world: World) -> None:
    sections = """http3: {}, tls: {minVersion: "1.2", curves: [X25519MLKEM768, X25519]},
  connections: {max: 100, maxRequestsEach: 2, maxAge: 1h}, http2: {maxConcurrentStreams: 3,
  streamWindowBytes: 67108864, connectionWindowBytes: 67108864}, timeouts: {idle: 10s}"""
    await world.apply(spoken(sections=sections))
    assert world.rejections() == ()
    assert await answers(world)
