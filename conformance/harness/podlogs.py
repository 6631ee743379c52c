"""Container logs on disk: one file a start, each line with its time of arrival, and the kubelet's ways to read them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_FOLLOW_SECONDS = 0.1
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What of a log is wanted; see `PodLogOptions` in the Kubernetes API."""

    follow: bool
    timestamps: bool
    since: str  # a stamp as written by `stamp`; the empty string means the beginning
    tail: int | None
    limit: int | None


def stamp(moment: dt.datetime) -> str:
    """Return a moment as the log files have it: RFC 3339 in UTC, of fixed width, so that stamps sort as text."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def options(query: Mapping[str, str]) -> LogOptions:
    """Read the query of `GET /containerLogs/...`; `ValueError` for what is not a number or a time."""
    since = ""
    if "sinceTime" in query:
        since = stamp(dt.datetime.fromisoformat(query["sinceTime"]))
    elif "sinceSeconds" in query:
        age = dt.timedelta(seconds=int(query["sinceSeconds"]))
        since = stamp(dt.datetime.now(dt.UTC) - age)
    return LogOptions(
        follow=query.get("follow") == "true",
        timestamps=query.get("timestamps") == "true",
        since=since,
        tail=int(query["tailLines"]) if "tailLines" in query else None,
        limit=int(query["limitBytes"]) if "limitBytes" in query else None,
    )


async def record(source: asyncio.StreamReader, path: Path) -> None:
    """Copy what a process prints into the log until it closes its end; every line gets its time of arrival."""
    rest = b""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as sink:
        while chunk := await source.read(_CHUNK):
            prefix = stamp(dt.datetime.now(dt.UTC)).encode() + b" "
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            if lines:
                sink.write(b"".join(prefix + line + b"\n" for line in lines))
        if rest:
            sink.write(stamp(dt.datetime.now(dt.UTC)).encode() + b" " + rest + b"\n")


async def read(path: Path, wanted: LogOptions, ended: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the wanted lines of a log; with `follow`, new ones too until `ended` is set."""
    left = wanted.limit
    with path.open("rb") as source:
        lines = [line for line in source if line.decode(errors="replace") >= wanted.since]
        if wanted.tail is not None:
            lines = lines[max(0, len(lines) - wanted.tail) :]
        while True:
            for line in _shown(lines, wanted):
                cut = line if left is None else line[:left]
                left = None if left is None else left - len(cut)
                if cut:
                    yield cut
            if not wanted.follow or left == 0:
                return
            last_look = ended.is_set()
            lines = source.readlines()
            if last_look and not lines:
                return
            await asyncio.sleep(_FOLLOW_SECONDS)


def _shown(lines: Iterable[bytes], wanted: LogOptions) -> Iterable[bytes]:
    if wanted.timestamps:
        return lines
    return (line.split(b" ", 1)[1] for line in lines)
