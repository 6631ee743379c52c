"""The gRPC shell: moves messages between streams and sessions, and decides nothing but who may come in.

Serves aggregated discovery (both variants) and client status, and nothing else, on a Unix socket, on TCP with mutual
TLS, or on both. Never on TCP without a verified client certificate.

A stream is one task that reads and one that writes. The writer sends what the session says when it is woken, and waits
for the transport in between: a client that has stopped holds back its own writer, one response of each type, and nobody
else; after a minute its stream is ended. A client that asks too much is read more slowly. Over TLS a client is known,
and its streams are counted, before a byte of a request is taken.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc
from envoy.service.discovery.v3 import discovery_pb2
from envoy.service.status.v3 import csds_pb2

from gatewayd.ads.authorize import Authorizer, Denied, Peer, Transport, authorize
from gatewayd.ads.csds import client_status
from gatewayd.ads.fleet import Fleet, Stream
from gatewayd.ads.listen import TlsListener, UnixListener, bind_tls, bind_unix, start_whole
from gatewayd.ads.peer import peer_of, transport_of
from gatewayd.ads.protocol.session import Answer, Request
from gatewayd.ads.protocol.subscription import ProtocolError
from gatewayd.ads.request_pace import RequestPace, cost_of
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ads.stream_ending import (
    Cause,
    EndedStream,
    Ending,
    ForbiddenError,
    StalledError,
    StrangerError,
    conclude,
    cut_off,
    ended_for,
)
from gatewayd.ads.stream_limits import Replicas, Streams, uncounted
from gatewayd.ads.stream_messages import ADS_SERVICE, Context, StreamClosed, has_written, next_message
from gatewayd.ads.write_limiter import Passage, StreamTurns
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import (
    HANDSHAKE_MILLISECONDS,
    IDLE_MILLISECONDS,
    REQUEST_BYTES,
    SILENT_SECONDS,
    STALLED_SECONDS,
    STREAMS_IN_ALL,
    STUCK_SECONDS,
)

_CSDS = "envoy.service.status.v3.ClientStatusDiscoveryService"

_OPTIONS = (
    # A reconnecting client lists the version of everything it has in one request.
    ("grpc.max_receive_message_length", REQUEST_BYTES),
    # A client that does not answer a ping is gone, whatever TCP believes.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", SILENT_SECONDS * 1000),
    # What counts with gRPC 1.85, whatever the one above says.
    ("grpc.http2.ping_timeout_ms", SILENT_SECONDS * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 2),
    ("grpc.max_concurrent_streams", 100),
    # Who connects and says nothing, or not who it is, is hung up on; so is who holds a connection without a stream.
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_MILLISECONDS),
    ("grpc.max_connection_idle_ms", IDLE_MILLISECONDS),
    # A wider window would let the lists of a thousand clients that come back, 1 MiB of each, wait here to be read.
    ("grpc.http2.bdp_probe", 0),
    # In a storm of clients that come back, new streams wait for their turn: seconds, and longer than the default of 30.
    ("grpc.server_max_unrequested_time_in_server", 300),
    # gRPC would hang up on some of more than a thousand that come while the event loop has something else to do.
    ("grpc.server.max_pending_requests", STREAMS_IN_ALL),
    ("grpc.server.max_pending_requests_hard_limit", STREAMS_IN_ALL),
    # Two servers on one port would each get a part of the fleet.
    ("grpc.so_reuseport", 0),
)

_SWEEP = 1.0
"""Seconds between two sweeps: after twice that, nothing is kept for a stream that might come."""
_PATIENCE = 5.0
"""Seconds for which `stop` waits for cancelled streams to say good-bye to the fleet."""

_REQUESTS: dict[Mode, Any] = {
    Mode.DELTA: discovery_pb2.DeltaDiscoveryRequest,
    Mode.SOTW: discovery_pb2.DiscoveryRequest,
}

Problem: TypeAlias = ProtocolError | StreamClosed | None

_STALLED = StalledError(f"response: not taken for {STALLED_SECONDS:.0f} s; clients read what they are sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How to write to one stream: `wake` when there may be something, `ended` when there is nobody to read it."""

    context: Context
    wake: asyncio.Event
    ending: Ending
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def on_written(self, writer: "asyncio.Task[None]") -> None:
        """Let a writer that has failed end the stream, which raises what it failed for."""
        if not writer.cancelled() and writer.exception() is not None:
            self.ending.end(_STALLED)


class AdsServer:
    """Serves the snapshots of a fleet. `addresses` says where, once it has started."""

    def __init__(
        self,
        fleet: Fleet,
        listeners: tuple[UnixListener | TlsListener, ...],
        *,
        authorizer: Authorizer = authorize,
        replicas: Replicas = uncounted,
        others: tuple[grpc.GenericRpcHandler, ...] = (),
    ) -> None:
        """`replicas` bounds the streams of each Gateway over TLS.

        `others` are services beside discovery, which check their callers themselves, before they read a byte.
        """
        self._fleet = fleet
        self._listeners = listeners
        self._authorizer = authorizer
        self._others = others
        self._server: grpc.aio.Server | None = None
        self._streams: set[asyncio.Task[Any]] = set()
        self._passage = Passage()
        self._open = Streams(replicas)
        self._reviewed: dict[Ending, Peer] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self.addresses: tuple[str, ...] = ()

    async def start(self) -> None:
        """Listen; raises ListenError when an address cannot be had."""
        server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=STREAMS_IN_ALL)
        # Known before it runs: whoever is cancelled meanwhile stops it, for one that nobody stops hangs its process.
        self._server = server
        server.add_generic_rpc_handlers((*self._handlers(), *self._others))
        self.addresses = tuple(
            bind_unix(server, each) if isinstance(each, UnixListener) else bind_tls(server, each)
            for each in self._listeners
        )
        await start_whole(server)
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

    def review(self) -> None:
        """Ask anew who the clients are of the streams that are open, and end those of who may have nothing any more."""
        for ending, peer in tuple(self._reviewed.items()):
            decision = self._authorizer(peer)
            if isinstance(decision, Denied):
                ending.end(ForbiddenError(decision.message))

    def _sweep(self) -> None:
        """Let the fleet forget what nobody has needed for a while, again and again."""
        self._fleet.sweep(asyncio.get_running_loop().time())
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP, self._sweep)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """Map the methods that exist; requests and responses stay bytes here."""
        ads = {
            "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(self._delta),
            "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(self._sotw),
        }
        csds = {
            # As a stream, whose caller is known before its question is read; on the wire it is the same.
            "FetchClientStatus": grpc.stream_stream_rpc_method_handler(self._fetch_status),
            "StreamClientStatus": grpc.stream_stream_rpc_method_handler(self._stream_status),
        }
        return (
            grpc.method_handlers_generic_handler(ADS_SERVICE, ads),
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
        self._track()
        with self._admitted(context) as client:
            problem = client if isinstance(client, ProtocolError) else await self._run(mode, context, client)
        conclude(context, problem)

    def _track(self) -> None:
        """Know the running stream until it has ended; no frame of its own refers to it, which would be a cycle."""
        task = asyncio.current_task()
        if task is not None:
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)

    @contextmanager
    def _admitted(self, context: Context) -> Iterator[FleetKey | ProtocolError | None]:
        """Give the Gateway of a client and count its stream, or why it may have none.

        On the Unix socket nothing is known yet, nor counted.
        """
        client = None if transport_of(context) is Transport.UNIX else self._authorized(context, "")
        if isinstance(client, FleetKey):
            entered = self._open.enter(client)
            if isinstance(entered, ProtocolError):
                self._fleet.on_ended(ended_for(entered, client, ""))
            client = entered
        try:
            yield client
        finally:
            if isinstance(client, FleetKey):
                self._open.leave(client)

    async def _run(self, mode: Mode, context: Context, client: FleetKey | None) -> Problem:
        """Run one stream until the client ends it, or something is wrong; return that."""
        message = await next_message(context, _REQUESTS[mode])
        if not isinstance(message, _REQUESTS[mode]):
            return message  # type: ignore[no-any-return]
        gateway = self._authorized(context, message.node.cluster) if client is None else client
        if isinstance(gateway, ProtocolError):
            return gateway
        wake = asyncio.Event()
        ending = Ending()
        way = _Way(context=context, wake=wake, ending=ending)
        member = self._fleet.join(gateway, mode, since=time.time(), wake=wake.set)
        self._reviewed[ending] = peer_of(context, str(gateway))
        writer = asyncio.create_task(self._write(member, way), name=f"ads writer of {gateway}")
        writer.add_done_callback(way.on_written)
        try:
            first = self._take(member, message)
            problem: Problem = first if isinstance(first, ProtocolError) else None
            del message  # it may list all that the client has, and this frame lives as long as the stream
            with ending.caught():
                problem = await self._converse(member, problem, way)
            self._tell(member, ending.problem or problem)
        except asyncio.CancelledError:
            writer.cancel()  # the client is gone
            self._tell(member, None)
            raise
        finally:
            del self._reviewed[ending]
            self._fleet.leave(member)
        await _last_write(writer)
        return ending.problem or problem

    def _tell(self, member: Stream, problem: Problem) -> None:
        """Tell of a stream that ends, if it is for a cause. Who answers no ping has ended it, as far as gRPC says."""
        node, since, now = member.session.node.id, member.unanswered, asyncio.get_running_loop().time()
        if isinstance(problem, ProtocolError):
            self._fleet.on_ended(ended_for(problem, member.key, node))
        elif since is not None and now >= since + SILENT_SECONDS:
            self._fleet.on_ended(EndedStream(gateway=member.key, node=node, cause=Cause.SILENT))

    async def _converse(self, member: Stream, problem: Problem, way: "_Way") -> Problem:
        """Read until the client ends the stream, or something is wrong, and return that; the writer ends as well."""
        pace = RequestPace(asyncio.get_running_loop().time())
        try:
            while problem is None:
                problem = await self._take_next(member, way.context, pace)
        finally:
            way.ended.set()
            way.wake.set()
        return problem

    async def _take_next(self, member: Stream, context: Context, pace: RequestPace) -> Problem:
        """Take one more request; return what is wrong with it, or that the client has ended.

        A client that has asked too much waits before it is read again.
        """
        kind = _REQUESTS[member.session.mode]
        message = await next_message(context, kind)
        if not isinstance(message, kind):
            return message  # type: ignore[no-any-return]
        answer = self._take(member, message)
        if isinstance(answer, ProtocolError):
            return answer
        pause = pace.charge(cost_of(message, answer), asyncio.get_running_loop().time())
        del message  # it may be large
        if pause:
            await asyncio.sleep(pause)
        return None

    def _take(self, member: Stream, message: Request) -> Answer | ProtocolError:
        """Take a request, and wake the writer when there may be an answer; return what it was, or what is wrong."""
        try:
            answer = self._fleet.on_request(member, message)
        except ProtocolError as error:
            return type(error)(str(error))  # without the frames of its traceback, which hold the request
        if member.session.may_have_to_say:
            member.wake()
        return answer

    async def _write(self, member: Stream, way: "_Way") -> None:
        """Write what the session says, whenever something may have changed or a gate lets go.

        It ends between two writes: gRPC cannot send a status while a message is on its way.
        """
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        reader = self._passage.reader(member.key)
        try:
            while not way.ended.is_set():
                await way.wake.wait()
                way.wake.clear()
                if not way.ended.is_set():
                    await self._write_due(member, way, reader)
                if way.ended.is_set():
                    return
                if timer is not None:
                    timer.cancel()
                deadline = member.session.deadline
                timer = loop.call_at(deadline, way.wake.set) if deadline is not None else None
        finally:
            if timer is not None:
                timer.cancel()

    async def _write_due(self, member: Stream, way: "_Way", reader: StreamTurns) -> None:
        """Write what is due now; nothing of it is held once it is written."""
        loop = asyncio.get_running_loop()
        for push in self._fleet.responses_to_send(member, loop.time()):
            async with reader.turn(len(push.data)):
                if way.ended.is_set():
                    return
                stalled = loop.call_later(STALLED_SECONDS, way.ending.end, _STALLED)
                try:
                    if not await has_written(way.context, push.data):
                        way.ended.set()  # the reader, or gRPC by cancelling the call, ends the stream
                finally:
                    stalled.cancel()

    async def _fetch_status(self, _: AsyncIterator[bytes], context: Context) -> None:
        """Answer one question about the proxies that the caller may know of."""
        with self._admitted(context) as client:
            problem = await self._answer(client, context)
        conclude(context, problem)

    async def _stream_status(self, _: AsyncIterator[bytes], context: Context) -> None:
        """Answer each question of a stream."""
        problem: Problem = None
        with self._admitted(context) as client:
            while problem is None:
                problem = await self._answer(client, context)
        conclude(context, problem)

    async def _answer(self, client: FleetKey | ProtocolError | None, context: Context) -> Problem:
        """Answer a question: of the owner of the Unix socket about all Gateways, else about the caller's own."""
        request = (
            client if isinstance(client, ProtocolError) else await next_message(context, csds_pb2.ClientStatusRequest)
        )
        if isinstance(client, FleetKey):
            client = self._authorized(context, "")  # once more: a stream may be older than the Gateway
        if isinstance(client, ProtocolError) or not isinstance(request, csds_pb2.ClientStatusRequest):
            return client if isinstance(client, ProtocolError) else request
        fleets = self._fleet.known() if client is None else (client,)
        answer = client_status(self._fleet, fleets, request).SerializeToString()
        return None if await has_written(context, answer) else StreamClosed.BY_CLIENT

    def _authorized(self, context: Context, node_cluster: str) -> FleetKey | ProtocolError:
        """Return the Gateway of a client, or why it has none."""
        decision = self._authorizer(peer_of(context, node_cluster))
        if isinstance(decision, Denied):
            return ForbiddenError(decision.message) if decision.is_known else StrangerError(decision.message)
        return decision.fleet


async def _last_write(writer: "asyncio.Task[None]") -> None:
    """Wait until what was being written when a stream ended has been taken: no status can be sent before.

    Who takes nothing for minutes, and answers pings all the while, is no Envoy, and is cut off without one.
    """
    done, _ = await asyncio.wait({writer}, timeout=STUCK_SECONDS)
    if not done:
        writer.cancel()
        cut_off(asyncio.current_task())
        raise asyncio.CancelledError
    writer.result()
