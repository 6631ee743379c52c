"""The few ways to put a message on the wire that the generated classes leave open.

In: messages. Out: bytes that are the same for the same content, whatever process made them.

Repeated fields of a serialised message may be appended as bytes, which is how a RouteConfiguration is made of parts
that are serialised once each: https://protobuf.dev/programming-guides/encoding/#last-one-wins
"""

from functools import lru_cache
from typing import Any

from envoy.config.core.v3 import config_source_pb2, extension_pb2
from google.protobuf import any_pb2, duration_pb2

ADS = config_source_pb2.ConfigSource(
    ads=config_source_pb2.AggregatedConfigSource(),
    resource_api_version=config_source_pb2.V3,
    # Wait for as long as it takes: what comes after a time-out is a listener or a cluster without its contents.
    initial_fetch_timeout=duration_pb2.Duration(),
)
"""Where every resource comes from that another one names."""

_LENGTH_DELIMITED = 2


def serialised(message: Any) -> bytes:
    """Return the deterministic encoding of a message."""
    return bytes(message.SerializeToString(deterministic=True))


def packed(message: Any, more: bytes = b"") -> Any:
    """Return an `Any` that holds the message, with `more` encoded fields that its generated class does not know."""
    return any_pb2.Any(type_url=type_url(message), value=serialised(message) + more)


def type_url(message: Any) -> str:
    """Return what an `Any` calls a message, or a type of messages."""
    return f"type.googleapis.com/{message.DESCRIPTOR.full_name}"


def extension(name: str, config: Any) -> Any:
    """Return a TypedExtensionConfig."""
    return extension_pb2.TypedExtensionConfig(name=name, typed_config=packed(config))


def milliseconds(count: int) -> Any:
    """Return a Duration."""
    return duration_pb2.Duration(seconds=count // 1000, nanos=count % 1000 * 1_000_000)


def seconds(count: int) -> Any:
    """Return a Duration."""
    return duration_pb2.Duration(seconds=count)


def field(number: int, body: bytes) -> bytes:
    """Encode one element of a repeated message field, to be appended to the message that it belongs to."""
    return field_head(number, len(body)) + body


@lru_cache(maxsize=4096)
def field_head(number: int, size: int) -> bytes:
    """Return what goes before so many bytes of a message, to make them a field of the message that it belongs to."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(size)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
