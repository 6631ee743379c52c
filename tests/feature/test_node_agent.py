"""The agent of a node: what pods send to Services with routes is led to the node's Envoy, as long as that is alive."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.feature.node_network import NODE_ADDRESS, lacking
from tests.feature.node_rig import Node, ended, node, route

WHY = lacking()
pytestmark = [pytest.mark.envoy, pytest.mark.skipif(bool(WHY), reason=WHY)]


@pytest_asyncio.fixture
async def steered(tmp_path: Path) -> AsyncIterator[Node]:
    """Return a node with a producer's route to `one`, whose agent and Envoy are there."""
    async with node(tmp_path) as found:
        found.pod("shop")
        found.pod("blog")
        found.apply(route("shop", "one"))
        await found.start_agent()
        await found.start_envoy()
        await found.until_answered("shop", "one")
        yield found


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


async def test_nobody_reaches_the_proxy_but_by_the_redirect(steered: Node) -> None:
    for port in (15001, 15100):
        with pytest.raises(TimeoutError):
            await steered.network.pods["shop"].connected(NODE_ADDRESS, port, patience=0.3)
    assert await steered.answered("shop") == "one"


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


async def test_an_agent_that_ends_leaves_nothing_behind(steered: Node) -> None:
    assert steered.agent is not None
    assert "chain guard" in await steered.table()
    await ended(steered.agent, signal.SIGTERM)
    assert await steered.table() == ""
    assert await steered.answered("shop") == "plain"
