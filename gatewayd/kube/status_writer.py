"""Outcomes -> status writes: one write for a real change, none for an echo, only by the leader.

Each write names the resourceVersion that it was merged into, so that nobody's change is lost: on a conflict the object
is read again and merged anew. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-update
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.limits import STATUS_WRITERS
from gatewayd.ir.outcome import Outcome
from gatewayd.kube.api_errors import ConflictError, NotFoundError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.lease import Leadership
from gatewayd.kube.live_statuses import LiveStatus, LiveStatuses, read_live
from gatewayd.kube.status_pacing import Pace, without_counts
from gatewayd.kube.work_queue import Failure, Label, Pacing, WorkQueue
from gatewayd.status.merge import merge

ATTEMPTS: Final = 3
"""Writes of one status in a row that lose against somebody else's; after them it waits for its next turn."""

OnWrite = Callable[[str, str], None]
Statused = tuple[Kind, ObjectKey]

PACING: Final = Pacing(workers=STATUS_WRITERS)


class StatusWriter:
    """Writes the statuses of objects as their outcomes have them."""

    def __init__(
        self,
        *,
        client: KubeClient,
        leadership: Leadership,
        live: LiveStatuses,
        controller: str,
        on_write: OnWrite,
        on_failure: Callable[[str], None],
    ) -> None:
        """`live` is the cache that the watches fill; whoever makes it lets it call `live_changed`.

        `on_write` hears the kind, and "written", "conflict" or "failed", of each write. `on_failure` hears "status" for
        every object that could not be seen to.
        """
        self._live = live
        self._on_write = on_write
        self._on_failure = on_failure
        self._client = client
        self._leadership = leadership
        self._controller = controller
        self._wanted: dict[Statused, Outcome | None] = {}
        self._pace = Pace()
        self._queue: WorkQueue[Statused] = WorkQueue(
            name="status",
            work=self._bring,
            label=_label,
            leadership=leadership,
            pacing=PACING,
            on_failure=self._failed,
        )

    def want(self, member: Member, outcome: Outcome | None) -> None:
        """Take a new outcome; None: the object has no outcome any more."""
        at = (BY_STRUCT[member.table], ObjectKey(*member.key))  # type: ignore[misc]
        if outcome is None and self._live.get(*at) is None:
            self._forget(at)
        else:
            self._wanted[at] = outcome
            self._queue.add(at)

    def became_leader(self) -> None:
        """Requeue everything: statuses may have changed while another replica was the leader."""
        for at in self._wanted:
            self._queue.add(at)
        self._queue.wake()

    def live_changed(self, kind: Kind, key: ObjectKey) -> None:
        """Take an event: an object has another status, or is gone."""
        at = (kind, key)
        if at in self._wanted:
            if self._wanted[at] is None and self._live.get(kind, key) is None:
                self._forget(at)
            else:
                self._queue.add(at)

    def _forget(self, at: Statused) -> None:
        """Drop all state of an object that is gone and has no outcome any more."""
        self._wanted.pop(at, None)
        self._pace.forget(at)
        self._queue.forget(at)

    async def run(self) -> None:
        """Write until cancelled."""
        await self._queue.run()

    async def _bring(self, at: Statused) -> float | None:
        """Write one status if it differs; return the seconds after which to requeue it. Raises what a write raises."""
        kind, key = at
        live = self._live.get(kind, key)
        for attempt in range(1, ATTEMPTS + 1):
            patch = self._patch(at, live)
            if live is None or patch is None:
                return None
            wait = self._rest(at, live, patch)
            if wait > 0:
                return wait
            try:
                await self._write_over(at, live, dict(patch))
            except NotFoundError:
                return None
            except ConflictError:
                self._on_write(kind.kind, "conflict")
                if attempt == ATTEMPTS:
                    raise
                live = await self._read(kind, key, live)
                continue
            self._on_write(kind.kind, "written")
            if _counts_only(live, patch):
                self._pace.wrote(at, asyncio.get_running_loop().time())
            return None
        return None

    def _patch(self, at: Statused, live: LiveStatus | None) -> Mapping[str, object] | None:
        """Return the status to write, None when there is nothing to write."""
        if live is None or not self._leadership.is_leader():
            return None
        return merge(live.status(), self._wanted.get(at), now=_now(), controller=self._controller)

    def _rest(self, at: Statused, live: LiveStatus, patch: Mapping[str, object]) -> float:
        """Return how long a write has to wait that changes counts only."""
        return self._pace.rest(at, asyncio.get_running_loop().time()) if _counts_only(live, patch) else 0.0

    def _failed(self, failure: Failure[Statused]) -> None:
        if not isinstance(failure.error, ConflictError):
            self._on_write(failure.key[0].kind, "failed")
        self._on_failure(self._queue.name)

    async def _write_over(self, at: Statused, live: LiveStatus, status: dict[str, object]) -> None:
        """Write a status, and take the answer for what stands there, if no event came first: that may be later."""
        kind, key = at
        before = self._live.get(kind, key)
        answer = await self._write(kind, key, live, status)
        if self._live.get(kind, key) == before:
            self._live.hear(kind, key, answer)

    async def _write(self, kind: Kind, key: ObjectKey, live: LiveStatus, status: dict[str, object]) -> bytes:
        body = {"metadata": {"resourceVersion": live.resource_version}, "status": status}
        path = _where(kind, key, live).path("status")
        query = [("fieldManager", self._client.manager)]
        return await self._client.request("PATCH", path, query=query, body=body, content="merge-patch+json")

    async def _read(self, kind: Kind, key: ObjectKey, live: LiveStatus) -> LiveStatus | None:
        try:
            return read_live(await self._client.request("GET", _where(kind, key, live).path("")))
        except NotFoundError:
            return None


def _label(at: Statused) -> Label:
    kind, key = at
    return Label(key.namespace, f"{kind.kind} {key}")


def _where(kind: Kind, key: ObjectKey, live: LiveStatus) -> Where:
    """Return the object in the version that it was read in: the cluster may serve no newer one."""
    version = live.api_version or kind.api_version
    return Where(api_version=version, plural=kind.plural, namespace=key.namespace, name=key.name)


def _counts_only(live: LiveStatus, patch: Mapping[str, object]) -> bool:
    return without_counts(patch) == without_counts(live.status())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
