"""One watch of one member: its Services, EndpointSlices and ServiceExports in the namespaces that it is allowed.

Tells `hearer` what it has heard. Whatever a member answers ends here: a watch that fails in a way that nobody thought
of is begun anew after a while, and is no other member's trouble.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

import structlog

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_UNIT_STEPS
from gatewayd.kube.access import Access
from gatewayd.kube.client import KubeClient
from gatewayd.kube.listing import Undecodable
from gatewayd.kube.member_client import MemberPace
from gatewayd.kube.member_listing import Allowance, MemberListing
from gatewayd.kube.reflector import Reflector, Selection, Timing
from gatewayd.members.book import READ, Book
from gatewayd.members.credentials import Credentials
from gatewayd.members.declaration import MemberDeclaration
from gatewayd.store import Delta, Event

_log = structlog.get_logger("gatewayd.kube.member_watch")

_EVERYTHING: Final = ("everything", "")
"""Failed, where no single watch did."""

Connect = Callable[[Access, MemberPace], KubeClient]
"""How a member is reached, and how fast it is heard."""


class WatchHearer(Protocol):
    """Who hears of one watch."""

    def heard(self, watch: "MemberWatch", changed: Iterable[ObjectKey]) -> None:
        """Hear that the member has said something, be it nothing new, and which Services may be others by that."""

    def restarted(self, watch: "MemberWatch") -> None:
        """Hear that a request failed."""


class MemberWatch:
    """See the module's text. `book` is what the member has said to this watch."""

    def __init__(
        self, declaration: MemberDeclaration, credentials: Credentials, timing: Timing, hearer: WatchHearer
    ) -> None:
        self.declaration = declaration
        self.credentials = credentials
        self.book = Book(declaration)
        self._timing = timing
        self._hearer = hearer
        self._allowance = Allowance()
        self._listings: tuple[MemberListing, ...] = ()
        self._failing: dict[tuple[str, str], None] = {}
        self._is_unread_told = False

    @property
    def is_complete(self) -> bool:
        """Whether everything has been listed once."""
        return bool(self._listings) and all(each.is_complete for each in self._listings)

    @property
    def is_failing(self) -> bool:
        """Whether a request has failed since something was heard by it last."""
        return bool(self._failing)

    @property
    def failure(self) -> str:
        """What has failed."""
        return f"{len(self._failing)} of {len(self._listings)} watches failed: {self._shown()}" if self._failing else ""

    def _shown(self) -> str:
        kind, namespace = next(iter(self._failing))
        return f"{kind} of {namespace}" if namespace else kind

    @property
    def trouble(self) -> str:
        """Why what it says is not all that there is, "" when it is."""
        absent = sorted({each.kind.kind for each in self._listings if each.is_absent})
        if absent:
            return f"it says that it serves no {', '.join(absent)}"
        return self.excess

    @property
    def excess(self) -> str:
        """Why what it says is too much, "" when it is not."""
        return self.book.excess or self._allowance.excess

    async def run(self, connect: Callable[[MemberPace], KubeClient]) -> None:
        """Watch until cancelled, each time by a client of its own."""
        pace = MemberPace()
        structlog.contextvars.bind_contextvars(cluster=self.declaration.cluster)
        failures = 0
        while True:
            try:
                await self._watch(connect(pace), pace)
            except Exception:  # noqa: BLE001 - whatever it is, it came from the member
                failures = 1 if self.is_complete else failures + 1
                self._restarted(_EVERYTHING)
                _log.exception("member failed")
            await asyncio.sleep(self._timing.backoff.delay(failures, self._timing.random))

    async def _watch(self, client: KubeClient, pace: MemberPace) -> None:
        """Begin with an empty book: what an earlier one has led to stands elsewhere."""
        self.book = Book(self.declaration)
        self._failing.pop(_EVERYTHING, None)
        self._allowance = Allowance()
        self._listings = tuple(
            MemberListing(BY_STRUCT[struct], namespace, self._allowance, self._undecodable)
            for namespace in self.declaration.namespaces
            for struct in READ
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                for listing in self._listings:
                    work = self._reflector(client, listing, pace).run()
                    tasks.create_task(work, name=f"member {self.declaration.cluster}")
        finally:
            await client.close()

    def _reflector(self, client: KubeClient, listing: MemberListing, pace: MemberPace) -> Reflector:
        return Reflector(
            client=client,
            listing=listing,
            selection=Selection(namespace=listing.namespace),
            submit=partial(self._take, listing, pace),
            timing=self._timing,
            on_restart=lambda kind: self._restarted((kind, listing.namespace)),
        )

    def _restarted(self, what: tuple[str, str]) -> None:
        self._failing[what] = None
        self._hearer.restarted(self)

    def _take(self, listing: MemberListing, pace: MemberPace, events: Iterable[Event]) -> None:
        changed: dict[ObjectKey, None] = {}
        for event in events:
            if isinstance(event, Delta) and isinstance(event.key, ObjectKey):
                changed |= dict.fromkeys(self.book.put(event.kind, event.key, event.obj))
        pace.owe(sum(map(self.book.settle, changed)) / MEMBER_UNIT_STEPS)
        if not listing.is_absent:
            self._failing.pop((listing.kind.kind, listing.namespace), None)
            self._hearer.heard(self, changed)

    def _undecodable(self, note: Undecodable) -> None:
        """Say so once: a member may have any number of them."""
        if not self._is_unread_told:
            self._is_unread_told = True
            _log.error("object not understood", kind=note.kind.kind, key=str(note.key), error=note.message)
