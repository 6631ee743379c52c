import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gatewayd.ir.environment import HERE, Now
from gatewayd.run.clock import PERIOD_SECONDS, tell_time, time_is, time_now
from gatewayd.store import Delta, Event
from tests.fakes.skipping_loop import passes, skipping

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_moment_is_a_row() -> None:
    assert time_is(NOON) == Delta(kind=Now, key=HERE, obj=Now(at=NOON))


def test_the_time_of_now_has_a_zone() -> None:
    now = time_now().obj
    assert isinstance(now, Now)
    assert abs(datetime.now(UTC) - now.at) < timedelta(minutes=1)


@skipping
async def test_the_time_is_told_at_once_and_every_hour() -> None:
    told: list[Event] = []
    hours = iter(range(100))

    def submit(events: Iterable[Event]) -> None:
        told.extend(events)

    task = asyncio.create_task(tell_time(submit, lambda: time_is(NOON + timedelta(hours=next(hours)))))
    await passes(PERIOD_SECONDS * 2.5)
    task.cancel()
    assert told == [time_is(NOON + timedelta(hours=at)) for at in range(3)]
