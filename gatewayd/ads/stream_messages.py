"""Messages of one gRPC stream: the next one that the client sends, and one that it is sent.

Nothing is raised for what a client does: who ends a call with an error keeps the frames of its traceback, and what
they hold, for a while.
"""

from enum import Enum
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from gatewayd.ads.protocol.subscription import ProtocolError

ADS_SERVICE: Final = "envoy.service.discovery.v3.AggregatedDiscoveryService"
"""https://github.com/envoyproxy/envoy/blob/v1.40.0/api/envoy/service/discovery/v3/ads.proto"""

Context: TypeAlias = grpc.aio.ServicerContext


class StreamClosed(Enum):
    """The client has said that it says no more."""

    BY_CLIENT = "by client"


async def next_message(context: Context, kind: Any) -> Any:
    """Return the next request, of this kind; Ended or a ProtocolError when it is none."""
    data = await context.read()
    if data is grpc.aio.EOF:
        return StreamClosed.BY_CLIENT
    try:
        return kind.FromString(data)
    except DecodeError:
        return ProtocolError(f"request: not a {kind.DESCRIPTOR.name}; nothing else is allowed here")


async def has_written(context: Context, data: bytes) -> bool:
    """Write a message; say whether there is still somebody to read it: a client may go at any moment."""
    try:
        await context.write(data)
    except grpc.aio.InternalError:
        return False
    return True
