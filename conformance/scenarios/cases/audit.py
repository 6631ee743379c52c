"""Fifty canaries in Secrets, and a look at everything that is written; ports; rights given and used."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from conformance.scenarios import manifests, rights, witness, xdspki
from conformance.scenarios.canaries import Canaries
from conformance.scenarios.certificates import Maker
from conformance.scenarios.listening import documented, listening
from conformance.scenarios.manifests import Object
from conformance.scenarios.notebook import ACCOUNT
from conformance.scenarios.outgoing import counted, leading_out
from conformance.scenarios.pods import PodHandle, output
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import stable_routes, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

_TLS, _ROTATIONS, _PASSWORDS = 8, 12, 30
_PROXY_PORTS = frozenset({("tcp", 80), ("tcp", 443)})


async def audit(world: World) -> tuple[Figure, ...]:
    """Plant, use what can be used of it, and look."""
    await world.install(replicas=2)
    canaries, maker = Canaries(), Maker(world.folder)
    await world.echoes("echo")
    await _plant(world, canaries, maker)
    async with counted(await world.control_plane()) as sent:
        address = await world.gateway(*_listeners())
        targets = await stable_routes(world, 20, "echo")
        await until_right(world, address, targets)
        ports = await _ports(world)
        await _rotate(world, canaries, maker)
        await world.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(leading_out()))
        await world.kubectl("-n", layout.NAMESPACE, "rollout", "status", "deployment/gatewayd")
        await _exercise(world)
        outgoing = await sent.connections(), await sent.usual()
    await _search(world, canaries)
    told = _rights(world, await output(sys.executable, "-m", "gatewayd", "install", "--print"))
    for line in canaries.lines():
        print(f"  {line}")
    return (
        Figure(what="canaries", value=canaries.planted, at_least=50),
        Figure(what="places that were searched", value=len(canaries.searched), at_least=9),
        Figure(what="bytes that were searched", value=sum(canaries.searched.values()), at_least=1_000_000),
        none_of("canaries found", len(canaries.seen)),
        *ports,
        *told,
        Figure(what="connections of replicas to the API server meanwhile", value=outgoing[1]),
        none_of("connections of replicas to anything else", outgoing[0]),
    )


def _listeners() -> list[Object]:
    secure = [manifests.https_listener(f"site-{number}.example", f"site-{number}") for number in range(_TLS)]
    for number, listener in enumerate(secure):
        listener["name"] = f"https-{number}"
    return [manifests.http_listener(), *secure]


async def _plant(world: World, canaries: Canaries, maker: Maker) -> None:
    for number in range(_TLS):
        await world.put(canaries.tls(maker, SHOP, f"site-{number}", f"site-{number}.example"))
    for number in range(_PASSWORDS):
        where = (SHOP, layout.NAMESPACE, "default")[number % 3]
        await world.put(canaries.opaque(where, f"password-{number}"))


async def _rotate(world: World, canaries: Canaries, maker: Maker) -> None:
    """Replace certificates, every third time by one with half a key."""
    for number in range(_ROTATIONS):
        name, make = f"site-{number % _TLS}", (canaries.tls, canaries.tls, canaries.half)[number % 3]
        await world.put(make(maker, SHOP, name, f"{name}.example"))
        await asyncio.sleep(0.3)
    await asyncio.sleep(2)


# --- the search ------------------------------------------------------------------------------------------------


async def _search(world: World, canaries: Canaries) -> None:
    for file in (world.run.logs / "pods").glob("**/*.log"):
        canaries.search("logs of Pods", file.read_bytes())
    canaries.search("audit log", world.run.audit_log.read_bytes())
    await _objects(world, canaries)
    for replica in await world.control_plane():
        canaries.search("metrics", await world.text(f"http://{replica.address}:{layout.METRICS_PORT}/metrics"))
        canaries.search_all("processes", _processes(replica))
        canaries.search("client status", await _client_status(world, replica))
    for proxy in await world.proxies():
        for page in ("config_dump?include_eds", "clusters", "certs", "stats", "server_info"):
            canaries.search(f"Envoy's {page.partition('?')[0]}", await proxy.admin(page))
        url = f"http://{proxy.address}:{layout.PROBES_PORT}/stats/prometheus"
        canaries.search("metrics", await world.text(url))
        canaries.search_all("processes", _processes(proxy))


async def _objects(world: World, canaries: Canaries) -> None:
    """Look at every object of every kind but Secrets: statuses, Events, ConfigMaps, Pods and all else."""
    kinds = await world.kubectl("api-resources", "--verbs=list", "-o", "name")
    for kind in kinds.split():
        if kind != "secrets":
            canaries.search("objects", await world.kubectl("get", kind, "-A", "-o", "json", "--ignore-not-found"))


def _processes(pod: PodHandle) -> Iterator[bytes]:
    for process in pod.processes(b""):
        for name in ("environ", "cmdline"):
            yield Path(f"/proc/{process}/{name}").read_bytes()


async def _client_status(world: World, replica: PodHandle) -> bytes:
    return await witness.client_status(replica, await xdspki.of_gateway(world, SHOP, "gateway"))


# --- ports -----------------------------------------------------------------------------------------------------


async def _ports(world: World) -> tuple[Figure, ...]:
    unknown, missing = 0, 0
    for pods, wanted in (
        (await world.control_plane(), {("tcp", port) for port in documented("gatewayd")}),
        (await world.proxies(), {("tcp", port) for port in documented("a proxy")} | _PROXY_PORTS),
    ):
        for pod in pods:
            found = await listening(pod)
            print(f"  {pod.name} listens on {sorted(found)}")
            unknown += len(found - wanted)
            missing += len(wanted - found)
    return (
        none_of("ports that listen and stand on no page", unknown),
        none_of("ports of the page that do not listen", missing),
    )


# --- rights ----------------------------------------------------------------------------------------------------


async def _exercise(world: World) -> None:
    """Let gatewayd do what it seldom does: another kind of workload, autoscaling, a class and a Gateway that go."""
    parameters = manifests.config_map(SHOP, "odd", {"autoscaling": "{maxReplicas: 2}"})
    item = manifests.gateway(SHOP, "odd", parameters="odd")
    await world.put(parameters, item)
    await asyncio.sleep(3)
    for data in ({"workload": "DaemonSet"}, {}):
        await world.put(manifests.config_map(SHOP, "odd", data))
        await asyncio.sleep(6)
    await world.delete(item)
    await asyncio.sleep(3)


def _rights(world: World, manifest: bytes) -> tuple[Figure, ...]:
    given = rights.granted(manifest.decode())
    with world.run.audit_log.open() as lines:
        asked = list(rights.used(lines, ACCOUNT))
    used = {right for right, code in asked if code != 403}
    refused = sorted({right for right, code in asked if code == 403})
    idle = sorted(given - used)
    for what, which in (("refused", refused), ("given and not used", idle), ("used and not given", used - given)):
        for right in sorted(which):
            print(f"  {what}: {' '.join(right)}")
    (world.folder / "rights.json").write_text(json.dumps({"idle": idle, "used": sorted(used)}))
    return (
        Figure(what="rights that are given", value=len(given), at_least=1),
        Figure(what="of these, used here", value=len(given & used), at_least=len(given) * 0.5),
        none_of("requests that were refused for want of a right (403)", len(refused)),
        none_of("rights that were used and are not given", len(used - given)),
    )
