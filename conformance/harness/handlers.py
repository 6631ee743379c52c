"""One attempt of a probe or of a lifecycle hook: HTTP, TCP, exec, gRPC, sleep.

The rules are the kubelet's: an HTTP answer of 200 to 399 is a success, redirects are not followed, certificates are not
checked. https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import grpc
import grpc.aio

from conformance.harness import commands
from conformance.harness.kubeapi import Object

_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}


class HandlerFailedError(Exception):
    """The attempt did not succeed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The container that is asked: the address of its Pod, its own ports by name, and how to enter it."""

    address: str
    ports: dict[str, int]
    enter: Callable[[Sequence[str]], tuple[str, ...]]


async def attempt(handler: Object, target: Target, *, within: float) -> None:
    """Carry `handler` out once; `HandlerFailedError` when it fails or takes longer than `within` seconds."""
    kind, run = next((kind, run) for kind, run in _KINDS.items() if kind in handler)
    try:
        async with asyncio.timeout(within):
            await run(handler[kind], target)
    except TimeoutError as error:
        raise HandlerFailedError(f"{kind} took longer than {within:g} s") from error


async def _http_get(action: Object, target: Target) -> None:
    scheme = action.get("scheme", "HTTP").lower()
    host = action.get("host", target.address)
    url = f"{scheme}://{host}:{_port(action, target)}{action.get('path', '/')}"
    headers = {header["name"]: header["value"] for header in action.get("httpHeaders", ())}
    headers.setdefault("User-Agent", "kube-probe/1.36")
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, ssl=False)) as session,
            session.get(url, headers=headers, allow_redirects=False) as response,
        ):
            if not 200 <= response.status < 400:
                raise HandlerFailedError(f"HTTP {response.status}")
    except (aiohttp.ClientError, OSError) as error:
        raise HandlerFailedError(f"{url}: {error}") from error


async def _tcp_socket(action: Object, target: Target) -> None:
    try:
        _, writer = await asyncio.open_connection(action.get("host", target.address), _port(action, target))
    except OSError as error:
        raise HandlerFailedError(str(error)) from error
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _exec(action: Object, target: Target) -> None:
    try:
        await commands.output(target.enter(action["command"]))
    except commands.CommandError as error:
        raise HandlerFailedError(str(error)) from error


async def _grpc(action: Object, target: Target) -> None:
    service = (action.get("service") or "").encode()
    request = b"\x0a" + bytes((len(service),)) + service if service else b""  # HealthCheckRequest{service}
    try:
        async with grpc.aio.insecure_channel(f"{target.address}:{action['port']}") as channel:
            answer = await channel.unary_unary(_HEALTH)(request)
    except grpc.RpcError as error:
        raise HandlerFailedError(str(error)) from error
    if answer != _SERVING:
        raise HandlerFailedError("not SERVING")


async def _sleep(action: Object, _: Target) -> None:
    await asyncio.sleep(action["seconds"])


def _port(action: Object, target: Target) -> int:
    port = action["port"]
    if isinstance(port, int):
        return port
    if port in target.ports:
        return target.ports[port]
    raise HandlerFailedError(f'the container has no port named "{port}"')


_KINDS: dict[str, Callable[[Object, Target], Awaitable[None]]] = {
    "httpGet": _http_get,
    "tcpSocket": _tcp_socket,
    "exec": _exec,
    "grpc": _grpc,
    "sleep": _sleep,
}
