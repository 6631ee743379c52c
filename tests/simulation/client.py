"""What a replica talks to in a simulation in place of `KubeClient`: the same methods, with delays and faults by seed.

A request takes a moment before and after it is done; between the two it may be lost, done or not done. A watch hears of
changes in their order, each replica and collection with a delay of its own; some events come twice.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp

from gatewayd.kube.api_errors import api_error
from gatewayd.kube.client import REQUEST_TIMEOUT, KubeClient
from gatewayd.own_group import MANAGER
from tests.fakes.documents import Json
from tests.simulation.api_state import ApiState, Change, Feed, Key, Place, RefusedError, line, place, within

Query = Sequence[tuple[str, str]]
BOOKMARK_SECONDS = 60.0
TWICE = 0.02
"""Share of events that are told once more, as after a reconnect."""
ERRORS = ((429, "TooManyRequests"), (500, "InternalError"), (503, "ServiceUnavailable"))
AGAIN_SECONDS = (0.0, 1.0, 5.0, 20.0)
"""What an answer that refuses may say in Retry-After; 0: nothing."""


class Network:
    """What stands between one replica and the API server now.

    `cut`: every connection is refused; `swallows`: nothing comes back. Shares, from 0 to 1: of requests that are
    answered with an error (`refuses`), that somebody else is just before (`contested`), whose answer is lost (`loses`),
    that arrive long after they were sent (`lags`), and of events that come in two pieces or again (`garbles`).
    """

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.cut = False
        self.swallows = False
        self.refuses = self.contested = self.loses = self.lags = self.garbles = 0.0
        self.slow: dict[str, float] = {}  # by plural: seconds that a watch is late
        self.breaks: dict[asyncio.Event, None] = {}  # in their order, so that a run repeats

    def sever(self) -> None:
        """Cut, and end what is open."""
        self.cut = True
        self.end_watches()

    def heal(self) -> None:
        """Be as at the beginning."""
        self.cut = self.swallows = False
        self.refuses = self.contested = self.loses = self.lags = self.garbles = 0.0
        self.slow.clear()

    def falls(self, share: float) -> bool:
        """Draw whether something of which so many happen happens now."""
        return share > 0.0 and self.dice.random() < share

    def end_watches(self) -> None:
        """End every open watch."""
        for event in tuple(self.breaks):
            event.set()

    def pause(self) -> float:
        """Return how long one way takes."""
        return self.dice.choice((0.0, 0.001, 0.004, 0.02, 0.2 if self.dice.random() < 0.02 else 0.002))


class SimulatedClient:
    """The API server as one replica reaches it.

    `on_write` sees each write before it is done, `on_early` what is asked again before the time that Retry-After gave.
    """

    def __init__(
        self,
        state: ApiState,
        network: Network,
        *,
        on_write: Callable[[str, str], None],
        on_early: Callable[[str], None],
    ) -> None:
        self.manager = MANAGER
        self._state = state
        self._network = network
        self._on_write = on_write
        self._on_early = on_early
        self._not_before: dict[str, float] = {}

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        content: str = "json",
        accept: str = "",
    ) -> bytes:
        """Answer as `KubeClient.request` does."""
        made = body["metadata"].get("name", "") if method == "POST" and body is not None else ""
        await self._let_in(f"{method} {path} {_selected(query)}{made}", place(path))
        if method != "GET":
            self._on_write(method, path)
        if method in ("PUT", "PATCH") and self._network.falls(self._network.contested):
            self._state.touch(_key(place(path)))
        sent: Json = json.loads(json.dumps(body)) if body is not None else {}
        done = partial(self._done, method, place(path), dict(query), sent, content)
        try:
            answer = await self._late(done) if self._network.falls(self._network.lags) else done()
        except RefusedError as error:
            raise api_error(error.status, error.reason, error.message) from error
        data = json.dumps(_less(answer) if "PartialObjectMetadata" in accept else answer).encode()
        if self._network.falls(self._network.loses):
            raise aiohttp.ServerDisconnectedError
        await self._way()
        return data

    get = KubeClient.get
    apply = KubeClient.apply

    async def _late(self, done: Callable[[], Json]) -> Json:
        """Do what is asked for a while later, whether or not whoever asks waits for it still, or runs at all."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Json] = loop.create_future()

        def arrive() -> None:
            try:
                found = done()
            except RefusedError as error:
                if not answer.done():
                    answer.set_exception(error)
                return
            if not answer.done():
                answer.set_result(found)

        loop.call_later(self._network.dice.uniform(0.0, 2 * REQUEST_TIMEOUT), arrive)
        async with asyncio.timeout(REQUEST_TIMEOUT):
            return await answer

    async def _let_in(self, asked: str, where: Place) -> None:
        """Bring a request to the API server, which may refuse it, and say when to come again.

        The lease does not wait: whoever leads renews it or steps down. An object that was made anew is another one,
        and of one that is not there nobody knows for whose sake it was asked for. Who waits is the piece of work that
        was told to, as in client-go, and not another one that reads the same object for reasons of its own: the tasks
        of a queue are told apart by a number after its name.
        """
        loop = asyncio.get_running_loop()
        uid = self._state.objects.get(_key(where), {}).get("metadata", {}).get("uid", "")
        task = asyncio.current_task()
        asked += f"{uid} {task.get_name().rstrip('0123456789 ') if task is not None else ''}"
        is_known = bool(uid or not where.name) and where.plural != "leases"
        if is_known and loop.time() < self._not_before.get(asked, 0.0):
            self._on_early(asked)
        await self._way()
        if self._network.falls(self._network.refuses):
            status, reason = self._network.dice.choice(ERRORS)
            again = self._network.dice.choice(AGAIN_SECONDS)
            self._not_before[asked] = loop.time() + again
            raise api_error(status, reason, "drawn", retry_after=again)

    async def _way(self) -> None:
        """Go one way; raises what comes of a network that lets nothing through."""
        await asyncio.sleep(self._network.pause())
        if self._network.swallows:
            await asyncio.sleep(REQUEST_TIMEOUT)
            raise TimeoutError
        self._reach()

    def _reach(self) -> None:
        if self._network.cut:
            raise aiohttp.ClientConnectionError("partitioned")

    def _done(self, method: str, where: Place, query: dict[str, str], body: Json, content: str) -> Json:
        status_only = where.sub == "status"
        key = _key(where)
        match method:
            case "GET":
                return self._state.get(key) if where.name else self._listed(where, query)
            case "POST":
                name = body["metadata"].get("name") or f"{body['metadata']['generateName']}{self._state.version}"
                return self._state.create(Key(**{**_fields(key), "name": name}), body)
            case "PUT":
                return self._state.update(key, body, status_only=status_only)
            case "PATCH":
                change = self._state.apply if content == "apply-patch+yaml" else self._state.merge
                return change(key, body, status_only=status_only)
            case _:
                return self._deleted(key, body)

    def _listed(self, where: Place, query: dict[str, str]) -> Json:
        items = list(self._state.listed(where, selector(query)))
        return {"metadata": {"resourceVersion": str(self._state.version)}, "items": items}

    def _deleted(self, key: Key, options: Json) -> Json:
        uid = (options.get("preconditions") or {}).get("uid")
        if uid is not None and uid != self._state.get(key)["metadata"]["uid"]:
            raise RefusedError(409, "Conflict", "the object is another one")
        self._state.delete(key)
        return {"kind": "Status", "status": "Success"}

    @asynccontextmanager
    async def lines(
        self, path: str, query: Query, quiet: float, accept: str = ""
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a watch as `KubeClient.lines` does."""
        del accept
        await self._let_in(f"WATCH {path} {_selected(query)}", place(path))
        asked = dict(query)
        try:
            feed = self._state.feed(int(asked["resourceVersion"]))
        except RefusedError as error:
            raise api_error(error.status, error.reason, error.message) from error
        broken = asyncio.Event()
        self._network.breaks[broken] = None
        try:
            yield self._follow(place(path), asked, feed, broken, quiet)
        finally:
            del self._network.breaks[broken]
            del self._state.feeds[feed]

    async def _follow(
        self, where: Place, query: dict[str, str], feed: Feed, broken: asyncio.Event, quiet: float
    ) -> AsyncIterator[bytes]:
        selected = selector(query)
        version = query["resourceVersion"]
        # What the one who watches may know already, by its list: what is there, and what has changed since.
        known = {key for key, doc in self._state.objects.items() if within(where, key) and selected(doc)}
        known |= {change.key for change in feed.changes if within(where, change.key)}
        loop = asyncio.get_running_loop()
        ends = loop.time() + float(query.get("timeoutSeconds", "300"))
        while not broken.is_set() and loop.time() < ends:
            while feed.changes and not broken.is_set():
                change = feed.changes.popleft()
                version = str(change.version)
                if not within(where, change.key):
                    continue
                await asyncio.sleep(self._network.slow.get(where.plural, 0.0))
                if self._network.swallows:
                    await asyncio.sleep(quiet)
                    raise TimeoutError
                told = _told(change, known, selected)
                for each in self._garbled(told) if told is not None and not broken.is_set() else ():
                    yield each
            feed.news.clear()
            if not feed.changes:
                try:
                    async with asyncio.timeout(max(min(BOOKMARK_SECONDS, ends - loop.time()), 0.0)):
                        await _either(feed.news, broken)
                except TimeoutError:
                    yield line("BOOKMARK", {"metadata": {"resourceVersion": version}})
        if broken.is_set():
            self._reach()

    def _garbled(self, told: bytes) -> Iterator[bytes]:
        """Yield a line as it comes: perhaps a piece of it first, perhaps twice."""
        if self._network.falls(self._network.garbles / 2):
            yield told[: len(told) // 2]
        yield told
        if self._network.falls(TWICE + self._network.garbles):
            yield told

    async def close(self) -> None:
        """Do nothing: there is no connection."""


def _selected(query: Query) -> str:
    return " ".join(value for name, value in query if name.endswith("Selector"))


def _key(where: Place) -> Key:
    return Key(group=where.group, plural=where.plural, namespace=where.namespace, name=where.name)


def _less(answer: Json) -> Json:
    """Return a list of objects without their contents."""
    return {**answer, "items": [{"metadata": each["metadata"]} for each in answer["items"]]}


def _fields(key: Key) -> dict[str, str]:
    return {"group": key.group, "plural": key.plural, "namespace": key.namespace, "name": key.name}


def _told(change: Change, known: set[Key], selected: Callable[[Json], bool]) -> bytes | None:
    """Return the line of a change for a watch that selects: what begins or ceases to match comes or goes."""
    matches = change.type != "DELETED" and selected(change.document)
    if matches:
        kind = "MODIFIED" if change.key in known else "ADDED"
        known.add(change.key)
        return line(kind, change.document)
    if change.key in known:
        known.discard(change.key)
        return line("DELETED", change.document)
    return None


async def _either(*events: asyncio.Event) -> None:
    """Wait until one of the events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def selector(query: Mapping[str, str]) -> Callable[[Json], bool]:
    """Return whether an object is selected by the label and field selectors of a query."""
    labels = [part.partition("=")[::2] for part in query.get("labelSelector", "").split(",") if part]
    fields = [part.partition("=")[::2] for part in query.get("fieldSelector", "").split(",") if part]

    def selected(document: Json) -> bool:
        has = document["metadata"].get("labels") or {}
        return all((has.get(name) == value if value else name in has) for name, value in labels) and all(
            _field(document, name) == value for name, value in fields
        )

    return selected


def _field(document: Json, path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
