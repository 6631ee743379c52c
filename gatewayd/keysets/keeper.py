"""Keeps the key sets that policies name: each source is asked once, whoever names it, and again when its time has come.

In: what policies want, as it changes. Out: a row for each source. The last good keys stay while a source does not
answer, and over restarts (`KeyStore`), so that whoever has a good token comes in although the issuer is down.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from gatewayd.incremental.engine import Change
from gatewayd.incremental.view import Member
from gatewayd.ir.backoff import Backoff
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource, KeySetTarget
from gatewayd.keysets.fetch import Fetched, NotFetched
from gatewayd.store import Delta, Event

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPace:
    """How often a source is asked: `least` to `most` seconds after an answer, as that says, else `usual`."""

    least: float
    most: float
    usual: float
    backoff: Backoff


PACE: Final = FetchPace(least=60.0, most=3600.0, usual=300.0, backoff=Backoff(first=1.0, longest=60.0))
_AT_ONCE: Final = 8
"""Requests at a time: whoever may write policies must not make the control plane busy with answers that do not come."""
_EARLY: Final = 0.1
"""Up to this part of the time before its end, so that not all are asked at once."""


class KeyStore(Protocol):
    """Where good keys outlive a process."""

    async def load(self) -> Mapping[KeySetSource, str]:
        """Return what is kept; nothing where it cannot be read."""

    async def save(self, source: KeySetSource, keys: str) -> None:
        """Keep the keys of a source; whoever cannot says so in the log."""

    async def forget(self, source: KeySetSource) -> None:
        """Keep the keys of a source no longer; whoever cannot says so in the log."""


Fetch = Callable[[KeySetTarget], Awaitable[Fetched | NotFetched]]


class KeySetKeeper:
    """See the module's text. `random` gives [0, 1), `now` the time (RFC 3339)."""

    def __init__(
        self,
        *,
        fetch: Fetch,
        store: KeyStore,
        submit: Callable[[Iterable[Event]], None],
        random: Callable[[], float],
        now: Callable[[], str],
        pace: FetchPace = PACE,
    ) -> None:
        self._fetch = fetch
        self._store = store
        self._submit = submit
        self._random = random
        self._now = now
        self._pace = pace
        self._by_policy: dict[Member, tuple[KeySetTarget, ...]] = {}
        self._targets: dict[KeySetSource, KeySetTarget] = {}
        self._known: dict[KeySetSource, FetchedKeySet] = {}
        self._followers: dict[KeySetSource, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def restore(self) -> None:
        """Take up the keys of before, ahead of everything that needs them."""
        for source, keys in (await self._store.load()).items():
            self._tell(source, FetchedKeySet(keys=keys, fault=""))

    def want(self, changes: Iterable[Change]) -> None:
        """Take what policies name now, where that differs."""
        for change in changes:
            targets: Any = change.value
            if targets is None:
                self._by_policy.pop(change.member, None)
            else:
                self._by_policy[change.member] = targets
            self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._changed.wait()
                self._changed.clear()
                self._follow(tasks)

    def _follow(self, tasks: asyncio.TaskGroup) -> None:
        """Ask those who are new, and anew those who failed and are reached in another way now."""
        before = self._targets
        self._targets = {each.source: each for targets in self._by_policy.values() for each in targets}
        for source in before.keys() - self._targets.keys():
            self._followers.pop(source).cancel()
            self._known.pop(source, None)
            self._submit((Delta(kind=FetchedKeySet, key=source, obj=None),))
            tasks.create_task(self._store.forget(source), name=f"forgetting {source}")
        for source, target in self._targets.items():
            is_new = source not in self._followers
            has_moved = before.get(source) != target and bool(self._fault(source))
            if is_new or has_moved:
                if not is_new:
                    self._followers[source].cancel()
                self._followers[source] = tasks.create_task(self._keep(source), name=f"keys of {source}")

    def _fault(self, source: KeySetSource) -> str:
        known = self._known.get(source)
        return known.fault if known is not None else ""

    async def _keep(self, source: KeySetSource) -> None:
        failures = 0
        while True:
            async with self._turns:
                found = await self._fetch(self._targets[source])
            known = self._known.get(source)
            if isinstance(found, NotFetched):
                failures += 1
                log.warning("key set not fetched", source=str(source), why=found.why, failures=failures)
                keys, since = (known.keys, known.since) if known is not None else ("", "")
                self._tell(source, FetchedKeySet(keys=keys, fault=found.why, since=since))
                await asyncio.sleep(self._pace.backoff.delay(failures, self._random))
                continue
            failures = 0
            is_same = known is not None and known.keys == found.keys
            since = known.since if known is not None and is_same else self._now()
            self._tell(source, FetchedKeySet(keys=found.keys, fault="", since=since))
            if not is_same:
                await self._store.save(source, found.keys)
            await asyncio.sleep(self._good_for(found.max_age))

    def _good_for(self, max_age: int | None) -> float:
        seconds = self._pace.usual if max_age is None else min(max(max_age, self._pace.least), self._pace.most)
        return seconds * (1 - _EARLY * self._random())

    def _tell(self, source: KeySetSource, row: FetchedKeySet) -> None:
        if self._known.get(source) != row:
            self._known[source] = row
            self._submit((Delta(kind=FetchedKeySet, key=source, obj=row),))
