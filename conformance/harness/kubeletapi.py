"""The part of the kubelet's HTTP API that logs, the suite's mirror tests and forwarded ports need, over mutual TLS."""

from __future__ import annotations

import ssl
from contextlib import suppress

from aiohttp import web

from conformance.harness import podexec, podlogs, podports
from conformance.harness.addresses import KUBELET_PORT
from conformance.harness.certificates import Certificates
from conformance.harness.container import Container
from conformance.harness.handlers import HandlerFailedError
from conformance.harness.node import Node


async def serve(node: Node, certificates: Certificates) -> web.AppRunner:
    """Listen on the node's port and return the running server; only the API server's certificate is let in."""
    application = web.Application()
    application.router.add_get("/healthz", _healthy)
    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _Logs(node).answer)
    application.router.add_get("/exec/{namespace}/{pod}/{container}", _Commands(node).answer)
    application.router.add_get("/portForward/{namespace}/{pod}", _Ports(node).answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates.kubelet.certificate, certificates.kubelet.key)
    await web.TCPSite(runner, "0.0.0.0", KUBELET_PORT, ssl_context=context).start()
    return runner


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


class _Commands:
    """Answers `GET /exec/NAMESPACE/POD/CONTAINER?command=...` of websockets, for commands that take no input."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Run the command; 404 for what does not run here."""
        container = _container(self._node, request)
        try:
            command = container.enter(request.query.getall("command"))
        except HandlerFailedError as error:
            raise web.HTTPNotFound(text=str(error)) from error
        return await podexec.run(request, command)


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


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")
