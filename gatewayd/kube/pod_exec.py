"""One command in a container of a pod, through the API server, as `kubectl exec` runs it.

In: a client with a user's rights (`pods/exec`), a pod, a container, a command. Out: what it wrote.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (exec)
"""

import asyncio
from typing import Any, Final

import aiohttp
import msgspec

from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.port_forward import SUBPROTOCOL

_OUT, _ERRORS, _STATUS = 1, 2, 3
_SECONDS: Final = 30.0


class CommandFailedError(Exception):
    """The command ended with another code than 0, or could not be run; in the words of whoever says so."""


async def run_in_pod(client: KubeClient, pod: Where, container: str, command: tuple[str, ...]) -> bytes:
    """Return what a command writes to standard output.

    Raises CommandFailedError, ApiError where commands may not be run there, and one of CONNECTION_ERRORS without an
    answer.
    """
    query = (
        ("container", container),
        ("stdout", "true"),
        ("stderr", "true"),
        *(("command", part) for part in command),
    )
    channels = await client.websocket(pod.path("exec"), query, SUBPROTOCOL)
    try:
        written = await asyncio.wait_for(_read(channels), _SECONDS)
    finally:
        await channels.close()
    failure = _failure(bytes(written[_STATUS]))
    if failure:
        raise CommandFailedError(f"{failure}: {written[_ERRORS].decode(errors='replace').strip()}".rstrip(": "))
    return bytes(written[_OUT])


async def _read(channels: aiohttp.ClientWebSocketResponse) -> dict[int, bytearray]:
    written = {channel: bytearray() for channel in (_OUT, _ERRORS, _STATUS)}
    async for message in channels:
        if message.type is aiohttp.WSMsgType.BINARY and message.data and message.data[0] in written:
            written[message.data[0]] += message.data[1:]
    return written


def _failure(status: bytes) -> str:
    """Return why a command failed, of the Status object that ends it; "" when it did not."""
    try:
        ended: dict[str, Any] = msgspec.json.decode(status)
    except msgspec.MsgspecError:
        return "it was cut off" if not status else status.decode(errors="replace")
    return "" if ended.get("status") == "Success" else str(ended.get("message", "failed"))
