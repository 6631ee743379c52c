"""A scripted API server in the process: a store with resource versions, and answers that a test says beforehand.

What no script says, the store answers as the real one does: 404, 409 for a stale resourceVersion or a name that is
taken, lists of metadata alone, merge patches, server-side apply (without field ownership). Watches are in the test's
hands.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

import asyncio
import json
import re
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gatewayd.kube.access import Access
from gatewayd.kube.client import KubeClient
from tests.fakes.documents import Json, failure, page
from tests.fakes.skipping_loop import SkippingLoop


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrived: names of headers in lower case; `body` is None without one."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: JSON, or bytes as they are; `retry_after` is the header of that name, "" for none."""

    status: int = 200
    body: Json | bytes = field(default_factory=dict)
    retry_after: str = ""


class Hole:
    """No answer at all, on a connection that stays open."""


class Drop:
    """The connection ends without an answer, and nothing was done."""


class Lose:
    """What was asked for is done, and the connection ends before the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """Something that happens while the request is on its way; the store answers after it."""

    act: Callable[[], None]


Answer = Reply | Hole | Drop | Lose | Then


def refused(code: int, reason: str = "", message: str = "no") -> Reply:
    """Return an error as the API server words it."""
    return Reply(status=code, body=failure(code, reason, message))


def busy(retry_after: str, code: int = 429) -> Reply:
    """Return what the API server answers when it has too much to do, and when it wants to be asked again."""
    return Reply(status=code, body=failure(code, "TooManyRequests"), retry_after=retry_after)


def terminating(namespace: str) -> Reply:
    """Return what is answered to whoever makes something in a namespace that is being deleted."""
    message = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {namespace} is being terminated"}
    return Reply(status=403, body=failure(403, "Forbidden", message) | {"details": {"causes": [cause]}})


class Watch:
    """An open watch."""

    def __init__(self, request: Request, response: web.StreamResponse, transport: asyncio.Transport) -> None:
        self.request = request
        self._response = response
        self._transport = transport
        self._over = asyncio.Event()

    async def send(self, *lines: Json) -> None:
        for line in lines:
            await self.raw(json.dumps(line).encode() + b"\n")

    async def raw(self, data: bytes) -> None:
        await self._response.write(data)

    def end(self) -> None:
        """End it in good order, as after `timeoutSeconds`."""
        self._over.set()

    def drop(self) -> None:
        """Lose the connection."""
        self._transport.abort()
        self._over.set()

    @property
    def is_left(self) -> bool:
        """Whether its client has gone."""
        return self._transport.is_closing()

    async def over(self) -> None:
        await self._over.wait()


class ApiServer:
    """`objects` by path; `requests` in order of arrival."""

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.requests: list[Request] = []
        self.watches: list[Watch] = []
        self.version = 100
        self._scripts: dict[tuple[str, str], deque[Answer]] = defaultdict(deque)
        self._over = asyncio.Event()

    def script(self, method: str, path: str, *answers: Answer) -> None:
        """Say what the next such requests are answered; "WATCH" for watches."""
        self._scripts[method, path].extend(answers)

    def forget_scripts(self) -> None:
        """Let the store answer everything again."""
        self._scripts.clear()

    def put(self, path: str, document: Json) -> Json:
        """Store an object as if somebody had written it."""
        self.version += 1
        metadata = {"uid": f"uid-{self.version}", **document.get("metadata", {}), "resourceVersion": str(self.version)}
        self.objects[path] = {**document, "metadata": metadata}
        return self.objects[path]

    def said(self, method: str, path: str = "") -> list[Request]:
        """Return the requests of a method, of one path when it is given."""
        return [each for each in self.requests if each.method == method and path in ("", each.path)]

    @property
    def writes(self) -> list[Request]:
        return [each for each in self.requests if each.method != "GET"]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.read()
        seen = Request(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=json.loads(text) if text else None,
        )
        self.requests.append(seen)
        scripts = self._scripts["WATCH" if seen.is_watch else seen.method, seen.path]
        match scripts.popleft() if scripts else None:
            case Reply() as reply:
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                headers = {"Retry-After": reply.retry_after} if reply.retry_after else {}
                return web.Response(status=reply.status, body=body, headers=headers, content_type="application/json")
            case Hole():
                await self._over.wait()
            case Drop():
                return _aborted(request)
            case Lose():
                self._stored(seen)
                return _aborted(request)
            case Then(act=act):
                act()
        if seen.is_watch:
            return await self._watch(request, seen)
        return self._stored(seen)

    async def _watch(self, request: web.Request, seen: Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        watch = Watch(seen, response, _transport(request))
        self.watches.append(watch)
        await watch.over()
        return response

    def _stored(self, request: Request) -> web.Response:
        status, document = getattr(self, f"_{request.method.lower()}")(request)
        if "as=PartialObjectMetadataList" in request.headers.get("accept", "") and "items" in document:
            document = {**document, "items": [{"metadata": each["metadata"]} for each in document["items"]]}
        return web.json_response(document, status=status)

    def _get(self, request: Request) -> tuple[int, Json]:
        if request.path in self.objects:
            return 200, self.objects[request.path]
        below = [each for path, each in self.objects.items() if _folders(path) & {request.path}]
        if not below:
            return 404, failure(404, "NotFound")
        return 200, page(*(each for each in below if _selected(each, request.query)), version=self.version)

    def _post(self, request: Request) -> tuple[int, Json]:
        path = f"{request.path}/{request.body['metadata']['name']}"
        if path in self.objects:
            return 409, failure(409, "AlreadyExists")
        return 201, self.put(path, request.body)

    def _put(self, request: Request) -> tuple[int, Json]:
        return self._replaced(request.path, request.body, request.body)

    def _patch(self, request: Request) -> tuple[int, Json]:
        path = request.path.removesuffix("/status")
        if request.headers["content-type"] == "application/apply-patch+yaml":
            return 200, self.put(path, request.body)
        before = self.objects.get(path, {})
        return self._replaced(path, request.body, _patched(before, request))

    def _replaced(self, path: str, body: Json, document: Json) -> tuple[int, Json]:
        before = self.objects.get(path)
        if before is None:
            return 404, failure(404, "NotFound")
        expected = body["metadata"].get("resourceVersion")
        if expected not in (None, before["metadata"]["resourceVersion"]):
            return 409, failure(409, "Conflict")
        return 200, self.put(path, document)

    def _delete(self, request: Request) -> tuple[int, Json]:
        found = self.objects.pop(request.path, None)
        return (200, {"kind": "Status", "status": "Success"}) if found else (404, failure(404, "NotFound"))

    def close(self) -> None:
        """Let go of everything that is open."""
        self._over.set()
        for watch in self.watches:
            watch.end()


def _patched(before: Json, request: Request) -> Json:
    """Return a status that takes another's place, or an object whose metadata a merge patch changes."""
    if request.path.endswith("/status"):
        return {**before, "status": request.body["status"]}
    return {**before, "metadata": {**before.get("metadata", {}), **request.body["metadata"]}}


def _folders(path: str) -> set[str]:
    """Return the collections that an object is in: that of its namespace, and that of the cluster."""
    folder = path.rsplit("/", 1)[0]
    return {folder, re.sub("/namespaces/[^/]+(?=/)", "", folder)}


def _selected(document: Json, query: dict[str, str]) -> bool:
    """Return whether an object has the label, or the field of its root, that a list asks for."""
    label, has_value, value = query.get("labelSelector", "").partition("=")
    field_name, _, wanted = query.get("fieldSelector", "").partition("=")
    labels = document["metadata"].get("labels", {})
    has_label = labels.get(label) == value if has_value else label in labels
    return (not label or has_label) and (not field_name or document.get(field_name) == wanted)


def _transport(request: web.Request) -> asyncio.Transport:
    assert isinstance(request.transport, asyncio.Transport)
    return request.transport


def _aborted(request: web.Request) -> web.Response:
    _transport(request).abort()
    return web.Response()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An API server, where it listens, and a client of it."""

    server: ApiServer
    url: str
    client: KubeClient


@asynccontextmanager
async def api_server() -> AsyncIterator[Cluster]:
    """Serve on the 127.0.0.1 of a SkippingLoop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    server = ApiServer()
    accepting = web.Server(server.answer, keepalive_timeout=7200.0)  # type: ignore[arg-type] # a StreamResponse is fine
    port = loop.listen(accepting)
    url = f"http://127.0.0.1:{port}"
    client = KubeClient(access(url))
    try:
        yield Cluster(server=server, url=url, client=client)
    finally:
        loop.hang_up(port)
        server.close()
        await client.close()
        await accepting.shutdown(1.0)


async def _token() -> str:
    return "Bearer token-of-ours"


def access(url: str) -> Access:
    """Return how to reach it, with a token."""
    # Without the certificates of the machine, whose loading would take longer than most tests do.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Access(url=url, tls=context, server_name=None, proxy=None, authorization=_token)
