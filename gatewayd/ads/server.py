"""The gRPC shell: moves messages between streams and sessions, and decides nothing but who may come in.

Serves aggregated discovery (both variants) and client status, and nothing else, on a Unix socket, on TCP with mutual
TLS, or on both. Never on TCP without a verified client certificate.

A stream is one task that reads and one that writes. The writer sends what the session says when it is woken, and waits
for the transport in between: a client that has stopped holds back its own writer, one response of each type, and nobody
else.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, NoReturn, TypeAlias

import grpc
from envoy.service.discovery.v3 import discovery_pb2
from envoy.service.status.v3 import csds_pb2
from google.protobuf.message import DecodeError

from gatewayd.ads.authorize import Authorizer, Denied, Peer, Transport, authorize
from gatewayd.ads.csds import client_status
from gatewayd.ads.envelope import Mode
from gatewayd.ads.fleet import Fleet, Member
from gatewayd.ads.listen import TlsListener, UnixListener, bind_tls, bind_unix
from gatewayd.ads.passage import Passage
from gatewayd.ads.session import Request
from gatewayd.ads.subscription import ProtocolError

_ADS = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_CSDS = "envoy.service.status.v3.ClientStatusDiscoveryService"

_OPTIONS = (
    # A reconnecting client lists the version of everything it has in one request.
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    # A client that does not answer a ping is gone, whatever TCP believes.
    ("grpc.keepalive_time_ms", 30_000),
    # Envoy answers a ping between two updates; one of 5,000 hosts takes it seconds when it has little CPU.
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.max_concurrent_streams", 100),
    # A wider window would let the lists of a thousand clients that come back, 1 MiB of each, wait here to be read.
    ("grpc.http2.bdp_probe", 0),
    # In a storm of clients that come back, new streams wait for their turn: seconds, and longer than the default of 30.
    ("grpc.server_max_unrequested_time_in_server", 300),
    # Two servers on one port would each get a part of the fleet.
    ("grpc.so_reuseport", 0),
)

# Seconds between two sweeps: after twice that, nothing is kept for a stream that might come.
_SWEEP = 1.0

# How many seconds `stop` waits for cancelled streams to say good-bye to the fleet.
_PATIENCE = 5.0

_REQUESTS: dict[Mode, Any] = {
    Mode.DELTA: discovery_pb2.DeltaDiscoveryRequest,
    Mode.SOTW: discovery_pb2.DiscoveryRequest,
}

Context: TypeAlias = grpc.aio.ServicerContext


class AdsServer:
    """Serves the snapshots of a fleet. `addresses` says where, once it has started."""

    def __init__(
        self,
        fleet: Fleet,
        listeners: tuple[UnixListener | TlsListener, ...],
        *,
        authorizer: Authorizer = authorize,
        others: tuple[grpc.GenericRpcHandler, ...] = (),
    ) -> None:
        """`others` are services beside discovery, which check their callers themselves."""
        self._fleet = fleet
        self._listeners = listeners
        self._authorizer = authorizer
        self._others = others
        self._server: grpc.aio.Server | None = None
        self._streams: set[asyncio.Task[Any]] = set()
        self._passage = Passage()
        self._sweeper: asyncio.TimerHandle | None = None
        self.addresses: tuple[str, ...] = ()

    async def start(self) -> None:
        """Listen; raises ListenError when an address cannot be had."""
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((*self._handlers(), *self._others))
        self.addresses = tuple(
            bind_unix(server, each) if isinstance(each, UnixListener) else bind_tls(server, each)
            for each in self._listeners
        )
        await server.start()
        self._server = server
        self._sweep()

    async def stop(self, *, grace: float = 0.0) -> None:
        """Refuse new streams and end the open ones after `grace` seconds; the clients keep what they have."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            await self._server.stop(grace)
            self._server = None
        if self._streams:
            await asyncio.wait(self._streams, timeout=_PATIENCE)

    def _sweep(self) -> None:
        """Let the fleet forget what nobody has needed for a while, again and again."""
        self._fleet.sweep()
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP, self._sweep)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """Map the methods that exist; requests and responses stay bytes here."""
        ads = {
            "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(self._delta),
            "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(self._sotw),
        }
        csds = {
            "FetchClientStatus": grpc.unary_unary_rpc_method_handler(self._fetch_status),
            "StreamClientStatus": grpc.stream_stream_rpc_method_handler(self._stream_status),
        }
        return (
            grpc.method_handlers_generic_handler(_ADS, ads),
            grpc.method_handlers_generic_handler(_CSDS, csds),
        )

    async def _delta(self, _: AsyncIterator[bytes], context: Context) -> None:
        """Serve a stream of the incremental variant."""
        await self._serve(Mode.DELTA, context)

    async def _sotw(self, _: AsyncIterator[bytes], context: Context) -> None:
        """Serve a stream of the state-of-the-world variant."""
        await self._serve(Mode.SOTW, context)

    async def _serve(self, mode: Mode, context: Context) -> None:
        """Run one stream, known to `stop` from its first to its last moment."""
        if (task := asyncio.current_task()) is not None:
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)
        await self._run(mode, context)

    async def _run(self, mode: Mode, context: Context) -> None:
        """Run one stream until the client ends it, or breaks the protocol."""
        data = await context.read()
        if data is grpc.aio.EOF:
            return
        try:
            message = _parsed(_REQUESTS[mode], data)
            gateway = await self._authorized(context, message.node.cluster)
        except ProtocolError as error:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        wake = asyncio.Event()
        member = self._fleet.join(gateway, mode, since=time.time(), wake=wake.set)
        ended = asyncio.Event()
        try:
            problem: str | None = self._take(member, message)
            del data, message  # they may list all that the client has, and this frame lives as long as the stream
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(member, wake, ended, context), name=f"ads writer of {gateway}")
                while problem == "":
                    problem = await self._take_next(member, context)
                ended.set()
                wake.set()
        finally:
            self._fleet.leave(member)
        if problem:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, problem)

    async def _take_next(self, member: Member, context: Context) -> str | None:
        """Take one more request; return what is wrong with it, "" if nothing, None when the client has ended."""
        data = await context.read()
        if data is grpc.aio.EOF:
            return None
        try:
            return self._take(member, _parsed(_REQUESTS[member.session.mode], data))
        except ProtocolError as error:
            return str(error)

    def _take(self, member: Member, message: Request) -> str:
        """Take a request, and wake the writer when there may be an answer; return what is wrong, if anything."""
        try:
            self._fleet.on_request(member, message)
        except ProtocolError as error:
            return str(error)
        if member.session.may_have_to_say:
            member.wake()
        return ""

    async def _write(self, member: Member, wake: asyncio.Event, ended: asyncio.Event, context: Context) -> None:
        """Write what the session says, whenever something may have changed or a gate lets go.

        It ends between two writes: gRPC cannot send a status while a message is on its way.
        """
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        try:
            while not ended.is_set():
                await wake.wait()
                wake.clear()
                await self._write_due(member, ended, context)
                if ended.is_set():
                    return
                if timer is not None:
                    timer.cancel()
                deadline = member.session.deadline
                timer = loop.call_at(deadline, wake.set) if deadline is not None else None
        finally:
            if timer is not None:
                timer.cancel()

    async def _write_due(self, member: Member, ended: asyncio.Event, context: Context) -> None:
        """Write what is due now; nothing of it is held once it is written."""
        for push in self._fleet.responses_to_send(member, asyncio.get_running_loop().time()):
            async with self._passage.of(len(push.data)):
                if ended.is_set():
                    return
                if not await _has_written(context, push.data):
                    ended.set()  # the reader, or gRPC by cancelling the call, ends the stream

    async def _fetch_status(self, data: bytes, context: Context) -> bytes:
        """Answer one question about the proxies that the caller may know of."""
        gateways = await self._visible(context)
        try:
            request = _parsed(csds_pb2.ClientStatusRequest, data)
        except ProtocolError as error:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        answer: bytes = client_status(self._fleet, gateways, request).SerializeToString()
        return answer

    async def _stream_status(self, requests: AsyncIterator[bytes], context: Context) -> None:
        """Answer each question of a stream."""
        async for data in requests:
            if not await _has_written(context, await self._fetch_status(data, context)):
                return

    async def _visible(self, context: Context) -> tuple[str, ...]:
        """Return the Gateways that a caller may ask about: all for the owner of the Unix socket, else its own."""
        if _transport(context) is Transport.UNIX:
            return self._fleet.gateways()
        return (await self._authorized(context, ""),)

    async def _authorized(self, context: Context, node_cluster: str) -> str:
        """Return the Gateway of a client, or end its call."""
        peer = Peer(transport=_transport(context), identities=_identities(context), node_cluster=node_cluster)
        decision = self._authorizer(peer)
        if isinstance(decision, Denied):
            code = grpc.StatusCode.PERMISSION_DENIED if decision.is_known else grpc.StatusCode.UNAUTHENTICATED
            await _abort(context, code, decision.message)
        return decision.gateway


def _transport(context: Context) -> Transport:
    """Return how a client is connected; what is not a Unix socket is TLS, there is no third listener."""
    return Transport.UNIX if context.peer().startswith("unix:") else Transport.TLS


def _identities(context: Context) -> tuple[str, ...]:
    """Return the URI names of the verified client certificate; gRPC fills them in after the handshake only."""
    found = context.auth_context().get("peer_uri", ())
    return tuple(name.decode("utf-8", "replace") for name in found)


def _parsed(kind: Any, data: bytes) -> Any:
    """Parse a request; raises ProtocolError."""
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise ProtocolError(f"request: not a {kind.DESCRIPTOR.name}; nothing else is allowed here") from error


async def _has_written(context: Context, data: bytes) -> bool:
    """Write a message; say whether there is still somebody to read it: a client may go at any moment."""
    try:
        await context.write(data)
    except grpc.aio.InternalError:
        return False
    return True


async def _abort(context: Context, code: grpc.StatusCode, message: str) -> NoReturn:
    """End a call with an error."""
    await context.abort(code, message)
    raise AssertionError("abort raises")
