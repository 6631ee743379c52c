"""The agent of a node: what pods send to Services with routes is led to the node's Envoy, as long as that is alive."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from conformance.harness.node_network import NODE_ADDRESS, NODE_ADDRESS_6, has_ipv6, lacking
from gatewayd.infra.drain import NODE_LINGER_SECONDS, REQUESTS, drain_command
from tests.feature.harness.drain_hook import started
from tests.feature.node_rig import DEADLINE, PODS, VIP6, Node, ended, node, route
from tests.image_programs import needs_perl

WHY = lacking()
pytestmark = [
    pytest.mark.envoy,
    pytest.mark.skipif(bool(WHY), reason=WHY),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Node]:
    async with node(tmp_path_factory.mktemp("node")) as found:
        found.pod("shop")
        found.pod("blog")
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def steered(running: Node) -> Node:
    """Return a node with a producer's route to `one` and no other, whose agent and Envoy are there."""
    running.remove(route("blog", "two"), route("shop", "two"), policy("clients: {}"))
    running.apply(route("shop", "one"))
    await running.start_what_is_gone()
    await running.until_answered("shop", "one")
    await running.until_answered("blog", "one")
    await running.until_pods_are_not_watched()
    running.api.requests.clear()
    for backend in running.backends.values():
        backend.requests.clear()
        backend.gate.clear()
    return running


async def test_pods_get_the_routes_that_are_for_them(steered: Node) -> None:
    assert await steered.answered("blog") == "one"
    # No consumer has routes: it does not matter whose pods they are.
    assert steered.api.said("GET", "/api/v1/pods") == []
    steered.apply(route("blog", "two"))
    await steered.until_answered("blog", "two")
    assert await steered.answered("shop") == "one"
    [listed, *_] = steered.api.said("GET", "/api/v1/pods")
    assert listed.query["fieldSelector"] == "spec.nodeName=node-1"
    # A port without a route is left as it is.
    assert await steered.answered("shop", port=9090) == "plain"
    steered.remove(route("blog", "two"))
    await steered.until_answered("blog", "one")
    steered.remove(route("shop", "one"))
    await steered.until_answered("shop", "plain")


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
async def test_what_is_sent_to_addresses_of_ipv6_is_led_there_too(steered: Node) -> None:
    await steered.until_answered("shop", "one", VIP6)
    steered.apply(route("blog", "two"))
    await steered.until_answered("blog", "two", VIP6)
    assert await steered.answered("shop", address=VIP6) == "one"
    assert await steered.answered("shop", port=9090, address=VIP6) == "plain"
    with pytest.raises(TimeoutError):
        await steered.network.pods["shop"].connected(NODE_ADDRESS_6, 15001, patience=0.3)
    steered.remove(route("blog", "two"), route("shop", "one"))
    await steered.until_answered("shop", "plain", VIP6)


def policy(sections: str) -> str:
    """Return an AccessPolicy for the namespace of the Service."""
    return f"""
kind: AccessPolicy
metadata: {{name: p, namespace: shop}}
spec: {{targetRefs: [{{group: "", kind: Namespace}}], default: {{{sections}}}}}
"""


async def test_pods_are_let_in_by_their_namespace_and_by_their_address(steered: Node) -> None:
    steered.apply(policy("authorization: {allow: [{namespaces: [blog]}]}"))
    await steered.until_answered("shop", "403")
    await steered.until_answered("blog", "one")
    # Of a pod that the API server has not told of nobody knows where it is from.
    assert await steered.answered("two") == "403"
    # A route of one's own is no way around.
    steered.apply(route("blog", "two"))
    await steered.until_answered("blog", "two")
    steered.apply(policy("authorization: {allow: [{namespaces: [shop]}]}"))
    await steered.until_answered("shop", "one")
    await steered.until_answered("blog", "403")
    steered.remove(route("blog", "two"))
    steered.apply(policy(f"clients: {{allow: [{{cidr: {PODS['blog']}}}]}}"))
    await steered.until_answered("blog", "one")
    await steered.until_answered("shop", "403")
    steered.remove(policy("clients: {}"))
    await steered.until_answered("shop", "one")


async def test_nobody_reaches_the_proxy_but_by_the_redirect(steered: Node) -> None:
    for port in (15001, 15100):
        with pytest.raises(TimeoutError):
            await steered.network.pods["shop"].connected(NODE_ADDRESS, port, patience=0.3)
    assert await steered.answered("shop") == "one"


async def test_the_nodes_own_connections_may_come_from_the_ports_of_proxies(steered: Node) -> None:
    """A node takes ports for its own connections from a range that may have these."""
    own = steered.network.node
    with await own.listening(NODE_ADDRESS, 8099) as listener:

        def asked() -> bytes:
            address, source = (NODE_ADDRESS, 8099), (NODE_ADDRESS, 15150)
            with (
                socket.create_connection(address, DEADLINE, source_address=source) as connection,
                listener.accept()[0] as other,
            ):
                other.sendall(b"answer")
                return connection.recv(16)

        assert await own.run(asked) == b"answer"


async def test_without_an_envoy_services_are_reached_as_before(steered: Node) -> None:
    assert steered.envoy is not None
    await ended(steered.envoy, signal.SIGKILL)
    await steered.until_answered("shop", "plain")
    await steered.start_envoy()
    await steered.until_answered("shop", "one")


async def test_without_an_agent_the_switch_lets_go_and_another_takes_over(steered: Node) -> None:
    assert steered.agent is not None
    await ended(steered.agent, signal.SIGKILL)
    assert await steered.answered("shop") == "one"
    # It has 15 s from the last time that the Envoy was seen alive.
    await steered.until_answered("shop", "plain")
    await steered.start_agent()
    await steered.until_answered("shop", "one")


async def test_an_agent_that_begins_anew_knows_all_from_its_envoy(steered: Node) -> None:
    steered.apply(route("blog", "two"))
    await steered.until_answered("blog", "two")
    await steered.stop_control_plane()
    assert steered.agent is not None
    async with steered.load("blog") as answers:
        await ended(steered.agent, signal.SIGKILL)
        before = len(answers)
        await steered.start_agent()

        async def is_alive_again() -> bool:
            # It is 15 s from when somebody has seen the Envoy alive: the old agent had not begun so late.
            return len(answers) > before and "expires 14s" in await steered.table()

        await steered.until(is_alive_again)
    assert set(answers) == {"two"}
    await steered.start_control_plane()
    steered.remove(route("blog", "two"))
    await steered.until_answered("blog", "one")


async def test_an_agent_that_begins_anew_lets_nobody_by_when_it_makes_its_table(steered: Node) -> None:
    steered.apply(route("blog", "two"))
    await steered.until_answered("blog", "two")
    assert steered.agent is not None
    before = await steered.handle()
    async with steered.load("shop") as producers, steered.load("blog") as consumers:
        await ended(steered.agent, signal.SIGKILL)
        await steered.start_agent()

        async def is_made_anew() -> bool:
            return await steered.handle() not in ("", before)

        await steered.until(is_made_anew)
        made = len(producers), len(consumers)

        async def has_gone_on() -> bool:
            return len(producers) > made[0] + 50 and len(consumers) > made[1] + 50

        await steered.until(has_gone_on)
    # What was under way then had perhaps been led by nobody: an agent may take longer to begin than the switch waits.
    assert (set(producers[made[0] + 1 :]), set(consumers[made[1] + 1 :])) == ({"one"}, {"two"})


async def test_an_agent_that_begins_anew_leads_nobody_to_what_has_just_gone(steered: Node) -> None:
    assert steered.agent is not None
    before = await steered.handle()
    steered.remove(route("shop", "one"))
    await steered.until_answered("shop", "plain")
    # The Envoy has the route for a second more, and nobody is left to take it.
    await steered.stop_control_plane()
    await ended(steered.agent, signal.SIGKILL)
    async with steered.load("shop") as answers:
        await steered.start_agent()

        async def is_made_anew() -> bool:
            return await steered.handle() not in ("", before)

        await steered.until(is_made_anew)
        made = len(answers)

        async def has_gone_on() -> bool:
            return len(answers) > made + 50

        await steered.until(has_gone_on)
        await steered.start_control_plane()
        steered.apply(route("shop", "two"))
        await steered.until_answered("shop", "two")
    assert set(answers) == {"plain", "two"}


async def test_a_pod_that_is_renewed_loses_no_request(steered: Node) -> None:
    assert steered.agent is not None
    assert steered.envoy is not None
    async with steered.load("shop") as answers:
        # As the kubelet does: the Envoy drains while the agent ends at once.
        await ended(steered.agent, signal.SIGTERM)
        await ended(steered.envoy, signal.SIGTERM)
        await steered.until_answered("shop", "plain")
        await steered.start_what_is_gone()
        await steered.until_answered("shop", "one")
    assert set(answers) == {"one", "plain"}


@needs_perl
async def test_a_proxy_that_ends_waits_for_requests_and_not_for_connections_that_are_kept(steered: Node) -> None:
    idle, busy = await steered.connected("shop"), await steered.connected("shop")
    assert (await idle.ask(host="till")).backend == "one"
    busy.send("/", ("x-echo-wait", "yes"), host="till")
    await steered.backends["one"].received(lambda requests: len(requests) == 2)
    hook = await started(drain_command(admin=str(steered.admin), waits=REQUESTS))
    assert await hook.sleeps() == NODE_LINGER_SECONDS
    hook.wake()
    assert await hook.sleeps() == 1
    steered.backends["one"].gate.set()
    async with asyncio.timeout(DEADLINE):
        assert (await busy.answer()).one("connection") == "close"
    hook.wake()
    while await hook.sleeps() is not None:  # until Envoy has seen the end of it
        hook.wake()
    await idle.close()
    await busy.close()
    assert steered.envoy is not None
    await ended(steered.envoy, signal.SIGTERM)


async def test_a_control_plane_that_is_away_is_not_missed(steered: Node) -> None:
    async with steered.load("shop") as answers:
        await steered.stop_control_plane()
        asked = len(answers)

        async def has_gone_on() -> bool:
            return len(answers) > asked + 20

        await steered.until(has_gone_on)
        await steered.start_control_plane()
        steered.apply(route("blog", "two"))
        await steered.until_answered("blog", "two")
    assert set(answers) == {"one"}


async def test_routes_that_come_and_go_make_no_wrong_answer(steered: Node) -> None:
    """Whoever calls gets the route or what was there before; never an Envoy that knows nothing of it."""
    steered.remove(route("shop", "one"))
    await steered.until_answered("shop", "plain")
    async with steered.load("shop") as answers:
        for _ in range(3):
            steered.apply(route("shop", "one"))
            await steered.until_answered("shop", "one")
            steered.remove(route("shop", "one"))
            await steered.until_answered("shop", "plain")
        steered.apply(route("shop", "two"))
        await steered.until_answered("shop", "two")
    assert set(answers) <= {"plain", "one", "two"}


async def test_connections_that_are_kept_open_are_for_routes_that_there_are(steered: Node) -> None:
    idle, busy = await steered.connected("shop"), await steered.connected("shop")
    assert (await idle.ask(host="till")).backend == "one"
    busy.send("/", ("x-echo-wait", "yes"), host="till")
    await steered.backends["one"].received(lambda requests: len(requests) == 2)
    steered.remove(route("shop", "one"))
    await steered.until_answered("shop", "plain")

    async def is_forgotten() -> bool:
        return "10.96.0.10 . 80" not in await steered.table()

    # Who has just connected is still answered.
    assert (await idle.ask(host="till")).backend == "one"
    await steered.until(is_forgotten)
    # It could only be told that there is no such route.
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await idle.ask(host="till")
    steered.backends["one"].gate.set()
    async with asyncio.timeout(DEADLINE):
        assert (await busy.answer()).backend == "one"
    await idle.close()
    await busy.close()


async def test_where_pods_shall_not_get_by_nobody_answers_for_an_envoy_that_is_away(tmp_path: Path) -> None:
    async with node(tmp_path) as closed:
        closed.apply(route("shop", "one"))
        await closed.start_agent("closed")
        await closed.start_envoy()
        await closed.until_answered("shop", "one")
        assert closed.envoy is not None
        assert closed.agent is not None
        await ended(closed.envoy, signal.SIGKILL)
        async with closed.load("shop") as answers:
            await closed.start_envoy()
            await closed.until_answered("shop", "one")
        # Not for a moment as if there were no route.
        assert set(answers) == {"ConnectionRefusedError", "one"}
        # A port without routes is left as it is.
        assert await closed.answered("shop", port=9090) == "plain"
        await ended(closed.agent, signal.SIGTERM)
        assert "to-15001-ip" in await closed.table()


async def test_an_agent_that_ends_leaves_nothing_behind(steered: Node) -> None:
    assert steered.agent is not None
    assert "chain guard" in await steered.table()
    await ended(steered.agent, signal.SIGTERM)
    assert await steered.table() == ""
    assert await steered.answered("shop") == "plain"
