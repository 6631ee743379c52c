"""What people and misfortune do in a simulation, step by step by the dice."""

import asyncio
from collections.abc import Callable, Mapping

from tests.fakes.documents import GATEWAY_API, Json
from tests.simulation.api_state import Key, RefusedError
from tests.simulation.world import World

GROUP = GATEWAY_API.split("/")[0]
GATEWAYS = ("g1", "g2", "g3")
ROUTES = tuple(f"r{number}" for number in range(8))
SERVICES = ("one", "two", "three")
CLASSES = ("gatewayd", "other")


def key(group: str, plural: str, name: str, namespace: str = "shop") -> Key:
    """Return the key of an object."""
    return Key(group=group, plural=plural, namespace=namespace, name=name)


def put(world: World, at: Key, kind: str, spec: Json, **more: Json) -> None:
    """Create or replace an object, as kubectl apply does."""
    version = {"": "v1", "discovery.k8s.io": "discovery.k8s.io/v1", GROUP: GATEWAY_API}[at.group]
    body = {"apiVersion": version, "kind": kind, "metadata": {"name": at.name}, "spec": spec, **more}
    world.state.apply(at, body, status_only=False)


def drop(world: World, at: Key) -> None:
    """Delete an object if it is there."""
    try:
        world.state.delete(at)
    except RefusedError:
        return


def found(world: World) -> None:
    """Make what a world begins with."""
    for name in CLASSES:
        controller = "gatewayd.io/controller" if name == "gatewayd" else "example.com/other"
        put(world, key(GROUP, "gatewayclasses", name, ""), "GatewayClass", {"controllerName": controller})
    for name in ("shop", "gatewayd-system"):
        put(world, key("", "namespaces", name, ""), "Namespace", {})
    for name in SERVICES:
        put(world, key("", "services", name), "Service", {"ports": [{"name": "web", "port": 80, "targetPort": 8080}]})
        endpoints(world, name)
    gateway(world, "g1", "gatewayd")
    for name in ROUTES[:3]:
        route(world, name)


def gateway(world: World, name: str, class_name: str) -> None:
    """Write a Gateway."""
    listeners = [
        {"name": f"p{port}", "port": port, "protocol": "HTTP"} for port in world.dice.sample((80, 8080, 9090), 2)
    ]
    put(world, key(GROUP, "gateways", name), "Gateway", {"gatewayClassName": class_name, "listeners": listeners})


def route(world: World, name: str) -> None:
    """Write an HTTPRoute of one or two Gateways and Services."""
    dice = world.dice
    backends = [
        {"name": service, "port": 80, "weight": dice.randint(0, 9)}
        for service in dice.sample((*SERVICES, "absent"), dice.randint(1, 2))
    ]
    spec = {
        "parentRefs": [{"name": parent} for parent in dice.sample(GATEWAYS, dice.randint(1, 2))],
        "hostnames": [f"{dice.choice('abc')}.example"],
        "rules": [{"matches": [{"path": {"value": f"/{dice.choice('xyz')}"}}], "backendRefs": backends}],
    }
    put(world, key(GROUP, "httproutes", name), "HTTPRoute", spec)


def endpoints(world: World, service: str) -> None:
    """Write the EndpointSlice of a Service."""
    count = world.dice.randint(0, 3)
    body = {
        "addressType": "IPv4",
        "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [f"10.244.1.{world.dice.randint(1, 250)}"]} for _ in range(count)],
    }
    at = key("discovery.k8s.io", "endpointslices", f"{service}-1")
    metadata = {"name": at.name, "labels": {"kubernetes.io/service-name": service}}
    put(world, at, "EndpointSlice", {}, **{"metadata": metadata, **body})


async def edit(world: World) -> None:
    """Let somebody write something."""
    dice = world.dice
    name = dice.choice(("route",) * 5 + ("endpoints",) * 4 + ("drop route", "gateway", "drop gateway", "class"))
    world.say(name)
    match name:
        case "route":
            route(world, dice.choice(ROUTES))
        case "endpoints":
            endpoints(world, dice.choice(SERVICES))
        case "drop route":
            drop(world, key(GROUP, "httproutes", dice.choice(ROUTES)))
        case "gateway":
            gateway(world, dice.choice(GATEWAYS), "gatewayd")
        case "drop gateway":
            drop(world, key(GROUP, "gateways", dice.choice(GATEWAYS[1:])))
        case _:
            gateway(world, dice.choice(GATEWAYS[1:]), dice.choice(CLASSES))


async def killed(world: World) -> None:
    """Kill a replica, and start it again."""
    victim = world.dice.choice(world.replicas)
    world.say(f"kill {victim.name}")
    await victim.kill()
    await asyncio.sleep(world.dice.uniform(0.0, 25.0))
    victim.start()


async def cut(world: World) -> None:
    """Cut a replica off from the API server for a while."""
    victim = world.dice.choice(world.replicas)
    world.say(f"cut {victim.name}")
    victim.network.sever()
    await asyncio.sleep(world.dice.uniform(1.0, 60.0))
    victim.network.cut = False


async def sour(world: World) -> None:
    """Let the API server answer badly for a while."""
    victim = world.dice.choice(world.replicas)
    world.say(f"sour {victim.name}")
    victim.network.sour = 0.3
    await asyncio.sleep(world.dice.uniform(1.0, 20.0))
    victim.network.sour = 0.0


async def slow(world: World) -> None:
    """Let the watches of a kind be late at one replica."""
    victim = world.dice.choice(world.replicas)
    plural = world.dice.choice(("httproutes", "endpointslices", "services", "gateways", "gatewayclasses", "configmaps"))
    world.say(f"slow {plural} at {victim.name}")
    victim.network.slow[plural] = world.dice.uniform(0.1, 5.0)
    await asyncio.sleep(world.dice.uniform(5.0, 40.0))
    victim.network.slow.clear()


async def compact(world: World) -> None:
    """Forget the history, and end all watches."""
    world.say("compact")
    world.state.compact()
    for replica in world.replicas:
        replica.network.end_watches()


FAULTS: Mapping[str, Callable[[World], object]] = {
    "kill": killed,
    "cut": cut,
    "sour": sour,
    "slow": slow,
    "compact": compact,
}
EDITS_A_ROUND = 25
QUIET_SECONDS = 90.0
"""Longer than a lease, a back-off at its longest and a start take together."""


async def rounds(world: World, count: int) -> list[str]:
    """Run so many rounds of edits and faults with a quiet point after each; return what is wrong at the first."""
    found(world)
    for replica in world.replicas:
        replica.start()
        await asyncio.sleep(world.dice.uniform(0.0, 3.0))
    for number in range(count):
        faults = [
            asyncio.ensure_future(FAULTS[world.dice.choice(sorted(FAULTS))](world))
            for _ in range(world.dice.randint(0, 2))
        ]
        for _ in range(EDITS_A_ROUND):
            await edit(world)
            await asyncio.sleep(world.dice.choice((0.0, 0.0, 0.01, 0.3, 2.0)))
        if faults:
            await asyncio.wait(faults)
        await asyncio.sleep(QUIET_SECONDS)
        wrong = world.differences()
        if wrong:
            return [f"round {number}", *wrong]
        world.say("quiet")
    return []
