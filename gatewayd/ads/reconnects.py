"""What streams that were lost have left open, for the next stream of the same client.

In: sessions that end, sessions that begin. A client that refuses a response may have applied a part of it, of which it
names no version when it comes back: a removal that it has carried out, a cluster that has been replaced. The stream
that sent it knows, so it tells the next one: those names are sent again, or removed again.
Invariant: it is bounded in clients, bytes and age. What is forgotten, or was known to another replica, is right again
when it changes next.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from gatewayd.ads.protocol.held import Doubts
from gatewayd.ads.protocol.session import Session
from gatewayd.ir.limits import LEFT_OPEN_BYTES, LEFT_OPEN_CLIENTS, LEFT_OPEN_SECONDS, STRANGE_NAME
from gatewayd.xds.resource import TypeUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What one client's last stream left open: `size` in bytes, `until` when it is of use no more."""

    doubts: Mapping[TypeUrl, Doubts]
    size: int
    until: float


class LeftOpen:
    """What the lost streams of one Gateway have left open, by node id. `size` is what is kept, in bytes."""

    __slots__ = ("_left", "_now", "size")

    def __init__(self) -> None:
        self._left: OrderedDict[str, _Left] = OrderedDict()
        self._now = 0.0
        self.size = 0

    def __len__(self) -> int:
        """Return of how many clients something is kept."""
        return len(self._left)

    def keep(self, session: Session) -> None:
        """Remember what a session that ends leaves open; of a client without an id, nothing."""
        doubts = session.left_open()
        if not doubts or not session.node.id:
            return
        self._forget(session.node.id)
        size = sum(STRANGE_NAME + len(name) for names in doubts.values() for name in names)
        self._left[session.node.id] = _Left(doubts=doubts, size=size, until=self._now + LEFT_OPEN_SECONDS)
        self.size += size
        while self.size > LEFT_OPEN_BYTES or len(self._left) > LEFT_OPEN_CLIENTS:
            self._forget(next(iter(self._left)))

    def give(self, session: Session, node_id: str) -> None:
        """Tell a session that begins what the one before has left open, once."""
        doubts = self._forget(node_id)
        if doubts:
            session.doubt(doubts)

    def sweep(self, now: float) -> None:
        """Forget what is old; `now` is in seconds of a clock that does not go back."""
        self._now = now
        while self._left and next(iter(self._left.values())).until <= now:
            self._forget(next(iter(self._left)))
        if not self._left:
            self._left = OrderedDict()  # an emptied table keeps its size

    def _forget(self, node_id: str) -> Mapping[TypeUrl, Doubts]:
        left = self._left.pop(node_id, None)
        if left is None:
            return {}
        self.size -= left.size
        return left.doubts
