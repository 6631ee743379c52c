"""A seeded nemesis, everything noted on one clock, and every guarantee judged from the notes."""

from __future__ import annotations

import asyncio
import os
import traceback

from conformance.history import answers as of_answers
from conformance.history import events as history_file
from conformance.history.events import Answer, Happened, Right, in_order
from conformance.history.guarantees import breaches
from conformance.scenarios.certificates import Maker
from conformance.scenarios.judged import Judged, judged
from conformance.scenarios.nemesis import Round, Step, drawn
from conformance.scenarios.notebook import Notebook
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.stage import MARKED, SITE, Stage
from conformance.scenarios.steps import DOES
from conformance.scenarios.tap import ARGUMENTS, tapped
from conformance.scenarios.traffic import Load, load, target
from conformance.scenarios.world import World

_SEED, _ROUNDS, _SECONDS = "HISTORY_SEED", "HISTORY_ROUNDS", "HISTORY_SECONDS"
_PAUSE_NANOSECONDS = 8_000_000
"""After each request on a connection: a thousand answers a second are enough to see what a second hides."""
_HTTPS_RATE = 20


async def history(world: World) -> tuple[Figure, ...]:
    """Play the rounds of a seed, then read what was noted."""
    seed = int(os.environ.get(_SEED, "1"))
    rounds = drawn(seed, int(os.environ.get(_ROUNDS, "2")), float(os.environ.get(_SECONDS, "45")))
    notes = Notebook(MARKED)
    await world.install(replicas=2, arguments=ARGUMENTS)
    async with tapped(world) as tap:
        tap.hear = notes.hear
        stage = Stage(world=world, tap=tap, notes=notes, maker=Maker(world.folder))
        await stage.build()
        answers = world.folder / "answers.tsv"
        flags = (f"-answers={answers}",)
        async with judged(world, f"{stage.address}:80", show=lambda: f"seed {seed}", flags=flags) as loop:
            loop.pause(_PAUSE_NANOSECONDS)
            await stage.begin(loop)
            https = await _played(stage, loop, rounds)
        tap.hear = _deaf
        notes.collect(loop.told, answers, world.run.audit_log)
        notes.events += _https(https)
    answers.unlink()
    return _figures(world, stage, rounds)


def _deaf(_stream: object, _message: object) -> None:
    """Note nothing more."""


async def _played(stage: Stage, loop: Judged, rounds: tuple[Round, ...]) -> Load:
    """Play all rounds with a quiet point before and after each, under HTTPS clients too; return these."""
    wanted = [target(SITE, routes=["site"], backends=["alpha"], scheme="https")]
    ca = stage.maker.authority
    async with load(stage.world, f"{stage.address}:443", wanted, rate=_HTTPS_RATE, fresh=1, ca=ca) as https:
        await stage.quiet(0)
        for number, lanes in enumerate(rounds):
            await asyncio.gather(*(_lane(stage, loop, steps) for steps in lanes.values()))
            await stage.quiet(number + 1)
            print(f"  round {number + 1} of {len(rounds)} is over", flush=True)
    return https


async def _lane(stage: Stage, loop: Judged, steps: tuple[Step, ...]) -> None:
    """Do the steps of a lane; one that fails is told, and the lane ends: what it expects would not come true."""
    for step in steps:
        await asyncio.sleep(step.after)
        try:
            await DOES[step.lane, step.kind](stage, loop, step)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the history is judged
            traceback.print_exc()
            stage.failed.append(f"{step}: {problem}")
            return


def _https(https: Load) -> list[Happened]:
    """Return what HTTPS clients were answered, each on a connection of its own, as a target that never changes."""
    name = f"https {SITE}"
    first = min(each.began for each in https.answers)
    answers = [
        Answer(
            at=each.began + each.seconds,
            began=each.began,
            connection=f"tls {number}",
            target=name,
            said=f"{each.status} {each.route} {each.pod.rsplit('-', 2)[0]}" if each.status else "",
        )
        for number, each in enumerate(https.answers)
    ]
    return [Right(at=first, target=name, answers=("200 site alpha",)), *answers]


def _figures(world: World, stage: Stage, rounds: tuple[Round, ...]) -> tuple[Figure, ...]:
    """Write the history, judge it, and return what came of it."""
    events = in_order(stage.notes.events)
    history_file.write(world.folder / "history.jsonl", events)
    judged_by = breaches(events, stage.notes.owners)
    for guarantee, found in judged_by.items():
        for breach in found[:5]:
            print(f"  G{guarantee.number} {guarantee.name}: {breach.at:.3f} {breach.what}")
    for problem in stage.failed:
        print(f"  gave up: {problem}")
    changes, revocations = of_answers.unhindered(events)
    steps = [step for lanes in rounds for lane in lanes.values() for step in lane]
    return (
        Figure(what="events", value=len(events), at_least=1000),
        Figure(what="answers", value=sum(isinstance(each, Answer) for each in events), at_least=1000),
        Figure(what="steps", value=len(steps), at_least=len(rounds)),
        Figure(what="changes that nothing hindered", value=changes, at_least=len(rounds)),
        Figure(what="revocations that nothing hindered", value=revocations),
        Figure(
            what="answers 404, 500 and 503 of a replica that was catching up", value=len(of_answers.excused(events))
        ),
        none_of("steps that did not come to their end", len(stage.failed)),
        *(none_of(f"G{each.number} {each.name}", len(found)) for each, found in judged_by.items()),
    )
