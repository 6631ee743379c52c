"""Backends see the address of the pod that calls, where a node's Envoy may use it; else that of the node."""

import asyncio
import signal
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from conformance.harness.node_network import NODE_ADDRESS, NODE_ADDRESS_6, has_ipv6, ipv6_of, lacking
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import PRODUCER_PORT
from tests.feature.node_rig import DEADLINE, PODS, VIP, VIP6, Node, ended, node, route

WHY = lacking()
pytestmark = [
    pytest.mark.envoy,
    pytest.mark.skipif(bool(WHY), reason=WHY),
    pytest.mark.asyncio(loop_scope="module"),
]
KEEPING = replace(DEFAULT_ENVIRONMENT, keeps_source=True)
SIX = f"""
kind: EndpointSlice
metadata: {{name: one-2, namespace: shop, labels: {{kubernetes.io/service-name: one}}}}
addressType: IPv6
ports: [{{name: http, port: 8080}}]
endpoints: [{{addresses: ["{ipv6_of(PODS["one"])}"]}}]
"""


def root_with(*capabilities: str) -> tuple[str, ...]:
    """Return what runs a program as the container of a pod does: as root with some capabilities alone."""
    kept = ",".join(("-all", *(f"+{each}" for each in capabilities)))
    return ("setpriv", f"--bounding-set={kept}", "--inh-caps=-all", "--")


async def start(found: Node) -> None:
    await found.start_agent("source")
    await found.until_agent_listens()
    await found.start_envoy(*root_with("net_raw"))
    await found.until_answered("shop", "one")


async def end(found: Node) -> None:
    """End both as the kubelet does: at once."""
    there = [each for each in (found.agent, found.envoy) if each is not None]
    for process in there:
        if process.returncode is None:
            process.terminate()
    for process in there:
        async with asyncio.timeout(DEADLINE):
            await process.wait()


async def seen(found: Node, pod: str, address: str = VIP) -> str:
    """Return the address that a backend sees when a pod calls."""
    answer = await found.call(pod, address=address)
    assert answer.status == 200, answer
    peer, *_ = answer.echo["peer"]
    return str(peer)


async def leads(found: Node) -> list[str]:
    """Return all that leads packets on a node, but for what the kernel adds while interfaces come up."""
    commands = (
        "ip rule",
        "ip -6 rule",
        "ip route show table all",
        "ip -6 route show table all",
        "nft --stateless list ruleset",
    )
    lines = "".join([await found.network.node.output(*each.split()) for each in commands]).splitlines()
    return [each for each in lines if not any(word in each for word in ("table local", "fe80::", "ff00::"))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Node]:
    async with node(tmp_path_factory.mktemp("node"), KEEPING) as found:
        found.apply(route("shop", "one"))
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def keeping(running: Node) -> AsyncIterator[Node]:
    """Return a node whose Envoy and agent keep the addresses of pods; when it ends nothing is left of them."""
    before = await leads(running)
    running.backends["one"].gate.clear()
    try:
        await start(running)
        yield running
    finally:
        await end(running)
    assert await leads(running) == before


async def test_backends_see_who_calls(keeping: Node) -> None:
    # Each on a connection of its own to the backend, though it is the same backend.
    for _ in range(2):
        assert await seen(keeping, "shop") == PODS["shop"]
        assert await seen(keeping, "blog") == PODS["blog"]


async def test_what_the_proxy_asks_by_itself_comes_from_the_node(keeping: Node) -> None:
    copied = route("shop", "one").replace(
        "rules: [{", "rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: two, port: 80}}}], "
    )
    keeping.apply(copied)
    two = keeping.backends["two"]

    async def is_copied() -> bool:
        return await seen(keeping, "shop") == PODS["shop"] and bool(two.peers)

    await keeping.until(is_copied)
    assert {str(peer[0]) for peer in two.peers if isinstance(peer, tuple)} == {NODE_ADDRESS}
    keeping.apply(route("shop", "one"))


async def test_pods_may_send_from_any_port(keeping: Node) -> None:
    """A port at which the Envoy listens, at all addresses and as one that may have any, is a port of pods as well."""

    def asked() -> bytes:
        source = (PODS["shop"], PRODUCER_PORT)
        with socket.create_connection((PODS["plain"], 8080), DEADLINE, source_address=source) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(b"GET / HTTP/1.1\r\nhost: plain\r\n\r\n")
            return connection.recv(12)

    assert await keeping.network.pods["shop"].run(asked) == b"HTTP/1.1 200"


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
async def test_of_each_family_backends_see_who_calls_where_they_have_it(keeping: Node) -> None:
    # The backend has no address of the family that is called: the node's own is the only one that reaches it.
    await keeping.until_answered("shop", "one", VIP6)
    assert await seen(keeping, "shop", VIP6) == NODE_ADDRESS
    keeping.apply(SIX)

    async def has_six() -> bool:
        return await seen(keeping, "shop", VIP6) == ipv6_of(PODS["shop"])

    await keeping.until(has_six)
    for _ in range(4):
        assert await seen(keeping, "shop") == PODS["shop"]
        assert await seen(keeping, "blog", VIP6) == ipv6_of(PODS["blog"])
    keeping.remove(SIX)
    await keeping.until_answered("shop", "one", VIP6)


async def test_what_is_under_way_is_answered_though_the_agent_ends_first(keeping: Node) -> None:
    keeping.backends["one"].requests.clear()
    busy = await keeping.connected("shop")
    busy.send("/", ("x-echo-wait", "yes"), host="till")
    await keeping.backends["one"].received(lambda requests: len(requests) == 1)
    assert keeping.agent is not None
    assert keeping.envoy is not None
    keeping.agent.terminate()
    await keeping.until_answered("shop", "plain")
    keeping.backends["one"].gate.set()
    async with asyncio.timeout(DEADLINE):
        assert (await busy.answer()).backend == "one"
    await busy.close()
    await ended(keeping.envoy, signal.SIGTERM)
    async with asyncio.timeout(DEADLINE):
        await keeping.agent.wait()


async def test_an_envoy_that_is_killed_leaves_no_packet_without_a_way(keeping: Node) -> None:
    assert keeping.envoy is not None
    await ended(keeping.envoy, signal.SIGKILL)
    await keeping.until_answered("shop", "plain")
    await keeping.start_envoy(*root_with("net_raw"))
    await keeping.until_answered("shop", "one")
    assert await seen(keeping, "shop") == PODS["shop"]


async def test_a_rule_that_somebody_removes_is_there_again(keeping: Node) -> None:
    await keeping.network.node.output("ip", "rule", "delete", "pref", "90")

    async def is_there() -> bool:
        return "fwmark 0x1000/0x1000" in await keeping.network.node.output("ip", "rule")

    await keeping.until(is_there)
    await keeping.until_answered("shop", "one")
    assert await seen(keeping, "shop") == PODS["shop"]


async def test_where_a_bridge_joins_pods_nobody_is_led_to_an_envoy_that_they_would_not_answer(keeping: Node) -> None:
    for command in (
        "link add pods type bridge",
        "link add one-of-them type veth peer name other",
        "link set one-of-them master pods",
    ):
        await keeping.network.node.output("ip", *command.split())
    await keeping.until_answered("shop", "plain")
    await keeping.network.node.output("ip", "link", "delete", "one-of-them")
    await keeping.until_answered("shop", "one")
    await keeping.network.node.output("ip", "link", "delete", "pods")


async def test_an_agent_that_keeps_none_takes_away_what_one_has_left_that_did(running: Node) -> None:
    before = await leads(running)
    await start(running)
    for process in (running.agent, running.envoy):
        assert process is not None
        await ended(process, signal.SIGKILL)
    assert any("gatewayd-source" in each for each in await leads(running))
    await running.start_agent()

    async def is_gone() -> bool:
        there = " ".join(await leads(running))
        return "gatewayd-source" not in there and "0x1000" not in there

    await running.until(is_gone)
    assert running.agent is not None
    await ended(running.agent, signal.SIGTERM)
    assert await leads(running) == before


async def test_an_envoy_that_may_not_refuses_the_listener_and_nothing_is_led_to_it(running: Node) -> None:
    await running.start_agent("source")
    await running.start_envoy(*root_with())

    async def is_refused() -> bool:
        rows = [row for proxy in running.fleet.proxies(MESH_FLEET) for row in proxy.types]
        return any("tcp-15001" in each.names for row in rows for each in row.rejections)

    await running.until(is_refused)
    assert await running.answered("shop") == "plain"
    await end(running)


async def test_an_envoy_that_was_there_before_goes_on_with_the_address_of_its_node(tmp_path: Path) -> None:
    """The control plane knows of the option before the pods of all nodes are others."""
    async with node(tmp_path) as found:
        found.apply(route("shop", "one"))
        await found.start_agent()
        await found.start_envoy(*root_with())
        await found.until_answered("shop", "one")
        assert await seen(found, "shop") == NODE_ADDRESS
        if has_ipv6():
            found.apply(SIX)
            await found.until_answered("shop", "one", VIP6)
            assert {await seen(found, "shop", VIP6) for _ in range(8)} <= {NODE_ADDRESS, NODE_ADDRESS_6}
            found.remove(SIX)
        found.move(KEEPING)

        async def is_refused() -> bool:
            rows = [row for proxy in found.fleet.proxies(MESH_FLEET) for row in proxy.types]
            return any("tcp-15001" in each.names for row in rows for each in row.rejections)

        await found.until(is_refused)
        for _ in range(3):
            assert await seen(found, "shop") == NODE_ADDRESS
