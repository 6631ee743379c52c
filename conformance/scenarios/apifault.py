"""A stand-in for the API server that notes every request, and delays or holds those that a scenario names.

gatewayd gets it by kubeconfig (`World.replicas(api_port=...)`). It shows the API server's own certificate; credentials
pass through, so RBAC holds as ever.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from conformance.scenarios.world import World

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True, kw_only=True)
class Request:
    """One request as it went: Unix seconds; `passed_on` and `ended` are 0 until then, `status` 0 without an answer."""

    method: str
    path: str
    is_watch: bool
    began: float
    passed_on: float = 0.0
    ended: float = 0.0
    status: int = 0

    @property
    def is_list(self) -> bool:
        """Return whether this lists a collection."""
        return self.method == "GET" and not self.is_watch

    @property
    def is_status_write(self) -> bool:
        """Return whether this writes a status."""
        return self.method in _WRITES and self.path.endswith("/status")

    @property
    def plural(self) -> str:
        """Return the last part of the path: the plural for a collection."""
        return self.path.rpartition("/")[2]


Rule = Callable[[Request], float]
"""Seconds to hold a request back before it is passed on."""


def unhindered(_request: Request) -> float:
    """Hold nothing back."""
    return 0.0


class Stand:
    """One stand-in. Set `rule` at any time; `requests` has everything that came."""

    def __init__(self, server: str, client: aiohttp.ClientSession) -> None:
        self.rule: Rule = unhindered
        self.requests: list[Request] = []
        self._server = server
        self._client = client

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on."""
        note = Request(
            method=request.method, path=request.path, is_watch=request.query.get("watch") == "true", began=time.time()
        )
        self.requests.append(note)
        body = await request.read()
        if (delay := self.rule(note)) > 0:
            await asyncio.sleep(delay)
        note.passed_on = time.time()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            async with self._client.request(
                request.method, f"{self._server}{request.path_qs}", headers=headers, data=body or None
            ) as answer:
                note.status = answer.status
                return await self._stream(request, answer)
        finally:
            note.ended = time.time()

    async def _stream(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() not in _HOP_BY_HOP and name.lower() != "content-length"
        }
        response = web.StreamResponse(status=answer.status, headers=kept)
        try:
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except (ConnectionError, aiohttp.ClientConnectionError):
            pass  # whoever asked has gone
        return response


@asynccontextmanager
async def standing(world: World, port: int) -> AsyncIterator[Stand]:
    """Run a stand-in on a port of the node."""
    outward = ssl.create_default_context(cafile=str(world.run.certificates / "ca.crt"))
    inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    inward.load_cert_chain(world.run.certificates / "api-server.crt", world.run.certificates / "api-server.key")
    connector = aiohttp.TCPConnector(ssl=outward, limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as client:
        stand = Stand(world.server, client)
        app = web.Application(client_max_size=16 << 20)
        app.router.add_route("*", "/{path:.*}", stand.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", port, ssl_context=inward).start()
        try:
            yield stand
        finally:
            await runner.cleanup()
