"""What stands between Envoys and gatewayd, and passes on, holds back, refuses or cuts what it is told to.

Nothing here is timed: a test says what to catch, waits until that is caught, and says when it may go. Messages of one
type keep their order; those of other types overtake what is held.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from envoy.service.discovery.v3 import discovery_pb2
from google.rpc import status_pb2

from gatewayd.xds.resource import TYPE_BY_URL

_SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_METHOD = "DeltaAggregatedResources"
_INVALID_ARGUMENT = 3
_DEADLINE = 10.0

Message: TypeAlias = discovery_pb2.DeltaDiscoveryRequest | discovery_pb2.DeltaDiscoveryResponse


class Way(Enum):
    """Where a message goes: a response to Envoy, or a request to gatewayd."""

    DOWN = "response"
    UP = "request"


@dataclass(frozen=True, slots=True)
class Passed:
    """A message that went on: its way, its type ("CDS"), itself."""

    way: Way
    short: str
    message: Any


@dataclass(eq=False, slots=True)
class Catch:
    """What is held (or, when it is to be refused, never passed on): messages of a way and a type that contain a text.

    An Envoy's first requests are no prey: a catch of requests takes ACKs and NACKs only.
    """

    way: Way
    short: str
    text: bytes
    refuse: bool = False
    caught: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0

    def takes(self, way: Way, message: Any) -> bool:
        """Say whether a message is meant."""
        if way is not self.way or _short(message) != self.short:
            return False
        if isinstance(message, discovery_pb2.DeltaDiscoveryRequest):
            return bool(message.response_nonce)
        return self.text in message.SerializeToString()

    async def happened(self) -> None:
        """Wait until something was caught."""
        async with asyncio.timeout(_DEADLINE):
            await self.caught.wait()

    def note(self) -> None:
        """Count one more."""
        self.count += 1
        self.caught.set()


class _Stream:
    """One stream with both of its ends."""

    def __init__(self, context: Any, call: Any) -> None:
        self.context = context
        self.call = call
        self.waiting: dict[tuple[Way, str], deque[Message]] = defaultdict(deque)
        self.cut = asyncio.Event()
        self.turn = {way: asyncio.Lock() for way in Way}

    async def write(self, way: Way, message: Message) -> None:
        """Send a message on its way; gRPC wants them one at a time: `turn` is to be held."""
        await (self.context if way is Way.DOWN else self.call).write(message.SerializeToString())


class Adversary:
    """The stand-in. `passed` is all that went through, in order; `streams` counts those that were opened."""

    def __init__(self) -> None:
        self.passed: list[Passed] = []
        self.streams = 0
        self._catches: list[Catch] = []
        self._open: set[_Stream] = set()
        self._happened = asyncio.Condition()

    def hold(self, short: str, text: str = "", *, way: Way = Way.DOWN) -> Catch:
        """Hold messages of a type ("EDS") that contain a text, from now on and until `release`."""
        return self._set(Catch(way, short, text.encode()))

    def refuse(self, short: str, text: str = "") -> Catch:
        """Answer responses with a NACK as if Envoy did, and let it see none of them, until `release`."""
        return self._set(Catch(Way.DOWN, short, text.encode(), refuse=True))

    def _set(self, catch: Catch) -> Catch:
        self._catches.append(catch)
        return catch

    async def release(self, catch: Catch) -> None:
        """Let go what is held, and hold no more of it."""
        self._catches.remove(catch)
        for stream in tuple(self._open):
            for at in list(stream.waiting):
                await self._flush(stream, at)

    def cut(self) -> None:
        """End all streams; what is held of them is lost. Envoys come back by themselves."""
        while self._open:
            self._open.pop().cut.set()

    def sent(self, short: str, text: str = "") -> int:
        """Return how many responses of a type that contain a text have reached an Envoy."""
        found = (each for each in self.passed if each.way is Way.DOWN and each.short == short)
        return sum(text.encode() in each.message.SerializeToString() for each in found)

    async def until_streams(self, count: int) -> None:
        """Wait until so many streams were opened since the beginning."""
        async with asyncio.timeout(_DEADLINE), self._happened:
            await self._happened.wait_for(lambda: self.streams >= count)

    async def serve(self, call: Any, context: Any) -> None:
        """Carry one stream until either end ends it, or it is cut."""
        stream = _Stream(context, call)
        self._open.add(stream)
        async with self._happened:
            self.streams += 1
            self._happened.notify_all()
        tasks = [
            asyncio.create_task(self._pump(stream, Way.UP, context, discovery_pb2.DeltaDiscoveryRequest)),
            asyncio.create_task(self._pump(stream, Way.DOWN, call, discovery_pb2.DeltaDiscoveryResponse)),
            asyncio.create_task(stream.cut.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(stream)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            call.cancel()

    async def _pump(self, stream: _Stream, way: Way, source: Any, kind: Any) -> None:
        while (data := await source.read()) is not grpc.aio.EOF:
            message = kind.FromString(data)
            at = (way, _short(message))
            stream.waiting[at].append(message)
            if len(stream.waiting[at]) == 1:
                await self._flush(stream, at)

    async def _flush(self, stream: _Stream, at: tuple[Way, str]) -> None:
        """Send what waits of one type, up to the first that is held."""
        way, short = at
        waiting = stream.waiting[at]
        async with stream.turn[way]:
            while waiting:
                message = waiting[0]
                catch = next((each for each in self._catches if each.takes(way, message)), None)
                if catch is not None:
                    catch.note()
                    if not catch.refuse:
                        return
                    async with stream.turn[Way.UP]:
                        await stream.write(Way.UP, _nack(message))
                else:
                    await stream.write(way, message)
                    self.passed.append(Passed(way, short, message))
                waiting.popleft()


def _short(message: Any) -> str:
    return TYPE_BY_URL[message.type_url].short


def _nack(response: Any) -> Any:
    detail = status_pb2.Status(code=_INVALID_ARGUMENT, message="the adversary does not like it")
    return discovery_pb2.DeltaDiscoveryRequest(
        type_url=response.type_url, response_nonce=response.nonce, error_detail=detail
    )


@asynccontextmanager
async def adversary(doorway: Path, upstream: Path) -> AsyncIterator[Adversary]:
    """Listen on a Unix socket and pass on to another one, until the block ends."""
    found = Adversary()
    local = (("grpc.use_local_subchannel_pool", 1),)
    async with grpc.aio.insecure_channel(f"unix:{upstream}", options=local) as channel:

        async def serve(_: Any, context: Any) -> None:
            await found.serve(channel.stream_stream(f"/{_SERVICE}/{_METHOD}")(), context)
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the stream is over")

        server = grpc.aio.server()
        handler = grpc.stream_stream_rpc_method_handler(serve)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler}),))
        server.add_insecure_port(f"unix:{doorway}")
        await server.start()
        try:
            yield found
        finally:
            await server.stop(None)
