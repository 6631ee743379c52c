"""What the page asks a run for; whoever serves the page answers it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from gatewayd.access_log.entry import RuleName
from gatewayd.access_log.minute import Requests
from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Trace
from gatewayd.introspection.rows import Board
from gatewayd.introspection.status import ProxyRow
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.folder import PlaceOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What the last change of what is served has led to.

    `at` is a time of day, "" before the first; `objects` are named as "HTTPRoute shop/cart", `lines` as `gatewayd diff`
    writes them.
    """

    at: str
    objects: tuple[str, ...]
    lines: tuple[str, ...]


NOTHING_SAVED = Saved(at="", objects=(), lines=())


class PageSource(Protocol):
    """A run that is looked at. Nothing here blocks, and nothing is kept for the page while nobody looks."""

    @property
    def title(self) -> str:
        """What is served: the folder as it was named."""

    @property
    def configs(self) -> Mapping[FleetKey, ProxyConfig]:
        """What the proxies of each Gateway shall do."""

    @property
    def place_of(self) -> PlaceOf:
        """Where objects stand in files."""

    def refreshing(self) -> Iterator[None]:
        """Bring the rows of the board up to date in slices."""

    def board(self) -> Board:
        """Return the overview, as the terminal has it; notices are the oldest first."""

    def proxies(self) -> tuple[ProxyRow, ...]:
        """Return the connected proxies."""

    def traces(self, sent: Sent, port: int | None) -> tuple[Trace, ...]:
        """Return what becomes of a request."""

    def saved(self) -> Saved:
        """Return what the last change has led to."""

    def requests(self) -> Mapping[RuleName, Requests]:
        """Return the requests of the last minute by rule, as far as they are counted while somebody watches."""

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Have `on_change` called whenever something may look different; return what ends that."""
