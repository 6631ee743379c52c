"""Watches that keep nothing: of Secrets and ConfigMaps only which there are, and of some objects what they say.

A cluster's Secrets and ConfigMaps are nobody's business here until an object of ours refers to them
(`gatewayd/kube/contents.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.kube.listing import Listing, Live, ReadObject, Undecodable, decode_head
from gatewayd.kube.owned_watch import OwnedObject
from gatewayd.store import Delta
from gatewayd.translator.contents import Content

OnHead = Callable[[Content, str | None], None]


class HeadListing(Listing):
    """Yields no Delta; `heard` is told the version of each object that there is (None: it is gone)."""

    def __init__(self, kind: Kind, heard: OnHead) -> None:
        super().__init__(kind, undecodable=_never, live=_unheard)
        self._heard = heard

    def _read(self, raw: msgspec.Raw) -> ReadObject:
        head = decode_head(raw)
        return ReadObject(key=head.key, data=head.metadata.resource_version.encode(), found=None)

    def _put(self, read: ReadObject) -> Iterator[Delta]:
        self._heard(Content(self.kind.kind, read.key), read.data.decode())
        return iter(())

    def _remove(self, key: ObjectKey) -> Iterator[Delta]:
        self._heard(Content(self.kind.kind, key), None)
        return iter(())


class HeardListing(Listing):
    """Yields no Delta; `live` hears of every object as it stands."""

    def __init__(self, kind: Kind, live: Live, *, listed_as: type = OwnedObject) -> None:
        """`listed_as`: of what table the list is, for who waits for it.

        It is not the kind's own: others wait for all objects of that.
        """
        super().__init__(replace(kind, struct=listed_as), undecodable=_never, live=live)

    def _read(self, raw: msgspec.Raw) -> ReadObject:
        return ReadObject(key=decode_head(raw).key, data=bytes(raw), found=None)

    def _remove(self, key: ObjectKey) -> Iterator[Delta]:
        self._live(key, None)
        return iter(())


def _never(_note: Undecodable) -> None:
    """Nothing is decoded."""


def _unheard(_key: ObjectKey, _raw: bytes | None) -> None:
    """Nobody keeps their statuses."""
