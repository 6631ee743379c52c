"""List, then watch, for ever: one kind of object as a stream of Deltas.

Rules: pages of 500; bookmarks; a dropped watch goes on where it was; 410 lists anew, as a difference; a kind whose CRD
is absent counts as synced and empty and is looked for again, though what has protected stays; nothing is ever removed
because a request failed.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from gatewayd.api.kinds import Kind
from gatewayd.ir.backoff import Backoff
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, GoneError, NotFoundError, wait_asked_for
from gatewayd.kube.client import METADATA, METADATA_LIST, WHOLE, KubeClient, Where
from gatewayd.kube.listing import Listing, decode_page
from gatewayd.store import Event, Synced

PAGE_SIZE: Final = 500
WATCH_SECONDS: Final = 300
"""The API server ends a watch after about this long; a bookmark comes every minute."""
QUIET_SECONDS: Final = 90.0
"""Without a byte for so long, not even a bookmark, the connection is dead."""
ABSENT_SECONDS: Final = 5.0

_log = structlog.get_logger("gatewayd.kube.reflector")

Submit = Callable[[Iterable[Event]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which objects to list and watch: a namespace, field and label selectors ("" for all), or metadata only."""

    fields: str = ""
    labels: str = ""
    namespace: str = ""
    metadata_only: bool = False

    def query(self) -> Iterator[tuple[str, str]]:
        """Yield the query parameters."""
        if self.fields:
            yield "fieldSelector", self.fields
        if self.labels:
            yield "labelSelector", self.labels


EVERYTHING: Final = Selection()
HEADS: Final = Selection(metadata_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long the reflector waits; `random` comes from the composition root."""

    backoff: Backoff
    random: Callable[[], float]


class Reflector:
    """Keeps one kind up to date in the store. `on_restart(kind)` is called for each watch that failed."""

    def __init__(
        self,
        *,
        client: KubeClient,
        listing: Listing,
        selection: Selection,
        submit: Submit,
        timing: Timing,
        on_restart: Callable[[str], None],
    ) -> None:
        self._client = client
        self._listing = listing
        self._selection = selection
        self._submit = submit
        self._timing = timing
        self._synced = False
        self._failures = 0
        self._expirations = 0
        self._api_version = listing.kind.api_version
        self._on_restart = on_restart

    async def run(self) -> None:
        """Reflect until cancelled."""
        while True:
            try:
                await self._list()
                self._failures = 0
                await self._watch()
            except GoneError as gone:
                await self._expired(gone)
            except NotFoundError:
                await self._absent()
            except (ApiError, *CONNECTION_ERRORS) as error:
                await self._wait(error)

    @property
    def _kind(self) -> Kind:
        return self._listing.kind

    async def _absent(self) -> None:
        """Ask for the kind in an older version, or take it that its CRD is absent."""
        if self._try_older_version():
            return
        if self._kind.protects and self._listing.has_objects:
            # Without them doors would open, and nobody who removes a CRD says that they shall.
            _log.error("kind no longer served", kind=self._kind.kind)
        else:
            self._submit(self._listing.forget())
        self._mark_synced()
        await asyncio.sleep(ABSENT_SECONDS)

    async def _expired(self, gone: GoneError) -> None:
        """Start the next list at once, but with growing delays when no watch brings an event between the lists."""
        _log.info("listing again", kind=self._kind.kind, reason=str(gone))
        if self._expirations:
            await asyncio.sleep(self._timing.backoff.delay(self._expirations, self._timing.random))
        self._expirations += 1

    def _try_older_version(self) -> bool:
        """Ask for the next version that the kind may be served in; False when all have been asked for."""
        group = f"{self._kind.group}/" if self._kind.group else ""
        versions = [f"{group}{version}" for version in self._kind.accepted_versions]
        at = versions.index(self._api_version) + 1
        self._api_version = versions[at] if at < len(versions) else versions[0]
        return at < len(versions)

    async def _wait(self, error: Exception) -> None:
        self._failures += 1
        self._on_restart(self._kind.kind)
        delay = max(self._timing.backoff.delay(self._failures, self._timing.random), wait_asked_for(error))
        _log.warning("watch ended", kind=self._kind.kind, error=repr(error), again_in=round(delay, 2))
        await asyncio.sleep(delay)

    def _where(self) -> str:
        namespace = self._selection.namespace
        return Where(api_version=self._api_version, plural=self._kind.plural, namespace=namespace, name="").path("")

    async def _list(self) -> None:
        """List all pages; the difference goes to the store in pieces, and is complete when this returns."""
        following = ""
        self._listing.begin()
        while True:
            query = [("limit", str(PAGE_SIZE)), *self._selection.query()]
            if following:
                query.append(("continue", following))
            accept = METADATA_LIST if self._selection.metadata_only else WHOLE
            page = decode_page(await self._client.request("GET", self._where(), query=query, accept=accept))
            self._submit(tuple(self._listing.page(page)))
            following = page.metadata.continue_
            if not following:
                break
        self._submit(tuple(self._listing.listed(page.metadata.resource_version)))
        self._mark_synced()

    def _mark_synced(self) -> None:
        if not self._synced:
            self._synced = True
            self._submit((Synced(kind=self._kind.struct),))

    async def _watch(self) -> None:
        """Watch from the list's version on; resume a watch that ends at its last version, until 410."""
        while True:
            query = [
                ("watch", "true"),
                ("allowWatchBookmarks", "true"),
                ("resourceVersion", self._listing.version),
                ("timeoutSeconds", str(WATCH_SECONDS + int(self._timing.random() * WATCH_SECONDS))),
                *self._selection.query(),
            ]
            try:
                await self._follow(query)
            except (*CONNECTION_ERRORS, EOFError) as error:
                await self._wait(error)

    async def _follow(self, query: list[tuple[str, str]]) -> None:
        """Take the lines of one watch; one without any, not even a bookmark, raises EOFError."""
        heard = False
        accept = METADATA if self._selection.metadata_only else WHOLE
        async with self._client.lines(self._where(), query, QUIET_SECONDS, accept) as lines:
            async for line in lines:
                self._submit(tuple(self._listing.event(line)))
                heard = True
                self._failures = self._expirations = 0
        if not heard:
            raise EOFError("the watch ended without a line")
