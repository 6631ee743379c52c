import asyncio
from collections.abc import Callable

import pytest

from gatewayd.ir.backoff import Backoff
from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.lease import Everyone
from gatewayd.kube.work_queue import Failure, Label, Pacing, SpokenError, WorkQueue
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import clock, passes

Key = tuple[str, str]


class Rig:
    """A queue whose work takes `seconds`, and fails as often as `wrong` says."""

    def __init__(self, *, workers: int = 1, attempts: int | None = None, capacity: int | None = None) -> None:
        self.leader = Leader()
        self.begun: list[tuple[float, Key]] = []
        self.failures: list[Failure[Key]] = []
        self.seconds: dict[Key, float] = {}
        self.wrong: dict[Key, list[BaseException]] = {}
        self.again: dict[Key, list[float]] = {}
        self.during: dict[Key, Callable[[], None]] = {}
        self.busy = 0
        self.clock = clock()
        self.queue: WorkQueue[Key] = WorkQueue(
            name="test",
            work=self._work,
            label=lambda key: Label(key[0], "/".join(key)),
            leadership=self.leader,
            pacing=Pacing(
                workers=workers, backoff=Backoff(first=1.0, longest=8.0), attempts=attempts, capacity=capacity
            ),
            on_failure=self.failures.append,
        )

    async def _work(self, key: Key) -> float | None:
        self.begun.append((self.clock(), key))
        self.busy += 1
        try:
            self.during.pop(key, lambda: None)()
            await asyncio.sleep(self.seconds.get(key, 0.0))
            if self.wrong.get(key):
                raise self.wrong[key].pop(0)
            return self.again[key].pop(0) if self.again.get(key) else None
        finally:
            self.busy -= 1

    def add(self, *names: str, namespace: str = "a") -> None:
        for name in names:
            self.queue.add((namespace, name))

    @property
    def order(self) -> list[str]:
        return ["/".join(key) for _, key in self.begun]

    def times(self, name: str, namespace: str = "a") -> list[float]:
        return [at for at, key in self.begun if key == (namespace, name)]


async def test_a_key_waits_once() -> None:
    rig = Rig()
    rig.add("x", "y", "x")
    async with running(rig.queue.run()):
        await passes(1.0)
        assert rig.order == ["a/x", "a/y"]


async def test_namespaces_take_turns() -> None:
    rig = Rig()
    rig.add(*"12345")
    rig.add("1", "2", namespace="b")
    rig.add("1", namespace="c")
    async with running(rig.queue.run()):
        await passes(1.0)
        assert rig.order == ["a/1", "b/1", "c/1", "a/2", "b/2", "a/3", "a/4", "a/5"]


async def test_a_newcomer_waits_for_one_key_of_each_namespace_at_most() -> None:
    rig = Rig()
    rig.add(*(str(number) for number in range(1000)))
    rig.seconds = {("a", str(number)): 1.0 for number in range(1000)}
    async with running(rig.queue.run()):
        await passes(10.5)
        rig.add("x", namespace="b")
        await passes(2.0)
        assert rig.times("x", "b") == [12.0]  # after the one that is being worked on, and one more


async def test_one_key_is_worked_on_by_one_at_a_time_and_again_if_it_changed_meanwhile() -> None:
    rig = Rig(workers=4)
    rig.seconds["a", "x"] = 2.0
    rig.during["a", "x"] = lambda: rig.add("x", "x")
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(10.0)
        assert rig.times("x") == [0.0, 2.0]


async def test_a_slow_key_holds_up_none_that_another_worker_may_take() -> None:
    rig = Rig(workers=2)
    rig.seconds["a", "slow"] = 100.0
    rig.add("slow", "x", "y")
    async with running(rig.queue.run()):
        await passes(1.0)
        assert rig.order == ["a/slow", "a/x", "a/y"]
        assert rig.busy == 1


class Panic(BaseException):
    """What a library raises whose own code has failed: no Exception."""


STRANGE = [
    Panic(),
    ValueError("odd"),
    RecursionError(),
    MemoryError(),
    KeyError("x"),
    ExceptionGroup("g", [TypeError()]),
]


@pytest.mark.parametrize("error", [*STRANGE, ApiError(500, "", "no"), TimeoutError(), StopIteration()])
async def test_no_failure_of_one_key_ends_the_queue_or_holds_up_another(error: BaseException) -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [error] * 3
    rig.add("x", "y")
    async with running(rig.queue.run()):
        await passes(20.0)
        assert rig.times("y") == [0.0]
        assert rig.times("x") == [0.0, 1.0, 3.0, 7.0]
        assert [each.count for each in rig.failures] == [1, 2, 3]


async def test_waits_grow_up_to_the_ceiling_and_begin_anew_after_a_success() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ValueError()] * 6
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(100.0)
        assert rig.times("x") == [0.0, 1.0, 3.0, 7.0, 15.0, 23.0, 31.0]
        rig.wrong["a", "x"] = [ValueError()]
        rig.add("x")
        await passes(100.0)
        assert rig.times("x")[-2:] == [100.0, 101.0]


async def test_a_change_is_looked_at_at_once_though_its_key_failed() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ValueError()] * 4
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(10.0)
        assert rig.times("x") == [0.0, 1.0, 3.0, 7.0]
        rig.add("x")
        await passes(30.0)
        assert rig.times("x")[4:] == [10.0]


async def test_work_may_ask_to_be_done_again() -> None:
    rig = Rig()
    rig.again["a", "x"] = [5.0, 2.0]
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(60.0)
        assert rig.times("x") == [0.0, 5.0, 7.0]
        assert rig.failures == []


async def test_who_is_told_to_wait_for_next_to_nothing_waits_a_little() -> None:
    """The rest of a wait may be too small for a clock to show that it is over."""
    rig = Rig()
    rig.again["a", "x"] = [1e-18] * 10
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(1.0)
        times = rig.times("x")
        assert len(times) == 11
        assert times[-1] - times[0] >= 0.01


async def test_of_several_delays_the_earliest_counts() -> None:
    rig = Rig()
    async with running(rig.queue.run()):
        for seconds in (9.0, 3.0, 6.0):
            rig.queue.add_after(("a", "x"), seconds)
        await passes(60.0)
        assert rig.times("x") == [3.0]


async def test_who_does_not_lead_works_on_nothing_and_a_new_leader_on_all_of_it() -> None:
    rig = Rig()
    rig.leader.leads = False
    rig.add("x", "y")
    async with running(rig.queue.run()):
        await passes(60.0)
        assert rig.begun == []
        rig.leader.leads = True
        rig.queue.wake()
        await passes(1.0)
        assert rig.order == ["a/x", "a/y"]


async def test_after_so_many_attempts_a_key_is_dropped() -> None:
    rig = Rig(attempts=2)
    rig.wrong["a", "x"] = [ValueError()] * 10
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(60.0)
        assert rig.times("x") == [0.0, 1.0]


async def test_beyond_its_capacity_the_oldest_of_the_namespace_with_the_most_gives_way() -> None:
    rig = Rig(capacity=3)
    rig.add("1", namespace="b")
    rig.add(*"1234")
    async with running(rig.queue.run()):
        await passes(1.0)
        assert sorted(rig.order) == ["a/3", "a/4", "b/1"]


async def test_a_namespace_that_is_being_deleted_is_nobodys_failure() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ApiError(403, "Forbidden", "no", ("NamespaceTerminating",))]
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(5.0)
        assert rig.failures == []


class BusyError(SpokenError):
    """A failure of several requests, of which one is answered with a time to come again."""

    retry_after = 20.0


@pytest.mark.parametrize("error", [ApiError(429, "", "no", retry_after=20.0), BusyError("no")])
async def test_a_key_waits_as_long_as_the_api_server_asks_for(error: BaseException) -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [error]
    rig.add("x", "y")
    async with running(rig.queue.run()):
        await passes(60.0)
        assert rig.times("x") == [0.0, 20.0]
        assert rig.times("y") == [0.0]  # a webhook of one namespace can answer so: that is nobody else's wait


async def test_a_short_wait_that_is_asked_for_does_not_shorten_the_back_off() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ApiError(429, "", "no", retry_after=1.0)] * 4
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(60.0)
        assert rig.times("x") == [0.0, 1.0, 3.0, 7.0, 15.0]


async def test_a_change_waits_too_while_the_api_server_asks_for_a_wait() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ApiError(429, "", "no", retry_after=20.0)]
    rig.during["a", "x"] = lambda: rig.add("x")
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(5.0)
        rig.add("x")
        rig.queue.add_after(("a", "x"), 1.0)
        await passes(60.0)
        assert rig.times("x") == [0.0, 20.0]
        rig.add("x")
        await passes(1.0)
        assert rig.times("x") == [0.0, 20.0, 65.0]


async def test_once_that_wait_is_over_a_change_is_looked_at_at_once() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ApiError(429, "", "no", retry_after=2.0)] * 4
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(5.0)
        rig.add("x")
        await passes(4.0)
        assert rig.times("x") == [0.0, 2.0, 4.0, 6.0]
        rig.add("x")
        await passes(60.0)
        assert rig.times("x") == [0.0, 2.0, 4.0, 6.0, 9.0]


async def test_what_is_forgotten_waits_all_the_same_when_it_is_there_again() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ApiError(429, "", "no", retry_after=20.0)]
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(5.0)
        rig.queue.forget(("a", "x"))
        await passes(5.0)
        rig.add("x")
        await passes(60.0)
        assert rig.times("x") == [0.0, 20.0]


async def test_a_wait_of_what_is_forgotten_is_forgotten_when_it_is_over() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ApiError(429, "", "no", retry_after=20.0)]
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(5.0)
        rig.queue.forget(("a", "x"))
        await passes(60.0)
        assert rig.times("x") == [0.0]
        assert rig.queue._held_until == {}


async def test_what_is_forgotten_is_not_tried_again() -> None:
    rig = Rig()
    rig.wrong["a", "x"] = [ValueError()]
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(0.5)
        rig.queue.forget(("a", "x"))
        await passes(60.0)
        assert rig.times("x") == [0.0]


async def test_work_that_waits_for_nothing_leaves_others_their_turn() -> None:
    turns: list[str] = []

    async def work(key: str) -> None:
        turns.append(key)

    async def somebody_else() -> None:
        for _ in range(3):
            turns.append("else")
            await asyncio.sleep(0)

    pacing = Pacing(workers=1, backoff=Backoff(first=1.0, longest=8.0))
    queue: WorkQueue[str] = WorkQueue(
        name="test",
        work=work,
        label=lambda key: Label("", key),
        leadership=Everyone(),
        pacing=pacing,
        on_failure=lambda _failure: None,
    )
    for number in range(100):
        queue.add(str(number))
    async with running(queue.run(), somebody_else()):
        await passes(1.0)
    assert [at for at, each in enumerate(turns) if each == "else"][-1] < 10


async def test_a_stopped_queue_leaves_nothing_running() -> None:
    rig = Rig(workers=3)
    rig.wrong["a", "x"] = [ValueError()]
    rig.add("x")
    async with running(rig.queue.run()):
        await passes(0.5)
    await passes(60.0)
    assert rig.times("x") == [0.0]
