"""Programmed of policies: what proxies have acknowledged, and what they refuse, for each Gateway.

https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

from typing import Any

import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import RouteDiscovery
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE
from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.scripted import scripted_proxy
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

        [table] = world.reconciler.configs[fleet].route_tables
        if table.discovery is RouteDiscovery.PER_HOST:
            pytest.skip("a group that is refused is taken apart into hosts that the played proxy does not ask for")
        # Routes come after the filters that they ask something of.
        await proxy.subscribe(FILTER, *world.reconciler.snapshots[fleet].of(FILTER))
        await proxy.ack(await proxy.response(FILTER))
        await proxy.subscribe(ROUTE, *world.reconciler.snapshots[fleet].of(ROUTE))
        await proxy.nack(await proxy.response(ROUTE), "no such thing")
        await world.until(
            lambda: programmed(world) == {"Client": "Programmed", "Access": "Invalid", "Route": "Invalid"}
        )
        # What is no more as it was refused is no more refused.
        world.put(route("first", "other.example"))
        await proxy.ack(await proxy.response(ROUTE))
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
