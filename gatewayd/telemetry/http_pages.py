"""The two small HTTP ports of the control plane: health for the kubelet, metrics for Prometheus.

Exact paths, GET and HEAD, nothing else: no page shows configuration, and there is nothing to post to. One request a
connection; who sends nothing, or too much, is hung up on, and makes room for who does.
https://kubernetes.io/docs/reference/using-api/health-checks/
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from gatewayd.ir.limits import (
    ADMIN_CONNECTIONS,
    ADMIN_HEAD,
    ANSWER_SECONDS,
    HEAD_SECONDS,
    METRICS_SECONDS,
)

TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResponse:
    """What a page says."""

    status: HTTPStatus
    content_type: str
    body: bytes


Page = Callable[[], PageResponse]
"""A page is made for each request, in the event loop: it must not block."""


def health_pages(waiting_for: Callable[[], tuple[str, ...]]) -> Mapping[str, Page]:
    """Return `/healthz`, good while the event loop turns, and `/readyz`, good when nothing is waited for."""

    def ready() -> PageResponse:
        missing = waiting_for()
        if missing:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f"waiting for: {', '.join(missing)}")
        return _text(HTTPStatus.OK, "ok")

    return {"/healthz": lambda: _text(HTTPStatus.OK, "ok"), "/readyz": ready}


def metrics_pages(text: Callable[[], bytes], content_type: str) -> Mapping[str, Page]:
    """Return `/metrics`, made anew at most once a second: of thousands of series that takes a while."""
    made: tuple[float, bytes] | None = None

    def page() -> PageResponse:
        nonlocal made
        now = asyncio.get_running_loop().time()
        if made is None or now >= made[0] + METRICS_SECONDS:
            made = (now, text())
        return PageResponse(status=HTTPStatus.OK, content_type=content_type, body=made[1])

    return {"/metrics": page}


@asynccontextmanager
async def served(pages: Mapping[str, Page], *, host: str | None, port: int) -> AsyncIterator[int]:
    """Serve pages and give the port; `host` None: all interfaces, `port` 0: any free one.

    Raises OSError when the port cannot be had. Nothing of it is left when this ends.
    """
    server = _Server(pages)
    listener = await asyncio.start_server(server.handle, host, port, limit=ADMIN_HEAD)
    try:
        yield int(listener.sockets[0].getsockname()[1])
    finally:
        listener.close()
        await server.close()


@dataclass(slots=True, kw_only=True, eq=False)
class _Connection:
    """One of them; `is_idle` until its request is there as a whole."""

    address: str
    writer: asyncio.StreamWriter
    is_idle: bool


class _Server:
    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self._open: dict[_Connection, None] = {}  # the oldest first
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        peer = writer.get_extra_info("peername")
        connection = _Connection(address=peer[0] if peer else "", writer=writer, is_idle=True)
        self._make_room()
        self._open[connection] = None
        try:
            await self._serve(connection, reader)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            return
        except asyncio.CancelledError:
            return  # by `close`; asyncio's server would log it
        finally:
            writer.transport.abort()  # whatever happened; after a whole answer it is closed already
            self._open.pop(connection, None)

    async def _serve(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        connection.is_idle = False
        async with asyncio.timeout(ANSWER_SECONDS):
            connection.writer.write(self._response(head))
            await connection.writer.drain()
            connection.writer.close()
            await connection.writer.wait_closed()

    def _make_room(self) -> None:
        """Hang up on somebody when all places are taken.

        On the oldest that has not said what it wants, of the address that has the most of those: who asks at once is
        answered, however many others hold connections.
        """
        if len(self._open) < ADMIN_CONNECTIONS:
            return
        idle = [each for each in self._open if each.is_idle] or list(self._open)
        held = Counter(each.address for each in idle)
        victim = max(idle, key=lambda each: held[each.address])  # the first, so the oldest, of those with the most
        del self._open[victim]
        victim.writer.transport.abort()

    async def close(self) -> None:
        """Hang up on all."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _response(self, head: bytes) -> bytes:
        """Return the answer to a request: https://www.rfc-editor.org/rfc/rfc9112#section-3."""
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _bytes(_text(HTTPStatus.BAD_REQUEST, "not an HTTP/1 request"), with_body=True)
        method, path, _ = words
        if method not in ("GET", "HEAD"):
            answer = _text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are allowed")
        elif path not in self._pages:
            answer = _text(HTTPStatus.NOT_FOUND, f"allowed: {', '.join(sorted(self._pages))}")
        else:
            answer = self._pages[path]()
        return _bytes(answer, with_body=method != "HEAD")


def _text(status: HTTPStatus, line: str) -> PageResponse:
    return PageResponse(status=status, content_type=TEXT, body=f"{line}\n".encode())


def _bytes(answer: PageResponse, *, with_body: bool) -> bytes:
    fields = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        "x-content-type-options": "nosniff",
        "connection": "close",
    }
    if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
        fields["allow"] = "GET, HEAD"
    lines = [
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        *(f"{k}: {v}" for k, v in fields.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + (answer.body if with_body else b"")
