"""One member: what stands of it, the watch that is believed, and the one that is to take its place.

Another kubeconfig, or other rights, begin a watch of their own, which takes over when it has listed everything: so a
token is replaced without a moment in which nothing is known. No I/O of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_STALE_SECONDS
from gatewayd.ir.members import Standing
from gatewayd.kube.member_store import KeptMember
from gatewayd.kube.member_watch import MemberWatch
from gatewayd.members.book import Book
from gatewayd.members.declaration import MemberDeclaration
from gatewayd.members.standing_rows import StandingRows
from gatewayd.store import Delta

_log = structlog.get_logger("gatewayd.kube.member")

NOT_LISTED: Final = "not everything has been listed yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """How a member is, for people: `trouble` is "" for one that is well. `silent`: seconds since it was heard of.

    `excess` says why what it says now is too much, "" when it is not.
    """

    cluster: str
    standing: Standing
    exports: int
    endpoints: int
    silent: float
    trouble: str
    excess: str = ""


class FollowedMember:
    """See the module's text. Methods return what is to change in the store. Times are seconds of one clock."""

    def __init__(self, declaration: MemberDeclaration, now: float) -> None:
        self.standing_rows = StandingRows(declaration)
        self.believed: MemberWatch | None = None
        self.coming: MemberWatch | None = None
        self.standing = Standing.KEPT
        self.refusal = ""
        self.left_at: float | None = None
        self.is_changed = False
        self._heard_at = now
        self._book: Book | None = None

    @property
    def declaration(self) -> MemberDeclaration:
        """What the member is allowed."""
        return self.standing_rows.declaration

    @property
    def is_stale(self) -> bool:
        """Whether it has not been heard of for long."""
        return self.standing is Standing.STALE

    @property
    def is_known(self) -> bool:
        """Whether what stands of it is what it said, be it that it said nothing."""
        return self.believed is not None or bool(self.standing_rows.rows)

    def restore(self, kept: KeptMember) -> tuple[Delta, ...]:
        """Begin with what is kept."""
        self.standing = Standing.STALE if kept.stale else Standing.KEPT
        self.is_changed = False
        return (*self.standing_rows.stand(self.standing), *self.standing_rows.restore(kept.rows))

    def declare(self, declaration: MemberDeclaration) -> tuple[Delta, ...]:
        """Take what is declared of it now."""
        self.left_at = None
        if self.standing is Standing.LEAVING:
            self.standing = Standing.KEPT
        deltas = (*self.standing_rows.declare(declaration), *self.standing_rows.stand(self.standing))
        self.is_changed = self.is_changed or bool(deltas)
        return deltas

    def heard(self, watch: MemberWatch, changed: Iterable[ObjectKey], now: float) -> tuple[Delta, ...]:
        """Take what a watch has heard. Who is too much keeps what it had."""
        if watch is not self.believed and watch is not self.coming:
            return ()
        if watch.is_failing or not watch.is_complete or watch.book.excess:
            return self._follow(watch, changed) if watch is self.believed else ()
        self._heard_at = now
        if watch is self.coming:
            self.believed, self.coming = watch, None
            _log.info("member listed", cluster=watch.declaration.cluster, exports=len(watch.book.rows))
        return (*self._follow(watch, changed), *self._stand(Standing.CURRENT))

    def _follow(self, watch: MemberWatch, changed: Iterable[ObjectKey]) -> tuple[Delta, ...]:
        if not watch.is_complete or watch.book.excess:
            self._book = None  # what is not followed now is found when all of it is taken
            return ()
        if watch.book is self._book:
            deltas = self.standing_rows.follow(watch.book, changed)
        else:
            self._book = watch.book
            deltas = self.standing_rows.swap(watch.book)
        self.is_changed = self.is_changed or bool(deltas)
        return deltas

    def look(self, now: float) -> tuple[Delta, ...]:
        """Look at how long it has not been heard of."""
        watch = self.believed
        is_well = watch is not None and not watch.is_failing and not watch.trouble
        if is_well or self.standing in (Standing.LEAVING, Standing.STALE):
            return ()
        silent = now - self._heard_at
        if silent < MEMBER_STALE_SECONDS:
            return self._stand(Standing.KEPT)
        _log.error("member not heard of", cluster=self.declaration.cluster, seconds=round(silent))
        return self._stand(Standing.STALE)

    def leave(self, now: float) -> tuple[Delta, ...]:
        """Give it no new requests."""
        self.left_at, self.believed, self.coming = now, None, None
        return self._stand(Standing.LEAVING)

    def state(self, now: float) -> MemberState:
        """Return how it is."""
        rows = self.standing_rows.rows.values()
        return MemberState(
            cluster=self.declaration.cluster,
            standing=self.standing,
            exports=len(rows),
            endpoints=sum(len(port.endpoints) for row in rows for port in row.ports),
            silent=now - self._heard_at,
            trouble=self._trouble(),
            excess=self._excess(),
        )

    def _excess(self) -> str:
        watches = (each for each in (self.coming, self.believed) if each is not None)
        return next((each.excess for each in watches if each.excess), "")

    def _trouble(self) -> str:
        if self.refusal:
            return self.refusal
        watch = self.believed or self.coming
        if watch is not None and (watch.trouble or watch.is_failing):
            return watch.trouble or watch.failure
        return "" if self.standing is Standing.CURRENT else NOT_LISTED

    def _stand(self, standing: Standing) -> tuple[Delta, ...]:
        # Whether it is stale is kept, so that a restarted replica does what the others do.
        self.is_changed = self.is_changed or (
            standing is not self.standing and Standing.STALE in (standing, self.standing)
        )
        self.standing = standing
        return self.standing_rows.stand(standing)
