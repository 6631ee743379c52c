"""gRPC without generated code: a backend that tells which method was called, and a client for any method."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from tests.feature.harness.echo import Backend, Seen

DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call: `echo` is what the backend saw, empty when the proxy or an error answered."""

    code: str
    details: str
    echo: dict[str, Any]
    headers: tuple[tuple[str, str], ...]

    @property
    def said(self) -> tuple[str, str | None, str | None]:
        """Return status code, route and backend: who answered."""
        route = next(iter(self.seen("x-route")), None)
        return self.code, route, self.echo.get("backend")

    def seen(self, name: str) -> list[str]:
        """Return every value of the metadata as the backend saw it."""
        return [value for key, value in self.echo.get("headers", ()) if key == name]

    def all(self, name: str) -> list[str]:
        """Return every value of the initial or trailing metadata of the answer."""
        return [value for key, value in self.headers if key == name]


class _Echo(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers every unary method; `x-echo-code: NAME` ends the call with that code, a `Chat` method is a stream."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def service(self, handler_call_details: Any) -> Any:
        method: str = handler_call_details.method
        if method.endswith("/Chat"):
            return grpc.stream_stream_rpc_method_handler(self._chat)

        async def unary(request: bytes, context: Any) -> bytes:
            return await self._unary(method, request, context)

        return grpc.unary_unary_rpc_method_handler(unary)

    async def _unary(self, method: str, request: bytes, context: Any) -> bytes:
        headers = tuple((key, str(value)) for key, value in context.invocation_metadata())
        seen = Seen("POST", method, headers, request)
        await self._backend.note(seen)
        wanted = dict(headers)
        if "x-echo-code" in wanted:
            await context.abort(grpc.StatusCode[wanted["x-echo-code"]], "asked for")
        await context.send_initial_metadata((("x-backend", self._backend.name),))
        return self._backend.echoed(seen)

    async def _chat(self, requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield self._backend.name.encode() + b" " + request


class RestartingServer:
    """A server without TLS on loopback, which may die and come back there; `port` is 0 before the first time."""

    def __init__(self, handler: grpc.GenericRpcHandler) -> None:
        self.port = 0
        self._handler = handler
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Listen, where it listened before."""
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        self._server.add_generic_rpc_handlers((self._handler,))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """Die: connections end at once."""
        if self._server is not None:
            await self._server.stop(0)
            self._server = None


@asynccontextmanager
async def served(server: RestartingServer) -> AsyncIterator[None]:
    """Serve until the block ends."""
    await server.start()
    try:
        yield
    finally:
        await server.stop()


@asynccontextmanager
async def grpc_backend(name: str) -> AsyncIterator[Backend]:
    """Serve gRPC without TLS until the block ends."""
    backend = Backend(name)
    server = RestartingServer(_Echo(backend))
    async with served(server):
        backend.port = server.port
        yield backend


def channel(port: int, authority: str, credentials: Any = None) -> grpc.aio.Channel:
    """Open a channel to a port of loopback under an authority."""
    options = (("grpc.default_authority", authority), ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0))
    if credentials is not None:
        return grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options)
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)


async def call(
    port: int, method: str, *metadata: tuple[str, str], authority: str = "grpc.example", credentials: Any = None
) -> Reply:
    """Call "/service/method" on a channel of its own."""
    async with channel(port, authority, credentials) as opened:
        return await call_on(opened, method, *metadata)


async def call_on(opened: grpc.aio.Channel, method: str, *metadata: tuple[str, str]) -> Reply:
    """Call "/service/method" on a channel."""
    calling = opened.unary_unary(method)(b"question", metadata=metadata, timeout=DEADLINE)
    try:
        body = await calling
        echo = json.loads(body)
    except grpc.aio.AioRpcError:
        echo = {}
    code, details = await calling.code(), await calling.details()
    found = [*(await calling.initial_metadata() or ()), *(await calling.trailing_metadata() or ())]
    return Reply(code.name, details, echo, tuple((key, str(value)) for key, value in found))


async def chat(opened: grpc.aio.Channel, method: str, *messages: bytes) -> list[bytes]:
    """Send messages on a bidirectional stream, each after the answer to the one before; return the answers."""
    async with asyncio.timeout(DEADLINE):
        calling = opened.stream_stream(method)()
        answers = []
        for message in messages:
            await calling.write(message)
            answers.append(await calling.read())
        await calling.done_writing()
        assert await calling.code() is grpc.StatusCode.OK
        return answers
