"""The page over HTTP, for the one who started the run: loopback, a token, and nothing to change anything with.

In: a `PageSource`. Out: pages, parts of them as server-sent events, and two files. Everything that the browser may load
comes from here: https://www.w3.org/TR/CSP3/. Under any other name than the loopback's it is refused, so that no page of
somebody else can ask by way of the browser: https://en.wikipedia.org/wiki/DNS_rebinding.
"""

import asyncio
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from aiohttp import web

from gatewayd.ir.limits import PAGE_PAUSE_SECONDS, PAGE_STREAMS
from gatewayd.page.fragments import Fragments
from gatewayd.page.live import Viewing
from gatewayd.page.look import Look, look, question
from gatewayd.page.source import PageSource

HERE: Final = "127.0.0.1"

_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_FILES: Final = {"/page.css": "text/css", "/page.js": "text/javascript"}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_WITHOUT_TOKEN: Final = "the address that the run has printed lets you in; it holds a token"  # noqa: S105 (words)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def page_served(source: PageSource, port: int) -> AsyncIterator[str]:
    """Serve the page of a run on loopback and give the address to open; `port` 0 is any free one.

    Raises OSError when the port cannot be had. Nothing of it is left when this ends.
    """
    page = _Page(source, secrets.token_urlsafe(24))
    runner = web.AppRunner(page.application(), access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HERE, port)
        await site.start()
        yield f"http://{HERE}:{runner.addresses[0][1]}/?token={page.token}"
    finally:
        await page.close()
        await runner.cleanup()


class _Page:
    """The handlers. Each view of the page has a stream of its own, which sends what looks different than before."""

    def __init__(self, source: PageSource, token: str) -> None:
        self.token = token
        self._source = source
        self._fragments = Fragments(source)
        self._viewing = Viewing(source)
        self._streams: set[asyncio.Task[object]] = set()

    def application(self) -> web.Application:
        """Return what aiohttp serves."""
        application = web.Application(middlewares=[self._guarded], client_max_size=1)
        application.router.add_get("/", self._page)
        application.router.add_get("/events", self._events, allow_head=False)
        application.router.add_get("/explain", self._explain)
        for path in _FILES:
            application.router.add_get(path, _file)
        return application

    async def close(self) -> None:
        """End all streams."""
        for task in tuple(self._streams):
            task.cancel()
        self._viewing.close()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token, from a page of this address."""
        if request.host.rpartition(":")[0] not in _HOSTS:
            response = self._refused(HTTPStatus.MISDIRECTED_REQUEST, "This page has another address", _WITHOUT_TOKEN)
        elif _is_same(request.query.get("token", ""), self.token):
            response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
            response.set_cookie(_cookie(request), self.token, httponly=True, samesite="Strict", path="/")
        elif not _is_same(request.cookies.get(_cookie(request), ""), self.token):
            response = self._refused(
                HTTPStatus.UNAUTHORIZED, "This page is for whoever started the run", _WITHOUT_TOKEN
            )
        else:
            try:
                return await handler(request)
            except web.HTTPException as error:
                response = self._refused(HTTPStatus(error.status), error.reason, "/ is the page; only GET is allowed")
        response.headers.update(_HEADERS)
        return response

    def _refused(self, status: HTTPStatus, why: str, way_out: str) -> web.Response:
        return web.Response(status=status, text=self._fragments.refused(why, way_out), content_type="text/html")

    async def _page(self, request: web.Request) -> web.Response:
        moment = await self._viewing.moment(look(request.query))
        return _html(self._fragments.page(question(request.query), moment))

    async def _explain(self, request: web.Request) -> web.Response:
        return _html(self._fragments.answer(question(request.query)))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send each part of the page whenever it is another one: https://html.spec.whatwg.org/#server-sent-events."""
        if len(self._streams) >= PAGE_STREAMS:
            raise web.HTTPServiceUnavailable(reason=f"{PAGE_STREAMS} views of the page are open already")
        response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a handler runs in one)
        self._streams.add(task)
        try:
            await self._send_changes(look(request.query), response)
        except (ConnectionResetError, asyncio.CancelledError):
            pass  # the view was closed, or the run ends
        finally:
            self._streams.discard(task)
        return response

    async def _send_changes(self, seen: Look, response: web.StreamResponse) -> None:
        sent: dict[str, str] = {}
        with self._viewing.changes() as changed:
            while True:
                moment = await self._viewing.moment(seen)
                for name, html in self._fragments.parts(moment):
                    if sent.get(name) != html:
                        sent[name] = html
                        data = json.dumps({"id": name, "html": html})
                        await response.write(f"event: part\ndata: {data}\n\n".encode())
                    await asyncio.sleep(0)
                await asyncio.sleep(PAGE_PAUSE_SECONDS)
                await changed()


async def _file(request: web.Request) -> web.Response:
    content = files("gatewayd.page").joinpath("static", request.path[1:]).read_text()
    return web.Response(text=content, content_type=_FILES[request.path], headers=_HEADERS)


def _cookie(request: web.Request) -> str:
    """Return the name of the cookie, which browsers send to all ports of a host: each run has its own."""
    return f"gatewayd-{request.url.port}"


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers=_HEADERS)


def _is_same(text: str, token: str) -> bool:
    return hmac.compare_digest(text.encode(), token.encode())
