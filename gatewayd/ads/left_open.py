"""What streams that were lost have left open, for the next stream of the same client.

In: sessions that end, sessions that begin. A client that refuses a response may have applied a part of it, of which it
names no version when it comes back: a removal that it has carried out, a cluster that has been replaced. The stream
that sent it knows, so it tells the next one: those names are sent again, or removed again.
Invariant: it is bounded. What is forgotten, or was known to another replica, is right again when it changes next.
"""

from collections import OrderedDict
from collections.abc import Mapping

from gatewayd.ads.ledger import Doubts
from gatewayd.ads.session import Session
from gatewayd.xds.resource import TypeUrl

_KEPT_NAMES = 100_000


class LeftOpen:
    """What the lost streams of one Gateway have left open, by node id."""

    __slots__ = ("_doubts", "_names")

    def __init__(self) -> None:
        self._doubts: OrderedDict[str, Mapping[TypeUrl, Doubts]] = OrderedDict()
        self._names = 0

    def keep(self, session: Session) -> None:
        """Remember what a session that ends leaves open; of a client without an id, nothing."""
        doubts = session.left_open()
        if not doubts or not session.node.id:
            return
        self._forget(session.node.id)
        self._doubts[session.node.id] = doubts
        self._names += sum(map(len, doubts.values()))
        while self._names > _KEPT_NAMES:
            self._forget(next(iter(self._doubts)))

    def give(self, session: Session, node_id: str) -> None:
        """Tell a session that begins what the one before has left open, once."""
        doubts = self._forget(node_id)
        if doubts:
            session.doubt(doubts)

    def _forget(self, node_id: str) -> Mapping[TypeUrl, Doubts]:
        doubts = self._doubts.pop(node_id, {})
        self._names -= sum(map(len, doubts.values()))
        return doubts
