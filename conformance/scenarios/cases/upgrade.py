"""Versions of gatewayd one after the other, and back, under load, and the CRDs of two releases of the Gateway API."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import yaml

from conformance.harness import crds, releases
from conformance.harness.images import RELEASED
from conformance.scenarios import manifests
from conformance.scenarios.manifests import Object
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Target, load, target, until_right
from conformance.scenarios.world import SHOP, World
from gatewayd.infra import layout

OLD, NEW, OTHER = releases.LAST.version, releases.HERE_NOW, releases.LATER
HOPS = ((OLD, NEW), (NEW, OTHER), (OTHER, NEW), (NEW, OLD))
GATEWAYS = ("one", "two", "three")
RATE = 30
ROUTES = 4
QUIET_SECONDS = 12.0
"""Nothing rolls for so long: longer than a leader takes to be elected and to look at every Gateway."""
DEADLINE = 240.0


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a watch of Gateways and Deployments tells. `revisions`: templates that a Deployment has had."""

    unprogrammed: list[str] = field(default_factory=list)
    revisions: dict[str, list[str]] = field(default_factory=dict)
    rolling: dict[str, bool] = field(default_factory=dict)
    most_at_once: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def gateway(self, item: Object) -> None:
        """Take a Gateway as it is now."""
        status = item.get("status", {})
        owners = [("itself", status.get("conditions", ()))]
        owners += [(each["name"], each["conditions"]) for each in status.get("listeners", ())]
        for owner, conditions in owners:
            for each in conditions:
                if each["type"] == "Programmed" and each["status"] != "True":
                    self.unprogrammed.append(f"{item['metadata']['name']} {owner}: {each['message']}")

    def deployment(self, item: Object) -> None:
        """Take a Deployment as it is now."""
        name, status = item["metadata"]["name"], item.get("status", {})
        template = json.dumps(item["spec"]["template"], sort_keys=True)
        known = self.revisions.setdefault(name, [])
        if known[-1:] != [template]:
            known.append(template)
            self.changed.set()
        wanted = item["spec"].get("replicas", 1)
        is_seen = status.get("observedGeneration", 0) >= item["metadata"]["generation"]
        done = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")} == {wanted}
        self.rolling[name] = not (is_seen and done)
        self.most_at_once = max(self.most_at_once, sum(self.rolling.values()))


async def upgrade(world: World) -> tuple[Figure, ...]:
    """Install the last release; go to what stands here, to one with other bytes, and back the same way."""
    await _apply(world, OLD)
    await world.put(manifests.namespace(SHOP))
    await world.echoes("echo")
    addresses = [await world.gateway(name=name) for name in GATEWAYS]
    targets = await _routes(world)
    for address in addresses:
        await until_right(world, address, targets)
    seen = Seen()
    figures: list[Figure] = []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(meanwhile(_watch_gateways(world, seen)))
        await stack.enter_async_context(meanwhile(_watch_deployments(world, seen)))
        for number, (before, after) in enumerate(HOPS):
            figures += await _hop(world, seen, addresses, targets, before, after)
            if number in (0, 2):
                version = crds.NEWEST if number == 0 else "v1.6.3"
                await crds.install(world.api, crds.manifests(await asyncio.to_thread(crds.folder, version)))
    for each in seen.unprogrammed[:5]:
        print(f"  not programmed: {each}")
    return (*figures, none_of("times that a Gateway or listener was not Programmed", len(seen.unprogrammed)))


async def _routes(world: World) -> list[Target]:
    """Make routes that all Gateways have."""
    names = [f"stable-{number}" for number in range(ROUTES)]
    for name in names:
        item = manifests.route(SHOP, name, [f"{name}.example"], "echo")
        item["spec"]["parentRefs"] = [{"name": gateway} for gateway in GATEWAYS]
        await world.put(item)
    return [target(f"{name}.example", routes=[name], backends=["echo"]) for name in names]


async def _hop(
    world: World, seen: Seen, addresses: list[str], targets: list[Target], before: str, after: str
) -> list[Figure]:
    """Roll from one version to another; return what it did, beside what was foretold."""
    foretold = await _foretold(before, after)
    revisions = {name: len(known) for name, known in seen.revisions.items()}
    seen.most_at_once = 0
    async with AsyncExitStack() as stack:
        loads = [
            await stack.enter_async_context(load(world, f"{address}:80", targets, rate=RATE, fresh=1))
            for address in addresses
        ]
        await _apply(world, after)
        await _quiet(seen)
    rolled = sum(len(known) - revisions[name] for name, known in seen.revisions.items())
    wrong = [each for running in loads for each in running.wrong()]
    for each in wrong[:5]:
        print(f"  {before} -> {after} wrong: {each}")
    name = f"{before} -> {after}"
    return [
        Figure(what=f"{name}: requests", value=sum(len(running.answers) for running in loads), at_least=100),
        none_of(f"{name}: wrong answers", len(wrong)),
        Figure(what=f"{name}: rollouts of proxies", value=rolled),
        none_of(
            f"{name}: rollouts that were not foretold, or were and did not come",
            abs(rolled - len(addresses) * ("rolls" in foretold)),
        ),
        Figure(what=f"{name}: Gateways whose proxies rolled at once", value=seen.most_at_once, at_most=1),
    ]


async def _foretold(before: str, after: str) -> frozenset[str]:
    """Return what the later of two versions says of the way from the last release, less what both have of it."""
    of_one, of_other = [await _changes(version) for version in (before, after)]
    return frozenset(effect for effect, _, _ in of_one ^ of_other)


async def _changes(version: str) -> frozenset[tuple[str, str, str]]:
    """Return effect, place and reason of every change: two versions may roll proxies, each for a reason of its own."""
    if version == OLD:
        return frozenset()
    said = json.loads(await _gatewayd(version, "diff", "--from", OLD, "-o", "json"))
    return frozenset((change["effect"], change["where"], change["why"]) for change in said["changes"])


async def _gatewayd(version: str, *arguments: str) -> str:
    """Run a command of a version; return what it prints. Raises RuntimeError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gatewayd",
        *arguments,
        env={**os.environ, "PYTHONPATH": releases.search_path(version)},
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
    )
    text, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"gatewayd {version} {' '.join(arguments)} ended with {process.returncode}")
    return text.decode()


async def _apply(world: World, version: str) -> None:
    """Install a version as a person does, and wait for its replicas."""
    printed = await _gatewayd(version, "install", "--print", "--image", f"{RELEASED}{version}")
    documents = [each for each in yaml.safe_load_all(printed) if each is not None]
    await world.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(documents))
    await world.available(layout.NAMESPACE, layout.CONTROL_PLANE)


async def _quiet(seen: Seen) -> None:
    """Wait until no proxies have rolled for a while."""
    async with asyncio.timeout(DEADLINE):
        while True:
            seen.changed.clear()
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    await seen.changed.wait()
            except TimeoutError:
                if not any(seen.rolling.values()):
                    return


async def _watch_gateways(world: World, seen: Seen) -> None:
    async for change in world.api.changes(manifests.collection(manifests.GATEWAY_API, "Gateway", SHOP)):
        seen.gateway(change.object)


async def _watch_deployments(world: World, seen: Seen) -> None:
    async for change in world.api.changes(f"/apis/apps/v1/namespaces/{SHOP}/deployments"):
        if "gateway.networking.k8s.io/gateway-name" in change.object["metadata"].get("labels", {}):
            seen.deployment(change.object)
