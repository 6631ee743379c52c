"""Two member clusters behind a ServiceImport: the nearest serves; they go, die, are cut off; a third is hostile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping

from conformance.scenarios.cases.restart import all_ready
from conformance.scenarios.hostile_member import (
    TOO_MANY_EXPORTS,
    Answer,
    HostileMember,
    attempts,
    bad_kubeconfigs,
    hostile_member,
)
from conformance.scenarios.judged import Judged, answer, judged
from conformance.scenarios.member_cluster import secret
from conformance.scenarios.member_stage import BULK, FAR, HOME, HOST, NAME, NEAR, NEXT, MemberStage, member_stage
from conformance.scenarios.packets import packet_table
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Load, load
from conformance.scenarios.witness import Held
from conformance.scenarios.world import SHOP, World

_CUT_SECONDS = float(os.environ.get("MEMBERS_CUT_SECONDS", "60"))
"""`MEMBERS_CUT_SECONDS=600` is what the claim was made for."""
_WITHIN = 2.0
_ROUNDS = 3
_REST_SECONDS = 5.0
_MOST_MEMORY = 64.0
_PAUSE_NANOSECONDS = 4_000_000
_NOBODY = "503"
_LISTS = 6
"""Of three kinds, by two replicas."""

_TURNS: tuple[tuple[str, bool, str], ...] = (
    (HOME, False, NEAR),
    (NEAR, False, NEXT),
    (NEXT, False, FAR),
    (FAR, False, ""),
    (FAR, True, FAR),
    (NEXT, True, NEXT),
    (NEAR, True, NEAR),
    (HOME, True, HOME),
    (NEAR, False, HOME),
    (NEXT, False, HOME),
    (FAR, False, HOME),
    (HOME, False, ""),
    (HOME, True, HOME),
    (FAR, True, HOME),
    (NEXT, True, HOME),
    (NEAR, True, HOME),
)
"""Who goes (False) or comes, one after the other, and who answers alone from then on."""

_FORBIDDEN = (
    ("get", "secrets", "shop"),
    ("list", "secrets", "gatewayd-system"),
    ("list", "services", "default"),
    ("list", "pods", "shop"),
    ("list", "nodes", ""),
    ("create", "services", "shop"),
    ("update", "endpointslices.discovery.k8s.io", "shop"),
    ("delete", "serviceexports.multicluster.x-k8s.io", "shop"),
)
"""What whoever has stolen a member's Secret would like to do there."""


async def members(world: World) -> tuple[Figure, ...]:
    """Join two clusters, take away who is near, kill, let another one lie, and cut one off under load."""
    async with member_stage(world) as stage:
        cost = await _join(stage)
        near = await _nearest(stage)
        trust = await _merged(stage)
        await stage.change(HOME, present=False)
        dead = await _die(stage)
        lies = await _lied_to(stage)
        await stage.settled(NEAR)
        async with load(world, f"{stage.address}:80", [stage.target(NEAR)], rate=100, fresh=2) as running:
            apart = await _cut_off(stage)
        return (*cost, *near, *trust, *dead, *lies, *_named("while a member was cut off", running), *apart)


def _named(when: str, running: Load) -> tuple[Figure, ...]:
    for each in running.wrong()[:5]:
        print(f"  wrong: {each}")
    return (
        Figure(what=f"requests {when}", value=len(running.answers), at_least=1),
        none_of(f"failed requests {when}", len(running.wrong())),
    )


# --- what a member costs ------------------------------------------------------------------------------------------


async def _join(stage: MemberStage) -> tuple[Figure, ...]:
    """Make one a member, then the other; return what replicas took up more."""
    await asyncio.sleep(_REST_SECONDS)
    none = await stage.taken()
    await stage.join_west()
    await asyncio.sleep(_REST_SECONDS)
    one = await stage.taken()
    began = time.monotonic()
    await stage.join_east()
    listed, both = time.monotonic() - began, await stage.taken()
    await asyncio.sleep(_REST_SECONDS)
    rest = await stage.taken()
    await stage.served(nearest=True)
    await stage.settled(HOME)
    idle = max(rest[name][1] - both[name][1] for name in both) / _REST_SECONDS
    with_it = f"with a second one, of {BULK:,} endpoints more"
    return (
        Figure(what="resident memory of a replica without members, most", value=_most(none, 0), unit="MiB"),
        Figure(what="more with one member", value=_more(none, one, 0), unit="MiB", at_most=_MOST_MEMORY),
        Figure(what=f"more {with_it}", value=_more(one, rest, 0), unit="MiB", at_most=_MOST_MEMORY),
        Figure(what="CPU of a replica until the second one was listed, most", value=_more(one, both, 1), unit="s"),
        Figure(what="until every replica had listed the second one", value=listed, unit="s"),
        Figure(what=f"CPU of a replica at rest {with_it}", value=idle, unit="cores"),
    )


_Taken = Mapping[str, tuple[float, float]]


def _most(taken: _Taken, which: int) -> float:
    return max(each[which] for each in taken.values())


def _more(before: _Taken, after: _Taken, which: int) -> float:
    return max(after[name][which] - before[name][which] for name in before)


# --- who is near --------------------------------------------------------------------------------------------------


async def _nearest(stage: MemberStage) -> tuple[Figure, ...]:
    """Take endpoints away, the nearest first, and give them back, under a loop that judges who may answer."""
    took: list[float] = []
    async with judged(stage.world, f"{stage.address}:80", show=lambda: f"{len(took)} turns") as loop:
        loop.pause(_PAUSE_NANOSECONDS)
        right = HOME
        asked = await loop.ask(HOST, answer(NAME, HOME))
        await loop.arrived(asked)
        for name, present, after in _TURNS * _ROUNDS:
            # Where nobody else answers than before, the loop would have nothing to wait for.
            if after != right:
                await loop.expect(asked, answer(NAME, after) if after else _NOBODY)
            began = time.monotonic()
            await stage.change(name, present=present)
            await loop.arrived(asked)
            await stage.until_known(name, present=present)
            took.append(time.monotonic() - began)
            right = after
    longest = max(took)
    return (
        Figure(what="endpoints that went or came", value=len(took), at_least=_ROUNDS * len(_TURNS)),
        Figure(what="until all requests went where they should, longest", value=longest, unit="s", at_most=_WITHIN),
        Figure(what="requests meanwhile", value=loop.total["asked"], at_least=1_000),
        none_of("wrong answers: not the nearest, or none", _wrong(loop)),
    )


def _wrong(loop: Judged) -> float:
    for line in loop.log.read_text().splitlines()[:10]:
        print(f"  wrong: {line}")
    return loop.total["wrong"]


# --- who is believed ----------------------------------------------------------------------------------------------


async def _merged(stage: MemberStage) -> tuple[Figure, ...]:
    """Ask all alike; then let the second member claim an endpoint of the first, and believe one or the other."""
    everybody = [HOME, NEAR, NEXT, FAR]
    await stage.served(nearest=False)
    for name in everybody:
        await stage.until_in(name, "0")
    async with load(stage.world, f"{stage.address}:80", [stage.target(*everybody)], rate=200) as running:
        await asyncio.sleep(3.0)
    shares = Counter(each.backend for each in running.answers)
    await stage.served(nearest=True)
    await stage.settled(HOME)
    await stage.until_in(FAR, "2")
    before = await stage.versions()
    async with load(stage.world, f"{stage.address}:80", [stage.target(HOME)], rate=100) as claimed:
        await stage.east.pod("claim", "node-east", stage.pods[NEAR].address, of=NAME)
        await stage.all_say("gatewayd_member_endpoints", "east", BULK + 2)
        changed = await stage.changed(before)
        await stage.join_west(trust_order="30")
        taken = await stage.until_in(NEAR, "2")
        await stage.join_west()
        given_back = await stage.until_in(NEAR, "1")
        await stage.east.forget("claim")
        await stage.all_say("gatewayd_member_endpoints", "east", BULK + 1)
    return (
        *_named("to all clusters alike", running),
        Figure(
            what="share of the endpoint that got least of them, of four",
            value=min(shares[name] for name in everybody) / len(running.answers),
            at_least=0.15,
        ),
        none_of("resources changed by who is believed less and claims another's endpoint", changed),
        Figure(what="believed first: has it after", value=max(taken, given_back), unit="s", at_most=_WITHIN),
        *_named("meanwhile", claimed),
    )


# --- who dies -----------------------------------------------------------------------------------------------------


async def _die(stage: MemberStage) -> tuple[Figure, ...]:
    """Kill both endpoints of the nearer member and let nobody listen there, which nobody tells gatewayd of."""
    await stage.settled(NEAR)
    pods = [stage.pods[NEAR], stage.pods[NEXT]]
    refuse = f"ip daddr {{ {', '.join(each.address for each in pods)} }} meta l4proto tcp reject with tcp reset"
    chain = f"  chain passing {{\n    type filter hook forward priority 0\n    {refuse}\n  }}\n"
    everybody = [stage.target(NEAR, NEXT, FAR)]
    async with load(stage.world, f"{stage.address}:80", everybody, rate=200, fresh=2) as dying:
        await asyncio.sleep(1.0)
        async with packet_table("dead", chain):
            killed = sum(await asyncio.gather(*(pod.kill(b"echo") for pod in pods)))
            moment = time.time()
            await asyncio.sleep(4.0)
            ended = time.time()
    late = [each for each in dying.wrong() if each.began > moment]
    for each in late[:5]:
        print(f"  wrong: {each}, {each.began - moment:.3f} s after")
    elsewhere = [each for each in dying.answers if moment + _WITHIN < each.began < ended and each.backend == FAR]
    for pod in pods:
        await stage.world.available(SHOP, pod.name.rsplit("-", 2)[0])
    return (
        Figure(what="processes of a member's endpoints that were killed", value=killed, at_least=2),
        Figure(what=f"answers of the other member's from {_WITHIN:g} s on", value=len(elsewhere), at_least=1),
        none_of("failed requests that began after they were dead", len(late)),
        Figure(what="failed requests that were in flight", value=len(dying.wrong()) - len(late)),
    )


# --- who lies -----------------------------------------------------------------------------------------------------


async def _lied_to(stage: MemberStage) -> tuple[Figure, ...]:
    """Have a third member that tries everything, each time with a change of another one that must get through."""
    await stage.settled(NEAR)
    before, taken = await stage.versions(), await stage.taken()
    slowest, changed = 0.0, 0
    async with (
        hostile_member(stage.world) as evil,
        load(stage.world, f"{stage.address}:80", [stage.target(NEAR)], rate=100, fresh=2) as running,
    ):
        others = [stage.pods[each].address for each in (NEAR, FAR)]
        tried = attempts(NAME, others, f"https://{stage.west.address}:6443")
        for number, (what, said) in enumerate(tried.items()):
            took, differ = await _tried(stage, evil, f"try-{number}", said, before)
            print(f"  {what}: others' changes after {took:.2f} s, {differ} resources changed", flush=True)
            slowest, changed = max(slowest, took), changed + differ
        await _is_said_over(stage, evil, tried)
        refused = await _refused(stage, evil)
        changed += await stage.changed(before)
        for name in ("member-evil", *(f"bad-{number}" for number in range(refused))):
            await stage.world.api.delete(f"/api/v1/namespaces/gatewayd-system/secrets/{name}")
    after = await stage.taken()
    read = await stage.west.may("list", "services", SHOP)
    allowed = [each for each in _FORBIDDEN if await stage.west.may(*each)]
    return (
        Figure(what="things that a hostile member tried", value=len(tried), at_least=13),
        none_of("resources changed by them", changed),
        Figure(what="another member's change through meanwhile, longest", value=slowest, unit="s", at_most=_WITHIN),
        *_named("while a member was hostile", running),
        Figure(what="more memory of a replica after it", value=_more(taken, after, 0), unit="MiB", at_most=256),
        Figure(what="CPU of a replica meanwhile", value=_more(taken, after, 1), unit="s"),
        Figure(what="Secrets refused, with an Event", value=refused, at_least=8),
        Figure(what="the account in a member may read Services of the namespace", value=read, at_least=1),
        none_of(f"of {len(_FORBIDDEN)} rights beyond what is read, those that it has", len(allowed)),
    )


async def _tried(
    stage: MemberStage, evil: HostileMember, token: str, said: Answer, before: tuple[Held, ...]
) -> tuple[float, int]:
    """Let the hostile member try one thing; return how long another's change took, and how many resources changed."""
    await _says(stage, evil, token, said)
    took = await stage.blink(NEXT)
    return took, await stage.changed(before)


async def _says(stage: MemberStage, evil: HostileMember, token: str, said: Answer) -> None:
    """Have replicas ask the hostile member anew, and hear this."""
    evil.answers[token] = said
    mine = {"region": "eu", "trust_order": "200", "pod_cidrs": "10.244.0.0/16"}
    await stage.world.put(secret("evil", evil.access(token), **mine))

    async def is_heard() -> bool:
        return evil.heard[token] >= _LISTS

    await stage.world.until(is_heard, f"{token} is heard")


async def _is_said_over(stage: MemberStage, evil: HostileMember, tried: Mapping[str, Answer]) -> None:
    """Have it say too much once more, and wait until an Event of its Secret tells that."""
    await _says(stage, evil, "over", tried[TOO_MANY_EXPORTS])

    async def is_told() -> bool:
        return "member-evil" in await _events(stage, "OverLimit")

    await stage.world.until(is_told, "the Secret of a member over its limit has an Event")


async def _events(stage: MemberStage, reason: str) -> frozenset[str]:
    """Return which Secrets of members have an Event of a reason."""
    events = await stage.world.api.get("/api/v1/namespaces/gatewayd-system/events")
    return frozenset(each["involvedObject"]["name"] for each in events["items"] if each["reason"] == reason)


async def _refused(stage: MemberStage, evil: HostileMember) -> int:
    """Have Secrets with kubeconfigs that would do harm, and one of a name that is taken; return how many there are."""
    wrong = bad_kubeconfigs(evil.access("bad"))
    said = {"pod_cidrs": "10.244.0.0/16"}
    secrets = [secret(f"bad-{at}", each, name=f"bad-{at}", **said) for at, each in enumerate(wrong.values())]
    secrets.append(secret("west", evil.access("bad"), name=f"bad-{len(wrong)}", **said))
    await stage.world.put(*secrets)
    wanted = {each["metadata"]["name"] for each in secrets}

    async def are_refused() -> bool:
        return wanted <= await _events(stage, "Invalid")

    await stage.world.until(are_refused, "Secrets are refused")
    return len(wanted)


# --- who is cut off -----------------------------------------------------------------------------------------------


async def _cut_off(stage: MemberStage) -> tuple[Figure, ...]:
    """Cut a member off, and kill its API server; kill a replica each time, and change the other member meanwhile."""
    await asyncio.sleep(6.0)  # what a member says is kept every 5 s
    before = await stage.versions()
    began, took = time.monotonic(), []
    first, second = await stage.world.control_plane()
    async with stage.west.unreachable():
        await stage.member(NEXT, present=False)
        took.append(await _restarted(stage, first.name))
        await _until(began + _CUT_SECONDS / 2)
        await stage.west.kill()
    took.append(await _restarted(stage, second.name))
    await _until(began + _CUT_SECONDS)
    took.append(await stage.blink(FAR))
    changed, lasted = await stage.changed(before), time.monotonic() - began
    await stage.west.start()
    healed = await stage.until_in(NEXT, "")
    await stage.member(NEXT, present=True)
    await stage.west.until_offered(stage.pods[NEXT].address)
    back = await stage.until_in(NEXT, "0")
    return (
        Figure(what="cut for, each replica restarted meanwhile", value=lasted, unit="s", at_least=_CUT_SECONDS),
        Figure(what="resources", value=len(before[0]), at_least=5),
        none_of("resources changed", changed),
        Figure(what="changes of the other member through meanwhile, longest", value=max(took), unit="s", at_most=2),
        Figure(what="until what the member had changed meanwhile is known", value=healed, unit="s", at_most=30),
        Figure(what="until its next change is", value=back, unit="s", at_most=_WITHIN),
    )


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _restarted(stage: MemberStage, name: str) -> float:
    """Kill a replica, wait until it is back, and change the other member; return how long that took."""
    for pod in await stage.world.control_plane():
        if pod.name == name:
            pod.signal(signal.SIGKILL)
    await asyncio.sleep(1.0)
    await all_ready(stage.world)
    return await stage.blink(FAR)
