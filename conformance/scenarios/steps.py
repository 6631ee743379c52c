"""What each step of a history does."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from conformance.harness.kubeapi import ApiError
from conformance.scenarios import manifests
from conformance.scenarios.judged import Asked, Judged, answer
from conformance.scenarios.manifests import Object
from conformance.scenarios.nemesis import Step
from conformance.scenarios.packets import packet_table
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.stage import GRANT, LINGER_SECONDS, STORE, Stage, gateway, pool
from conformance.scenarios.world import SHOP
from gatewayd.infra import layout

_UNRELATED = "stranger.example/controller"

Does = Callable[[Stage, Judged, Step], Awaitable[None]]


# --- misfortune ------------------------------------------------------------------------------------------------


async def _chosen(stage: Stage, step: Step) -> PodHandle:
    pods = await stage.world.control_plane()
    return pods[step.whom % len(pods)]


async def _alone(does: Does, stage: Stage, loop: Judged, step: Step) -> None:
    async with stage.told:
        await does(stage, loop, step)


async def _kill_one(stage: Stage, _loop: Judged, step: Step) -> None:
    with stage.notes.hindrance(str(step)):
        await _kill(stage, [await _chosen(stage, step)])


async def _kill_all(stage: Stage, _loop: Judged, step: Step) -> None:
    with stage.notes.hindrance(str(step)):
        await _kill(stage, await stage.world.control_plane())


async def _kill(stage: Stage, pods: list[PodHandle]) -> None:
    before = await _restarts(stage)
    for pod in pods:
        pod.signal(signal.SIGKILL)

    async def are_back() -> bool:
        return await _restarts(stage) >= before + len(pods)

    await stage.world.until(are_back, "the replicas were restarted")
    await stage.connected()


async def _end_one(stage: Stage, _loop: Judged, step: Step) -> None:
    """Delete a replica's Pod, as a drain of its node does; another takes its place."""
    pod = await _chosen(stage, step)
    with stage.notes.hindrance(str(step)):
        await stage.world.api.delete(f"/api/v1/namespaces/{layout.NAMESPACE}/pods/{pod.name}")

        async def is_replaced() -> bool:
            return pod.name not in {each.name for each in await stage.world.control_plane()}

        await stage.world.until(is_replaced, f"{pod.name} has ended")
        await stage.world.available(layout.NAMESPACE, "gatewayd")
        await stage.connected()


async def _restarts(stage: Stage) -> int:
    path = f"/api/v1/namespaces/{layout.NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=gatewayd"
    pods = (await stage.world.api.get(path))["items"]
    states = (state for pod in pods for state in pod["status"].get("containerStatuses", ()))
    return sum(state["restartCount"] for state in states)


async def _pause(stage: Stage, _loop: Judged, step: Step) -> None:
    leader = await stage.world.elected()
    with stage.notes.hindrance(str(step)):
        for pod in await stage.world.control_plane():
            if pod.name == leader:
                pod.signal(signal.SIGSTOP)
                try:
                    await asyncio.sleep(2 * step.seconds)
                finally:
                    pod.signal(signal.SIGCONT)
        await stage.connected()


async def _cut_api(stage: Stage, _loop: Judged, step: Step) -> None:
    """Drop everything between one replica and the API server, both ways, without a word."""
    pod = await _chosen(stage, step)
    chains = f"""\
  chain in {{ type filter hook prerouting priority -310; ip saddr {pod.address} tcp dport {{ 443, 6443 }} drop; }}
  chain out {{ type filter hook output priority -310; ip daddr {pod.address} tcp sport 6443 drop; }}
"""
    with stage.notes.hindrance(str(step)):
        async with packet_table("history", chains):
            await asyncio.sleep(step.seconds)
        # TCP sends again what was lost, at worst after as long a wait as the cut has lasted.
        await asyncio.sleep(step.seconds)
        await stage.connected()


async def _cut_streams(stage: Stage, _loop: Judged, step: Step) -> None:
    with stage.notes.hindrance(str(step), deaf=False):
        stage.tap.cut()
        try:
            await asyncio.sleep(step.seconds)
        finally:
            stage.tap.heal()
        await stage.connected()


# --- what people do --------------------------------------------------------------------------------------------


async def _route(name: str, stage: Stage, _loop: Judged, _step: Step) -> None:
    stage.turns[name] += 1
    await stage.kinds[name].change(stage.turns[name])


async def _listeners(more: tuple[Object, ...], stage: Stage, _loop: Judged, _step: Step) -> None:
    await stage.world.put(gateway(*more))
    await stage.world.condition(gateway(), "Programmed")


async def _revoke(stage: Stage, loop: Judged, step: Step) -> None:
    target = next(each for each in loop.targets if each.host == "borrowed.example")
    await _expect(loop, target, "500", because=f"referencegrants {STORE}/{GRANT['metadata']['name']}")
    await stage.world.delete(GRANT)
    await loop.arrived(target)
    await asyncio.sleep(step.seconds / 4)
    await _expect(loop, target, answer("borrowed", "echo"))
    await stage.world.put(GRANT)
    await loop.arrived(target)


async def _expect(loop: Judged, target: Asked, right: str, *, because: str = "") -> None:
    await loop.expect(target, right, because=because)


async def _rotate(stage: Stage, _loop: Judged, _step: Step) -> None:
    await stage.rotate()


async def _roll(stage: Stage, _loop: Judged, step: Step) -> None:
    async with stage.told:
        await stage.world.put(pool(f"{step.after}")[0])
        await stage.world.available(SHOP, "pool")
        await asyncio.sleep(LINGER_SECONDS)


# --- what goes wrong in an object ------------------------------------------------------------------------------


async def _mistake(odd: Object, stage: Stage, _loop: Judged, step: Step) -> None:
    with stage.notes.mistake(f"httproutes {SHOP}/odd"):
        await stage.world.put(odd)
        await asyncio.sleep(step.seconds + 10.0)
        await stage.world.delete(odd)


def _odd() -> Object:
    return manifests.route(SHOP, "odd", ["odd.example"], "alpha")


def _no_service() -> Object:
    return manifests.route(SHOP, "odd", ["odd.example"], "nowhere")


def _no_filter() -> Object:
    item = _odd()
    ref = {"group": "gatewayd.io", "kind": "RouteFilter", "name": "nowhere"}
    item["spec"]["rules"][0]["filters"].append({"type": "ExtensionRef", "extensionRef": ref})
    return item


def _no_listener() -> Object:
    item = _odd()
    item["spec"]["parentRefs"][0]["sectionName"] = "nowhere"
    return item


# --- others ----------------------------------------------------------------------------------------------------


async def _foreign_status(stage: Stage, _loop: Judged, step: Step) -> None:
    """Write another controller's entry into a route's status, as one that reads before it writes."""
    path = manifests.path(manifests.route(SHOP, "pool", [], "pool"))
    condition = {
        "type": "Accepted",
        "status": "True",
        "reason": "Accepted",
        "message": f"{step.after}",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    entry = {"parentRef": {"name": "elsewhere"}, "controllerName": _UNRELATED, "conditions": [condition]}
    for _ in range(20):
        found = await stage.world.api.get(path)
        parents = found.setdefault("status", {}).setdefault("parents", [])
        found["status"]["parents"] = [each for each in parents if each["controllerName"] != _UNRELATED] + [entry]
        with suppress(ApiError):
            await stage.world.api.replace(f"{path}/status", found)
            return


async def _annotation(stage: Stage, _loop: Judged, step: Step) -> None:
    found = await stage.world.api.get(f"/apis/apps/v1/namespaces/{SHOP}/deployments")
    names = [each["metadata"]["name"] for each in found["items"] if each["metadata"]["name"].startswith("gatewayd-")]
    body = {"metadata": {"annotations": {"stranger.example/note": f"{step.after}"}}}
    await stage.world.api.patch(f"/apis/apps/v1/namespaces/{SHOP}/deployments/{names[0]}", body)


_BESIDE = {"name": "beside", "port": 8080, "protocol": "HTTP"}
_OWN = {**manifests.http_listener(), "name": "own", "hostname": "pool.example"}

DOES: Mapping[tuple[str, str], Does] = {
    ("misfortune", "kill one"): partial(_alone, _kill_one),
    ("misfortune", "kill all"): partial(_alone, _kill_all),
    ("misfortune", "end one in order"): partial(_alone, _end_one),
    ("misfortune", "pause the leader"): partial(_alone, _pause),
    ("misfortune", "cut the API server off"): partial(_alone, _cut_api),
    ("misfortune", "cut streams"): partial(_alone, _cut_streams),
    **{
        ("routes", name): partial(_route, name)
        for name in ("switch", "reorder", "wander", "remake", "service", "renumber")
    },
    ("listeners", "a port more"): partial(_listeners, (_BESIDE,)),
    ("listeners", "a host of its own"): partial(_listeners, (_OWN,)),
    ("listeners", "none of them"): partial(_listeners, ()),
    ("grants", "revoke"): _revoke,
    ("certificates", "rotate"): _rotate,
    ("backends", "roll"): _roll,
    ("mistakes", "a Service that is not there"): partial(_mistake, _no_service()),
    ("mistakes", "a filter that is not there"): partial(_mistake, _no_filter()),
    ("mistakes", "a listener that is not there"): partial(_mistake, _no_listener()),
    ("strangers", "a status of another controller"): _foreign_status,
    ("strangers", "an annotation"): _annotation,
}
"""Each lane and kind of step with what it does."""
