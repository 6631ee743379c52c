"""Response messages as bytes, made once for all streams.

In: resources that are serialised already. Out: a DeltaDiscoveryResponse or DiscoveryResponse, put together from the
encoded entries without building a message (protobuf messages concatenate: https://protobuf.dev/programming-guides/encoding/#last-one-wins).
Invariant: equal content gives the very same bytes object, nonce included: a nonce says what was sent, not to whom, and
pairs an answer with the one response of its type that is in flight on a stream.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b

from gatewayd.ads.sharing.swept_cache import Recent
from gatewayd.ir.limits import KEPT_RESPONSE_BYTES
from gatewayd.xds.resource import Resource, TypeUrl


class Mode(Enum):
    """The two variants of ADS."""

    DELTA = "delta"
    SOTW = "state of the world"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseContent:
    """What a response says: resources sorted by name; names removed (delta only); the type's version (SotW only)."""

    mode: Mode
    type_url: TypeUrl
    made: tuple[Resource, ...]
    removed: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One response to write: `data` is the message, `nonce` comes back with the answer."""

    type_url: TypeUrl
    nonce: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Cost:
    """What has been done so far, for tests of cost and for metrics."""

    responses: int = 0
    entries: int = 0
    bytes_built: int = 0
    shared: int = 0


class Envelope:
    """Encodes responses and remembers the recent ones. Each Gateway has its own."""

    __slots__ = ("_pushes", "cost")

    def __init__(self) -> None:
        self._pushes: Recent[str, Push] = Recent(most=KEPT_RESPONSE_BYTES)
        self.cost = Cost()

    def push(self, content: ResponseContent) -> Push:
        """Return the response that says this, the same object for the same content."""
        nonce = _nonce(content)
        known = self._pushes.get(nonce)
        if known is not None:
            self.cost.shared += 1
            return known
        data = self._encode(content, nonce)
        response = Push(type_url=content.type_url, nonce=nonce, data=data)
        return self._pushes.put(nonce, response, weight=len(data))

    def sweep(self) -> None:
        """Forget what no stream has sent since the last sweep."""
        self._pushes.sweep()

    def _encode(self, content: ResponseContent, nonce: str) -> bytes:
        """Concatenate the fields of the response (numbers as in discovery.proto)."""
        parts: list[bytes] = [_text(1, content.version or nonce)]
        any_type = _text(1, content.type_url) + _tag(2)
        head = _entry_head if content.mode is Mode.DELTA else _any_head
        for item in content.made:
            parts.extend((head(any_type, item), *item.pieces))
        parts.extend((_text(4, content.type_url), _text(5, nonce)))
        parts.extend(_text(6, name) for name in content.removed)
        data = b"".join(parts)
        self.cost.responses += 1
        self.cost.entries += len(content.made)
        self.cost.bytes_built += len(data)
        return data


def _entry_head(any_type: bytes, item: Resource) -> bytes:
    """Start a field `resources` of a DeltaDiscoveryResponse: a Resource whose last field ends with the body."""
    inner = _text(3, item.name) + _text(1, item.version) + _any_head(any_type, item)
    return _RESOURCES + _varint(len(inner) + item.size) + inner


def _any_head(any_type: bytes, item: Resource) -> bytes:
    """Start a field 2 of type Any whose value is the body; `any_type` is its type and the tag of the value."""
    size = item.size
    inner = any_type + _varint(size)
    return _RESOURCES + _varint(len(inner) + size) + inner


def _nonce(content: ResponseContent) -> str:
    """Return 16 hexadecimal digits that stand for the content."""
    digest = blake2b(f"{content.mode.value}\0{content.type_url}\0{content.version}\n".encode(), digest_size=8)
    # Lengths in front: removed names are a client's words, and no choice of them may look like another response.
    digest.update("".join(f"+{len(item.name)} {item.name} {item.version}\n" for item in content.made).encode())
    digest.update("".join(f"-{len(name)} {name}\n" for name in content.removed).encode())
    return digest.hexdigest()


def state_version(resources: Iterable[Resource]) -> str:
    """Return the version of a set of resources (SotW has one for all of a type); the order does not matter."""
    lines = sorted(f"{item.name}\0{item.version}\n" for item in resources)
    return blake2b("".join(lines).encode(), digest_size=8).hexdigest()


def _text(number: int, text: str) -> bytes:
    """Encode a string field."""
    data = text.encode()
    return _tag(number) + _varint(len(data)) + data


def _tag(number: int) -> bytes:
    """Encode the tag of a length-delimited field (wire type 2); the numbers here are all below 16."""
    return bytes(((number << 3) | 2,))


_RESOURCES = _tag(2)


def _varint(value: int) -> bytes:
    """Encode a length."""
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
