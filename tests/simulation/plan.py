"""What people do in a simulation, step by step by the dice, while misfortune does what its list says."""

import asyncio
from collections.abc import Sequence
from typing import Any

from gatewayd.own_group import API_VERSION, DOMAIN
from tests.fakes.documents import GATEWAY_API, Json
from tests.simulation.api_state import Key, RefusedError
from tests.simulation.faults import Fault, happen
from tests.simulation.quiet import MANAGED_BY, differences
from tests.simulation.world import World
from tests.unit.translator import pem

GROUP = GATEWAY_API.split("/")[0]
VERSIONS = {"": "v1", "discovery.k8s.io": "discovery.k8s.io/v1", GROUP: GATEWAY_API, DOMAIN: API_VERSION}
GATEWAYS = ("g1", "g2", "g3")
ROUTES = tuple(f"r{number}" for number in range(8))
SERVICES = ("one", "two", "three")
CLASSES = ("gatewayd", "other")
CERTIFICATE = "cert"
SELDOM = ("drop route", "gateway", "drop gateway", "gateway again", "class", "certificate", "drift", "wipe status")
STATUSED = ("gateways", "httproutes", "grpcroutes", "gatewayclasses")


def key(group: str, plural: str, name: str, namespace: str = "shop") -> Key:
    """Return the key of an object."""
    return Key(group=group, plural=plural, namespace=namespace, name=name)


def put(world: World, at: Key, kind: str, spec: Json, **more: Any) -> None:
    """Create or replace an object, as kubectl apply does."""
    body = {"apiVersion": VERSIONS[at.group], "kind": kind, "metadata": {"name": at.name}, "spec": spec, **more}
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
    certificate(world)
    gateway(world, "g1", "gatewayd")
    for name in ROUTES[:3]:
        route(world, name)


def gateway(world: World, name: str, class_name: str) -> None:
    """Write a Gateway."""
    listeners = [
        {"name": f"p{port}", "port": port, "protocol": "HTTP"} for port in world.dice.sample((80, 8080, 9090), 2)
    ]
    if world.dice.random() < 0.5:
        tls = {"certificateRefs": [{"name": CERTIFICATE}]}
        listeners.append({"name": "p443", "port": 443, "protocol": "HTTPS", "tls": tls})
    put(world, key(GROUP, "gateways", name), "Gateway", {"gatewayClassName": class_name, "listeners": listeners})


def certificate(world: World) -> None:
    """Write the Secret that HTTPS listeners name: one of three certificates."""
    pem_key = pem.ec_key(world.dice.randrange(3))
    data = {"tls.crt": pem.encoded(pem.certificate_of(pem_key)), "tls.key": pem.encoded(pem.pem_of(pem_key))}
    put(world, key("", "secrets", CERTIFICATE), "Secret", {}, type="kubernetes.io/tls", data=data)


def route(world: World, name: str) -> None:
    """Write an HTTPRoute or GRPCRoute of one or two Gateways and Services."""
    dice = world.dice
    backends = [
        {"name": service, "port": 80, "weight": dice.randint(0, 9)}
        for service in dice.sample((*SERVICES, "absent"), dice.randint(1, 2))
    ]
    plural, kind = dice.choice((("httproutes", "HTTPRoute"),) * 3 + (("grpcroutes", "GRPCRoute"),))
    letter = dice.choice("xyz")
    match = {"path": {"value": f"/{letter}"}} if kind == "HTTPRoute" else {"method": {"service": f"s.{letter}"}}
    spec = {
        "parentRefs": [{"name": parent} for parent in dice.sample(GATEWAYS, dice.randint(1, 2))],
        "hostnames": [f"{dice.choice('abc')}.example"],
        "rules": [{"matches": [match], "backendRefs": backends}],
    }
    put(world, key(GROUP, plural, name), kind, spec)


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


def drift(world: World) -> None:
    """Delete an object that gatewayd has made for a Gateway."""
    objects = world.state.objects
    made = [at for at, doc in objects.items() if (doc["metadata"].get("labels") or {}).get(MANAGED_BY) == "gatewayd"]
    mine = sorted((at for at in made if at.namespace == "shop"), key=str)
    if mine:
        drop(world, world.dice.choice(mine))


def wipe(world: World) -> None:
    """Take away what an object's status says, and write of another controller's, as somebody may who has the right."""
    at = world.dice.choice(sorted((at for at in world.state.objects if at.plural in STATUSED), key=str))
    status: Json = {"conditions": []}
    if at.plural.endswith("routes"):
        theirs = {"parentRef": {"name": "g1"}, "controllerName": "example.com/other", "conditions": []}
        status = {"parents": [theirs]}
    world.state.apply(at, {"status": status}, status_only=True)


async def edit(world: World) -> None:
    """Let somebody write something."""
    dice = world.dice
    name = dice.choice(("route",) * 5 + ("endpoints",) * 4 + SELDOM)
    world.say(name)
    match name:
        case "route":
            route(world, dice.choice(ROUTES))
        case "endpoints":
            endpoints(world, dice.choice(SERVICES))
        case "drop route":
            drop(world, key(GROUP, dice.choice(("httproutes", "grpcroutes")), dice.choice(ROUTES)))
        case "certificate":
            certificate(world)
        case "gateway again":
            again = dice.choice(GATEWAYS)
            drop(world, key(GROUP, "gateways", again))
            gateway(world, again, "gatewayd")
        case "drift":
            drift(world)
        case "wipe status":
            wipe(world)
        case "gateway":
            gateway(world, dice.choice(GATEWAYS), "gatewayd")
        case "drop gateway":
            drop(world, key(GROUP, "gateways", dice.choice(GATEWAYS[1:])))
        case _:
            gateway(world, dice.choice(GATEWAYS[1:]), dice.choice(CLASSES))


EDITS_A_ROUND = 25
QUIET_SECONDS = 90.0
"""Longer than a lease, a back-off at its longest and a start take together."""


async def rounds(world: World, count: int, faults: Sequence[Fault]) -> list[str]:
    """Run so many rounds of edits and faults with a quiet point after each; return what is wrong at the first."""
    found(world)
    for replica in world.replicas:
        replica.start()
        await asyncio.sleep(world.dice.uniform(0.0, 3.0))
    for number in range(count):
        running = [asyncio.ensure_future(happen(world, fault)) for fault in faults if fault.round == number]
        for _ in range(EDITS_A_ROUND):
            await edit(world)
            await asyncio.sleep(world.dice.choice((0.0, 0.0, 0.01, 0.3, 2.0)))
        for fault in running:
            await fault
        await asyncio.sleep(QUIET_SECONDS)
        wrong = differences(world)
        if wrong:
            return [f"round {number}", *wrong]
        world.say("quiet")
    return []
