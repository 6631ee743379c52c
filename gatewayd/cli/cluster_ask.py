"""One request through a proxy of a cluster: by a port of its pod, so that no address need be reached from here.

In: whom to ask, and where a listener is. Out: a port of this machine that leads there, and the line that Envoy writes
of a request. It comes from the loopback of the pod, which is what tells it from those of others.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from gatewayd.cli.asked_proxies import ProxyChoice, proxy_pods
from gatewayd.cli.asked_run import AskedFor, in_a_thread, user_client

if TYPE_CHECKING:
    from gatewayd.access_log.entry import LogEntry
    from gatewayd.explain.request import Sent
    from gatewayd.kube.client import Where
    from gatewayd.kube.pod_logs import PodLog

CLIENT: Final = "127.0.0.1"
"""Whom a proxy takes the client for: the kubelet connects within the pod."""
_CLIENTS: Final = (f"{CLIENT}:", "[::1]:")
_CONTAINER: Final = "envoy"
_LATEST: Final = 1_000
"""Lines that are looked through at a time."""
_WRITTEN_WITHIN: Final = 10.0
"""Seconds: Envoy writes once a second, and the API server may be far away."""
_LOOK: Final = 0.2


class ForwardedProxy:
    """A proxy whose listener is reached at `port` of this machine; what its log had before is not looked at."""

    def __init__(self, pod: "Where", port: int, log: "PodLog", loop: asyncio.AbstractEventLoop) -> None:
        self.pod = pod.name
        self.port = port
        self._log = log
        self._loop = loop

    def written(self, request: "Sent") -> "LogEntry | None":
        """Return the line of a request that was sent there; None when none comes."""
        likely: LogEntry | None = None
        until = time.monotonic() + _WRITTEN_WITHIN
        while time.monotonic() < until:
            for entry in self._entries(request):
                if entry.text("client").startswith(_CLIENTS):
                    return entry
                # Where proxies in front are trusted, a header says who the client is.
                likely = likely or entry
            time.sleep(_LOOK)
        return likely

    def _entries(self, request: "Sent") -> "Iterator[LogEntry]":
        from gatewayd.access_log.entry import read_entry

        lines = asyncio.run_coroutine_threadsafe(self._log.latest(_LATEST), self._loop).result()
        for entry in filter(None, map(read_entry, lines)):
            if (entry.text("method"), entry.text("path")) == (request.method, request.target):
                yield entry


@contextmanager
def forwarded_proxy(asked_for: AskedFor, gateway: str, port: int) -> Iterator[ForwardedProxy]:
    """Give a proxy of a Gateway; ends the program when there is none, or it cannot be reached and read."""
    with in_a_thread(_opened(asked_for, gateway, port)) as proxy:
        yield proxy


@asynccontextmanager
async def _opened(asked_for: AskedFor, gateway: str, port: int) -> AsyncIterator[ForwardedProxy]:
    from gatewayd.kube.api_errors import ApiError
    from gatewayd.kube.pod_logs import PodLog
    from gatewayd.kube.port_forward import PodPort

    async with user_client(asked_for) as (client, context):
        pods = await proxy_pods(client, ProxyChoice(gateway=gateway))
        if not pods:
            raise LookupError(f"context {context.name}: no proxy of Gateway {gateway} runs")
        pod = pods[0][0]
        log = PodLog(client, pod, _CONTAINER)
        try:
            await log.latest(1)
            async with PodPort(client, pod, port).on_loopback(0) as own:
                yield ForwardedProxy(pod, own, log, asyncio.get_running_loop())
        except ApiError as error:
            raise LookupError(
                f"proxy {pod.name} of {gateway}: {error}; it takes the rights to get pods/log, and to get and create "
                f"pods/portforward, in namespace {pod.namespace}"
            ) from error
