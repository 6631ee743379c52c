"""Programmed of policies: what proxies have acknowledged, and what they refuse, for each Gateway.

https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE
from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.scripted import ScriptedProxy, scripted_proxy
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


async def by_hand(world: World, name: str) -> GatewayFleet:
    """Serve a Gateway whose proxies are scripted; each test has its own, since what a client had is remembered."""
    fleet = GatewayFleet(namespace="infra", name=name)
    world.by_hand.add(fleet)
    await world.apply(GATEWAY.replace("hand", name), route(name), policies(name))
    return fleet


def route(gateway: str, host: str = "hand.example") -> str:
    return http_route("by-hand", RULES, host=host, parent=f"name: {gateway}, namespace: infra")


GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: hand, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: http, port: <hand>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
"""
RULES = "- {backendRefs: [{name: one, port: 80}]}"
SECTIONS = {
    "ClientPolicy": "default: {path: {escapedSlashes: Reject}}",
    "AccessPolicy": "default: {clients: {deny: [{cidr: 203.0.113.0/24}]}}",
    "RoutePolicy": "default: {timeouts: {request: 5s}}",
    "BackendPolicy": "default: {limits: {requests: 100}}",
}


def policies(gateway: str) -> str:
    at = target("Gateway", gateway)
    return "\n---\n".join(policy(kind, "p", at, section, namespace="infra") for kind, section in SECTIONS.items())


def programmed(world: World) -> dict[str, str]:
    """Return the reasons, by the first word of the kind, of those policies of which something is said."""
    found = {}
    for kind in SECTIONS:
        outcome: Any = world.outcome(f"{kind} infra/p")
        [ancestor] = outcome.ancestors
        said = {each.type: each for each in ancestor.verdicts}
        assert said["Accepted"].status, said["Accepted"]
        if "Programmed" in said:
            found[kind.removesuffix("Policy")] = said["Programmed"].reason
    return found


@asynccontextmanager
async def answering(world: World, proxy: ScriptedProxy, fleet: GatewayFleet, words: str) -> AsyncIterator[None]:
    """Ask for all routes and refuse them with these words, or take them without any, until the block ends.

    Of a group that is refused each host comes by itself, under a name of its own.
    """
    asked = set[str]()

    def new() -> set[str]:
        return set(world.reconciler.snapshots[fleet].of(ROUTE)) - asked

    async def ask() -> None:
        while True:
            await world.until(lambda: bool(new()))
            names = new()
            asked.update(names)
            await proxy.subscribe(ROUTE, *names)

    async def answer() -> None:
        while True:
            routes = await proxy.response(ROUTE)
            await (proxy.nack(routes, words) if words else proxy.ack(routes))

    tasks = asyncio.create_task(ask()), asyncio.create_task(answer())
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


WAITING = dict.fromkeys(("Client", "Access", "Route", "Backend"), "Pending")


async def test_an_envoy_that_refuses_nothing(world: World) -> None:
    await world.apply(http_route("r", RULES), policies("edge"))
    assert programmed(world) == {"Client": "Programmed"}
    assert (await world.ask("/a%2Fb")).status == 400
    await world.stop_serving()
    await world.until(lambda: programmed(world) == WAITING)
    await world.start_serving()
    await world.until(lambda: programmed(world) == {"Client": "Programmed"})


async def test_what_a_proxy_refuses_is_told_to_the_policies_that_it_carries(world: World) -> None:
    fleet = await by_hand(world, "first")

    async with scripted_proxy(world.socket, fleet) as proxy:
        clusters = await proxy.response(CLUSTER)
        await proxy.ack(clusters)
        await proxy.subscribe(ENDPOINT, *(each.name for each in clusters.resources))
        await proxy.ack(await proxy.response(ENDPOINT))
        listeners = await proxy.response(LISTENER)
        # Connected and sent, but not acknowledged.
        await world.until(lambda: programmed(world) == {"Client": "Pending"})
        await proxy.ack(listeners)
        await world.until(lambda: programmed(world) == {"Client": "Programmed"})

        # Routes come after the filters that they ask something of.
        await proxy.subscribe(FILTER, *world.reconciler.snapshots[fleet].of(FILTER))
        await proxy.ack(await proxy.response(FILTER))
        async with answering(world, proxy, fleet, "no such thing"):
            await world.until(
                lambda: programmed(world) == {"Client": "Programmed", "Access": "Invalid", "Route": "Invalid"}
            )
        # What is no more as it was refused is no more refused.
        world.put(route("first", "other.example"))
        async with answering(world, proxy, fleet, ""):
            await world.until(lambda: programmed(world) == {"Client": "Programmed"})

    # The proxy has gone: nobody has it any more.
    await world.until(lambda: programmed(world) == WAITING)


async def test_clusters_and_listeners_that_a_proxy_refuses(world: World) -> None:
    fleet = await by_hand(world, "second")

    async with scripted_proxy(world.socket, fleet) as proxy:
        await proxy.nack(await proxy.response(CLUSTER), "no such cluster")
        await world.until(lambda: programmed(world) == {"Client": "Pending", "Backend": "Invalid"})
        listeners = await proxy.response(LISTENER)
        [listener] = listeners.resources
        await proxy.nack(listeners, f"Error adding/updating listener(s) {listener.name}: no such filter\n")
        await world.until(lambda: programmed(world) == {"Client": "Invalid", "Backend": "Invalid"})
        outcome: Any = world.outcome("ClientPolicy infra/p")
        [said] = (each.message for each in outcome.ancestors[0].verdicts if each.type == "Programmed")
        assert said == "the proxy refused it: no such filter"
