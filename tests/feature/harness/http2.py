"""HTTP/2 by hand: a client with an authority of its own choice, and a backend that tells what it was asked."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)

from tests.feature.harness.echo import Backend, Seen, finish, in_tasks
from tests.feature.harness.http1 import DEADLINE, Answer, Headers


class Http2Error(Exception):
    """The other side reset the stream or ended the connection."""


class Http2:
    """A client's connection; requests go one after the other, each on a stream of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._h2.initiate_connection()
        writer.write(self._h2.data_to_send())

    async def ask(
        self,
        path: str = "/",
        *headers: tuple[str, str],
        host: str,
        method: str = "GET",
        body: bytes = b"",
        scheme: str = "https",
    ) -> Answer:
        """Send a request for an authority and read its answer."""
        stream = self._h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path), (":scheme", scheme), (":authority", host)]
        self._h2.send_headers(stream, [*pseudo, *headers], end_stream=not body)
        if body:
            self._h2.send_data(stream, body, end_stream=True)
        async with asyncio.timeout(DEADLINE):
            return await self._answer(stream)

    async def _answer(self, stream: int) -> Answer:
        headers: Headers = ()
        body = b""
        while True:
            self.writer.write(self._h2.data_to_send())
            data = await self.reader.read(65536)
            if not data:
                raise Http2Error("connection closed")
            for event in self._h2.receive_data(data):
                if isinstance(event, ConnectionTerminated | StreamReset):
                    raise Http2Error(repr(event))
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, ResponseReceived):
                    headers = _text(event.headers)
                elif isinstance(event, DataReceived):
                    body += event.data
                    self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
                elif isinstance(event, StreamEnded):
                    self.writer.write(self._h2.data_to_send())
                    return Answer(int(dict(headers)[":status"]), headers, body)

    async def close(self) -> None:
        """Close the connection."""
        self.writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()


async def connect(port: int, *, tls: ssl.SSLContext | None = None, server_name: str | None = None) -> Http2:
    """Open a connection: by ALPN under TLS, with prior knowledge without."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=tls, server_hostname=(server_name or "") if tls else None
        )
    chosen = writer.get_extra_info("ssl_object")
    assert chosen is None or chosen.selected_alpn_protocol() == "h2", "no h2 by ALPN"
    return Http2(reader, writer)


def _text(headers: object) -> Headers:
    assert isinstance(headers, list | tuple)
    return tuple((_decoded(name), _decoded(value)) for name, value in headers)


def _decoded(text: str | bytes) -> str:
    return text.decode("latin-1") if isinstance(text, bytes) else text


class Served:
    """One connection of the backend."""

    def __init__(self, backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._backend, self._reader, self._writer = backend, reader, writer
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._asked: dict[int, Headers] = {}
        self._bodies: dict[int, bytes] = {}

    async def serve(self) -> None:
        self._backend.connections += 1
        self._h2.initiate_connection()
        try:
            self._writer.write(self._h2.data_to_send())
            while data := await self._reader.read(65536):
                for event in self._h2.receive_data(data):
                    await self._take(event)
                self._writer.write(self._h2.data_to_send())
        except OSError:
            pass
        finally:
            self._writer.close()

    async def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._asked[event.stream_id] = _text(event.headers)
            self._bodies[event.stream_id] = b""
        elif isinstance(event, DataReceived):
            self._bodies[event.stream_id] += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            await self._answer(event.stream_id)

    async def _answer(self, stream: int) -> None:
        headers = self._asked.pop(stream)
        known = dict(headers)
        plain = tuple(each for each in headers if not each[0].startswith(":"))
        seen = Seen(known[":method"], known[":path"], (("host", known[":authority"]), *plain), self._bodies.pop(stream))
        await self._backend.note(seen)
        sni = getattr(self._writer.get_extra_info("ssl_object"), "wanted_name", None)
        body = self._backend.echoed(seen, sni=sni, protocol="h2")
        self._h2.send_headers(stream, [(":status", "200"), ("x-backend", self._backend.name)])
        self._h2.send_data(stream, body, end_stream=True)


@asynccontextmanager
async def http2_backend(name: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Backend]:
    """Serve HTTP/2, and nothing else, until the block ends."""
    backend = Backend(name)
    tasks: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(
        in_tasks(lambda reader, writer: Served(backend, reader, writer).serve(), tasks), "127.0.0.1", 0, ssl=tls
    )
    backend.port = server.sockets[0].getsockname()[1]
    try:
        yield backend
    finally:
        server.close()
        await finish(tasks)
