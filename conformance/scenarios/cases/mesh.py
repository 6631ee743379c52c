"""The mesh under load: its Envoy, its agent and the control plane are killed while routes and Services come and go."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from conformance.scenarios.calls import Span, Verdict
from conformance.scenarios.cases.restart import all_ready
from conformance.scenarios.meanwhile import meanwhile
from conformance.scenarios.mesh_stage import BLOG, Stage, staged
from conformance.scenarios.pods import AGENT_WORDS, PodHandle, output
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.traffic import Answer
from conformance.scenarios.world import SHOP, World
from gatewayd.agent.steering import REFRESH_SECONDS
from gatewayd.agent.table import ALIVE_SECONDS, FAMILY, TABLE
from gatewayd.infra import layout

_QUIET_SECONDS = 3.0
_ROUNDS = 2
_SWITCH_SECONDS = ALIVE_SECONDS - REFRESH_SECONDS
"""An agent that has died may have seen the Envoy alive so long before the switch lets go."""
_PATIENCE = 180.0
_ENVOY_WORDS = b"--service-node"
_DAEMON_SET = f"/apis/apps/v1/namespaces/{layout.NAMESPACE}/daemonsets/{layout.NODE}"
_ROLLOUT = ("rollout", "status", "daemonset", layout.NODE, "-n", layout.NAMESPACE, "--timeout=120s")


@dataclass(slots=True, kw_only=True)
class _Disturbance:
    """What was done and when. `is_excused`: requests may be lost. `away_after`: seconds until pods may get by."""

    what: str
    span: Span
    is_excused: bool
    away_after: float


@dataclass(slots=True, kw_only=True)
class _Mesh:
    """The mesh while it is disturbed."""

    world: World
    stage: Stage
    done: list[_Disturbance] = field(default_factory=list)

    async def disturb(
        self,
        what: str,
        act: Callable[[], Awaitable[None]],
        *,
        is_excused: bool = False,
        away_after: float = math.inf,
    ) -> None:
        """Do something, wait until all is as it was, and then for a while."""
        span = Span(time.time())
        self.done.append(_Disturbance(what=what, span=span, is_excused=is_excused, away_after=away_after))
        away = Span(span.since + away_after)
        self.stage.away.append(away)
        await act()
        await self.stage.all_led()
        span.until = away.until = time.time()
        print(f"  {what}: {span.until - span.since:.1f} s", flush=True)
        await asyncio.sleep(_QUIET_SECONDS)

    async def all(self) -> None:
        """Disturb it in every way."""
        await asyncio.sleep(_QUIET_SECONDS)
        for _ in range(_ROUNDS):
            await self.disturb("agent killed", self.kill_agent, away_after=_SWITCH_SECONDS)
            await self.disturb("both replicas killed", self.kill_replicas)
            await self.disturb("agent and both replicas killed", self.kill_all_but_envoy, away_after=_SWITCH_SECONDS)
            await self.disturb("Envoy killed", self.kill_envoy, is_excused=True, away_after=0.0)
        await self.disturb("Envoy killed, agent stopped", self.kill_unseen, is_excused=True, away_after=0.0)
        await self.disturb("rolling update", self.roll, away_after=0.0)

    async def node_pod(self) -> PodHandle:
        """Return the pod of the Envoy and its agent."""
        (pod,) = await self.world.pods(layout.NAMESPACE, f"app.kubernetes.io/name={layout.NODE}")
        return pod

    async def kill_agent(self) -> None:
        """Kill the agent, and wait until another one has made the table anew."""
        pod = await self.node_pod()
        if not pod.signal(signal.SIGKILL, AGENT_WORDS):
            raise RuntimeError("no agent runs")
        before = await _table()

        async def is_another() -> bool:
            return await _table() not in ("", before)

        await self.world.until(is_another, "another agent steers", within=_PATIENCE)

    async def kill_replicas(self) -> None:
        """Kill the control plane, and wait until it is there again."""
        await self._kill_replicas()
        moment = time.time()
        await self.world.until(lambda: self._follows(moment), "changes arrive again", within=_PATIENCE)
        await all_ready(self.world)

    async def kill_all_but_envoy(self) -> None:
        """Leave the Envoy alone, and whatever follows it nobody to ask."""
        await self._kill_replicas()
        await self.kill_agent()
        moment = time.time()
        await self.world.until(lambda: self._follows(moment), "changes arrive again", within=_PATIENCE)
        await all_ready(self.world)

    async def _kill_replicas(self) -> None:
        for pod in await self.world.control_plane():
            if not pod.signal(signal.SIGKILL):
                raise RuntimeError(f"{pod.name} does not run")

    async def _follows(self, moment: float) -> bool:
        """Return whether a change of a route that began after a moment has settled."""
        return self.stage.newest > moment

    async def kill_envoy(self) -> None:
        """Kill the Envoy."""
        pod = await self.node_pod()
        killed = [each for each in pod.processes(_ENVOY_WORDS) if _program(each) == "envoy"]
        if not killed:
            raise RuntimeError("no Envoy runs")
        for each in killed:
            os.kill(each, signal.SIGKILL)

    async def kill_unseen(self) -> None:
        """Kill the Envoy while the agent hangs, until the switch has let go."""
        pod = await self.node_pod()
        pod.signal(signal.SIGSTOP, AGENT_WORDS)
        await self.kill_envoy()
        await asyncio.sleep(ALIVE_SECONDS + 2.0)
        pod.signal(signal.SIGCONT, AGENT_WORDS)

    async def roll(self) -> None:
        """Have the DaemonSet's pods replaced."""
        template = {"metadata": {"annotations": {"scenario.example/turn": "2"}}}
        await self.world.api.patch(_DAEMON_SET, {"spec": {"template": template}})
        await self.world.kubectl(*_ROLLOUT)


async def _table() -> str:
    """Return what the kernel calls the agent's table, which is another name for each that is made; "" for none."""
    with suppress(RuntimeError):
        told = await output("nft", "--handle", "list", "table", FAMILY, TABLE)
        return told.decode().partition("\n")[0]
    return ""


def _program(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/exe").readlink().name
    return ""


async def mesh(world: World) -> tuple[Figure, ...]:
    """Disturb the mesh while pods of three namespaces call Services whose routes change."""
    await world.install(replicas=2)
    await world.kubectl(*_ROLLOUT)
    began = time.time()
    async with staged(world) as stage:
        run = _Mesh(world=world, stage=stage)
        async with AsyncExitStack() as changes:
            for work in (_guests(stage), _swings(stage, SHOP), _swings(stage, BLOG)):
                await changes.enter_async_context(meanwhile(work))
            await run.all()
        ended = time.time()
    return _figures(run, ended - began)


async def _guests(stage: Stage) -> None:
    for turn in count():
        await stage.guest(turn)


async def _swings(stage: Stage, namespace: str) -> None:
    for turn in count(1):
        await stage.swing(namespace, turn)


def _figures(run: _Mesh, seconds: float) -> tuple[Figure, ...]:
    judged = [pair for each in run.stage.callers.values() for pair in each.verdicts(run.stage.away)]
    wrong = [answer for answer, verdict in judged if verdict is Verdict.WRONG]
    excused = [_switched(each) for each in run.done if each.is_excused]
    lost = _outside([answer for answer, verdict in judged if verdict is Verdict.LOST], excused)
    _show(run, "wrong", wrong)
    _show(run, "lost", lost)
    _show_expected(run, wrong)
    return (
        Figure(what="requests", value=len(judged), at_least=1),
        Figure(what="requests a second", value=len(judged) / seconds, unit="/s"),
        Figure(what="changes of routes", value=len(run.stage.took), at_least=100),
        Figure(
            what="a change until all pods that it is for had it 8 times, median", value=median(run.stage.took), unit="s"
        ),
        Figure(what="Services that came and went with their routes", value=run.stage.guests, at_least=5),
        none_of("wrong answers", len(wrong)),
        none_of("requests lost, but for 15 s after a kill of the Envoy", len(lost)),
        *(figure for what in dict.fromkeys(each.what for each in run.done) for figure in _of(run, what, judged)),
    )


def _switched(each: _Disturbance) -> Span:
    """Return when requests may be lost: until the switch has let go."""
    return Span(each.span.since, each.span.since + ALIVE_SECONDS)


def _outside(answers: Sequence[Answer], spans: Sequence[Span]) -> list[Answer]:
    return [each for each in answers if not any(span.meets(each.began, each.began + each.seconds) for span in spans)]


def _of(run: _Mesh, what: str, judged: Sequence[tuple[Answer, Verdict]]) -> tuple[Figure, ...]:
    """Return what was lost, and what got by, at all disturbances of a kind, and how long that lasted at most."""
    done = [each for each in run.done if each.what == what]
    words = {
        Verdict.LOST: "lost",
        **({Verdict.PASSED: "that kube-proxy led"} if math.isfinite(done[0].away_after) else {}),
    }
    figures: list[Figure] = []
    for verdict, word in words.items():
        after = [moment for each in done for moment in _after(each, judged, verdict)]
        last = Figure(what=f"{what}: the last request {word}, after", value=max(after, default=0.0), unit="s")
        figures += [Figure(what=f"{what}: requests {word}", value=len(after)), last]
    again = [
        answer
        for answer, _ in judged
        if answer.tries > 1 and any(each.span.meets(answer.began, answer.began + answer.seconds) for each in done)
    ]
    return (*figures, Figure(what=f"{what}: requests that needed a second connection", value=len(again)))


def _after(done: _Disturbance, judged: Sequence[tuple[Answer, Verdict]], verdict: Verdict) -> list[float]:
    """Return how long after it requests were made that have a verdict; what kube-proxy led counts when it connected."""
    found = [answer for answer, of in judged if of is verdict]
    moments = [
        (each.connected, each.connected) if verdict is Verdict.PASSED else (each.began, each.began + each.seconds)
        for each in found
    ]
    return [max(0.0, began - done.span.since) for began, over in moments if done.span.meets(began, over)]


def _show(run: _Mesh, word: str, answers: Sequence[Answer]) -> None:
    """Print some of the answers, and what was going on."""
    for each in answers[:10]:
        then = [done.what for done in run.done if done.span.meets(each.began, each.began + each.seconds)]
        print(f"  {word}: {each}; {then}")


def _show_expected(run: _Mesh, wrong: Sequence[Answer]) -> None:
    """Print what would have been right about the time of each wrong answer."""
    for answer in wrong:
        for namespace, caller in run.stage.callers.items():
            if any(each is answer for each in caller.answers):
                print(f"  to {namespace}: {caller.called[answer.target].around(answer.began)}")
