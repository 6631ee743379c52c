"""A work queue as controllers have it: keys to reconcile, each once, until it is as desired.

The terms and rules of client-go: a key waits once, however often it is added; it is worked on by one worker at a time,
and again if it was added meanwhile; what fails is added again after a wait that doubles up to a ceiling. Beside that,
namespaces take turns, so that nobody waits behind another namespace's thousand keys; and a key waits for as long as the
API server asks for, whatever happens to it. Only that key does: a webhook of one namespace can ask as well.

Invariant: no failure of one key, whatever it is, ends the queue or holds up another key.
https://pkg.go.dev/k8s.io/client-go/util/workqueue
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

import structlog

from gatewayd.ir.backoff import Backoff
from gatewayd.ir.limits import RETRY_FIRST_SECONDS, RETRY_LONGEST_SECONDS, SHORTEST_WAIT_SECONDS
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, is_of_ending_namespace, wait_asked_for
from gatewayd.kube.lease import Leadership

K = TypeVar("K", bound=Hashable)

RETRY: Final = Backoff(first=RETRY_FIRST_SECONDS, longest=RETRY_LONGEST_SECONDS)

_log = structlog.get_logger("gatewayd.kube.queue")


class SpokenError(Exception):
    """A failure whose message is sufficient: it is logged without a traceback. `retry_after` is that of an ApiError."""

    retry_after: float = 0.0


class Label(NamedTuple):
    """The namespace whose turn a key takes ("" for cluster-scoped objects), and the name of the key in logs."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Generic[K]):
    """One attempt that failed; `count`: so many in a row."""

    key: K
    error: BaseException
    count: int


def _whole() -> float:
    """Take the whole wait: one leader works, so there is nobody to keep apart from."""
    return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How many keys at once, how long to wait after failures, and what there may be at most (None: no limit).

    After `attempts` failures a key is dropped; beyond `capacity` waiting keys the oldest of the namespace with the most
    gives way. `random` gives [0, 1), for waits that replicas shall not take in step.
    """

    workers: int
    backoff: Backoff = RETRY
    random: Callable[[], float] = _whole
    attempts: int | None = None
    capacity: int | None = None


Work = Callable[[K], Awaitable[float | None]]
"""Reconciles one key. Returns None when it is as desired, or the seconds after which to requeue it. May raise."""


class _Turns(Generic[K]):
    """Queued keys, each once; their namespaces take turns."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, dict[K, None]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, namespace: str, key: K) -> None:
        """Queue a key; one that is queued already keeps its place."""
        keys = self._waiting.setdefault(namespace, {})
        self._count += key not in keys
        keys[key] = None

    def take(self) -> K | None:
        """Return the key whose turn it is."""
        if not self._waiting:
            return None
        namespace, keys = self._waiting.popitem(last=False)
        key = next(iter(keys))
        self._remove(namespace, keys, key)
        return key

    def drop(self) -> K | None:
        """Drop the oldest key of the namespace that has the most."""
        namespace = max(self._waiting, key=lambda each: len(self._waiting[each]), default=None)
        if namespace is None:
            return None
        keys = self._waiting[namespace]
        key = next(iter(keys))
        del keys[key]
        self._count -= 1
        if not keys:
            del self._waiting[namespace]
        return key

    def _remove(self, namespace: str, keys: dict[K, None], key: K) -> None:
        del keys[key]
        self._count -= 1
        if keys:
            self._waiting[namespace] = keys


class WorkQueue(Generic[K]):
    """The queue. Add keys from the event loop's thread; `run` until cancelled."""

    def __init__(
        self,
        *,
        name: str,
        work: Work[K],
        label: Callable[[K], Label],
        leadership: Leadership,
        pacing: Pacing,
        on_failure: Callable[[Failure[K]], None],
    ) -> None:
        """`on_failure` hears of every failure but those of what goes with its namespace anyway."""
        self.name = name
        self._work = work
        self._label = label
        self._leadership = leadership
        self._pacing = pacing
        self._on_failure = on_failure
        self._turns: _Turns[K] = _Turns()
        self._busy: set[K] = set()
        self._again: set[K] = set()
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._held_until: dict[K, float] = {}
        self._wake = asyncio.Event()

    def add(self, key: K) -> None:
        """Look at a key when its turn comes; while the API server does not want to hear of it, when that is over."""
        if key in self._busy:
            self._again.add(key)
            return
        if self._held_for(key) > 0:
            self.add_after(key, 0.0)
            return
        self._turns.add(self._label(key).namespace, key)
        if self._pacing.capacity is not None and len(self._turns) > self._pacing.capacity:
            self._turns.drop()
        self._wake.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Add a key later; of several times the earliest counts.

        A timer may go off a moment early: who is told to wait for the rest of that moment, waits a little longer.
        """
        loop = asyncio.get_running_loop()
        seconds = max(seconds, self._held_for(key), SHORTEST_WAIT_SECONDS)
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= loop.time() + seconds:
            return
        self._cancel(key)
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def forget(self, key: K) -> None:
        """Drop all state of a key that will not be added soon.

        But for the wait that the API server has asked for: an object of that name may be there again before it is over.
        """
        self._failures.pop(key, None)
        self._cancel(key)

    def wake(self) -> None:
        """Start on the queued keys: this replica has become the leader."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for number in range(self._pacing.workers):
                    tasks.create_task(self._worker(), name=f"{self.name} {number}")
        finally:
            for key in tuple(self._timers):
                self._cancel(key)

    def _due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _cancel(self, key: K) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def _worker(self) -> None:
        while True:
            key = self._turns.take() if self._leadership.is_leader() else None
            if key is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._look_at(key)
            # Work that had nothing to wait for must not keep the loop from everybody else.
            await asyncio.sleep(0)

    async def _look_at(self, key: K) -> None:
        self._cancel(key)
        self._held_until.pop(key, None)
        self._busy.add(key)
        try:
            seconds = await self._work(key)
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a library's panic, too, is this key's trouble alone
            self._failed(key, error)
        else:
            self._failures.pop(key, None)
            if seconds is not None:
                self.add_after(key, seconds)
        finally:
            self._busy.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)

    def _hold_off(self, key: K, seconds: float) -> None:
        """Look at a key no sooner, whatever happens; what was to happen sooner happens then."""
        if seconds > 0:
            self._cancel(key)
            loop = asyncio.get_running_loop()
            until = self._held_until[key] = loop.time() + seconds
            loop.call_at(until + SHORTEST_WAIT_SECONDS, self._let_go, key)

    def _let_go(self, key: K) -> None:
        """Drop a wait that is over, of a key that nobody has looked at since."""
        if self._held_for(key) <= 0:
            self._held_until.pop(key, None)

    def _held_for(self, key: K) -> float:
        until = self._held_until.get(key)
        return 0.0 if until is None else until - asyncio.get_running_loop().time()

    def _failed(self, key: K, error: BaseException) -> None:
        count = self._failures[key] = self._failures.get(key, 0) + 1
        asked_for = _asked_for(error)
        self._hold_off(key, asked_for)
        if count == self._pacing.attempts:
            del self._failures[key]
            seconds = None
        else:
            seconds = max(self._pacing.backoff.delay(count, self._pacing.random), asked_for)
            self.add_after(key, seconds)
        if is_of_ending_namespace(error):
            return
        facts = {"queue": self.name, "object": self._label(key).name, "failures": count, "again_in": seconds}
        if isinstance(error, (SpokenError, ApiError, *CONNECTION_ERRORS)):
            _log.warning("work failed", **facts, error=str(error) or repr(error))
        else:
            _log.error("work failed", **facts, error=repr(error), exc_info=error)
        self._on_failure(Failure(key=key, error=error, count=count))


def _asked_for(error: BaseException) -> float:
    return error.retry_after if isinstance(error, SpokenError) else wait_asked_for(error)
