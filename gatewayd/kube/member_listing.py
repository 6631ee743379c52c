"""Lists and watches of a member's objects: what a listing does, within bounds.

A member that answers with more than it may have, or with objects of another namespace, or that its kinds do not exist,
takes nothing away: what was known stays.
"""

from collections.abc import Iterator
from http import HTTPStatus

import msgspec

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_BYTES, MEMBER_OBJECTS
from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.listing import Listing, Note, Page, ReadObject
from gatewayd.store import Delta


class TooMuchError(ApiError):
    """A member lists more than a member may have."""

    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooMuch", message)


class Allowance:
    """What all listings of one member may hold together."""

    def __init__(self) -> None:
        self.objects = 0
        self.bytes = 0

    @property
    def excess(self) -> str:
        """Why what is listed is too much, "" when it is not."""
        return self._of_objects or self._of_bytes

    @property
    def _of_objects(self) -> str:
        return f"it lists more than {MEMBER_OBJECTS} objects" if self.objects > MEMBER_OBJECTS else ""

    @property
    def _of_bytes(self) -> str:
        return f"it lists objects of more than {MEMBER_BYTES} bytes" if self.bytes > MEMBER_BYTES else ""

    def take(self, objects: int, size: int) -> None:
        """Take so much more, or give it back. Raises TooMuchError."""
        self.objects += objects
        self.bytes += size
        problem = (objects > 0 and self._of_objects) or (size > 0 and self._of_bytes)
        if problem:
            raise TooMuchError(problem)


class MemberListing(Listing):
    """All objects of one kind in one namespace of a member. `is_complete`: all have been listed once."""

    def __init__(self, kind: Kind, namespace: str, allowance: Allowance, undecodable: Note) -> None:
        super().__init__(kind, undecodable=undecodable, live=_unheard)
        self.namespace = namespace
        self.is_complete = False
        self.is_absent = False
        self._allowance = allowance
        self._sizes: dict[ObjectKey, int] = {}

    def page(self, page: Page) -> Iterator[Delta]:
        """Take one page of a list. Raises TooMuchError."""
        self.is_absent = False
        return super().page(page)

    def listed(self, version: str) -> Iterator[Delta]:
        """End a list."""
        yield from super().listed(version)
        # What a list that was too much had begun to count.
        for key in self._sizes.keys() - self._known.keys():
            self._allowance.take(-1, -self._sizes.pop(key))
        self.is_complete = True

    def forget(self) -> Iterator[Delta]:
        """Record that the member says that it has no such kind: which takes away nothing."""
        self.is_absent = True
        return iter(())

    def _read(self, raw: msgspec.Raw) -> ReadObject:
        read = super()._read(raw)
        before = self._sizes.get(read.key)
        self._sizes[read.key] = len(read.data)
        self._allowance.take(before is None, len(read.data) - (before or 0))
        return read

    def _put(self, read: ReadObject) -> Iterator[Delta]:
        if read.key.namespace != self.namespace:
            return iter(())  # the member answers with what it was not asked for
        return super()._put(read)

    def _remove(self, key: ObjectKey) -> Iterator[Delta]:
        size = self._sizes.pop(key, None)
        if size is not None:
            self._allowance.take(-1, -size)
        return super()._remove(key)


def _unheard(_key: ObjectKey, _raw: bytes | None) -> None:
    """Nobody keeps their statuses."""
