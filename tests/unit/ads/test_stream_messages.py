"""Messages of a stream whose client does what it likes."""

from typing import Any, cast

import grpc
import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.protocol.subscription import ProtocolError
from gatewayd.ads.stream_messages import Context, StreamClosed, has_written, next_message


class Stream:
    """What a client sends, once, and whether it is still there."""

    def __init__(self, sent: Any = grpc.aio.EOF, *, is_there: bool = True) -> None:
        self._sent = sent
        self._is_there = is_there
        self.written: list[bytes] = []

    async def read(self) -> Any:
        return self._sent

    async def write(self, data: bytes) -> None:
        if not self._is_there:
            raise grpc.aio.InternalError
        self.written.append(data)


def context(stream: Stream) -> Context:
    return cast("Context", stream)


async def test_the_next_message() -> None:
    request = discovery.DeltaDiscoveryRequest(type_url="t")
    kind = discovery.DeltaDiscoveryRequest
    assert await next_message(context(Stream(request.SerializeToString())), kind) == request
    assert await next_message(context(Stream()), kind) is StreamClosed.BY_CLIENT
    found = await next_message(context(Stream(b"\xff")), kind)
    assert isinstance(found, ProtocolError)
    assert str(found) == "request: not a DeltaDiscoveryRequest; nothing else is allowed here"


@pytest.mark.parametrize("is_there", [True, False])
async def test_whether_there_was_somebody_to_write_to(*, is_there: bool) -> None:
    stream = Stream(is_there=is_there)
    assert await has_written(context(stream), b"data") is is_there
    assert stream.written == ([b"data"] if is_there else [])
