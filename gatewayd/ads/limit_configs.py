"""What rate limit services have their limits from: aggregated discovery, state of the world, of one type alone.

In: the limits of policies, as they change. Out: to each service that asks, all of them at once, and again whenever they
are others. Served on a socket or port of its own, since such a service is no proxy and shall hold up none. Over TLS its
certificate must say what it is; on a Unix socket it is the socket's owner.
https://github.com/envoyproxy/ratelimit#xds-management-server-based-configuration-loading
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import grpc
import structlog
from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ads.authorize import Denied, Peer, Transport
from gatewayd.ads.listen import TlsListener, UnixListener, bind_tls, bind_unix, start_whole
from gatewayd.ads.peer import peer_of
from gatewayd.ads.protocol.subscription import ProtocolError
from gatewayd.ads.stream_messages import ADS_SERVICE, Context, StreamClosed, has_written, next_message
from gatewayd.incremental.engine import Change
from gatewayd.ir.limits import HANDSHAKE_MILLISECONDS, LIMIT_STREAMS
from gatewayd.own_group import RATE_LIMIT_IDENTITY
from gatewayd.rpc.rate_limit_config_pb2 import RateLimitConfig
from gatewayd.untrusted.printable import printable
from gatewayd.xds.encoding import packed, serialised, type_url
from gatewayd.xds.messages.rate_limit_config import rate_limit_config
from gatewayd.xds.resource import content_version

_TYPE: Final = type_url(RateLimitConfig())
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 64 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),  # what counts with gRPC 1.85
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_MILLISECONDS),
    ("grpc.so_reuseport", 0),
)

_log = structlog.get_logger()


def counts(peer: Peer) -> Denied | None:
    """Return why a client may not have the limits of all policies; None when it may."""
    if peer.transport is Transport.UNIX or peer.identities == (RATE_LIMIT_IDENTITY,):
        return None
    return Denied(message=f"client certificate: no rate limit service; {RATE_LIMIT_IDENTITY} is allowed", is_known=True)


class RateLimitConfigs:
    """The limits of all policies, and who waits for others."""

    def __init__(self) -> None:
        self._configs: dict[Any, Any] = {}
        self._response: Any = None
        self._waiting: set[asyncio.Event] = set()

    def hear(self, changes: Iterable[Change]) -> None:
        """Take the domains of policies that have changed (None: it has none any more)."""
        heard = list(changes)
        for change in heard:
            self._configs.pop(change.member, None)
            if change.value is not None:
                self._configs[change.member] = packed(rate_limit_config(change.value))
        if heard or self._response is None:
            self._tell()

    def _tell(self) -> None:
        resources = sorted(self._configs.values(), key=serialised)
        response = discovery_pb2.DiscoveryResponse(type_url=_TYPE, resources=resources)
        response.version_info = response.nonce = content_version(serialised(response))
        if self._response is None or response.version_info != self._response.version_info:
            self._response = response
            for each in self._waiting:
                each.set()

    async def converse(self, context: Context) -> ProtocolError | None:
        """Serve one stream until the client ends it, or something is wrong; return that."""
        first = await next_message(context, discovery_pb2.DiscoveryRequest)
        if not isinstance(first, discovery_pb2.DiscoveryRequest):
            return first if isinstance(first, ProtocolError) else None
        if first.type_url != _TYPE:
            return ProtocolError(f"type_url: not served here; {_TYPE} is allowed")
        changed = asyncio.Event()
        changed.set()
        self._waiting.add(changed)
        reading = asyncio.create_task(_read(context))
        try:
            await self._write(context, changed, reading)
            return reading.result() if reading.done() else None
        finally:
            self._waiting.discard(changed)
            reading.cancel()

    async def _write(self, context: Context, changed: asyncio.Event, reading: "asyncio.Task[Any]") -> None:
        """Write what there is, and again when it is another, until nothing is read any more."""
        sent = ""
        while not reading.done():
            waiting = asyncio.create_task(changed.wait())
            await asyncio.wait((waiting, reading), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            changed.clear()
            if self._response is None or self._response.version_info == sent or reading.done():
                continue
            sent = self._response.version_info
            if not await has_written(context, self._response.SerializeToString()):
                return


async def _read(context: Context) -> ProtocolError | None:
    """Read what a service says of what it was sent, until it ends; return what is wrong, if anything."""
    while True:
        message = await next_message(context, discovery_pb2.DiscoveryRequest)
        if message is StreamClosed.BY_CLIENT:
            return None
        if isinstance(message, ProtocolError):
            return message
        if message.error_detail.message:
            _log.warning("limits refused", node=printable(message.node.id), why=printable(message.error_detail.message))


class RateLimitConfigServer:
    """Serves the limits. `address` says where, once it has started."""

    def __init__(self, configs: RateLimitConfigs, listener: UnixListener | TlsListener) -> None:
        self._configs = configs
        self._listener = listener
        self._server: grpc.aio.Server | None = None
        self.address = ""

    async def start(self) -> None:
        """Listen; raises ListenError when the address cannot be had."""
        server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=LIMIT_STREAMS)
        # Known before it runs: whoever is cancelled meanwhile stops it, for one that nobody stops hangs its process.
        self._server = server
        method = grpc.stream_stream_rpc_method_handler(self._serve)
        handler = grpc.method_handlers_generic_handler(ADS_SERVICE, {"StreamAggregatedResources": method})
        server.add_generic_rpc_handlers((handler,))
        listener = self._listener
        self.address = bind_unix(server, listener) if isinstance(listener, UnixListener) else bind_tls(server, listener)
        await start_whole(server)

    async def stop(self) -> None:
        """End all streams; services keep what they have."""
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    async def _serve(self, _: AsyncIterator[bytes], context: Context) -> None:
        denied = counts(peer_of(context, ""))
        if denied is not None:
            context.set_code(grpc.StatusCode.PERMISSION_DENIED)
            context.set_details(denied.message)
            return
        problem = await self._configs.converse(context)
        if problem is not None:
            context.set_code(grpc.StatusCode.INVALID_ARGUMENT)
            context.set_details(str(problem))
