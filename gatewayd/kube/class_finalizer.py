"""The finalizer of GatewayClasses in use, so that a class that is deleted goes only after its Gateways.

Without it every Gateway of the class, and all that runs for them, would go with one `kubectl delete`.
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass (gateway-exists-finalizer)
"""

from collections.abc import Callable
from typing import Final

import msgspec

from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.outcome import GatewayClassOutcome, Outcome
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.lease import Leadership
from gatewayd.kube.work_queue import Label, Pacing, WorkQueue

FINALIZER: Final = "gateway-exists-finalizer.gateway.networking.k8s.io"
NAME: Final = "class finalizer"
PACING: Final = Pacing(workers=1)

_KIND: Final = BY_STRUCT[GatewayClass]


class _ClassMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    deletion_timestamp: str | None = None
    finalizers: list[str] = []


class _Class(msgspec.Struct):
    metadata: _ClassMeta


class ClassFinalizer:
    """Puts it on classes that Gateways name, and takes it off when the last one is gone; only the leader does."""

    def __init__(self, *, client: KubeClient, leadership: Leadership, on_failure: Callable[[str], None]) -> None:
        self._client = client
        self._in_use: dict[ObjectKey, bool] = {}
        self._queue: WorkQueue[ObjectKey] = WorkQueue(
            name=NAME,
            work=self._bring,
            label=lambda key: Label("", f"GatewayClass {key}"),
            leadership=leadership,
            pacing=PACING,
            on_failure=lambda _failure: on_failure(NAME),
        )

    def hear(self, key: ObjectKey, outcome: Outcome | None) -> None:
        """Take whether a class of ours is in use; None: it is gone, or not ours."""
        if not isinstance(outcome, GatewayClassOutcome):
            self._in_use.pop(key, None)
            self._queue.forget(key)
        elif self._in_use.get(key) is not outcome.in_use:
            self._in_use[key] = outcome.in_use
            self._queue.add(key)

    def changed(self, key: ObjectKey) -> None:
        """Hear that somebody wrote a class."""
        if key in self._in_use:
            self._queue.add(key)

    def became_leader(self) -> None:
        """Look at every class again."""
        for key in self._in_use:
            self._queue.add(key)
        self._queue.wake()

    async def run(self) -> None:
        """Write until cancelled."""
        await self._queue.run()

    async def _bring(self, key: ObjectKey) -> None:
        path = Where(api_version=_KIND.api_version, plural=_KIND.plural, namespace="", name=key.name).path("")
        gateway_class = await self._client.get(path, _Class)
        in_use = self._in_use.get(key)
        if gateway_class is None or in_use is None:
            return
        live = gateway_class.metadata
        if in_use is (FINALIZER in live.finalizers) or (in_use and live.deletion_timestamp):
            return  # to what is being deleted no finalizer can be added
        kept = [each for each in live.finalizers if each != FINALIZER]
        wanted = [*kept, FINALIZER] if in_use else kept
        metadata = {"resourceVersion": live.resource_version, "finalizers": wanted}
        await self._client.request("PATCH", path, body={"metadata": metadata}, content="merge-patch+json")
