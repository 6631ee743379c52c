"""Outcomes -> status writes: one write for a real change, none for an echo, only by the leader.

Each write names the resourceVersion that it was merged into, so that nobody's change is lost: on a conflict the object
is read again and merged anew. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-update
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import Outcome
from gatewayd.kube.client import CONNECTION_ERRORS, ApiError, KubeClient, Where
from gatewayd.kube.live import LiveStatus, LiveStatuses, read_live
from gatewayd.kube.pace import Pace, without_counts
from gatewayd.status.merge import merge

WRITERS: Final = 8
RETRY_SECONDS: Final = 1.0
CONFLICT: Final = 409
NOT_FOUND: Final = 404

_log = structlog.get_logger("gatewayd.kube.status")


OnWrite = Callable[[str, str], None]


class Leadership(Protocol):
    """Whether we may write now."""

    def is_leader(self) -> bool:
        """Return whether the lease is surely ours at this moment."""


class StatusWriter:
    """Brings the statuses of our objects to what their outcomes say."""

    def __init__(self, *, client: KubeClient, leadership: Leadership, controller: str, on_write: OnWrite) -> None:
        """`on_write` hears the kind, and "written", "conflict" or "failed", of each write."""
        self.live = LiveStatuses(self._live_changed)
        self._on_write = on_write
        self._client = client
        self._leadership = leadership
        self._controller = controller
        self._wanted: dict[tuple[Kind, ObjectKey], Outcome | None] = {}
        # In order of arrival; a key stands in it once, however often it changes before its turn.
        self._due: dict[tuple[Kind, ObjectKey], None] = {}
        self._busy: set[tuple[Kind, ObjectKey]] = set()
        self._resting: set[tuple[Kind, ObjectKey]] = set()
        self._pace = Pace()
        self._wake = asyncio.Event()

    def want(self, member: Member, outcome: Outcome | None) -> None:
        """Take a new outcome; None: nothing is said of the object any more."""
        at = (BY_STRUCT[member.table], ObjectKey(*member.key))  # type: ignore[misc]
        if outcome is None and self.live.get(*at) is None:
            self._forget(at)
        else:
            self._wanted[at] = outcome
            self._mark(at)

    def became_leader(self) -> None:
        """Look at everything again: what changed while another wrote."""
        for at in self._wanted:
            self._mark(at)

    def _live_changed(self, kind: Kind, key: ObjectKey) -> None:
        at = (kind, key)
        if at in self._wanted:
            if self._wanted[at] is None and self.live.get(kind, key) is None:
                self._forget(at)
            else:
                self._mark(at)

    def _forget(self, at: tuple[Kind, ObjectKey]) -> None:
        """Keep nothing of an object that is gone and of which nothing is said any more."""
        self._wanted.pop(at, None)
        self._pace.forget(at)

    def _mark(self, at: tuple[Kind, ObjectKey]) -> None:
        self._due[at] = None
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(WRITERS):
                tasks.create_task(self._work(), name=f"status writer {number}")

    async def _work(self) -> None:
        while True:
            at = next(self._ready(), None)
            if at is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            del self._due[at]
            self._busy.add(at)
            try:
                again = await self._bring(at)
            finally:
                self._busy.discard(at)
            if again:
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._mark, at)
            self._wake.set()

    def _ready(self) -> Iterator[tuple[Kind, ObjectKey]]:
        if not self._leadership.is_leader():
            return iter(())
        return (at for at in self._due if at not in self._busy)

    async def _bring(self, at: tuple[Kind, ObjectKey]) -> bool:
        """Write one status if it differs; return whether to try again later."""
        kind, key = at
        live = self.live.get(kind, key)
        for _ in range(3):
            patch = self._patch(at, live)
            if live is None or patch is None:
                return False
            try:
                self.live.hear(kind, key, await self._write(kind, key, live, dict(patch)))
            except ApiError as error:
                if error.status != CONFLICT:
                    return self._failed(kind, key, error)
                self._on_write(kind.kind, "conflict")
                live = await self._read(kind, key, live)
                continue
            except CONNECTION_ERRORS as error:
                return self._failed(kind, key, error)
            self._on_write(kind.kind, "written")
            if _counts_only(live, patch):
                self._pace.wrote(at, asyncio.get_running_loop().time())
            return False
        return True

    def _patch(self, at: tuple[Kind, ObjectKey], live: LiveStatus | None) -> Mapping[str, object] | None:
        """Return the status to write now, None when there is nothing to write, or not yet."""
        if live is None or not self._leadership.is_leader():
            return None
        patch = merge(live.status(), self._wanted.get(at), now=_now(), controller=self._controller)
        return None if patch is None or (_counts_only(live, patch) and self._rests(at)) else patch

    def _rests(self, at: tuple[Kind, ObjectKey]) -> bool:
        """Return whether a write has to wait; it is looked at again when the wait is over."""
        loop = asyncio.get_running_loop()
        rest = self._pace.rest(at, loop.time())
        if rest > 0 and at not in self._resting:
            self._resting.add(at)
            loop.call_later(rest, self._rested, at)
        return rest > 0

    def _rested(self, at: tuple[Kind, ObjectKey]) -> None:
        self._resting.discard(at)
        self._mark(at)

    def _failed(self, kind: Kind, key: ObjectKey, error: Exception) -> bool:
        gone = isinstance(error, ApiError) and error.status == NOT_FOUND
        if not gone:
            self._on_write(kind.kind, "failed")
            _log.warning("status not written", kind=kind.kind, key=str(key), error=str(error) or repr(error))
        return not gone

    async def _write(self, kind: Kind, key: ObjectKey, live: LiveStatus, status: dict[str, object]) -> bytes:
        body = {"metadata": {"resourceVersion": live.resource_version}, "status": status}
        path = _where(kind, key, live).path("status")
        return await self._client.request("PATCH", path, body=body, content="merge-patch+json")

    async def _read(self, kind: Kind, key: ObjectKey, live: LiveStatus) -> LiveStatus | None:
        try:
            return read_live(await self._client.request("GET", _where(kind, key, live).path("")))
        except (ApiError, *CONNECTION_ERRORS):
            return None


def _where(kind: Kind, key: ObjectKey, live: LiveStatus) -> Where:
    """Return the object in the version that it was read in: the cluster may serve no newer one."""
    version = live.api_version or kind.api_version
    return Where(api_version=version, plural=kind.plural, namespace=key.namespace, name=key.name)


def _counts_only(live: LiveStatus, patch: Mapping[str, object]) -> bool:
    return without_counts(patch) == without_counts(live.status())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
