"""The time, told to the core from time to time: it has no clock of its own.

Only what is said of certificates depends on it, so an hour is soon enough.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from gatewayd.ir.environment import HERE, Now
from gatewayd.store import Delta, Event

PERIOD_SECONDS: Final = 3600.0


def time_now() -> Delta:
    """Return the time as what it is to the store: an input."""
    return time_is(datetime.now(UTC))


def stamp() -> str:
    """Return the time as people and the API write it: https://www.rfc-editor.org/rfc/rfc3339."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_is(moment: datetime) -> Delta:
    """Return a moment as the row of the only Now."""
    return Delta(kind=Now, key=HERE, obj=Now(at=moment))


async def tell_time(submit: Callable[[Iterable[Event]], None], now: Callable[[], Delta]) -> None:
    """Submit the time now and every hour, until cancelled."""
    while True:
        submit((now(),))
        await asyncio.sleep(PERIOD_SECONDS)
