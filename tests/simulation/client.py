"""What a replica talks to in a simulation in place of `KubeClient`: the same methods, with delays and faults by seed.

A request takes a moment before and after it is done; between the two it may be lost, done or not done. A watch hears of
changes in their order, each replica and collection with a delay of its own; some events come twice.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from gatewayd.kube.api_errors import api_error
from gatewayd.kube.client import KubeClient
from tests.fakes.documents import Json
from tests.simulation.api_state import ApiState, Change, Feed, Key, Place, RefusedError, line, place, within

Query = Sequence[tuple[str, str]]
BOOKMARK_SECONDS = 60.0
TWICE = 0.02
"""Share of events that are told once more, as after a reconnect."""


class Network:
    """What stands between one replica and the API server now. `cut`: nothing passes. `sour`: share of bad answers."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.cut = False
        self.sour = 0.0
        self.slow: dict[str, float] = {}  # by plural: seconds that a watch is late
        self.breaks: dict[asyncio.Event, None] = {}  # in their order, so that a run repeats

    def sever(self) -> None:
        """Cut, and end what is open."""
        self.cut = True
        self.end_watches()

    def end_watches(self) -> None:
        """End every open watch."""
        for event in tuple(self.breaks):
            event.set()

    def pause(self) -> float:
        """Return how long one way takes."""
        return self.dice.choice((0.0, 0.001, 0.004, 0.02, 0.2 if self.dice.random() < 0.02 else 0.002))


class SimulatedClient:
    """The API server as one replica reaches it; `on_write` sees each write before it is done."""

    def __init__(self, state: ApiState, network: Network, on_write: Callable[[str, str], None]) -> None:
        self._state = state
        self._network = network
        self._on_write = on_write

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
        await asyncio.sleep(self._network.pause())
        self._reach()
        if self._network.dice.random() < self._network.sour:
            raise self._network.dice.choice(
                (api_error(500, "InternalError", "sour"), api_error(429, "TooMany", "sour"))
            )
        if method != "GET":
            self._on_write(method, path)
        sent: Json = json.loads(json.dumps(body)) if body is not None else {}
        try:
            answer = self._done(method, place(path), dict(query), sent, content)
        except RefusedError as error:
            raise api_error(error.status, error.reason, error.message) from error
        data = json.dumps(_less(answer) if "PartialObjectMetadata" in accept else answer).encode()
        await asyncio.sleep(self._network.pause())
        self._reach()
        return data

    get = KubeClient.get

    def _reach(self) -> None:
        if self._network.cut:
            raise aiohttp.ClientConnectionError("partitioned")

    def _done(self, method: str, where: Place, query: dict[str, str], body: Json, content: str) -> Json:
        status_only = where.sub == "status"
        key = Key(group=where.group, plural=where.plural, namespace=where.namespace, name=where.name)
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
        del quiet, accept
        await asyncio.sleep(self._network.pause())
        self._reach()
        asked = dict(query)
        try:
            feed = self._state.feed(int(asked["resourceVersion"]))
        except RefusedError as error:
            raise api_error(error.status, error.reason, error.message) from error
        broken = asyncio.Event()
        self._network.breaks[broken] = None
        try:
            yield self._follow(place(path), asked, feed, broken)
        finally:
            del self._network.breaks[broken]
            del self._state.feeds[feed]

    async def _follow(
        self, where: Place, query: dict[str, str], feed: Feed, broken: asyncio.Event
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
                told = _told(change, known, selected)
                if told is not None and not broken.is_set():
                    yield told
                    if self._network.dice.random() < TWICE:
                        yield told
            feed.news.clear()
            if not feed.changes:
                try:
                    async with asyncio.timeout(max(min(BOOKMARK_SECONDS, ends - loop.time()), 0.0)):
                        await _either(feed.news, broken)
                except TimeoutError:
                    yield line("BOOKMARK", {"metadata": {"resourceVersion": version}})
        if broken.is_set():
            self._reach()

    async def close(self) -> None:
        """Do nothing: there is no connection."""


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
