"""What a stand-in for the API server may do to a request and its answer: nothing, or one of seven ways to lie."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

_LONGEST_HELD = 1.0
"""Seconds that an event waits for the one that overtakes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Hold the request back for so many seconds before it is passed on."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Answer with a status; `retry_after`: when to come again, in seconds."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """End the connection without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """Pass on so many bytes of the answer, wherever that is in a line, and end the connection."""

    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWatch:
    """End a watch in order after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Pass on each event of a watch twice."""


@dataclass(frozen=True, slots=True)
class Reorder:
    """Let each second event of a watch overtake the one before, unless both are of one object."""


Action = Delay | Status | Reset | Truncate | EndWatch | Duplicate | Reorder
PASS: Final = Delay(seconds=0.0)


class Content(Protocol):
    """The body of an answer, as it comes."""

    def iter_any(self) -> AsyncIterator[bytes]:
        """Return what there is, in pieces of any size."""

    async def readline(self) -> bytes:
        """Return the next line; nothing at the end."""


def passed(content: Content, action: Action) -> AsyncIterator[bytes]:
    """Return an answer as the action lets it through."""
    match action:
        case Truncate(after=after):
            return _cut(content, after)
        case EndWatch(seconds=seconds):
            return _during(content, seconds)
        case Duplicate():
            return _twice(content)
        case Reorder():
            return _reordered(content)
        case _:
            return content.iter_any()


async def _cut(content: Content, after: int) -> AsyncIterator[bytes]:
    async for chunk in content.iter_any():
        yield chunk[:after]
        after -= len(chunk)
        if after <= 0:
            return


async def _during(content: Content, seconds: float) -> AsyncIterator[bytes]:
    ends = asyncio.get_running_loop().time() + seconds
    try:
        while True:
            async with asyncio.timeout_at(ends):
                line = await content.readline()
            if not line:
                return
            yield line
    except TimeoutError:
        return


async def _twice(content: Content) -> AsyncIterator[bytes]:
    while line := await content.readline():
        yield line + line


async def _reordered(content: Content) -> AsyncIterator[bytes]:
    held = b""
    while True:
        line = await _next(content, is_urgent=bool(held))
        if not line:
            if not held:
                return
            yield held
            held = b""
        elif held and _uid(held) != _uid(line):
            yield line + held
            held = b""
        else:
            if held:
                yield held
            held = line


async def _next(content: Content, *, is_urgent: bool) -> bytes:
    """Return the next line; when another waits for it, nothing after a while."""
    try:
        async with asyncio.timeout(_LONGEST_HELD if is_urgent else None):
            return await content.readline()
    except TimeoutError:
        return b""


def _uid(line: bytes) -> str:
    return str(json.loads(line)["object"]["metadata"].get("uid", ""))
