"""The part of the kubelet's HTTP API that logs, commands and forwarded ports need, over mutual TLS."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast
from urllib.parse import unquote

from aiohttp import web

from conformance.harness import podexec, podlogs, podports, relay
from conformance.harness.addresses import KUBELET_PORT
from conformance.harness.certificates import Certificates
from conformance.harness.container import Container
from conformance.harness.handlers import HandlerFailedError
from conformance.harness.node import Node
from conformance.harness.relay import Ends

_EXEC = re.compile(rb"[A-Z]+ /exec/([^/? ]+)/([^/? ]+)/([^/? ]+)[? ]")
_END_OF_HEAD = b"\r\n\r\n"
_LONGEST_HEAD = 1 << 20  # a command and its arguments are in it


async def serve(node: Node, certificates: Certificates) -> None:
    """Listen on the node's port; only the API server's certificate is let in."""
    application = web.Application()
    application.router.add_get("/healthz", _healthy)
    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _Logs(node).answer)
    application.router.add_route("*", "/exec/{namespace}/{pod}/{container}", _not_running)
    application.router.add_get("/portForward/{namespace}/{pod}", _Ports(node).answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    rest = cast("web.Server", runner.server)  # there is one from now on
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates.kubelet.certificate, certificates.kubelet.key)
    await asyncio.start_server(_Front(node, rest).answer, "0.0.0.0", KUBELET_PORT, ssl=context, limit=_LONGEST_HEAD)


class _Front:
    """Takes all connections: those that ask for a command are answered elsewhere, as SPDY is nothing for aiohttp."""

    def __init__(self, node: Node, rest: Callable[[], asyncio.BaseProtocol]) -> None:
        self._node = node
        self._rest = rest

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Look at the head of the first request; who asks for a command asks for nothing else on its connection."""
        client = Ends(reader, writer)
        try:
            head = await reader.readuntil(_END_OF_HEAD)
            enter = self._enter(head)
            await (self._pass_on(head, client) if enter is None else podexec.answer(head, client, enter))
        except (EOFError, asyncio.LimitOverrunError, OSError):
            pass  # there was no request, or nobody waits for its answer
        finally:
            await relay.close(client)

    def _enter(self, head: bytes) -> Sequence[str] | None:
        """Return the command that enters the container in which another is to be run; None when there is none."""
        match = _EXEC.match(head)
        if match is None:
            return None
        namespace, pod, name = (unquote(part.decode()) for part in match.groups())
        running = self._node.find(namespace, pod)
        container = None if running is None else running.container(name)
        try:
            return None if container is None else container.enter(())
        except HandlerFailedError:
            return None

    async def _pass_on(self, head: bytes, client: Ends) -> None:
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().connect_accepted_socket(self._rest, theirs)
        rest = await relay.opened(ours)
        rest.writer.write(head)
        try:
            await relay.carry(client, rest)
        finally:
            await relay.close(rest)


class _Logs:
    """Answers `GET /containerLogs/NAMESPACE/POD/CONTAINER`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Stream the wanted lines; 404 for what does not run here, 400 for a query that cannot be read."""
        container = _container(self._node, request)
        try:
            wanted = podlogs.options(request.query)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        path = container.log(previous=request.query.get("previous") == "true")
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        if not path.exists() and request.query.get("previous") == "true":
            raise web.HTTPBadRequest(text=f'previous terminated container "{container.name}" not found')
        await response.prepare(request)
        if path.exists():
            with suppress(ConnectionError):  # the reader went away
                async for line in podlogs.read(path, wanted, container.ended):
                    await response.write(line)
        with suppress(ConnectionError):
            await response.write_eof()
        return response


class _Ports:
    """Answers `GET /portForward/NAMESPACE/POD?port=N` of websockets."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Forward one port; 404 for a Pod that does not run here, 400 for what names no single port."""
        pod = self._node.find(request.match_info["namespace"], request.match_info["pod"])
        network = None if pod is None else pod.network_path
        if network is None:
            raise web.HTTPNotFound(text=f"no Pod {request.match_info['namespace']}/{request.match_info['pod']} here")
        try:
            port = int(request.query.get("port", ""))
        except ValueError as error:
            raise web.HTTPBadRequest(text="one port is forwarded by a connection") from error
        return await podports.forward(request, network, port)


def _container(node: Node, request: web.Request) -> Container:
    match = request.match_info
    pod = node.find(match["namespace"], match["pod"])
    container = None if pod is None else pod.container(match["container"])
    if container is None:
        raise web.HTTPNotFound(text=f"no container {match['namespace']}/{match['pod']}/{match['container']} here")
    return container


async def _not_running(request: web.Request) -> web.StreamResponse:
    """Answer for the commands that could not be handed over."""
    raise web.HTTPNotFound(text="no container {namespace}/{pod}/{container} runs here".format(**request.match_info))


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")
