"""Lists and watch events of one kind -> Deltas. No I/O: the reflector's state and its rules.

A list replaces everything that is known, as a difference: what vanished in between is removed, what is the same is not
touched. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from gatewayd.api.decode import Decoded, Rejected, decode_bytes
from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.api.unreadable import stand_in
from gatewayd.kube.api_errors import GoneError, api_error
from gatewayd.store import Delta


class ListMeta(msgspec.Struct, rename="camel"):
    """The metadata of a list; `continue_` leads to its next page."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct):
    """One page of a list, its objects not decoded yet."""

    metadata: ListMeta
    items: list[msgspec.Raw] = []


class _ListedMeta(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class Head(msgspec.Struct):
    """What every object has, read before the object itself."""

    metadata: _ListedMeta = msgspec.field(default_factory=_ListedMeta)
    code: int = 0
    reason: str = ""
    message: str = ""

    @property
    def key(self) -> ObjectKey:
        """The object's key."""
        return ObjectKey(self.metadata.namespace, self.metadata.name)


class WatchEvent(msgspec.Struct):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


decode_page = msgspec.json.Decoder(Page).decode
decode_event = msgspec.json.Decoder(WatchEvent).decode
decode_head = msgspec.json.Decoder(Head).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """An object of the API server that cannot be decoded; `message` says where and why."""

    kind: Kind
    key: ObjectKey
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObject:
    """An object as it was received, and the decoded one; None where only its metadata is read."""

    key: ObjectKey
    data: bytes
    found: Decoded | Rejected | None


Note = Callable[[Undecodable], None]
Live = Callable[[ObjectKey, bytes | None], None]


class Listing:
    """All objects of one kind, as far as the API server has told. Give it pages or events, take Deltas.

    A list is `begin`, any number of `page`, `listed`; one that breaks off is begun anew.
    """

    def __init__(self, kind: Kind, *, undecodable: Note, live: Live) -> None:
        """`live` hears of every object as it stands (None: gone)."""
        self.kind = kind
        self.version = ""
        self._undecodable = undecodable
        self._live = live
        # Dicts, since a set of thousands takes four times the memory.
        self._known: dict[ObjectKey, None] = {}
        self._listed: dict[ObjectKey, None] = {}
        # Of a kind that protects: what was readable once, whose last good version stays.
        self._readable: set[ObjectKey] = set()

    @property
    def has_objects(self) -> bool:
        """Whether any object is known."""
        return bool(self._known)

    def begin(self) -> None:
        """Begin a list; the pages of an earlier one that broke off do not count."""
        self._listed = {}

    def page(self, page: Page) -> Iterator[Delta]:
        """Take one page of a list; call `listed` after the last one."""
        for raw in page.items:
            read_object = self._read(raw)
            self._listed[read_object.key] = None
            self._known[read_object.key] = (
                None  # so that it goes again if the list breaks off and the next does not have it
            )
            yield from self._put(read_object)

    def listed(self, version: str) -> Iterator[Delta]:
        """End a list: what it did not have is gone; the watch goes on from `version`."""
        gone = self._known.keys() - self._listed.keys()
        self._known, self._listed = self._listed, {}
        self.version = version
        for key in sorted(gone):
            yield from self._remove(key)

    def event(self, line: bytes) -> Iterator[Delta]:
        """Take one line of a watch. Raises GoneError when a new list is needed, DecodeError for a broken line."""
        event = decode_event(line)
        head = decode_head(event.object)
        if event.type == "ERROR":
            error = api_error(head.code, head.reason, head.message)
            if isinstance(error, GoneError):
                raise error
            raise msgspec.DecodeError(f"the watch says {head.code}: {head.message}")
        self.version = head.metadata.resource_version
        if event.type == "BOOKMARK":
            return
        if event.type == "DELETED":
            self._known.pop(head.key, None)
            yield from self._remove(head.key)
        else:
            read_object = self._read(event.object)
            self._known[read_object.key] = None
            yield from self._put(read_object)

    def forget(self) -> Iterator[Delta]:
        """Record that the kind itself is gone (its CRD was removed), and all its objects with it."""
        self.begin()
        yield from self.listed("")

    def _read(self, raw: msgspec.Raw) -> ReadObject:
        """Decode an object. Its key is the decoded one, so that its name is in memory once."""
        data = bytes(raw)
        decoded = self._decoded(data)
        key = decoded.key if isinstance(decoded, Decoded) else decode_head(raw).key
        return ReadObject(key=key, data=data, found=decoded)

    def _decoded(self, data: bytes) -> Decoded | Rejected:
        """Decode an object. Whatever a decoder raises affects that object only, and the watch goes on."""
        try:
            return decode_bytes(self.kind, data)
        except Exception as error:  # noqa: BLE001
            problem = Problem(path="", message=f"cannot be read; {error!r}")
            name = self.kind.kind
            return Rejected(kind=self.kind, api_version="", kind_name=name, namespace="", name="", problems=(problem,))

    def _tell_live(self, read: ReadObject) -> None:
        try:
            self._live(read.key, read.data)
        except Exception as error:  # noqa: BLE001 - as above
            self._undecodable(Undecodable(kind=self.kind, key=read.key, message=f"cannot be read; {error!r}"))

    def _put(self, read: ReadObject) -> Iterator[Delta]:
        self._tell_live(read)
        if isinstance(read.found, Decoded):
            if self.kind.protects:
                self._readable.add(read.key)
            yield Delta(kind=self.kind.struct, key=read.key, obj=read.found.obj)
        elif read.found is not None:
            # The last good version stays.
            message = "; ".join(str(problem) for problem in read.found.problems)
            self._undecodable(Undecodable(kind=self.kind, key=read.key, message=message))
            if read.key not in self._readable:
                closing = stand_in(self.kind, read.data, read.found.problems)
                if closing is not None:
                    yield Delta(kind=self.kind.struct, key=read.key, obj=closing)

    def _remove(self, key: ObjectKey) -> Iterator[Delta]:
        self._live(key, None)
        self._readable.discard(key)
        yield Delta(kind=self.kind.struct, key=key, obj=None)
