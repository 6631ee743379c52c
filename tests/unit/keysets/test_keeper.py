"""When sources are asked, and what is told of them; time is skipped."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Change
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Endpoint, Protocol, Upstream
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource, KeySetTarget
from gatewayd.keysets.fetch import Fetched, NotFetched
from gatewayd.keysets.keeper import PACE, KeySetKeeper
from tests.fakes.skipping_loop import skipping

VIA = Upstream(kind="Service", namespace="shop", name="idp", port=80, protocol=Protocol.HTTP1)
IDP = KeySetSource(uri="https://idp.example/keys", via=VIA)
DOWN = NotFetched(why="down")


class Rig:
    """A keeper whose sources answer as `answers` says, the last one for ever."""

    def __init__(self, **kept: str) -> None:
        self.answers: list[Fetched | NotFetched] = [Fetched(keys="k1", max_age=None)]
        self.asked: list[tuple[float, KeySetTarget]] = []
        self.rows: dict[Any, FetchedKeySet | None] = {}
        self.kept: dict[KeySetSource, str] = {IDP: kept["keys"]} if kept else {}
        self.keeper = KeySetKeeper(
            fetch=self.fetch, store=self, submit=self._submit, random=lambda: 0.0, now=lambda: ""
        )

    async def fetch(self, target: KeySetTarget) -> Fetched | NotFetched:
        self.asked.append((asyncio.get_running_loop().time(), target))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def load(self) -> Mapping[KeySetSource, str]:
        return dict(self.kept)

    async def save(self, source: KeySetSource, keys: str) -> None:
        self.kept[source] = keys

    async def forget(self, source: KeySetSource) -> None:
        self.kept.pop(source, None)

    def _submit(self, events: Any) -> None:
        self.rows.update((each.key, each.obj) for each in events)

    def want(self, *sources: KeySetSource, policy: str = "p", ports: tuple[int, ...] = (1,)) -> None:
        endpoints = tuple(Endpoint(address="10.0.0.1", port=port, draining=False) for port in ports)
        targets = tuple(KeySetTarget(source=each, endpoints=endpoints) for each in sources) or None
        self.keeper.want([Change(member=Member(AccessPolicy, ObjectKey("shop", policy)), value=targets)])

    def times(self) -> list[float]:
        first = self.asked[0][0]
        return [round(at - first, 3) for at, _ in self.asked]


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[None]:
    await rig.keeper.restore()
    task = asyncio.get_running_loop().create_task(rig.keeper.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@skipping
async def test_a_source_is_asked_once_whoever_names_it() -> None:
    rig = Rig()
    async with running(rig):
        rig.want(IDP)
        rig.want(IDP, policy="other")
        await asyncio.sleep(PACE.usual - 1)
        rig.want(IDP, policy="third")
        await asyncio.sleep(0)
    assert rig.times() == [0.0]
    assert rig.rows == {IDP: FetchedKeySet(keys="k1", fault="")}
    assert rig.kept == {IDP: "k1"}


@skipping
async def test_it_is_asked_again_when_the_answer_says_within_bounds() -> None:
    rig = Rig()
    rig.answers = [Fetched(keys="k1", max_age=each) for each in (None, 1, 200, 999_999, 60)]
    async with running(rig):
        rig.want(IDP)
        await asyncio.sleep(300 + 60 + 200 + 3600 + 30)
    assert rig.times() == [0.0, 300.0, 360.0, 560.0, 4160.0]


@skipping
async def test_the_last_good_keys_stay_while_it_is_down_and_it_is_asked_ever_less_often() -> None:
    rig = Rig()
    rig.answers = [Fetched(keys="k1", max_age=60), DOWN, DOWN, DOWN, Fetched(keys="k2", max_age=60)]
    async with running(rig):
        rig.want(IDP)
        await asyncio.sleep(61)
        assert rig.rows == {IDP: FetchedKeySet(keys="k1", fault="down")}
        await asyncio.sleep(10)
        assert rig.rows == {IDP: FetchedKeySet(keys="k2", fault="")}
    assert rig.times() == [0.0, 60.0, 60.5, 61.5, 63.5]
    assert rig.kept == {IDP: "k2"}


@skipping
async def test_keys_of_before_are_there_first_and_stay_while_it_is_down() -> None:
    rig = Rig(keys="k0")
    rig.answers = [DOWN]
    async with running(rig):
        assert rig.rows == {IDP: FetchedKeySet(keys="k0", fault="")}
        rig.want(IDP)
        await asyncio.sleep(1)
        assert rig.rows == {IDP: FetchedKeySet(keys="k0", fault="down")}


@skipping
async def test_without_any_keys_the_fault_is_told() -> None:
    rig = Rig()
    rig.answers = [DOWN]
    async with running(rig):
        rig.want(IDP)
        await asyncio.sleep(0.1)
    assert rig.rows == {IDP: FetchedKeySet(keys="", fault="down")}


@skipping
async def test_whoever_failed_is_asked_at_once_where_it_is_now() -> None:
    rig = Rig()
    rig.answers = [DOWN, Fetched(keys="k1", max_age=None)]
    async with running(rig):
        rig.want(IDP, ports=())
        await asyncio.sleep(0.1)
        rig.want(IDP, ports=(2,))
        await asyncio.sleep(0.1)
        rig.want(IDP, ports=(3,))
        await asyncio.sleep(0.1)
    assert [[each.port for each in target.endpoints] for _, target in rig.asked] == [[], [2]]


@skipping
async def test_what_nobody_names_is_forgotten() -> None:
    rig = Rig()
    async with running(rig):
        rig.want(IDP)
        rig.want(IDP, policy="other")
        await asyncio.sleep(1)
        rig.want()
        await asyncio.sleep(1)
        assert rig.kept == {IDP: "k1"}
        rig.want(policy="other")
        await asyncio.sleep(1000)
    assert rig.rows == {IDP: None}
    assert rig.kept == {}
    assert len(rig.asked) == 1


@skipping
async def test_the_time_of_keys_is_that_of_their_first_coming() -> None:
    rig, times = Rig(), iter(("one", "two", "three"))
    rig.keeper = KeySetKeeper(
        fetch=rig.fetch, store=rig, submit=rig._submit, random=lambda: 0.0, now=lambda: next(times)
    )
    rig.answers = [Fetched(keys=each, max_age=None) for each in ("k1", "k1", "k2")]
    async with running(rig):
        rig.want(IDP)
        since = []
        while len(rig.asked) < 4:
            await asyncio.sleep(PACE.usual)
            row = rig.rows[IDP]
            since.append((row.keys, row.since) if row is not None else None)
    assert since[0] == ("k1", "one")
    assert since[1] in (("k1", "one"), ("k2", "two"))
    assert since[-1] == ("k2", "two")
