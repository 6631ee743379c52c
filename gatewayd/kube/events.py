"""Events on objects: what was rejected, by us, by Envoy or by the API server, where `kubectl describe` shows it.

An Event says what a status says already, so one that cannot be written is dropped. The queue is bounded: of the
namespace with the most the oldest gives way. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

import asyncio
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.conditions import event_reason
from gatewayd.ir.limits import WAITING_EVENTS
from gatewayd.ir.outcome import Outcome
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.lease import LEASE_SECONDS, RENEW_SECONDS, REQUEST_SECONDS, Everyone, Leadership
from gatewayd.kube.live_statuses import LiveStatuses
from gatewayd.kube.work_queue import Label, Pacing, WorkQueue
from gatewayd.untrusted.printable import printable

MESSAGE_LIMIT: Final = 1024
MISSED_SECONDS: Final = LEASE_SECONDS + RENEW_SECONDS + REQUEST_SECONDS
"""As long as nobody may lead: what was heard so soon before an election may have been heard by nobody who led."""
PACING: Final = Pacing(workers=2, attempts=1, capacity=WAITING_EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning about an object. `uid` is that of one whose status nobody keeps, "" for one whose status is kept."""

    kind: Kind
    key: ObjectKey
    reason: str
    message: str
    uid: str = ""


def complaints(outcome: Outcome | None) -> frozenset[tuple[str, str]]:
    """Return reason and message of everything in an outcome that an Event is for."""
    if outcome is None:
        return frozenset()
    reasons = ((event_reason(verdict), verdict.message) for verdict in outcome.all_verdicts)
    return frozenset((reason, message) for reason, message in reasons if reason is not None)


class EventRecorder:
    """Writes Events, each complaint once while it lasts; only the leader does."""

    def __init__(
        self,
        *,
        client: KubeClient,
        leadership: Leadership,
        live: LiveStatuses,
        ending: Container[str],
        on_failure: Callable[[str], None],
    ) -> None:
        """Write nothing into namespaces that are `ending`. `on_failure` hears "event" for each that was not written."""
        self._client = client
        self._leadership = leadership
        self._live = live
        self._ending = ending
        self._said: dict[tuple[Kind, ObjectKey], frozenset[tuple[str, str]]] = {}
        self._missed: deque[tuple[float, Notice]] = deque(maxlen=WAITING_EVENTS)
        self._queue: WorkQueue[Notice] = WorkQueue(
            name="event",
            work=self._write,
            label=lambda notice: Label(notice.key.namespace, f"{notice.kind.kind} {notice.key}"),
            # Who does not lead puts them aside: the leader, if there is one, has heard the same.
            leadership=Everyone(),
            pacing=PACING,
            on_failure=lambda _failure: on_failure("event"),
        )

    def hear(self, kind: Kind, key: ObjectKey, outcome: Outcome | None) -> None:
        """Take a new outcome of an object; what is newly wrong becomes an Event."""
        now = complaints(outcome)
        before = self._said.pop((kind, key), frozenset())
        if now:
            self._said[kind, key] = now
        for reason, message in sorted(now - before):
            self.warn(Notice(kind=kind, key=key, reason=reason, message=message))

    def warn(self, notice: Notice) -> None:
        """Queue a warning."""
        self._queue.add(notice)

    def became_leader(self) -> None:
        """Write what was heard while nobody led; of that, the one before may have written some."""
        since = asyncio.get_running_loop().time() - MISSED_SECONDS
        for at, notice in self._missed:
            if at >= since:
                self.warn(notice)
        self._missed.clear()

    async def run(self) -> None:
        """Write until cancelled."""
        await self._queue.run()

    def _uid(self, notice: Notice) -> str:
        live = self._live.get(notice.kind, notice.key)
        return live.uid if live is not None else ""

    async def _write(self, notice: Notice) -> None:
        if notice.key.namespace in self._ending:
            return
        if not self._leadership.is_leader():
            self._missed.append((asyncio.get_running_loop().time(), notice))
            return
        uid = notice.uid or self._uid(notice)
        if not uid:
            return
        now = datetime.now(UTC)
        # Cluster-scoped objects have their Events in the default namespace.
        namespace = notice.key.namespace or "default"
        tail = blake2b(f"{uid}{notice.reason}{notice.message}{now.isoformat()}".encode(), digest_size=8)
        stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{notice.key.name[:200]}.{tail.hexdigest()}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": notice.kind.api_version,
                "kind": notice.kind.kind,
                "namespace": notice.key.namespace,
                "name": notice.key.name,
                "uid": uid,
            },
            "type": "Warning",
            "reason": notice.reason,
            "message": printable(notice.message)[:MESSAGE_LIMIT],
            "source": {"component": "gatewayd"},
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
        }
        path = Where(api_version="v1", plural="events", namespace=namespace, name="").path("")
        await self._client.request("POST", path, body=body)
