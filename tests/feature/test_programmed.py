"""Programmed is true when a connected proxy has acknowledged, and not a moment before; a refusal is told in its words.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype (Programmed)
"""

import os
import signal
import socket
from typing import Any

import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import CLUSTER, LISTENER
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.scripted import scripted_proxy
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HAND = GatewayFleet(namespace="infra", name="hand")
PROGRAMMED, PENDING, INVALID = (True, "Programmed"), (False, "Pending"), (False, "Invalid")
TWO = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: hand, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: a, port: <hand-a>, protocol: HTTP}
  - {name: b, port: <hand-b>, protocol: HTTP}
"""


def programmed(world: World, name: str = "hand") -> dict[str, tuple[bool, str]]:
    """Return the condition of the Gateway ("") and of each of its listeners."""
    found: Any = world.outcome(f"Gateway infra/{name}")
    said = {
        each.name: state(world.listener(f"Gateway infra/{name}", each.name)["Programmed"]) for each in found.listeners
    }
    return {"": state(world.gateway(f"Gateway infra/{name}")["Programmed"]), **said}


async def test_only_an_acknowledgement_makes_it_true(world: World) -> None:
    world.by_hand.add(HAND)
    await world.apply(TWO)
    assert programmed(world) == {"": PENDING, "a": PENDING, "b": PENDING}
    assert "no proxy" in world.gateway("Gateway infra/hand")["Programmed"].message

    async with scripted_proxy(world.socket, HAND) as proxy:
        await world.until(lambda: world.fleet.report(HAND).connected == 1)
        await proxy.ack(await proxy.response(CLUSTER))
        listeners = await proxy.response(LISTENER)
        await world.settle()
        # Connected and sent, but not acknowledged.
        assert programmed(world) == {"": PENDING, "a": PENDING, "b": PENDING}
        assert "acknowledged" in world.gateway("Gateway infra/hand")["Programmed"].message

        await proxy.ack(listeners)
        await world.until(lambda: programmed(world) == {"": PROGRAMMED, "a": PROGRAMMED, "b": PROGRAMMED})

    # The proxy has gone: nobody has it any more.
    await world.until(lambda: programmed(world) == {"": PENDING, "a": PENDING, "b": PENDING})


async def test_a_refusal_is_told_in_the_proxys_words_and_holds_back_only_what_it_is_about(world: World) -> None:
    world.by_hand.add(HAND)
    await world.apply(TWO)
    bad, good = f"tcp-{world.port('hand-a')}", f"tcp-{world.port('hand-b')}"

    async with scripted_proxy(world.socket, HAND) as proxy:
        await proxy.ack(await proxy.response(CLUSTER))
        both = await proxy.response(LISTENER)
        assert {each.name for each in both.resources} == {bad, good}
        await proxy.nack(both, f"Error adding/updating listener(s) {bad}: the words of a proxy\n")
        again = await proxy.response(LISTENER)
        assert [each.name for each in again.resources] == [good]
        await proxy.ack(again)
        await world.until(lambda: programmed(world) == {"": PROGRAMMED, "a": INVALID, "b": PROGRAMMED})

        assert "the words of a proxy" in world.listener("Gateway infra/hand", "a")["Programmed"].message


async def test_a_change_is_pending_until_it_is_acknowledged(world: World) -> None:
    world.by_hand.add(HAND)
    await world.apply(TWO)
    more = TWO + "  - {name: c, port: <hand-c>, protocol: HTTP}\n"

    async with scripted_proxy(world.socket, HAND) as proxy:
        await proxy.ack(await proxy.response(CLUSTER))
        await proxy.ack(await proxy.response(LISTENER))
        await world.until(lambda: programmed(world) == {"": PROGRAMMED, "a": PROGRAMMED, "b": PROGRAMMED})

        await world.apply(more)
        added = await proxy.response(LISTENER)
        assert [each.name for each in added.resources] == [f"tcp-{world.port('hand-c')}"]
        assert programmed(world) == {"": PROGRAMMED, "a": PROGRAMMED, "b": PROGRAMMED, "c": PENDING}
        await proxy.ack(added)
        await world.until(lambda: programmed(world)["c"] == PROGRAMMED)


async def test_a_real_envoy_that_cannot_bind_a_port(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", world.port("taken")))
        taken.listen()
        world.put("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: bound, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: taken, port: <taken>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: free, port: <free>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
""")
        world.put(
            http_route(
                "r",
                "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}",
                parent="name: bound, namespace: infra",
            )
        )
        await world.until(lambda: bool(world.rejections()))
        await world.settle(refusals=True)

        assert programmed(world, "bound") == {"": PROGRAMMED, "taken": INVALID, "free": PROGRAMMED}
        said = world.listener("Gateway infra/bound", "taken")["Programmed"].message
        assert "bind" in said or "in use" in said, said
        assert (await world.ask(port="free")).said == (200, "r", "one")
        assert (await world.ask(port="free", host="other.example")).said == (200, "r", "one")


ROUTE = http_route("r", "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}")


async def test_an_envoy_that_is_killed_comes_back_with_everything(world: World) -> None:
    text = GATEWAY.replace("name: edge", "name: fragile").replace("<http>", "<fragile>")
    await world.apply(text, ROUTE.replace("name: edge", "name: fragile"))
    assert (await world.ask(port="fragile")).said == (200, "r", "one")
    first = world.pids[GatewayFleet(namespace="infra", name="fragile")]

    os.kill(first, signal.SIGKILL)
    await world.until(lambda: programmed(world, "fragile") == {"": PENDING, "http": PENDING})
    await world.until(lambda: programmed(world, "fragile") == {"": PROGRAMMED, "http": PROGRAMMED})
    await world.settle()

    assert world.pids[GatewayFleet(namespace="infra", name="fragile")] != first
    assert (await world.ask(port="fragile")).said == (200, "r", "one")


async def test_envoys_go_on_without_a_control_plane_and_learn_what_they_missed(world: World) -> None:
    await world.apply(ROUTE)
    await world.stop_serving()
    await world.until(lambda: programmed(world, "edge") == {"": PENDING, "http": PENDING})

    world.put(ROUTE.replace("name: one", "name: two").replace("route:r", "route:s"))
    for _ in range(20):
        assert (await world.ask()).said == (200, "r", "one")

    await world.start_serving()
    await world.settle()

    assert (await world.ask()).said == (200, "s", "two")
    assert programmed(world, "edge") == {"": PROGRAMMED, "http": PROGRAMMED}
