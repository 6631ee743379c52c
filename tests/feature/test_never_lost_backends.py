"""No request gets a wrong answer while Services and their endpoints change: ports, names, whole fleets of Pods."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.feature.harness.closed_loop import BROKEN, NO_BACKEND, ClosedLoop, Target, closed_loop, said
from tests.feature.harness.echo import http_backend
from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import World
from tests.feature.never_lost_rig import route

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


def numbered(name: str, *ports: tuple[int, int]) -> str:
    """Return a Service with these ports, each with the port of this machine that it leads to."""
    declared = ", ".join(f"{{name: to-{target}, port: {port}}}" for port, target in ports)
    bound = ", ".join(f"{{name: to-{target}, port: {target}}}" for _, target in ports)
    return f"""---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{ports: [{declared}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{bound}]
endpoints: [{{addresses: [127.0.0.1]}}]
"""


async def test_ports_of_a_service_that_are_renumbered(world: World) -> None:
    """The Service and the routes to it change together."""
    one = world.backends["one"].port
    await world.apply(numbered("own", (8000, one)), route("r", "v8000", "own", port=8000))
    async with closed_loop(world) as loop:
        target = loop.target("r.example", said("v8000"))
        for number in range(8001, 8031):
            target.become(said(f"v{number}"))
            world.put(numbered("own", (number, one)) + route("r", f"v{number}", "own", port=number))
            await loop.arrived()


def named(name: str, target: int | str | None, *more: str) -> str:
    """Return a Service whose port 80 has this name ("" for none) and leads to this port of the pods (None: unsaid)."""
    leads = "" if target is None else f", targetPort: {target}"
    called = f"name: {name}, " if name else ""
    ports = ", ".join((f"{{{called}port: 80{leads}}}", *more))
    return f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: own, namespace: shop}}\nspec: {{ports: [{ports}]}}\n"


def slices(name: str, target: int) -> str:
    called = f"name: {name}, " if name else ""
    return f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: own-1, namespace: shop, labels: {{kubernetes.io/service-name: own}}}}
addressType: IPv4
ports: [{{{called}port: {target}}}]
endpoints: [{{addresses: [127.0.0.1]}}]
"""


@pytest.mark.parametrize("told_by", ["number", "name", "nothing"])
async def test_a_port_of_a_service_that_is_renamed(world: World, told_by: str) -> None:
    """The Service comes first and its slices when all has settled; the first name is none. Then the other way round."""
    one = world.backends["one"].port
    target = {"number": one, "name": "http", "nothing": None}[told_by]
    await world.apply(named("", target) + slices("", one), route("r", "r", "own"))
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r"))
        for turn in range(10):
            await world.apply(named(f"n{turn}", target))
            await loop.arrived()
            await world.apply(slices(f"n{turn}", one))
            await loop.arrived()
        for turn in range(10, 20):
            await world.apply(slices(f"n{turn}", one))
            await loop.arrived()
            await world.apply(named(f"n{turn}", target))
            await loop.arrived()


async def test_a_port_that_gets_a_name_since_there_is_a_second_one(world: World) -> None:
    one = world.backends["one"].port
    await world.apply(named("", one) + slices("", one), route("r", "r", "own"))
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r"))
        for _ in range(10):
            await world.apply(named("web", one, "{name: metrics, port: 81, targetPort: 9}"))
            await loop.arrived()
            await world.apply(slices("web", one))
            await loop.arrived()
            await world.apply(named("", one))
            await loop.arrived()
            await world.apply(slices("", one))
            await loop.arrived()


async def test_ports_of_a_service_that_change_places(world: World) -> None:
    """What a number leads to changes, and a route follows the number."""
    one, two = (world.backends[name].port for name in ("one", "two"))
    await world.apply(numbered("own", (80, one), (81, two)))
    await world.apply(route("a", "a", "own", port=80), route("b", "b", "own", port=81))
    async with closed_loop(world) as loop:
        a, b = loop.target("a.example", said("a")), loop.target("b.example", said("b", "two"))
        for turn in range(30):
            first, second = ((two, one), (one, two))[turn % 2]
            a.become(said("a", ("two", "one")[turn % 2]))
            b.become(said("b", ("one", "two")[turn % 2]))
            world.put(numbered("own", (80, first), (81, second)))
            await loop.arrived()


async def test_a_service_that_is_deleted_and_made_again_at_once(world: World) -> None:
    """Both come in one batch, and it leads elsewhere."""
    ports = [world.backends[name].port for name in ("one", "two")]
    await world.apply(service("own", ports[0]), route("r", "r", "own"))
    async with closed_loop(world) as loop:
        target = loop.target("r.example", said("r"))
        for turn in range(1, 31):
            target.become(said("r", ("one", "two")[turn % 2]))
            world.drop("Service shop/own", "EndpointSlice shop/own-1")
            world.put(service("own", ports[turn % 2]))
            await loop.arrived()


async def test_a_service_that_is_gone_for_a_while(world: World) -> None:
    """500 while there is none, as the specification wants; no other answer on the way there and back."""
    ports = [world.backends[name].port for name in ("one", "two")]
    await world.apply(service("own", ports[0]), route("r", "r", "own"))
    async with closed_loop(world) as loop:
        target = loop.target("r.example", said("r"))
        for turn in range(1, 16):
            target.become(BROKEN)
            world.drop("Service shop/own", "EndpointSlice shop/own-1")
            await loop.arrived()
            target.become(said("r", ("one", "two")[turn % 2]))
            world.put(service("own", ports[turn % 2]))
            await loop.arrived()


async def test_endpoints_that_are_gone_for_a_while(world: World) -> None:
    one = world.backends["one"].port
    await world.apply(service("own", one), route("r", "r", "own"))
    async with closed_loop(world) as loop:
        target = loop.target("r.example", said("r"))
        for _ in range(15):
            target.become(NO_BACKEND)
            world.put(service("own"))
            await loop.arrived()
            target.become(said("r"))
            world.put(service("own", one))
            await loop.arrived()


async def test_services_that_go_with_the_last_route_to_them(world: World) -> None:
    """The next Service, the route to it, and the end of the one before are one batch."""
    ports = [world.backends[name].port for name in ("one", "two")]
    await world.apply(service("own-0", ports[0]), route("r", "v0", "own-0"))
    async with closed_loop(world) as loop:
        target = loop.target("r.example", said("v0"))
        for turn in range(1, 31):
            target.become(said(f"v{turn}", ("one", "two")[turn % 2]))
            world.drop(f"Service shop/own-{turn - 1}", f"EndpointSlice shop/own-{turn - 1}-1")
            world.put(service(f"own-{turn}", ports[turn % 2]) + route("r", f"v{turn}", f"own-{turn}"))
            await loop.arrived()


async def test_a_service_whose_settings_change_under_load(world: World) -> None:
    """Envoy makes its cluster anew each time, and warms it before the old one goes."""
    await world.apply(route("r", "r", "one"))
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r"))
        for turn in range(30):
            world.put(policy(percent=turn))
            await world.settle()
            await loop.turns(1)


def policy(*, percent: int) -> str:
    """Return a budget for retries, which is a setting of the cluster."""
    return f"""---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {{name: calm, namespace: shop}}
spec: {{targetRefs: [{{group: "", kind: Service, name: one}}], retryConstraint: {{budget: {{percent: {percent}}}}}}}
"""


PODS, SURGE = 100, 25


@dataclass
class Fleet:
    """Pods behind one Service, each with an address of its own, on one port."""

    world: World
    loop: ClosedLoop
    target: Target
    port: int
    running: dict[int, AsyncExitStack] = field(default_factory=dict)

    async def start(self, numbers: Iterable[int]) -> None:
        """Start Pods."""
        for number in numbers:
            stack = AsyncExitStack()
            await stack.enter_async_context(http_backend(f"pod-{number}", host=address(number), port=self.port))
            self.running[number] = stack

    async def serve(self, ready: Sequence[int], *, terminating: Sequence[int] = ()) -> None:
        """Say who is ready and who is about to end, and wait until only the former are asked."""
        known = self.target.history[-1]
        wanted = {said("pool", f"pod-{number}") for number in ready}
        self.target.among(known | wanted)
        self.world.put(pool(self.port, ready, terminating))
        await self.world.settle()
        await self.loop.turns(2)
        self.target.among(wanted)
        await self.loop.turns(2)

    async def stop(self, numbers: Iterable[int]) -> None:
        """End Pods at once, with all connections to them."""
        for number in numbers:
            await self.running.pop(number).aclose()


def address(number: int) -> str:
    """Return the address of a Pod."""
    return f"127.1.{number // 200}.{number % 200 + 1}"


def pool(port: int, ready: Sequence[int], terminating: Sequence[int]) -> str:
    """Return the Service and its EndpointSlice, as the controllers of Kubernetes write them while Pods come and go."""
    going = "conditions: {ready: false, serving: true, terminating: true}"
    rows = [f"- {{addresses: [{address(each)}], conditions: {{ready: true}}}}" for each in ready]
    rows += [f"- {{addresses: [{address(each)}], {going}}}" for each in terminating]
    lines = "\n".join(rows)
    head = service("pool", port).replace('endpoints: [{addresses: ["127.0.0.1"]}]\n', "endpoints:\n")
    return f"{head}{lines}\n"


@asynccontextmanager
async def fleet(world: World) -> AsyncIterator[Fleet]:
    """Run the first Pods behind pool.example."""
    async with AsyncExitStack() as stack:
        found = Fleet(world, None, None, free_port())  # type: ignore[arg-type]
        stack.push_async_callback(lambda: found.stop(tuple(found.running)))
        await found.start(range(PODS))
        await world.apply(pool(found.port, range(PODS), ()), http_route("pool", RULES, host="pool.example"))
        found.loop = await stack.enter_async_context(closed_loop(world, clients=4))
        found.target = found.loop.target("pool.example", *(said("pool", f"pod-{at}") for at in range(PODS)))
        yield found


RULES = "- {filters: [<route:pool>], backendRefs: [{name: pool, port: 80}]}"


async def test_a_rolling_update_of_a_hundred_pods(world: World) -> None:
    """New Pods get ready, old ones terminate, stop, and leave the slice, a quarter of them at a time."""
    async with fleet(world) as pods:
        for step in range(0, PODS, SURGE):
            old, new = range(step, step + SURGE), range(PODS + step, PODS + step + SURGE)
            await pods.start(new)
            kept = [*range(step + SURGE, PODS + step + SURGE)]
            await pods.serve([*old, *kept])
            await pods.serve(kept, terminating=old)
            await pods.stop(old)
            await pods.loop.turns(5)
            await pods.serve(kept)
        assert set(pods.running) == set(range(PODS, 2 * PODS))


async def test_a_hundred_pods_become_one_and_a_hundred_again(world: World) -> None:
    async with fleet(world) as pods:
        for _ in range(3):
            await pods.serve([0], terminating=range(1, PODS))
            await pods.stop(range(1, PODS))
            await pods.loop.turns(5)
            await pods.serve([0])
            await pods.start(range(1, PODS))
            await pods.serve(range(PODS))
            await pods.loop.turns(5)


TURNS = 10
SHARED = address(900)
OWN = {"left": address(901), "right": address(902)}


def serving(name: str, port: int, *addresses: str) -> str:
    """Return a Service with a Pod at each of these addresses."""
    rows = ", ".join(f'{{addresses: ["{each}"]}}' for each in addresses)
    return service(name, port).replace('endpoints: [{addresses: ["127.0.0.1"]}]', f"endpoints: [{rows}]")


async def test_a_pod_has_the_address_of_one_that_has_ended(world: World) -> None:
    """Of another Service, again and again: the slice of the first is without it before that Pod ends."""
    port = free_port()
    async with AsyncExitStack() as stack, closed_loop(world, clients=4) as loop:
        for name, own in OWN.items():
            await stack.enter_async_context(http_backend(name, host=own, port=port))
            await world.apply(serving(name, port, own), route(name, name, name))
            loop.target(f"{name}.example", said(name, name), said(name, f"{name}-shared"))
        for turn in range(TURNS):
            name = tuple(OWN)[turn % 2]
            async with http_backend(f"{name}-shared", host=SHARED, port=port) as pod:
                await world.apply(serving(name, port, OWN[name], SHARED))
                await loop.turns(3)
                assert pod.requests
                await world.apply(serving(name, port, OWN[name]))
                await loop.turns(1)
