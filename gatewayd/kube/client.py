"""Requests to the API server: paths, authentication, errors.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import aiohttp
import msgspec
import yarl

from gatewayd import settings
from gatewayd.kube.access import ACCOUNT, Access, pod_access
from gatewayd.kube.api_errors import ApiError, NotFoundError, api_error, read_error
from gatewayd.own_group import MANAGER

REQUEST_TIMEOUT: Final = 15.0
"""Seconds for one ordinary request."""
CONNECT_TIMEOUT: Final = 5.0
MAX_CONNECTIONS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A collection or an object: "group/version" ("v1" for the core), plural, namespace and name ("" for none)."""

    api_version: str
    plural: str
    namespace: str
    name: str

    def path(self, sub: str) -> str:
        """Return the URL's path; `sub` is a subresource such as "status", or ""."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        parts = [root + self.api_version]
        if self.namespace:
            parts += ["namespaces", self.namespace]
        parts.append(self.plural)
        parts += [part for part in (self.name, sub) if part]
        return "/".join(parts)


Query = Sequence[tuple[str, str]]
T = TypeVar("T")


WHOLE: Final = "application/json"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
"""What a list, and a watch or an object, is wanted as: without its content.

https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
"""


class _Message(NamedTuple):
    """What goes out with a request, and as what the answer is wanted."""

    body: Mapping[str, Any] | None
    content: str
    accept: str


class TooLongError(ApiError):
    """An answer is longer than whoever asked takes. Nothing of it is used."""

    def __init__(self, most: int) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooLong", f"more than {most} bytes in one answer")


class KubeClient:
    """One API server. Close it, or use `connected`."""

    def __init__(self, access: Access, manager: str = MANAGER, *, longest: int | None = None) -> None:
        """Write, and ask, as `manager` (`own_group.manager`).

        `longest`: bytes of one answer, or one line of a watch, that are taken of a server that is not trusted. Such a
        one leads nowhere else either: its redirects are answers like others, and bad ones.
        https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
        """
        self.manager = manager
        self._access = access
        self._longest = longest
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ssl=access.tls)
        self._session = aiohttp.ClientSession(connector=connector, trust_env=True)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        content: str = "json",
        accept: str = WHOLE,
    ) -> bytes:
        """Return the body of a good answer.

        Raises ApiError for a bad one and one of CONNECTION_ERRORS when there is none. `content` is the kind of body:
        "json", or "apply-patch+yaml", "merge-patch+json". `accept` is WHOLE, or one of those that ask for less.
        """
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT, sock_connect=CONNECT_TIMEOUT)
        response = await self._send(method, path, query, _Message(body, content, accept), timeout)
        async with response:
            data = await _body(response, self._longest)
        if not _is_good(response.status):
            raise read_error(response.status, response.headers, data)
        return data

    async def get(self, path: str, struct: type[T]) -> T | None:
        """Return an object, read as `struct`; None when there is none.

        Raises ApiError for any other bad answer and one of CONNECTION_ERRORS when there is none.
        """
        try:
            data = await self.request("GET", path)
        except NotFoundError:
            return None
        return msgspec.json.decode(data, type=struct)

    async def apply(self, path: str, document: Mapping[str, Any]) -> None:
        """Make an object what a document says, whoever else writes its fields; other fields stay.

        Raises ApiError for a bad answer and one of CONNECTION_ERRORS when there is none.
        https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
        """
        query = [("fieldManager", self.manager), ("force", "true")]
        await self.request("PATCH", path, query=query, body=document, content="apply-patch+yaml")

    @asynccontextmanager
    async def lines(
        self, path: str, query: Query, quiet: float | None, accept: str = WHOLE
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a watch, or a log, and give its lines as they come.

        `quiet` seconds without any byte end it with TimeoutError; None: it may be quiet for ever.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=quiet)
        response = await self._send("GET", path, query, _Message(None, "json", accept), timeout)
        async with response:
            if not _is_good(response.status):
                raise read_error(response.status, response.headers, await _body(response, self._longest))
            yield _lines(response.content, self._longest)

    async def websocket(self, path: str, query: Query, subprotocol: str) -> aiohttp.ClientWebSocketResponse:
        """Open a websocket, which is the caller's to close.

        Raises ApiError when that is refused and one of CONNECTION_ERRORS when there is no answer.
        """
        headers = await self._own_headers()
        try:
            return await asyncio.wait_for(
                self._session.ws_connect(
                    self._access.url + path,
                    params=query,
                    protocols=(subprotocol,),
                    headers=headers,
                    proxy=self._access.proxy,
                    server_hostname=self._access.server_name,
                    max_msg_size=0,
                ),
                REQUEST_TIMEOUT,
            )
        except aiohttp.WSServerHandshakeError as error:
            # What the API server says to it is not read by whoever wanted a websocket.
            phrase = HTTPStatus(error.status).phrase
            raise api_error(error.status, phrase, f"{path} is refused") from error

    async def _own_headers(self) -> dict[str, str]:
        """Return who asks, and with which right."""
        authorization = await self._access.authorization()
        return {"User-Agent": self.manager, **({"Authorization": authorization} if authorization else {})}

    async def _send(
        self,
        method: str,
        path: str,
        query: Query,
        message: "_Message",
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        headers = {
            "Accept": message.accept,
            "Content-Type": f"application/{message.content}",
            **await self._own_headers(),
        }
        return await self._session.request(
            method,
            self._access.url + path,
            params=query,
            data=None if message.body is None else msgspec.json.encode(message.body),
            headers=headers,
            timeout=timeout,
            proxy=self._access.proxy,
            server_hostname=self._access.server_name,
            allow_redirects=self._longest is None,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


async def _body(response: aiohttp.ClientResponse, longest: int | None) -> bytes:
    """Return the whole body. Raises TooLongError, as soon as it is longer."""
    if longest is None:
        whole: bytes = await response.read()
        return whole
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > longest:
            raise TooLongError(longest)
    return bytes(data)


async def _lines(stream: aiohttp.StreamReader, longest: int | None) -> AsyncIterator[bytes]:
    """Yield whole lines, however long: objects may be larger than the reader's own limit for a line.

    Raises TooLongError for one that is longer than what is taken of a server that is not trusted.
    """
    rest = bytearray()
    async for chunk in stream.iter_any():
        *ends, start = chunk.split(b"\n")
        for end in ends:
            line = bytes(rest + end)
            rest.clear()
            if line:
                yield line
        rest += start
        if longest is not None and len(rest) > longest:
            raise TooLongError(longest)


def _is_good(status: int) -> bool:
    return 200 <= status < 300


def forget_urls() -> None:
    """Let go of the URLs that were asked for last, which are kept for those who ask for the same."""
    yarl.cache_clear()


@asynccontextmanager
async def connected(kubeconfig: Path | None, manager: str = MANAGER) -> AsyncIterator[KubeClient]:
    """Connect with a kubeconfig file, or (None) as the pod that we are. Raises AccessError when neither works."""
    client = KubeClient(await _access(kubeconfig), manager)
    try:
        yield client
    finally:
        await client.close()


async def _access(kubeconfig: Path | None) -> Access:
    if kubeconfig is None:
        return pod_access(settings.api_server(), ACCOUNT)
    # Too large for those who need it not, and to stop the loop for: it takes a second.
    reader = await asyncio.to_thread(importlib.import_module, "gatewayd.kube.kubeconfig")
    access: Access = await reader.kubeconfig_access(kubeconfig)
    return access
