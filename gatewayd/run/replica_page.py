"""The page of a replica, for whoever may forward the ports of its pod: started when it is asked for, else not there.

In: the reconciler, the fleet, what keeps the board. Out: what `PageSource` promises, and an address on the loopback of
the pod. Until the first question nothing of it is imported, and nothing is kept while nobody looks.
"""

import asyncio
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack

from gatewayd.access_log.entry import RuleName
from gatewayd.access_log.minute import Requests
from gatewayd.ads.fleet import Fleet
from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Trace, Translated, traces
from gatewayd.infra import layout
from gatewayd.introspection.replica_status import Insight
from gatewayd.introspection.rows import Board
from gatewayd.introspection.run_status import connected_proxies
from gatewayd.introspection.status import ProxyRow
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import TRAFFIC_SECONDS
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.folder import PlaceOf
from gatewayd.page.source import NOTHING_SAVED, Saved
from gatewayd.reconciler import Reconciler


class ReplicaPage:
    """What one replica shows: all Gateways and routes, and the proxies that are connected to it."""

    def __init__(self, *, reconciler: Reconciler, fleet: Fleet, insight: Insight) -> None:
        self._reconciler = reconciler
        self._fleet = fleet
        self._insight = insight

    @property
    def title(self) -> str:
        """Who answers."""
        return self._insight.answers.where

    @property
    def configs(self) -> Mapping[FleetKey, ProxyConfig]:
        """What the proxies of each Gateway shall do."""
        return self._reconciler.configs

    @property
    def place_of(self) -> PlaceOf:
        """Where objects stand: in no file."""
        return self._insight.answers.place_of

    def refreshing(self) -> Iterator[None]:
        """Bring the rows of the board up to date in slices."""
        return self._insight.catching_up()

    def board(self) -> Board:
        """Return the overview."""
        return self._insight.board()

    def proxies(self) -> tuple[ProxyRow, ...]:
        """Return the proxies that are connected to this replica."""
        return connected_proxies(self._fleet, self._reconciler.snapshots)

    def traces(self, sent: Sent, port: int | None) -> tuple[Trace, ...]:
        """Return what becomes of a request."""
        return traces(Translated.of(self._reconciler.store.engine, self.configs), sent, port)

    def saved(self) -> Saved:
        """Return that nothing was saved: there are no files."""
        return NOTHING_SAVED

    def requests(self) -> Mapping[RuleName, Requests]:
        """Return nothing: access logs are those of the proxies' pods."""
        return {}

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Have `on_change` called every second, since nobody tells of changes; return what ends that."""

        async def tick() -> None:
            while True:
                await asyncio.sleep(TRAFFIC_SECONDS)
                on_change()

        ticking = asyncio.get_running_loop().create_task(tick(), name="clock of the page")

        def end() -> None:
            ticking.cancel()

        return end


class PageOnDemand:
    """Serves the page from the first question on; `stack` ends it."""

    def __init__(self, page: ReplicaPage, stack: AsyncExitStack, port: int = layout.PAGE_PORT) -> None:
        self._page = page
        self._stack = stack
        self._port = port
        self._address = ""
        self._one_at_a_time = asyncio.Lock()

    async def address(self) -> str:
        """Return where the page is, on the loopback of the pod, with its token. Raises OSError without the port."""
        async with self._one_at_a_time:
            if not self._address:
                # Templates and their engine take a while, and megabytes that replicas without a page do without.
                server = await asyncio.to_thread(importlib.import_module, "gatewayd.page.server")
                self._address = await self._stack.enter_async_context(server.page_served(self._page, self._port))
            return self._address
