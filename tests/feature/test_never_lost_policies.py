"""No request is lost while the policies of its backend change: clusters switch under load, make before break."""

import pytest

from tests.feature.harness.closed_loop import said
from tests.feature.harness.manifests import service
from tests.feature.harness.policies import policy, target
from tests.feature.never_lost_rig import Siege, siege

pytestmark = pytest.mark.envoy

ONE = target("Service", "one")
WAYS = (
    "default: {limits: {requests: 100}, connection: {connectTimeout: 1s}}",
    "default: {activeHealth: {http: {path: /healthz}, interval: 1s}}",
    "default: {activeHealth: {tcp: {}, interval: 1s}, loadBalancing: {type: RoundRobin}}",
    "default: {loadBalancing: {type: Maglev, hashOn: [{type: Address}]}, passiveHealth: {}}",
    "default: {loadBalancing: {type: RingHash, hashOn: [{type: Header, name: x-user}]}}",
    "default: {loadBalancing: {slowStart: 1s}, http2: {maxConcurrentStreams: 10}}",
    "default: {failover: {services: [{name: two, port: 80}]}, limits: {requestsPerConnection: 3}}",
)
TURNS = 3


def calm(sections: str) -> str:
    return policy("BackendPolicy", "calm", ONE, sections, namespace="shop")


async def turns(held: Siege, count: int = 2) -> None:
    await held.world.settle()
    await held.loop.turns(count)


async def test_policies_of_a_backend_that_change_all_the_time() -> None:
    async with siege() as held:
        for _ in range(TURNS):
            for sections in WAYS:
                held.world.put(calm(sections))
                await turns(held)
            await held.world.remove("BackendPolicy shop/calm")
            await turns(held)


async def test_policies_that_change_faster_than_proxies_follow() -> None:
    async with siege() as held:
        for sections in WAYS * TURNS:
            held.world.put(calm(sections))
            await held.loop.turns(0)
        await turns(held)


async def test_endpoints_that_move_while_the_policy_changes() -> None:
    async with siege() as held:
        steady = held.loop.targets[0]
        for at, sections in enumerate(WAYS):
            backend = ("two", "one")[at % 2]
            steady.become(said("steady", backend))
            held.r.become(said("v1", backend))
            held.world.put(calm(sections) + "---" + service("one", held.world.backends[backend].port))
            await held.loop.arrived()
            await held.world.settle()


async def test_a_cluster_that_is_held_back_serves_as_it_was() -> None:
    """The new one waits for its endpoints and for the first check of them; the old one answers until then."""
    async with siege() as held:
        slow = held.adversary.hold("EDS", "shop/one/")
        held.world.put(calm("default: {activeHealth: {http: {path: /healthz}, interval: 1s}}"))
        await slow.happened()
        await held.loop.turns(10)
        await held.adversary.release(slow)
        await turns(held, 10)
