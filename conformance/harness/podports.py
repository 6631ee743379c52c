"""Ports of Pods as `kubectl port-forward` reaches them: a connection made within the Pod's network, over a websocket.

The websocket has two channels for a port, data and error, each of which begins with its number; the first byte of a
message is its channel: https://github.com/kubernetes/kubelet/tree/master/pkg/cri/streaming/portforward (websocket)
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import threading
from pathlib import Path

import aiohttp
from aiohttp import web

SUBPROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = b"\x00", b"\x01"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of setns(2)
_CHUNK = 1 << 16
_CONNECT_SECONDS = 5.0


async def forward(request: web.Request, network: Path, port: int) -> web.WebSocketResponse:
    """Carry bytes between a websocket and a port of the loopback of a network namespace, until either side ends."""
    channels = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
    await channels.prepare(request)
    for channel in (_DATA, _ERROR):
        await channels.send_bytes(channel + port.to_bytes(2, "little"))
    try:
        connection = await asyncio.to_thread(_connected, network, port)
    except OSError as error:
        await channels.send_bytes(_ERROR + f"127.0.0.1:{port}: {error}".encode())
        await channels.close()
        return channels
    reader, writer = await asyncio.open_connection(sock=connection)
    back = asyncio.create_task(_back(channels, reader), name=f"from port {port}")
    try:
        async for message in channels:
            if message.type is aiohttp.WSMsgType.BINARY and message.data[:1] == _DATA:
                writer.write(message.data[1:])
                await writer.drain()
    finally:
        writer.close()
        back.cancel()
        await asyncio.gather(back, return_exceptions=True)
    return channels


async def _back(channels: web.WebSocketResponse, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(_CHUNK):
        await channels.send_bytes(_DATA + data)
    await channels.close()


def _connected(network: Path, port: int) -> socket.socket:
    """Connect from within a network namespace: a thread enters it, and a socket stays where it was made."""
    made: list[socket.socket | OSError] = []

    def enter() -> None:
        try:
            made.append(_entered(network, port))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    (outcome,) = made
    if isinstance(outcome, OSError):
        raise outcome
    outcome.setblocking(False)
    return outcome


def _entered(network: Path, port: int) -> socket.socket:
    libc = ctypes.CDLL(None, use_errno=True)
    with network.open("rb") as namespace:
        if libc.setns(namespace.fileno(), _NEW_NETWORK) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    return socket.create_connection(("127.0.0.1", port), timeout=_CONNECT_SECONDS)
