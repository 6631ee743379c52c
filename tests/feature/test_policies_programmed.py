"""Programmed of policies: what proxies have acknowledged, and what they refuse, for each Gateway.

https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import RouteDiscovery
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, SCOPED_ROUTE, TypeUrl
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
    "ReportPolicy": "default: {accessLog: {minStatus: 500}}",
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


OF_ROUTES = ("Access", "Route")
WAITING = dict.fromkeys((each.removesuffix("Policy") for each in SECTIONS), "Pending")
HELD = dict.fromkeys(WAITING, "Programmed")


def access(gateway: str, address: str) -> str:
    section = f"default: {{clients: {{deny: [{{cidr: {address}}}]}}}}"
    return policy("AccessPolicy", "p", target("Gateway", gateway), section, namespace="infra")


@asynccontextmanager
async def answering(world: World, proxy: ScriptedProxy, fleet: GatewayFleet, words: str) -> AsyncIterator[None]:
    """Ask for all routes and scopes, and refuse the routes with these words, or take them without any, until it ends.

    With routes per host a group that is refused is taken apart: each host comes by itself, under a name of its own.
    """

    async def ask(url: TypeUrl) -> None:
        asked = set[str]()
        while True:
            await world.until(lambda: world.reconciler.snapshots[fleet].of(url).keys() - asked)
            names = world.reconciler.snapshots[fleet].of(url).keys() - asked
            asked.update(names)
            await proxy.subscribe(url, *names)

    async def answer(url: TypeUrl) -> None:
        while True:
            found = await proxy.response(url)
            await (proxy.nack(found, words) if words and url is ROUTE else proxy.ack(found))

    tasks = [asyncio.create_task(does(url)) for url in (ROUTE, SCOPED_ROUTE) for does in (ask, answer)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_an_envoy_that_refuses_nothing(world: World) -> None:
    await world.apply(http_route("r", RULES), policies("edge"))
    await world.until(lambda: programmed(world) == HELD)
    assert (await world.ask("/a%2Fb")).status == 400
    await world.stop_serving()
    await world.until(lambda: programmed(world) == WAITING)
    await world.start_serving()
    await world.until(lambda: programmed(world) == HELD)


async def test_what_is_said_of_a_policy_is_of_its_own_edits_alone(world: World) -> None:
    await world.apply(http_route("r", RULES), http_route("other", RULES, host="other.example"), policies("edge"))
    await world.until(lambda: programmed(world) == HELD)
    said = {kind: world.outcome(f"{kind} infra/p") for kind in SECTIONS}
    for host in ("a.example", "b.example"):
        await world.apply(http_route("other", RULES, host=host))
        assert (await world.ask("/", host=host)).status == 200
    assert all(world.outcome(f"{kind} infra/p") is before for kind, before in said.items())

    await world.apply(access("edge", "127.0.0.0/8"))
    await world.until(lambda: programmed(world) == HELD)
    # Whoever has waited for that is refused now.
    assert (await world.ask("/")).status == 403
    outcome: Any = world.outcome("AccessPolicy infra/p")
    before: Any = said.pop("AccessPolicy")
    assert outcome.generation == before.generation + 1
    assert all(world.outcome(f"{kind} infra/p") is each for kind, each in said.items())


async def test_a_policy_of_a_service_and_of_a_class_is_said_of_all_gateways(world: World) -> None:
    of_service = policy("BackendPolicy", "s", target("Service", "one"), SECTIONS["BackendPolicy"], namespace="shop")
    of_class = policy("RoutePolicy", "c", target("GatewayClass", "gatewayd"), RETRY, namespace="infra")
    await world.apply(http_route("r", RULES), of_service, of_class)
    await world.until(lambda: all(reasons(world, each) == {"Programmed"} for each in WIDE))
    fleet = await by_hand(world, "third")
    async with scripted_proxy(world.socket, fleet) as proxy:
        await takes_everything(world, fleet, proxy)
        await world.until(lambda: programmed(world) == HELD)
        [table] = world.reconciler.configs[fleet].route_tables
        if table.discovery is RouteDiscovery.PER_HOST:
            pytest.skip("a group that is refused is taken apart into hosts that the played proxy does not ask for")
        world.put(of_class.replace("attempts: 2", "attempts: 3"))
        refused = await proxy.response(ROUTE)
        await world.until(lambda: reasons(world, WIDE[1]) == {"Pending"})
        await proxy.nack(refused, "no such thing")
        await world.until(lambda: reasons(world, WIDE[1]) == {"Invalid"})
        assert reasons(world, WIDE[0]) == {"Programmed"}


RETRY = "default: {retry: {attempts: 2}}"
WIDE = ("BackendPolicy shop/s", "RoutePolicy infra/c")


def reasons(world: World, identity: str) -> set[str]:
    outcome: Any = world.outcome(identity)
    return {each.reason for each in outcome.all_verdicts if each.type == "Programmed"}


async def test_what_a_proxy_refuses_is_told_to_the_policies_that_it_carries(world: World) -> None:
    fleet = await by_hand(world, "first")

    async with scripted_proxy(world.socket, fleet) as proxy:
        clusters = await proxy.response(CLUSTER)
        await proxy.ack(clusters)
        await proxy.subscribe(ENDPOINT, *(each.name for each in clusters.resources))
        await proxy.ack(await proxy.response(ENDPOINT))
        listeners = await proxy.response(LISTENER)
        # Connected and sent, but not acknowledged.
        await world.until(lambda: programmed(world) == WAITING)
        await proxy.ack(listeners)
        await world.until(lambda: programmed(world) == {**WAITING, "Client": "Programmed"})

        # Routes come after the filters that they ask something of.
        await proxy.subscribe(FILTER, *world.reconciler.snapshots[fleet].of(FILTER))
        await proxy.ack(await proxy.response(FILTER))
        refused = {**WAITING, "Client": "Programmed", "Report": "Invalid", **dict.fromkeys(OF_ROUTES, "Invalid")}
        async with answering(world, proxy, fleet, "no such thing"):
            await world.until(lambda: programmed(world) == refused)
        # What is no more as it was refused is no more refused.
        world.put(route("first", "other.example"))
        async with answering(world, proxy, fleet, ""):
            await world.until(lambda: programmed(world) == HELD)

    # The proxy has gone: nobody has it any more.
    await world.until(lambda: programmed(world) == WAITING)


async def test_a_proxy_goes_on_with_all_policies_but_the_one_that_it_does_not_take(world: World) -> None:
    fleet = await by_hand(world, "later")
    async with scripted_proxy(world.socket, fleet) as proxy:
        await takes_everything(world, fleet, proxy)
        await world.until(lambda: programmed(world) == HELD)
        [table] = world.reconciler.configs[fleet].route_tables
        if table.discovery is RouteDiscovery.PER_HOST:
            pytest.skip(
                "what is refused comes once more under the name of its host, of which the proxy has nothing yet"
            )
        world.put(access("later", "203.0.113.128/25"))
        async with answering(world, proxy, fleet, "no such thing"):
            await world.until(lambda: programmed(world) == {**HELD, "Access": "Invalid"})
        world.put(route("later", "third.example"))
        async with answering(world, proxy, fleet, "no such thing either"):
            await world.until(lambda: programmed(world) == {**HELD, "Access": "Invalid"})
        world.put(access("later", "203.0.113.64/26"))
        await world.until(lambda: programmed(world) == {**HELD, "Access": "Pending"})
        async with answering(world, proxy, fleet, ""):
            await world.until(lambda: programmed(world) == HELD)


async def test_a_policy_waits_for_the_last_of_the_proxies(world: World) -> None:
    fleet = await by_hand(world, "both")
    async with scripted_proxy(world.socket, fleet) as quick, scripted_proxy(world.socket, fleet) as slow:
        for proxy in (quick, slow):
            await takes_everything(world, fleet, proxy)
        await world.until(lambda: programmed(world) == HELD)
        world.put(access("both", "203.0.113.128/25"))
        await quick.ack(await quick.response(ROUTE))
        held_back = await slow.response(ROUTE)
        await world.until(lambda: programmed(world) == {**HELD, "Access": "Pending"})
        await slow.ack(held_back)
        await world.until(lambda: programmed(world) == HELD)


async def takes_everything(world: World, fleet: GatewayFleet, proxy: ScriptedProxy) -> None:
    clusters = await proxy.response(CLUSTER)
    await proxy.ack(clusters)
    await proxy.subscribe(ENDPOINT, *(each.name for each in clusters.resources))
    await proxy.ack(await proxy.response(ENDPOINT))
    await proxy.ack(await proxy.response(LISTENER))
    for url in (FILTER, ROUTE, SCOPED_ROUTE):
        names = world.reconciler.snapshots[fleet].of(url)
        if names:
            await proxy.subscribe(url, *names)
            await proxy.ack(await proxy.response(url))


async def test_clusters_and_listeners_that_a_proxy_refuses(world: World) -> None:
    fleet = await by_hand(world, "second")

    async with scripted_proxy(world.socket, fleet) as proxy:
        await proxy.nack(await proxy.response(CLUSTER), "no such cluster")
        await world.until(lambda: programmed(world) == {**WAITING, "Backend": "Invalid"})
        listeners = await proxy.response(LISTENER)
        [listener] = listeners.resources
        await proxy.nack(listeners, f"Error adding/updating listener(s) {listener.name}: no such filter\n")
        invalid = {**WAITING, "Backend": "Invalid", "Client": "Invalid", "Report": "Invalid"}
        await world.until(lambda: programmed(world) == invalid)
        outcome: Any = world.outcome("ClientPolicy infra/p")
        [said] = (each.message for each in outcome.ancestors[0].verdicts if each.type == "Programmed")
        assert said == "the proxy refused it: no such filter"
