"""The shell of a relay: an Envoy of this node asks here, and what it asks and is told passes through, byte for byte.

An acknowledgement is passed on when its redirects are in place, a removal when they are gone (`removals`). So
whatever replica the control plane answers with, no connection is led to an Envoy for what that does not have.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

import grpc
import structlog
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf.message import DecodeError

from gatewayd.ads.listen import ListenError, start_whole
from gatewayd.ads.relay.acknowledged import Acknowledged
from gatewayd.ads.relay.removals import HeldRemovals, acknowledgement, parted
from gatewayd.ads.stream_messages import ADS_SERVICE, has_written
from gatewayd.ir.mesh import NodeRedirect

_log = structlog.get_logger("gatewayd.ads.relay")

_METHOD: Final = "DeltaAggregatedResources"
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Two servers on one socket would each get a part of the streams.
    ("grpc.so_reuseport", 0),
)
_STREAMS: Final = 4
"""An Envoy has one; one that takes the place of another may have one beside it for a moment."""
_FOR_ENVOY: Final = 0o660
"""The socket's mode: an Envoy is another user of the agent's group, and the folder is their pod's own."""

Context: TypeAlias = grpc.aio.ServicerContext
_Message = TypeVar("_Message")


class ControlPlane(Protocol):
    """How the control plane is reached."""

    async def channel(self) -> grpc.aio.Channel:
        """Return the channel to it. Raises OSError when a certificate cannot be read."""

    async def close(self) -> None:
        """Close the channel; its streams end."""


class RedirectHandler(Protocol):
    """Who leads connections to the Envoy."""

    async def redirect(self, redirects: frozenset[NodeRedirect], recalled: frozenset[NodeRedirect]) -> None:
        """Lead connections as the redirects say, from when this returns on; `recalled`: as `Acknowledged` has it."""

    async def let_go(self) -> None:
        """Return when what is led there no more may be taken from the Envoy."""

    def ended(self) -> None:
        """Hear that the stream of the Envoy has ended."""


class Relay:
    """Serves one Envoy."""

    def __init__(self, upstream: ControlPlane, handler: RedirectHandler) -> None:
        self._upstream = upstream
        self._handler = handler
        self._acknowledged = Acknowledged()
        self._turn = asyncio.Lock()
        self._told: tuple[frozenset[NodeRedirect], frozenset[NodeRedirect]] | None = None
        self._server: grpc.aio.Server | None = None

    async def start(self, socket: Path) -> None:
        """Listen on a Unix socket; a file that is left there from before goes. Raises ListenError."""
        server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_STREAMS)
        self._server = server
        method = grpc.stream_stream_rpc_method_handler(self._serve)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(ADS_SERVICE, {_METHOD: method}),))
        _bind(server, socket)
        await start_whole(server)

    async def stop(self) -> None:
        """End the stream; the Envoy keeps what it has."""
        if self._server is not None:
            await self._server.stop(0)
            self._server = None
        await self._upstream.close()

    async def _serve(self, _: AsyncIterator[bytes], context: Context) -> None:
        """Pass one stream on, both ways, until either side ends it."""
        try:
            channel = await self._upstream.channel()
        except OSError as error:
            context.set_code(grpc.StatusCode.UNAVAILABLE)
            context.set_details(f"certificates: {error}")
            return
        self._acknowledged.begin()
        call = channel.stream_stream(f"/{ADS_SERVICE}/{_METHOD}")(wait_for_ready=True)
        # What an Envoy says is heard at once, whether or not there is a control plane to tell.
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        ways = [
            asyncio.create_task(each)
            for each in (self._hear(context, heard), _tell(heard, call), self._down(call, context, heard))
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for failure in await asyncio.gather(*ways, return_exceptions=True):
                if isinstance(failure, Exception):
                    _log.error("relay failed", exc_info=failure)
            call.cancel()
            self._handler.ended()
        context.set_code(grpc.StatusCode.UNAVAILABLE)
        context.set_details("the control plane has ended the stream")

    async def _hear(self, context: Context, heard: asyncio.Queue[bytes]) -> None:
        while True:
            data = await context.read()
            if data is grpc.aio.EOF:
                return
            message = _read(discovery_pb2.DeltaDiscoveryRequest, data)
            if message is not None and self._acknowledged.on_request(message):
                await self._redirect()
            heard.put_nowait(data)

    async def _down(self, call: grpc.aio.StreamStreamCall, context: Context, heard: asyncio.Queue[bytes]) -> None:
        """Pass responses on; what they take away waits until it may be taken, and nothing else does."""
        turn = asyncio.Lock()
        async with asyncio.TaskGroup() as held:
            removals = HeldRemovals(held, lambda data: _pass(data, context, turn))
            while True:
                try:
                    data = await call.read()
                except grpc.aio.AioRpcError:
                    break
                if data is grpc.aio.EOF:
                    break
                message = _read(discovery_pb2.DeltaDiscoveryResponse, data)
                if message is None:
                    await _pass(data, context, turn)
                    continue
                await removals.before(message)
                is_led = self._acknowledged.on_response(message)
                if is_led or (message.removed_resources and removals.are_under_way):
                    data, removal = parted(message)
                    removals.start(removal, self._left(message, heard, is_led=is_led))
                    if not message.resources:
                        continue
                await _pass(data, context, turn)

    async def _left(
        self, message: discovery_pb2.DeltaDiscoveryResponse, heard: asyncio.Queue[bytes], *, is_led: bool
    ) -> None:
        """Return when what a response removes may be taken; acknowledge it as soon as nothing more is led there."""
        await self._redirect()
        if not message.resources:
            heard.put_nowait(acknowledgement(message))
        if is_led:
            await self._handler.let_go()

    async def _redirect(self) -> None:
        """Say what the redirects are now, if they are others, and wait until they are in place."""
        async with self._turn:
            redirects = self._acknowledged.redirects()
            if redirects is None:
                return
            news = redirects, self._acknowledged.recalled()
            if news != self._told:
                await self._handler.redirect(*news)
                self._told = news


async def _pass(data: bytes, context: Context, turn: asyncio.Lock) -> None:
    async with turn:
        await has_written(context, data)


def _bind(server: grpc.aio.Server, socket: Path) -> None:
    try:
        server.add_insecure_port(f"unix:{quote(str(socket.absolute()))}")
        socket.chmod(_FOR_ENVOY)
    except (RuntimeError, OSError) as error:
        raise ListenError(f"{socket}: cannot listen; {error}") from error


async def _tell(heard: asyncio.Queue[bytes], call: grpc.aio.StreamStreamCall) -> None:
    while True:
        try:
            await call.write(await heard.get())
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return


def _read(kind: type[_Message], data: bytes) -> _Message | None:
    try:
        return kind.FromString(data)  # type: ignore[attr-defined, no-any-return]
    except DecodeError:
        return None  # the other side says what is wrong with it
