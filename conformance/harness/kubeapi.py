"""A small client of the API server: get, create, apply, patch, delete, and list-and-watch that never ends.

Paths are REST paths (`/api/v1/namespaces/default/pods`), objects are JSON dictionaries as the API server sends them.
Errors: `ApiError` for every answer of 400 and above; `aiohttp.ClientError` when the server cannot be reached.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp

Object = dict[str, Any]
CONNECTION_ERRORS = (aiohttp.ClientError, OSError, asyncio.TimeoutError)
_RETRY_SECONDS = 0.2
_BUSY = frozenset({429, 500, 502, 503, 504})
_BUSY_ATTEMPTS = 50
_PATCH = "application/strategic-merge-patch+json"
_APPLY = "application/apply-patch+yaml"


class ApiError(Exception):
    """The API server refused a request: `status` is the HTTP code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of a watch: the object as it is now, or as it was last when it is `gone`."""

    kind: Literal["present", "gone"]
    object: Object


class Api:
    """One connection pool to the API server, used as an async context manager."""

    def __init__(self, *, server: str, token: str, ca: Path) -> None:
        self._server = server
        self._ca = ca
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(self._ca)), limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, headers=self._headers, timeout=aiohttp.ClientTimeout(total=None, sock_connect=5)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str) -> Object:
        """Return the object, list or document at `path`."""
        return await self._send("GET", path)

    async def create(self, path: str, body: Object) -> Object:
        """Post `body` to a collection (or a subresource such as `/token`) and return the answer."""
        return await self._insist("POST", path, body)

    async def patch(self, path: str, body: Object) -> Object:
        """Send a strategic merge patch (built-in kinds only)."""
        return await self._insist("PATCH", path, body, content_type=_PATCH)

    async def replace(self, path: str, body: Object) -> Object:
        """Put an object as it is, if nobody has changed it since it was read."""
        return await self._insist("PUT", path, body)

    async def apply(self, path: str, body: Object) -> Object:
        """Send a server-side apply, taking over every field."""
        query = "?fieldManager=conformance-harness&force=true"
        return await self._insist("PATCH", path + query, body, content_type=_APPLY)

    async def delete(self, path: str, body: Object | None = None) -> None:
        """Delete the object at `path`; one that is not there is fine."""
        try:
            await self._insist("DELETE", path, body)
        except ApiError as error:
            if error.status != 404:
                raise

    async def changes(self, path: str) -> AsyncIterator[Change]:
        """List and watch the collection at `path` for ever; what vanished between two lists is reported as gone."""
        known: dict[str, Object] = {}
        while True:
            try:
                listed = await self.get(path)
                present = {item["metadata"]["uid"]: item for item in listed["items"]}
                for uid in known.keys() - present.keys():
                    yield Change(kind="gone", object=known.pop(uid))
                for uid, item in present.items():
                    if known.get(uid) != item:
                        known[uid] = item
                        yield Change(kind="present", object=item)
                version = listed["metadata"]["resourceVersion"]
                async for event in self._watch(path, version):
                    yield _remembered(known, event)
            except (ApiError, *CONNECTION_ERRORS):
                await asyncio.sleep(_RETRY_SECONDS)

    async def _watch(self, path: str, version: str) -> AsyncIterator[Object]:
        """Yield watch events until the server ends the stream or says that `version` is too old."""
        while True:
            query = f"watch=true&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=1800"
            separator = "&" if "?" in path else "?"
            async with self._open.get(self._server + path + separator + query) as response:
                await _raise_for_status(response)
                async for line in _lines(response.content):
                    event: Object = json.loads(line)
                    if event["type"] == "ERROR":
                        return
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        yield event

    async def _insist(self, method: str, path: str, body: Object | None, *, content_type: str = "") -> Object:
        """Send a write, again and again for a while when the server is too busy to take it."""
        for _ in range(_BUSY_ATTEMPTS):
            try:
                return await self._send(method, path, body, content_type=content_type)
            except ApiError as error:
                if error.status not in _BUSY:
                    raise
            except CONNECTION_ERRORS:
                pass
            await asyncio.sleep(_RETRY_SECONDS)
        return await self._send(method, path, body, content_type=content_type)

    async def _send(self, method: str, path: str, body: Object | None = None, *, content_type: str = "") -> Object:
        headers = {"Content-Type": content_type or "application/json"}
        data = None if body is None else json.dumps(body).encode()
        async with self._open.request(method, self._server + path, data=data, headers=headers) as response:
            await _raise_for_status(response)
            answer: Object = await response.json(content_type=None)
            return answer

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("Api is used outside `async with`")
        return self._session


def _remembered(known: dict[str, Object], event: Mapping[str, Any]) -> Change:
    item: Object = event["object"]
    uid = item["metadata"]["uid"]
    if event["type"] == "DELETED":
        known.pop(uid, None)
        return Change(kind="gone", object=item)
    known[uid] = item
    return Change(kind="present", object=item)


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Split a stream at newlines without the reader's limit on the length of a line (an object may have 1.5 MB)."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status >= 400:
        text = await response.text()
        try:
            message = json.loads(text)["message"]
        except (ValueError, KeyError, TypeError):
            message = text
        raise ApiError(response.status, message)
