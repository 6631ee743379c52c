"""Who writes: one at a time, another soon after the leader is gone, nobody while it is unclear."""

from __future__ import annotations

import asyncio
import signal
import time

from conformance.scenarios import manifests
from conformance.scenarios.apifault import Stand, unhindered
from conformance.scenarios.lies import PASS, Delay
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.replica_pair import LEASES, first_write, late_writes, leads, replica_pair, work, writes
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import load, stable_routes, until_right
from conformance.scenarios.world import SHOP, World

_TAKEOVER_SECONDS = 12.0
"""A lease lasts 9 s, who waits looks each second, and whoever leads writes its first status when it has one."""


async def leader_killed(world: World) -> tuple[Figure, ...]:
    """Kill the leader for good; then pause the next one for longer than its lease; then end one in order."""
    async with replica_pair(world) as stands:
        targets = await stable_routes(world, 10, "echo")
        address = await world.gateway_address(manifests.gateway(SHOP, "gateway"))
        await until_right(world, address, targets)
        lost, heir = await leads(world)
        async with load(world, f"{address}:80", targets, rate=50) as running:
            killed, dead_writes = await _without(world, stands, lost, heir)
            paused, stale = await _paused(world, stands, heir, lost)
            ended = await _ended(world, stands)
        return (
            *running.figures(),
            Figure(what="leader killed: another writes after", value=killed, unit="s", at_most=_TAKEOVER_SECONDS),
            none_of("writes by two at once after the kill", dead_writes),
            Figure(what="leader paused: another writes after", value=paused, unit="s", at_most=_TAKEOVER_SECONDS),
            none_of("writes by the paused one after it went on", stale),
            Figure(what="leader ended in order: another writes after", value=ended, unit="s"),
        )


async def _without(world: World, stands: dict[str, Stand], lost: str, heir: str) -> tuple[float, int]:
    """Kill the leader whenever it starts, until the other has written; return after how long, and overlaps."""
    moment = time.time()

    async def keep_dead() -> None:
        while True:
            for pod in await world.control_plane(lost):
                pod.signal(signal.SIGKILL)
            await asyncio.sleep(0.05)

    async with meanwhile(keep_dead()), meanwhile(work(world)):
        took = await first_write(world, stands[heir], moment)
        await asyncio.sleep(2)
    both = late_writes(writes(stands[lost], moment), writes(stands[heir], moment))
    await world.until(lambda: _is_ready(world, lost), f"{lost} runs again", within=90)
    return took, both


async def _is_ready(world: World, name: str) -> bool:
    pods = await world.control_plane(name)
    return bool(pods) and all(each.ready for each in pods)


async def _paused(world: World, stands: dict[str, Stand], lost: str, heir: str) -> tuple[float, int]:
    """Stop the leader's process for 25 s; return when the other wrote, and what the first one wrote afterwards."""
    pod = (await world.control_plane(lost))[0]
    moment = time.time()
    pod.signal(signal.SIGSTOP)
    async with meanwhile(work(world)):
        took = await first_write(world, stands[heir], moment)
        await asyncio.sleep(max(0.0, 25 - (time.time() - moment)))
        awake = time.time()
        pod.signal(signal.SIGCONT)
        await asyncio.sleep(6)
    good = [each for each in writes(stands[lost], awake) if each.status == 200]
    for each in good[:5]:
        print(f"  stale: {each}")
    return took, len(good)


async def _ended(world: World, stands: dict[str, Stand]) -> float:
    """Take the leader away in order."""
    lost, heir = await leads(world)
    moment = time.time()
    await world.kubectl("-n", "gatewayd-system", "scale", f"deployment/{lost}", "--replicas=0")
    async with meanwhile(work(world)):
        return await first_write(world, stands[heir], moment)


async def lease_hung(world: World) -> tuple[Figure, ...]:
    """Hold back the leader's requests for the lease alone, without a word; they arrive when they are stale."""
    async with replica_pair(world) as stands:
        lost, heir = await leads(world)
        async with meanwhile(work(world)):
            await asyncio.sleep(3)
            moment = time.time()
            stands[lost].rule = lambda request: Delay(seconds=30.0) if LEASES in request.path else PASS
            taken_over = await first_write(world, stands[heir], moment)
            await asyncio.sleep(15)
            stands[lost].rule = unhindered
            await asyncio.sleep(20)
        mine, theirs = writes(stands[lost], moment), writes(stands[heir], moment)
        last = max((each.ended or each.began for each in mine), default=moment) - moment
        return (
            Figure(what="writes of the leader while its lease hung", value=len(mine), at_least=1),
            Figure(what="its last write was answered after", value=last, unit="s"),
            Figure(what="another's first write began after", value=taken_over, unit="s", at_least=last),
            Figure(what="another's first write began after, at most", value=taken_over, unit="s", at_most=30),
            none_of("writes by two at once", late_writes(mine, theirs)),
            Figure(what="stale lease requests that arrived", value=_stale(stands[lost], moment), at_least=1),
            none_of("of these, writes that were taken", _taken(stands[lost], moment)),
        )


def _stale(stand: Stand, since: float) -> int:
    return sum(
        LEASES in each.path and each.passed_on - each.began > 20 for each in stand.requests if each.began > since
    )


def _taken(stand: Stand, since: float) -> int:
    return sum(
        LEASES in each.path and each.passed_on - each.began > 20 and each.method == "PUT" and each.status == 200
        for each in stand.requests
        if each.began > since
    )
