"""What is seen at a moment, gathered in slices, and when it may have changed; kept only while somebody looks.

In: a `PageSource`. Out: `Moment`s, and a wait for the next change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gatewayd.introspection.rows import RouteRow
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.page.columns import EMPTY, Columns, gathered
from gatewayd.page.fragments import MOST_ROWS, Moment, admits, chosen_gateway, fleet_of
from gatewayd.page.look import Look
from gatewayd.page.source import PageSource

_SLICE = 500
"""Rows of routes that are looked at before others have their turn: some milliseconds."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The columns that a config led to, so that they are gathered again only for another one."""

    config: ProxyConfig
    words: str
    columns: Columns


class Viewing:
    """See the module's text."""

    def __init__(self, source: PageSource) -> None:
        self._source = source
        self._drawn: _Drawn | None = None
        self._waiting: set[asyncio.Event] = set()
        self._unwatch: Callable[[], None] | None = None

    async def moment(self, look: Look) -> Moment:
        """Return what is seen now."""
        for _ in self._source.refreshing():
            await asyncio.sleep(0)
        board = self._source.board()
        return Moment(
            look=look,
            board=board,
            rows=await _first(board.routes_by_trouble(), look.words),
            columns=await self._columns(look, chosen_gateway(look, board)),
            requests=self._source.requests(),
            proxies=self._source.proxies(),
            saved=self._source.saved(),
        )

    @contextmanager
    def changes(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """Give what waits until something may look different than at the last wait."""
        event = asyncio.Event()

        async def changed() -> None:
            await event.wait()
            event.clear()

        self._waiting.add(event)
        if self._unwatch is None:
            self._unwatch = self._source.watch(self._on_change)
        try:
            yield changed
        finally:
            self._waiting.discard(event)
            if not self._waiting:
                self._forget()

    def close(self) -> None:
        """Let go of all that is kept for who looks."""
        self._forget()

    def _on_change(self) -> None:
        for event in self._waiting:
            event.set()

    def _forget(self) -> None:
        """Nobody looks any more: let go of all that was kept for that."""
        if self._unwatch is not None:
            self._unwatch()
        self._unwatch = self._drawn = None

    async def _columns(self, look: Look, gateway: str) -> Columns:
        config = self._source.configs.get(fleet_of(gateway)) if gateway else None
        if config is None:
            return EMPTY
        drawn = self._drawn
        if drawn is not None and drawn.config is config and drawn.words == look.words:
            return drawn.columns
        gathering = gathered(config, look.words)
        while True:
            try:
                next(gathering)
            except StopIteration as end:
                columns: Columns = end.value
                self._drawn = _Drawn(config, look.words, columns)
                return columns
            await asyncio.sleep(0)


async def _first(rows: Iterator[RouteRow], words: str) -> tuple[RouteRow, ...]:
    """Return the first rows that are looked for."""
    admitted: list[RouteRow] = []
    for at, row in enumerate(rows):
        if len(admitted) == MOST_ROWS:
            break
        if admits(row, words):
            admitted.append(row)
        if at % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
    return tuple(admitted)
