"""A second cluster behind a ServiceImport: its endpoints go, die and come back; its API server is cut off meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from conformance.scenarios import manifests, witness
from conformance.scenarios.cases.restart import all_ready, differing
from conformance.scenarios.manifests import Object
from conformance.scenarios.member_cluster import EXPORT_API, MemberCluster, member_cluster, serve_kind
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Load, load, target, until_right
from conformance.scenarios.world import SHOP, World

_HOST = "store.example"
_HERE, _THERE = "near", "west"
_TURNS = 10
_CUT_SECONDS = float(os.environ.get("MEMBERS_CUT_SECONDS", "60"))
"""`MEMBERS_CUT_SECONDS=600` is what the claim was made for."""
_WITHIN = 2.0


async def members(world: World) -> tuple[Figure, ...]:
    """Take a member's endpoint away, kill it, and cut the member off while a replica is restarted."""
    await world.install(replicas=2)
    await serve_kind(world.kubectl, "ServiceImport")
    await world.echoes(_HERE, _THERE)
    (there,) = await world.pods(SHOP, f"app={_THERE}")
    address = await world.gateway()
    async with member_cluster(world) as member:
        await member.offer("store", [there.address])
        await member.join("west")
        await world.put(_import(), _route())
        both = target(_HOST, routes=["store"], backends=[_HERE, _THERE])
        await until_right(world, address, [both])
        await _is_known(world)
        async with load(world, f"{address}:80", [both], rate=200, fresh=2) as going:
            longest = await _go_and_come_back(world, member, there)
        async with load(world, f"{address}:80", [both], rate=200, fresh=2) as dying:
            killed, processes = await _die(there)
        async with load(world, f"{address}:80", [both], rate=100, fresh=2) as cut:
            apart = await _cut_off(world, member)
    return (
        Figure(what="turns of the member's endpoint", value=_TURNS, at_least=_TURNS),
        Figure(what="until no proxy has an endpoint that went, longest", value=longest, unit="s", at_most=_WITHIN),
        *_named("while it went and came back", going),
        Figure(what="processes of the member's endpoint that were killed", value=processes, at_least=1),
        Figure(what="requests while it was dead", value=len(dying.answers), at_least=1),
        none_of("failed requests that began after the endpoint was dead", _after(dying, killed)),
        Figure(what="failed requests that were in flight", value=len(dying.wrong())),
        *_named("while the member was cut off", cut),
        *apart,
    )


def _named(when: str, running: Load) -> tuple[Figure, ...]:
    return (
        Figure(what=f"requests {when}", value=len(running.answers), at_least=1),
        none_of(f"failed requests {when}", len(running.wrong())),
    )


def _after(running: Load, moment: float) -> int:
    late = [each for each in running.wrong() if each.began > moment]
    for each in late[:5]:
        print(f"  wrong: {each}, {each.began - moment:.3f} s after")
    return len(late)


async def _is_known(world: World) -> None:
    """Wait until every replica has listed the member."""

    async def all_know() -> bool:
        metrics = [await world.metrics(each) for each in await world.control_plane()]
        return all(each.get('gatewayd_member_synced{cluster="west"}') == 1 for each in metrics)

    await world.until(all_know, "every replica knows the member")


async def _go_and_come_back(world: World, member: MemberCluster, there: PodHandle) -> float:
    """Have the member withdraw its endpoint, and offer it again; return the longest until no proxy had it."""
    longest = 0.0
    for _ in range(_TURNS):
        await member.offer("store", [])
        longest = max(longest, await world.until(lambda: _has(world, there.address, False), "the endpoint is gone"))
        await member.offer("store", [there.address])
        await world.until(lambda: _has(world, there.address, True), "the endpoint is back")
    return longest


async def _has(world: World, address: str, wanted: bool) -> bool:  # noqa: FBT001 - what it is compared with
    """Return whether all proxies have an address, or none of them."""
    texts = [await each.admin("clusters") for each in await world.proxies()]
    return all((f"{address}:".encode() in each) is wanted for each in texts)


async def _die(there: PodHandle) -> tuple[float, int]:
    """Kill the member's backend, which nobody tells gatewayd of; return when, and how many processes that were."""
    await asyncio.sleep(1.0)
    processes = list(there.processes(b"echo"))
    for process in processes:
        os.kill(process, signal.SIGKILL)
    moment = time.time()
    await asyncio.sleep(4.0)
    return moment, len(processes)


async def _cut_off(world: World, member: MemberCluster) -> tuple[Figure, ...]:
    """Kill the member's API server, then a replica; compare what replicas serve before and after."""
    await asyncio.sleep(6.0)  # what a member says is kept every 5 s
    before = witness.versions(await witness.served(world, (await world.control_plane())[0]))
    await member.cut()
    began = time.monotonic()
    for pod in await world.control_plane():
        pod.signal(signal.SIGKILL)
        await asyncio.sleep(1.0)
        await all_ready(world)
    await asyncio.sleep(max(0.0, _CUT_SECONDS - (time.monotonic() - began)))
    after = [witness.versions(await witness.served(world, each)) for each in await world.control_plane()]
    lasted = time.monotonic() - began
    await member.start()
    await member.offer("store", [])
    healed = await world.until(lambda: _is_empty(world), "the member is followed again")
    return (
        Figure(what="cut for, both replicas restarted meanwhile", value=lasted, unit="s", at_least=_CUT_SECONDS),
        Figure(what="resources", value=len(before), at_least=5),
        none_of("resources changed", sum(differing(before, each) for each in after)),
        Figure(what="until the member is followed again", value=healed, unit="s", at_most=30),
    )


async def _is_empty(world: World) -> bool:
    metrics = [await world.metrics(each) for each in await world.control_plane()]
    return all(each.get('gatewayd_member_endpoints{cluster="west"}') == 0 for each in metrics)


def _import() -> Object:
    return {
        "apiVersion": EXPORT_API,
        "kind": "ServiceImport",
        "metadata": {
            "namespace": SHOP,
            "name": "store",
            "annotations": {"multicluster.kubernetes.io/derived-service": _HERE},
        },
        "spec": {"type": "ClusterSetIP", "ports": [{"port": 80, "protocol": "TCP"}]},
    }


def _route() -> Object:
    """Return a route that tries another endpoint where one does not answer."""
    route = manifests.route(SHOP, "store", [_HOST], "store")
    (rule,) = route["spec"]["rules"]
    rule["backendRefs"][0] |= {"group": "multicluster.x-k8s.io", "kind": "ServiceImport"}
    rule["retry"] = {"attempts": 3, "backoff": "10ms"}
    return route
