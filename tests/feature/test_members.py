"""Member clusters: endpoints of two others behind one ServiceImport, with a real Envoy; members are folders.

https://gateway-api.sigs.k8s.io/geps/gep-1748/
"""

import pytest

from gatewayd.manifests.folder import Absence
from tests.feature.harness.closed_loop import closed_loop, said
from tests.feature.harness.manifests import GATEWAY, http_route, service
from tests.feature.harness.world import World
from tests.feature.test_service_imports import REF, route, store, who

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = GATEWAY
NEAREST = ", trafficDistribution: PreferClose"
ZONE = "a"


def secret(cluster: str, *, cidrs: str = "127.0.0.0/8", namespaces: str = "shop", more: str = "") -> str:
    return f"""---
apiVersion: v1
kind: Secret
metadata:
  name: {cluster}
  namespace: gatewayd-system
  labels: {{gatewayd.io/member-cluster: {cluster}}}
  annotations: {{gatewayd.io/namespaces: {namespaces}, gatewayd.io/pod-cidrs: {cidrs}{more}}}
"""


def offer(
    world: World, backend: str, *, name: str = "store", namespace: str = "shop", conditions: str = "", zone: str = ""
) -> str:
    where = f", zone: {zone}" if zone else ""
    return f"""---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {{name: {name}, namespace: {namespace}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{ports: [{{name: web, port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: web, port: {world.backends[backend].port}}}]
endpoints: [{{addresses: [127.0.0.1]{where}{conditions}}}]
"""


async def says(world: World, cluster: str, text: str) -> None:
    """Let a member say something else, and wait until all Envoys have what follows from it."""
    step = world.write({f"{cluster}.member/said.yaml": text.encode()})
    assert not step.problems, step.problems
    await world.settle()


async def forgets(world: World, *clusters: str) -> None:
    world.drop(*(f"{each}.member/said.yaml" for each in clusters))
    await world.settle()


async def test_two_members_and_one_that_goes_without_a_request_lost(world: World) -> None:
    await world.apply(secret("east"), secret("west"), store(), route())
    await says(world, "east", offer(world, "one"))
    await says(world, "west", offer(world, "two"))
    assert await who(world) == {"one", "two"}
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r", "one"), said("r", "two"))
        for _ in range(5):
            await forgets(world, "east")
            assert await who(world) == {"two"}
            await says(world, "east", offer(world, "one"))
            await loop.turns(2)
    assert loop.wrong == []
    await world.remove("Secret gatewayd-system/west")
    assert await who(world) == {"one"}
    await forgets(world, "east", "west")


async def test_this_cluster_first_and_members_when_nobody_is_left_here(world: World) -> None:
    derived = "multicluster.kubernetes.io/derived-service: three"
    await world.apply(secret("east"), store(NEAREST, annotations=derived), route())
    await says(world, "east", offer(world, "one"))
    assert await who(world) == {"three"}
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r", "one"), said("r", "three"))
        await world.apply(store(NEAREST))
        assert await who(world) == {"one"}
        await world.apply(store(NEAREST, annotations=derived))
        assert await who(world) == {"three"}
    assert loop.wrong == []
    await forgets(world, "east")


async def test_nearest_first_among_members_too(world: World) -> None:
    """The home's own, then the zone of the proxies, then the other zone of those whose turn is first."""
    here = "multicluster.kubernetes.io/derived-service: three"
    await world.apply(secret("east"), secret("west"), store(NEAREST, annotations=here), route())
    await says(world, "east", offer(world, "one", zone="a"))
    await says(world, "west", offer(world, "two", zone="b"))
    assert await who(world) == {"three"}
    async with closed_loop(world) as loop:
        loop.target("r.example", said("r", "one"), said("r", "two"), said("r", "three"))
        await world.apply(store(NEAREST))
        assert await who(world) == {"one"}
        await forgets(world, "east")
        assert await who(world) == {"two"}
        await says(world, "east", offer(world, "one", zone="a"))
        assert await who(world) == {"one"}
        await says(world, "east", offer(world, "one"))
        assert await who(world) == {"one", "two"}
        await world.apply(store(NEAREST, annotations=here))
        assert await who(world) == {"three"}
    assert loop.wrong == []
    await forgets(world, "east", "west")


async def test_a_dead_group_is_left_before_anybody_says_that_it_is_dead(world: World) -> None:
    """The endpoint of this cluster refuses connections, and no slice says so."""
    dead = service("dead", world.port("nobody"))
    here = "multicluster.kubernetes.io/derived-service: dead"
    await world.apply(secret("east"), dead, store(NEAREST, annotations=here), route())
    await says(world, "east", offer(world, "one"))
    statuses = [(await world.ask("/", host="r.example")).status for _ in range(20)]
    assert statuses[:3] == [503] * 3
    assert statuses[-10:] == [200] * 10
    retried = http_route(
        "r",
        f"- {{filters: [<route:r>], retry: {{attempts: 2}}, backendRefs: [{REF}]}}",
        host="r.example",
    )
    await world.apply(retried)
    assert {(await world.ask("/", host="r.example")).status for _ in range(10)} == {200}
    await forgets(world, "east")


async def test_a_hostile_member_breaks_only_what_is_its_own(world: World) -> None:
    """It offers what it may not: another namespace, other addresses, and nonsense."""
    await world.apply(secret("evil", cidrs="127.99.0.0/16"), secret("west"), store(), route())
    await says(world, "west", offer(world, "two"))
    before = dict(world.reconciler.snapshots)
    theirs = offer(world, "one") + offer(world, "one", namespace="payments", name="api")
    await says(world, "evil", theirs)
    assert dict(world.reconciler.snapshots) == before
    assert await who(world) == {"two"}
    step = world.write({"evil.member/nonsense.yaml": b"kind: [\n"})
    assert step.problems
    await world.settle()
    assert dict(world.reconciler.snapshots) == before
    world.write({"evil.member/nonsense.yaml": Absence.GONE, "evil.member/said.yaml": Absence.GONE})
    await world.settle()
    await forgets(world, "west")


async def test_a_service_of_this_cluster_is_never_a_members(world: World) -> None:
    await world.apply(secret("east"), route(ref="{name: two, port: 80}"))
    await says(world, "east", offer(world, "one", name="two"))
    assert await who(world) == {"two"}
    await forgets(world, "east")
