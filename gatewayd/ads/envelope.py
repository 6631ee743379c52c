"""Response messages as bytes, made once for all streams.

In: resources that are serialised already. Out: a DeltaDiscoveryResponse or DiscoveryResponse, put together from the
encoded entries without building a message (protobuf messages concatenate: https://protobuf.dev/programming-guides/encoding/#last-one-wins).
Invariant: equal content gives the very same bytes object, nonce included: a nonce says what was sent, not to whom, and
pairs an answer with the one response of its type that is in flight on a stream.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b

from gatewayd.xds.resource import Resource, TypeUrl

_KEPT_BYTES = 16 * 1024 * 1024
_KEPT_HEADS = 16_384


class Mode(Enum):
    """The two variants of ADS."""

    DELTA = "delta"
    SOTW = "state of the world"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
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
    """Encodes responses and remembers the last 16 MiB of them. Each Gateway has its own."""

    __slots__ = ("_heads", "_pushes", "_size", "cost")

    def __init__(self) -> None:
        self._pushes: OrderedDict[str, Push] = OrderedDict()
        self._heads: OrderedDict[tuple[Mode, TypeUrl, str, str], bytes] = OrderedDict()
        self._size = 0
        self.cost = Cost()

    def push(self, content: Content) -> Push:
        """Return the response that says this, the same object for the same content."""
        nonce = _nonce(content)
        found = self._pushes.get(nonce)
        if found is not None:
            self.cost.shared += 1
            return found
        data = self._encode(content, nonce)
        made = Push(type_url=content.type_url, nonce=nonce, data=data)
        self._keep(made)
        return made

    def _keep(self, push: Push) -> None:
        """Remember a response, and forget the oldest ones above the limit (never the newest)."""
        self._pushes[push.nonce] = push
        self._size += len(push.data)
        while self._size > _KEPT_BYTES and len(self._pushes) > 1:
            self._size -= len(self._pushes.popitem(last=False)[1].data)

    def _encode(self, content: Content, nonce: str) -> bytes:
        """Concatenate the fields of the response (numbers as in discovery.proto)."""
        parts: list[bytes] = [_text(1, content.version or nonce)]
        for item in content.made:
            parts.append(self._head(content.mode, item))
            parts.append(item.body)
        parts.extend((_text(4, content.type_url), _text(5, nonce)))
        parts.extend(_text(6, name) for name in content.removed)
        data = b"".join(parts)
        self.cost.responses += 1
        self.cost.bytes_built += len(data)
        return data

    def _head(self, mode: Mode, item: Resource) -> bytes:
        """Return everything of an entry that stands before the body, made once for each resource."""
        key = (mode, item.type_url, item.name, item.version)
        found = self._heads.get(key)
        if found is None:
            found = self._heads[key] = _entry_head(item) if mode is Mode.DELTA else _any_field(2, item)
            self.cost.entries += 1
            if len(self._heads) > _KEPT_HEADS:
                self._heads.popitem(last=False)
        return found


def _entry_head(item: Resource) -> bytes:
    """Start a field `resources` of a DeltaDiscoveryResponse: a Resource whose last field ends with the body."""
    inner = _text(3, item.name) + _text(1, item.version) + _any_field(2, item)
    return _tag(2) + _varint(len(inner) + len(item.body)) + inner


def _any_field(number: int, item: Resource) -> bytes:
    """Start a field of type Any whose value is the body."""
    inner = _text(1, item.type_url) + _tag(2) + _varint(len(item.body))
    return _tag(number) + _varint(len(inner) + len(item.body)) + inner


def _nonce(content: Content) -> str:
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


def _varint(value: int) -> bytes:
    """Encode a length."""
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
