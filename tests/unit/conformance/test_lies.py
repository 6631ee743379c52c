"""What a stand-in for the API server makes of an answer."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from conformance.scenarios.lies import PASS, Action, Duplicate, EndWatch, Reorder, Truncate, passed
from tests.fakes.skipping_loop import SkippingLoop


def event(uid: str, number: int = 0) -> bytes:
    return json.dumps({"object": {"metadata": {"uid": uid, "number": number}}}).encode() + b"\n"


A, B, C, A2 = event("a"), event("b"), event("c"), event("a", 2)


class Body:
    """Some lines, and then the end, or nothing for ever."""

    def __init__(self, *lines: bytes, is_over: bool) -> None:
        self._lines, self._is_over = list(lines), is_over

    async def iter_any(self) -> AsyncIterator[bytes]:
        for line in self._lines:
            yield line

    async def readline(self) -> bytes:
        if not self._lines and not self._is_over:
            await asyncio.Event().wait()
        return self._lines.pop(0) if self._lines else b""


def through(action: Action, *lines: bytes, is_over: bool = True) -> bytes:
    async def run() -> bytes:
        return b"".join([chunk async for chunk in passed(Body(*lines, is_over=is_over), action)])

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(run())


@pytest.mark.parametrize(
    ("action", "lines", "found"),
    [
        (PASS, (A, B), A + B),
        (Truncate(after=10), (A, B), A[:10]),
        (Truncate(after=1000), (A, B), A + B),
        (Duplicate(), (A, B), A + A + B + B),
        (Reorder(), (A, B, C), B + A + C),
        (Reorder(), (A, A2, B), A + B + A2),
        (EndWatch(seconds=1.0), (A, B), A + B),
    ],
)
def test_what_is_passed_on(action: Action, lines: tuple[bytes, ...], found: bytes) -> None:
    assert through(action, *lines) == found


def test_a_watch_ends_in_time() -> None:
    assert through(EndWatch(seconds=1.0), A, is_over=False) == A
