"""Where members are tried: the home with two member clusters, who is behind one name in each, and what proxies have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from conformance.harness.addresses import POD_RANGE
from conformance.scenarios import manifests, witness
from conformance.scenarios.cases.restart import differing
from conformance.scenarios.cases.zones import gateway_in
from conformance.scenarios.manifests import Object
from conformance.scenarios.member_cluster import EXPORT_API, MemberCluster, member_clusters, serve_kind
from conformance.scenarios.notebook import cpu_seconds, taken_up
from conformance.scenarios.pods import REPLICA_WORDS, PodHandle
from conformance.scenarios.traffic import Target, target, until_right
from conformance.scenarios.witness import Held
from conformance.scenarios.world import SHOP, World

HOST = "store.example"
NAME = "store"
HOME, NEAR, NEXT, FAR = "home", "west-a", "west-b", "east"
"""Who answers, by Deployment: at home; in the home's region, in the proxies' zone and in another; in another region."""
_HOME_SERVICE = "here"
_REGION, _ZONE = "eu", "eu-a"
_BULK_RANGE = "10.64.0.0/16"
BULK = 5_000
"""Endpoints that the second member has beside, behind 100 Services that nobody imports."""
_BULK_SERVICES = 100
_AT_ONCE = 10
_ATTEMPTS = 8
"""More than what leads a request out of a group of two endpoints that both refuse it: each is left out after three."""


@dataclass(slots=True, kw_only=True)
class MemberStage:
    """Everything that stands. `pods` are the backends by Deployment, `address` is the Gateway's."""

    world: World
    west: MemberCluster
    east: MemberCluster
    pods: dict[str, PodHandle] = field(default_factory=dict)
    address: str = ""

    async def build(self) -> None:
        """Make the home, and let both members begin meanwhile."""
        await asyncio.gather(self.west.begin(), self.east.begin(), self._home())
        await asyncio.gather(self._west(), self._east())

    async def _home(self) -> None:
        await self.world.install(replicas=2, arguments=("--region", _REGION))
        await serve_kind(self.world.kubectl, "ServiceImport")
        await self.world.echoes(HOME, NEAR, NEXT, FAR)
        for name in (HOME, NEAR, NEXT, FAR):
            (self.pods[name],) = await self.world.pods(SHOP, f"app={name}")
        self.address = await gateway_in(self.world, _ZONE)
        service = manifests.service(SHOP, _HOME_SERVICE, {})
        service["spec"] = {"ports": [{"name": "web", "port": 80}]}
        await self.world.put(service)
        await self.home(present=True)

    async def _west(self) -> None:
        await self.west.account()
        await self.west.export(NAME)
        for name, zone in ((NEAR, _ZONE), (NEXT, "eu-b")):
            await self.west.node(f"node-{name}", _REGION, zone)
            await self.west.pod(name, f"node-{name}", self.pods[name].address, of=NAME)

    async def _east(self) -> None:
        await self.east.account()
        await self.east.export(NAME)
        await self.east.node("node-east", "us", "us-a")
        await self.east.pod(FAR, "node-east", self.pods[FAR].address, of=NAME)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def bulk(number: int) -> None:
            name, each = f"bulk-{number}", BULK // _BULK_SERVICES
            addresses = [f"10.64.{number}.{at + 1}" for at in range(each)]
            async with gate:
                await self.east.export(name, manifests.endpoint_slice(SHOP, f"{name}-1", name, addresses, port="web"))

        await asyncio.gather(*map(bulk, range(_BULK_SERVICES)))

    # --- members -------------------------------------------------------------------------------------------------

    async def join_west(self, **more: str) -> None:
        """Make the first member one: in the home's region, and believed before the other."""
        said = {"region": _REGION, "trust_order": "10", "pod_cidrs": str(POD_RANGE)} | more
        await self.west.join(**said)
        await self.is_known("west")

    async def join_east(self) -> None:
        """Make the second member one: in another region."""
        await self.east.join(region="us", trust_order="20", pod_cidrs=f"{POD_RANGE}, {_BULK_RANGE}")
        await self.is_known("east")

    async def is_known(self, cluster: str) -> None:
        """Wait until every replica has listed a member."""
        await self.all_say("gatewayd_member_synced", cluster, 1)

    async def all_say(self, metric: str, cluster: str, wanted: float) -> float:
        """Wait until a metric of a member has a value in every replica; return the seconds."""

        async def all_do() -> bool:
            found = [await self.world.metrics(each) for each in await self.world.control_plane()]
            return all(each.get(f'{metric}{{cluster="{cluster}"}}') == wanted for each in found)

        return await self.world.until(all_do, f"{metric} of {cluster} is {wanted:g}")

    # --- what is behind the name -----------------------------------------------------------------------------------

    async def home(self, *, present: bool) -> None:
        """Have the home's endpoint, or none."""
        addresses = [self.pods[HOME].address] if present else []
        item = manifests.endpoint_slice(SHOP, f"{_HOME_SERVICE}-1", _HOME_SERVICE, addresses, port="web")
        await self.world.put(item)

    async def member(self, name: str, *, present: bool) -> None:
        """Have an endpoint of a member ready, or not."""
        of = self.east if name == FAR else self.west
        await of.ready(name, "True" if present else "False")

    async def change(self, name: str, *, present: bool) -> None:
        """Have one of the endpoints, or not."""
        await (self.home(present=present) if name == HOME else self.member(name, present=present))

    async def served(self, *, nearest: bool) -> None:
        """Have the import and its route; `nearest`: whoever is near shall have the requests."""
        await self.world.put(_import(nearest=nearest), _route())

    def target(self, *backends: str) -> Target:
        """Return what is asked: one of these answers rightly."""
        return target(HOST, routes=[NAME], backends=backends)

    async def settled(self, backend: str) -> None:
        """Wait until one alone answers."""
        await until_right(self.world, self.address, [self.target(backend)], within=60, in_a_row=10)

    # --- what proxies and replicas have ----------------------------------------------------------------------------

    async def groups(self, name: str) -> frozenset[str]:
        """Return in which groups an endpoint is at the proxies; "" is one that does not have it."""
        mark = f"{self.pods[name].address}:{manifests.ECHO_PORT}::priority::"
        texts = [(await each.admin("clusters")).decode() for each in await self.world.proxies()]
        return frozenset(text.partition(mark)[2].partition("\n")[0] for text in texts)

    async def until_in(self, name: str, group: str) -> float:
        """Wait until an endpoint is in a group at all proxies, "" for none; return the seconds."""

        async def is_there() -> bool:
            return await self.groups(name) == {group}

        return await self.world.until(is_there, f"{name} is in group {group or 'none'}")

    async def until_known(self, name: str, *, present: bool) -> None:
        """Wait until all proxies have an endpoint, or none has it."""

        async def is_so() -> bool:
            return all(bool(group) is present for group in await self.groups(name))

        await self.world.until(is_so, f"{name} is {'there' if present else 'gone'}")

    async def blink(self, name: str) -> float:
        """Take an endpoint away and give it back; return the longer of both until all proxies knew."""
        (group,) = await self.groups(name)
        await self.change(name, present=False)
        went = await self.until_in(name, "")
        await self.change(name, present=True)
        return max(went, await self.until_in(name, group))

    async def versions(self) -> tuple[Held, ...]:
        """Return what each replica gives to a new proxy."""
        replicas = await self.world.control_plane()
        served = await asyncio.gather(*(witness.served(self.world, each) for each in replicas))
        return tuple(map(witness.versions, served))

    async def changed(self, before: tuple[Held, ...]) -> int:
        """Return how many resources are others, or are there no more, than they were."""
        return sum(differing(before[0], each) for each in (*before[1:], *await self.versions()))

    async def taken(self) -> Mapping[str, tuple[float, float]]:
        """Return resident MiB and seconds of CPU of each replica."""
        return {
            pod.name: (taken_up(process)["resident bytes"] / 2**20, cpu_seconds(process))
            for pod in await self.world.control_plane()
            for process in pod.processes(REPLICA_WORDS)
        }


def _import(*, nearest: bool) -> Object:
    spec: Object = {"type": "ClusterSetIP", "ports": [{"port": 80, "protocol": "TCP"}]}
    annotations = {"multicluster.kubernetes.io/derived-service": _HOME_SERVICE}
    return {
        "apiVersion": EXPORT_API,
        "kind": "ServiceImport",
        "metadata": {"namespace": SHOP, "name": NAME, "annotations": annotations},
        "spec": spec | ({"trafficDistribution": "PreferClose"} if nearest else {}),
    }


def _route() -> Object:
    """Return a route that tries another endpoint where one does not answer."""
    route = manifests.route(SHOP, NAME, [HOST], NAME)
    (rule,) = route["spec"]["rules"]
    rule["backendRefs"][0] |= {"group": "multicluster.x-k8s.io", "kind": "ServiceImport"}
    rule["retry"] = {"attempts": _ATTEMPTS, "backoff": "10ms"}
    return route


@asynccontextmanager
async def member_stage(world: World) -> AsyncIterator[MemberStage]:
    """Build it, to be there until the block ends; nobody is a member yet."""
    async with member_clusters(world, "west", "east") as (west, east):
        stage = MemberStage(world=world, west=west, east=east)
        await stage.build()
        yield stage
