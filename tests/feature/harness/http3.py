"""A client of HTTP/3."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent

from tests.feature.harness.http1 import DEADLINE, Answer
from tests.feature.harness.pki import Authority

PATIENCE = 3.0
"""Seconds without a packet after which nobody is there."""


class _Stream:
    """What has come of an answer; `done` is for all of it."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Http3(QuicConnectionProtocol):
    """A connection; requests may go side by side."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._http = H3Connection(self._quic)
        self._streams: dict[int, _Stream] = {}

    async def ask(
        self, path: str = "/", *headers: tuple[str, str], host: str, method: str = "GET", body: bytes = b""
    ) -> Answer:
        """Send a request for an authority and read its answer. Raises ConnectionError when the connection ends."""
        number = self._quic.get_next_available_stream_id()
        stream = self._streams[number] = _Stream()
        pseudo = [(":method", method), (":scheme", "https"), (":authority", host), (":path", path)]
        lines = [(name.encode(), value.encode()) for name, value in (*pseudo, *headers)]
        self._http.send_headers(number, lines, end_stream=not body)
        if body:
            self._http.send_data(number, body, end_stream=True)
        self.transmit()
        async with asyncio.timeout(DEADLINE):
            await stream.done
        status = next(value for name, value in stream.headers if name == ":status")
        shown = tuple((name, value) for name, value in stream.headers if not name.startswith(":"))
        return Answer(status=int(status), headers=shown, body=stream.body)

    def quic_event_received(self, event: QuicEvent) -> None:
        """Hear of what has come."""
        for http_event in self._http.handle_event(event):
            self._hear(http_event)
        if isinstance(event, ConnectionTerminated):
            for stream in self._streams.values():
                if not stream.done.done():
                    stream.done.set_exception(ConnectionResetError(event.reason_phrase))

    def _hear(self, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived | DataReceived):
            return
        stream = self._streams[event.stream_id]
        if isinstance(event, HeadersReceived):
            stream.headers += [(name.decode(), value.decode()) for name, value in event.headers]
        else:
            stream.body += event.data
        if event.stream_ended:
            stream.done.set_result(None)


@asynccontextmanager
async def http3(port: int, server_name: str, trusted: Authority) -> AsyncIterator[Http3]:
    """Connect. Raises ConnectionError when nobody speaks HTTP/3 there, or not for this name."""
    configuration = QuicConfiguration(
        alpn_protocols=H3_ALPN, is_client=True, server_name=server_name, cadata=trusted.pem, idle_timeout=PATIENCE
    )
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Http3) as client:
        assert isinstance(client, Http3)
        yield client
