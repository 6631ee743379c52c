"""A stand-in for the API server that notes every request, and lies about those that a scenario names.

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

from conformance.scenarios.lies import PASS, Action, Delay, Reset, Status, Truncate, passed
from conformance.scenarios.shown_api_server import shown_as_api_server
from conformance.scenarios.world import World

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True, kw_only=True)
class Request:
    """One request as it went: Unix seconds; `passed_on` and `ended` are 0 until then, `status` 0 without an answer.

    `selector` says which of a collection's objects are meant.
    """

    method: str
    path: str
    is_watch: bool
    began: float
    passed_on: float = 0.0
    ended: float = 0.0
    status: int = 0
    selector: str = ""

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


Rule = Callable[[Request], Action]
"""What becomes of a request."""


def unhindered(_request: Request) -> Action:
    """Pass everything on."""
    return PASS


class Stand:
    """One stand-in. Set `rule` at any time; `requests` has everything that came."""

    def __init__(self, server: str, client: aiohttp.ClientSession) -> None:
        self.rule: Rule = unhindered
        self.requests: list[Request] = []
        self._server = server
        self._client = client
        self._open: set[asyncio.Transport] = set()

    def cut(self) -> None:
        """End every connection that is open: what was asked for before comes again, and meets the rule."""
        for each in tuple(self._open):
            each.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on."""
        note = Request(
            method=request.method,
            path=request.path,
            is_watch=request.query.get("watch") == "true",
            began=time.time(),
            selector=" ".join(request.query.get(name, "") for name in ("fieldSelector", "labelSelector")).strip(),
        )
        self.requests.append(note)
        if request.transport is not None:
            self._open.add(request.transport)
        self._open = {each for each in self._open if not each.is_closing()}
        body = await request.read()
        action = self.rule(note)
        match action:
            case Delay(seconds=seconds) if seconds > 0:
                await asyncio.sleep(seconds)
            case Status():
                note.status, note.ended = action.status, time.time()
                return _refusal(action)
            case Reset():
                note.ended = time.time()
                return _ended(request)
        note.passed_on = time.time()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            async with self._client.request(
                request.method, f"{self._server}{request.path_qs}", headers=headers, data=body or None
            ) as answer:
                note.status = answer.status
                return await self._stream(request, answer, action if note.is_watch or _is_cut(action) else PASS)
        finally:
            note.ended = time.time()

    async def _stream(self, request: web.Request, answer: aiohttp.ClientResponse, action: Action) -> web.StreamResponse:
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() not in _HOP_BY_HOP and name.lower() != "content-length"
        }
        response = web.StreamResponse(status=answer.status, headers=kept)
        try:
            await response.prepare(request)
            async for chunk in passed(answer.content, action):
                await response.write(chunk)
            if _is_cut(action):
                return _ended(request)
            await response.write_eof()
        except (ConnectionError, aiohttp.ClientConnectionError):
            pass  # whoever asked has gone
        return response


def _is_cut(action: Action) -> bool:
    return isinstance(action, Truncate)


def _refusal(action: Status) -> web.Response:
    """Return what the API server says with such a status."""
    again = {} if action.retry_after is None else {"Retry-After": str(action.retry_after)}
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": "a scenario says so",
        "code": action.status,
    }
    return web.json_response(body, status=action.status, headers=again)


def _ended(request: web.Request) -> web.Response:
    """End the connection at once; what is returned never arrives."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def standing(world: World, port: int) -> AsyncIterator[Stand]:
    """Run a stand-in on a port of the node."""
    outward = ssl.create_default_context(cafile=str(world.run.certificates / "ca.crt"))
    connector = aiohttp.TCPConnector(ssl=outward, limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as client:
        stand = Stand(world.server, client)
        async with shown_as_api_server(world, port, stand.handle):
            yield stand
