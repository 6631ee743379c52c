"""What a container of a pod has written, and what it writes on: each line once, however often connections end.

In: a client with a user's rights (`pods/log`), a pod, a container. Out: lines.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from gatewayd.kube.client import KubeClient, Query, Where

_ANYTHING: Final = "*/*"
"""A log is text, whatever is asked for."""
_FRACTION: Final = 9
"""Digits of a second in the time of a line."""


class PodLog:
    """The log of a container. Lines are asked for with their times, so that one that has been read is known."""

    def __init__(self, client: KubeClient, pod: Where, container: str) -> None:
        self._client = client
        self._path = pod.path("log")
        self._query: Query = (("container", container), ("timestamps", "true"))
        self._last = ""

    async def latest(self, most: int) -> tuple[bytes, ...]:
        """Return the last lines that are there; raises ApiError, or one of CONNECTION_ERRORS without an answer."""
        query = (*self._query, ("tailLines", str(most)))
        data = await self._client.request("GET", self._path, query=query, accept=_ANYTHING)
        return tuple(self._fresh(data.splitlines()))

    async def following(self) -> AsyncIterator[bytes]:
        """Yield what has come since, and what comes, until the connection ends; raises as `latest` does."""
        since = (("sinceTime", self._last),) if self._last else ()
        query = (*self._query, ("follow", "true"), *since)
        async with self._client.lines(self._path, query, None, _ANYTHING) as lines:
            async for line in lines:
                for fresh in self._fresh((line,)):
                    yield fresh

    def _fresh(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the lines that have not been read, without their times."""
        for line in lines:
            stamp, _, text = line.partition(b" ")
            time = stamp.decode("ascii", "replace")
            if not self._last or _sortable(time) > _sortable(self._last):
                self._last = time
                yield text


def _sortable(time: str) -> tuple[str, str]:
    """Return a time (RFC 3339, UTC) in parts that sort as text, however many digits its seconds have."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    return whole, fraction.ljust(_FRACTION, "0")
