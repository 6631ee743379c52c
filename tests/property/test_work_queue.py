"""The work queue against a model of one key, and what must hold of all keys when workers are few and leaders change.

Times are sums of quarters of a second and of what is particular to each step, so that no two things happen at once and
all sums are exact.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.backoff import Backoff
from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.work_queue import Label, Pacing, SpokenError, WorkQueue
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import clock, passes, skipping

FIRST, LONGEST = 1.0, 8.0
PARTICULAR: Final = 2.0**-12
KEYS: Final = ("a/x", "a/y", "b/x", "b/y", "c/x")
LONG: Final = 300.0
"""Seconds after which all that any example asks for is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one look at a key comes to: so many seconds, and success, "again" after `wait`, or a failure.

    A failure is "fails", or "busy": the API server asks for `wait` seconds.
    """

    seconds: float
    result: str
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens `after` the step before: "add", "add_after" some `wait`, "forget", or "lead" by turns."""

    after: float
    act: str
    key: str
    wait: float


QUARTERS = st.integers(min_value=1, max_value=40).map(lambda number: number / 4)
TURNS = st.builds(
    Turn,
    seconds=st.just(0.0) | QUARTERS,
    result=st.sampled_from(["done", "done", "again", "fails", "fails", "busy"]),
    wait=QUARTERS,
)
SCRIPTS = st.fixed_dictionaries(dict.fromkeys(KEYS, st.lists(TURNS, max_size=6)))


def steps(*acts: str) -> st.SearchStrategy[list[Step]]:
    step = st.builds(
        Step,
        after=st.just(0.0) | QUARTERS,
        act=st.sampled_from(acts),
        key=st.sampled_from(KEYS),
        wait=QUARTERS,
    )
    return st.lists(step, max_size=30)


class KeyModel:
    """One key for which there is always a worker: when work on it begins."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.begun: list[float] = []
        self._turns = deque(turns)
        self._turn: Turn | None = None
        self._ends: float | None = None
        self._due: float | None = None
        self._held = 0.0
        self._failures = 0
        self._again = False

    def advance(self, now: float) -> None:
        while True:
            at = min((each for each in (self._ends, self._due) if each is not None and each <= now), default=None)
            if at is None:
                return
            if at == self._ends:
                self._end(at)
            else:
                self._due = None
                self.add(at)

    def add(self, at: float) -> None:
        if self._ends is not None:
            self._again = True
        elif at < self._held:
            self.add_after(at, 0.0)
        else:
            self._begin(at)

    def add_after(self, at: float, seconds: float) -> None:
        due = max(at + seconds, self._held)
        self._due = due if self._due is None else min(due, self._due)

    def forget(self) -> None:
        self._failures, self._due = 0, None

    def _begin(self, at: float) -> None:
        self.begun.append(at)
        self._due, self._held = None, 0.0
        self._turn = self._turns.popleft() if self._turns else None
        self._ends = at + (self._turn.seconds if self._turn is not None else 0.0)

    def _end(self, at: float) -> None:
        self._ends = None
        match self._turn:
            case Turn(result="fails"):
                self._fail(at, 0.0)
            case Turn(result="busy", wait=asked_for):
                self._held, self._due = at + asked_for, None
                self._fail(at, asked_for)
            case turn:
                self._failures = 0
                if turn is not None and turn.result == "again":
                    self.add_after(at, turn.wait)
        if self._again:
            self._again = False
            self.add(at)

    def _fail(self, at: float, asked_for: float) -> None:
        self._failures += 1
        self.add_after(at, max(asked_for, min(LONGEST, FIRST * 2 ** (self._failures - 1))))


@dataclass(slots=True)
class History:
    """What the queue did. `busy`: the keys in work now; `most`: how many there were at once."""

    begun: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    added: dict[str, float] = field(default_factory=dict)
    busy: list[str] = field(default_factory=list)
    most: int = 0
    twice: set[str] = field(default_factory=set)
    without_leading: set[str] = field(default_factory=set)


class Rig:
    """A queue, its leadership, and what it did."""

    def __init__(self, scripts: dict[str, list[Turn]], workers: int) -> None:
        self.history = History()
        self.leader = Leader()
        self._clock = clock()
        self._turns = {key: deque(turns) for key, turns in scripts.items()}
        self.queue: WorkQueue[str] = WorkQueue(
            name="test",
            work=self._work,
            label=lambda key: Label(key[0], key),
            leadership=self.leader,
            pacing=Pacing(workers=workers, backoff=Backoff(first=FIRST, longest=LONGEST)),
            on_failure=lambda _failure: None,
        )

    async def _work(self, key: str) -> float | None:
        history = self.history
        history.begun[key].append(self._clock())
        if key in history.busy:
            history.twice.add(key)
        if not self.leader.leads:
            history.without_leading.add(key)
        history.busy.append(key)
        history.most = max(history.most, len(history.busy))
        turn = self._turns[key].popleft() if self._turns[key] else Turn(seconds=0.0, result="done", wait=0.0)
        await asyncio.sleep(turn.seconds)
        history.busy.remove(key)
        if turn.result == "fails":
            raise SpokenError(key)
        if turn.result == "busy":
            raise ApiError(429, "TooManyRequests", key, retry_after=turn.wait)
        return turn.wait if turn.result == "again" else None

    def take(self, step: Step) -> None:
        match step.act:
            case "add":
                self.history.added[step.key] = self._clock()
                self.queue.add(step.key)
            case "add_after":
                self.queue.add_after(step.key, step.wait)
            case "forget":
                self.queue.forget(step.key)
            case _:
                self.leader.leads = not self.leader.leads
                self.queue.wake()


async def played(rig: Rig, script: Sequence[Step]) -> list[float]:
    """Take every step; return when each was taken."""
    times = []
    async with running(rig.queue.run()):
        for step in script:
            await passes(step.after + PARTICULAR)
            times.append(clock()())
            rig.take(step)
        if not rig.leader.leads:
            rig.leader.leads = True
            rig.queue.wake()
        await passes(LONG)
    return times


@given(script=steps("add", "add", "add_after", "forget"), scripts=SCRIPTS)
@skipping
async def test_work_begins_when_the_model_of_its_key_says(script: list[Step], scripts: dict[str, list[Turn]]) -> None:
    rig = Rig(scripts, workers=len(KEYS))
    models = {key: KeyModel(turns) for key, turns in scripts.items()}
    for step, at in zip(script, await played(rig, script), strict=True):
        model = models[step.key]
        model.advance(at)
        match step.act:
            case "add":
                model.add(at)
            case "add_after":
                model.add_after(at, step.wait)
            case _:
                model.forget()
    for model in models.values():
        model.advance(float("inf"))
    assert {key: rig.history.begun[key] for key in KEYS} == {key: model.begun for key, model in models.items()}


@given(script=steps("add", "add", "add", "add_after", "lead"), scripts=SCRIPTS, workers=st.integers(1, 3))
@skipping
async def test_each_key_is_in_work_once_and_none_is_lost(
    script: list[Step], scripts: dict[str, list[Turn]], workers: int
) -> None:
    rig = Rig(scripts, workers)
    await played(rig, script)
    history = rig.history
    assert (history.twice, history.without_leading, history.busy) == (set(), set(), [])
    assert history.most <= workers
    assert all(history.begun[key][-1] >= at for key, at in history.added.items())
    for key in KEYS:
        rounds = sum(step.key == key and step.act != "lead" for step in script) + len(scripts[key])
        assert len(history.begun[key]) <= rounds


@given(failures=st.integers(0, 12), successes=st.integers(0, 3))
@skipping
async def test_waits_grow_to_the_ceiling_and_begin_anew_after_a_success(failures: int, successes: int) -> None:
    turns = [Turn(seconds=0.0, result="fails", wait=0.0)] * failures
    done = [Turn(seconds=0.0, result="again", wait=LONGEST * 2)] * successes
    rig = Rig({**{key: [] for key in KEYS}, "a/x": [*turns, *done, *turns]}, workers=1)
    await played(rig, [Step(after=0.0, act="add", key="a/x", wait=0.0)])
    begun = rig.history.begun["a/x"]
    waits = [after - before for before, after in pairwise(begun)]
    grown = [min(LONGEST, FIRST * 2**number) for number in range(failures if successes else 2 * failures)]
    assert waits == [*grown, *[LONGEST * 2] * successes, *(grown if successes else [])]
