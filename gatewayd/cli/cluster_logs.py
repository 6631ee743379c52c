"""The access logs of all proxies of a cluster, or of one Gateway there: read from the logs of their pods.

In: whom to ask. Out: lines, as they come; of a proxy whose log cannot be read it is said why, and the others count.
The replicas of gatewayd are not asked: whoever may read the logs of the proxies' pods sees their lines.
"""

import asyncio
import queue
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from gatewayd.cli.asked_proxies import ProxyChoice, proxy_pods
from gatewayd.cli.asked_run import AskedFor, in_a_thread, user_client
from gatewayd.cli.output import fail

if TYPE_CHECKING:
    from gatewayd.kube.client import KubeClient, Where
    from gatewayd.kube.pod_logs import PodLog

_LATEST: Final = 10_000
"""Lines of each pod that are looked through at first."""
_LOOK: Final = 5.0
"""Seconds between two looks at which pods there are, and until a log that ended is opened again."""
_CONTAINER: Final = "envoy"


class ClusterLines:
    """Lines of the proxies, each once; new proxies are followed, too."""

    def __init__(self, client: "KubeClient", choice: ProxyChoice) -> None:
        self._client = client
        self._choice = choice
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._following: dict[Where, asyncio.Task[None]] = {}
        self._failed: dict[str, str] = {}

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that have come since the last call."""
        while not self._lines.empty():
            yield self._lines.get()

    async def read(self) -> "Mapping[Where, PodLog]":
        """Read what there is; return what to follow on. Raises ApiError where pods may not be listed."""
        from gatewayd.kube.pod_logs import PodLog

        logs = {pod: PodLog(self._client, pod, _CONTAINER) for pod in await self._pods()}
        for pod, log in logs.items():
            await self._attempt(pod.name, self._latest(log))
        return logs

    async def follow(self, logs: "Mapping[Where, PodLog]") -> None:
        """Follow these, and those of pods that come, until this is cancelled."""
        from gatewayd.kube.pod_logs import PodLog

        known = dict(logs)
        try:
            while True:
                for pod in await self._pods():
                    log = known.setdefault(pod, PodLog(self._client, pod, _CONTAINER))
                    task = self._following.get(pod)
                    if task is None or task.done():
                        self._following[pod] = asyncio.create_task(self._attempt(pod.name, self._on(log)))
                await asyncio.sleep(_LOOK)
        finally:
            for task in self._following.values():
                task.cancel()
            await asyncio.gather(*self._following.values(), return_exceptions=True)

    async def _pods(self) -> "list[Where]":
        return [pod for pod, _ in await proxy_pods(self._client, self._choice)]

    async def _latest(self, log: "PodLog") -> None:
        for line in await log.latest(_LATEST):
            self._lines.put(line)

    async def _on(self, log: "PodLog") -> None:
        async for line in log.following():
            self._lines.put(line)

    async def _attempt(self, pod: str, reading: Awaitable[None]) -> None:
        from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError

        try:
            await reading
        except (ApiError, *CONNECTION_ERRORS) as error:
            why = str(error) or type(error).__name__
            # A connection that ends again and again is told of once.
            if self._failed.get(pod) != why:
                self._failed[pod] = why
                fail(f"proxy {pod}: {why}")


@contextmanager
def cluster_lines(asked_for: AskedFor, choice: ProxyChoice, *, follow: bool) -> Iterator[ClusterLines]:
    """Give the lines of a cluster; ends the program when no proxies are found, or they may not be looked for."""
    with in_a_thread(_opened(asked_for, choice, follow=follow)) as lines:
        yield lines


@asynccontextmanager
async def _opened(asked_for: AskedFor, choice: ProxyChoice, *, follow: bool) -> AsyncIterator[ClusterLines]:
    async with user_client(asked_for) as (client, context):
        lines = ClusterLines(client, choice)
        logs = await lines.read()
        if not logs:
            raise LookupError(
                f"context {context.name}: no proxies of such a Gateway run; -n and --gateway choose others"
            )
        task = asyncio.create_task(lines.follow(logs)) if follow else None
        try:
            yield lines
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
