"""Proxies that run already are brought up to date one Gateway after the other, after a leader has been elected.

Whoever led before may have been another version, which makes another bootstrap or another pod of every Gateway: all
of them would roll at once. Each has its turn when the one before has rolled, or has had time enough for it: a Gateway
whose new pods do not become ready keeps its old ones, and keeps no other waiting for long. What a leader changes later,
since somebody wants it otherwise, waits for nobody.
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from gatewayd.api.meta import ObjectKey
from gatewayd.kube.client import KubeClient
from gatewayd.kube.lease import Leadership
from gatewayd.kube.made_object import LiveObject, ObjectName
from gatewayd.kube.work_queue import Failure, Label, Pacing, WorkQueue

ROLL_SECONDS: Final = 120.0
"""For how long others wait for one Gateway: a new pod is pulled, started and ready in a fraction of that."""
LOOK_SECONDS: Final = 1.0

_log = structlog.get_logger("gatewayd.kube.rollouts")


class Proxies(Protocol):
    """Who knows what proxies a Gateway shall have."""

    def workload(self, gateway: ObjectKey) -> ObjectName | None:
        """Return the workload that a Gateway shall have now; None: none, or not for us to say."""

    async def bring(self, gateway: ObjectKey) -> None:
        """Apply the workload of a Gateway and what its pods are made of. Raises what a write raises."""


class Rollouts:
    """Which Gateways' proxies are as this leader wants them, and the queue of those that are not."""

    def __init__(
        self,
        *,
        client: KubeClient,
        leadership: Leadership,
        proxies: Proxies,
        label: Callable[[ObjectKey], Label],
        on_failure: Callable[[Failure[ObjectKey]], None],
    ) -> None:
        self._client = client
        self._leadership = leadership
        self._proxies = proxies
        self._settled: set[ObjectKey] = set()
        self._queue: WorkQueue[ObjectKey] = WorkQueue(
            name="rollout",
            work=self._roll,
            label=label,
            leadership=leadership,
            pacing=Pacing(workers=1),
            on_failure=on_failure,
        )

    def is_settled(self, gateway: ObjectKey) -> bool:
        """Return whether this leader has applied the proxies of a Gateway."""
        return gateway in self._settled

    def settle(self, gateway: ObjectKey) -> None:
        """Take it that the proxies of a Gateway are this leader's: there were none before."""
        self._settled.add(gateway)

    def add(self, gateway: ObjectKey) -> None:
        """Bring the proxies of a Gateway up to date when its turn comes."""
        self._queue.add(gateway)

    def forget(self, gateway: ObjectKey) -> None:
        """Drop all state of a Gateway that shall have no proxies any more."""
        self._settled.discard(gateway)
        self._queue.forget(gateway)

    def became_leader(self) -> None:
        """Begin anew: others led since."""
        self._settled.clear()
        self._queue.wake()

    async def run(self) -> None:
        """Roll until cancelled."""
        await self._queue.run()

    async def _roll(self, gateway: ObjectKey) -> None:
        workload = self._proxies.workload(gateway)
        if workload is None:
            return
        before = await self._live(workload)
        await self._proxies.bring(gateway)
        if not self._leadership.is_leader():
            return
        self._settled.add(gateway)
        if before is not None and not await self._has_rolled(workload, before.metadata.generation):
            _log.warning("rollout takes long, others go on", object=str(workload), seconds=ROLL_SECONDS)

    async def _has_rolled(self, workload: ObjectName, before: int) -> bool:
        """Wait until a workload of another generation than before has rolled; return whether it did so in time."""
        until = asyncio.get_running_loop().time() + ROLL_SECONDS
        while self._leadership.is_leader():
            live = await self._live(workload)
            if live is None or live.metadata.generation == before or live.has_rolled(workload.kind):
                return True
            if asyncio.get_running_loop().time() >= until:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def _live(self, workload: ObjectName) -> LiveObject | None:
        return await self._client.get(workload.path(), LiveObject)
