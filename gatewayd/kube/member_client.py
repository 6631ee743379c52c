"""Requests to a member's API server, at a rate: one that has no end of pages, or of events, is read slowly.

What it is asked, and says, costs by what it makes us do; who lists much at first, or after a time away, is not slowed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from gatewayd.ir.member_limits import (
    MEMBER_BURST,
    MEMBER_LINE_UNITS,
    MEMBER_RESPONSE_BYTES,
    MEMBER_UNIT_BYTES,
    MEMBER_UNITS_A_SECOND,
)
from gatewayd.kube.access import Access
from gatewayd.kube.client import WHOLE, KubeClient, Query
from gatewayd.untrusted.pace_account import PaceAccount

_log = structlog.get_logger("gatewayd.kube.member_client")
_REQUEST: Final = 1.0


class MemberPace:
    """The account of a watch of a member: whoever hears what it says has it pay for what follows from that."""

    def __init__(self) -> None:
        self._account = PaceAccount(_now(), full=MEMBER_BURST, a_second=MEMBER_UNITS_A_SECOND)
        self._is_slowed = False

    def owe(self, cost: float) -> float:
        """Take off what something has cost; return for how many seconds nothing more is to be heard."""
        return self._account.charge(cost, _now())

    async def pay(self, cost: float) -> None:
        """Take it off, and wait as long."""
        wait = self.owe(cost)
        if not wait:
            return
        if not self._is_slowed:
            self._is_slowed = True
            _log.warning("member slowed")
        await asyncio.sleep(wait)


def _now() -> float:
    return asyncio.get_running_loop().time()


class MemberClient(KubeClient):
    """See the module's text. What it takes of one answer has a limit too."""

    def __init__(self, access: Access, pace: MemberPace) -> None:
        super().__init__(access, longest=MEMBER_RESPONSE_BYTES)
        self._pace = pace

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        content: str = "json",
        accept: str = WHOLE,
    ) -> bytes:
        """Return the body of a good answer, as any client does."""
        await self._pace.pay(_REQUEST)
        data = await super().request(method, path, query=query, body=body, content=content, accept=accept)
        await self._pace.pay(len(data) / MEMBER_UNIT_BYTES)
        return data

    @asynccontextmanager
    async def lines(
        self, path: str, query: Query, quiet: float | None, accept: str = WHOLE
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a watch, and give its lines as they come, or later."""
        await self._pace.pay(_REQUEST)
        async with super().lines(path, query, quiet, accept) as lines:
            yield self._paid(lines)

    async def _paid(self, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for line in lines:
            yield line
            await self._pace.pay(MEMBER_LINE_UNITS + len(line) / MEMBER_UNIT_BYTES)
