"""Follows the access logs of all Envoys of a run, whatever is begun anew or added.

In: the private folder of a run. Out: whole lines, each once. A line that is only begun is left for the next time.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from gatewayd.ir.access_log import FILE

_LOGS: Final = f"envoy-*/{FILE}"
_AT_ONCE: Final = 1024 * 1024
_LONGEST: Final = 256 * 1024
"""Bytes of a line: more than headers may have. What is longer is no line of ours and is passed over."""


@dataclass(slots=True)
class _Log:
    """An open file; `rest` is the beginning of a line whose end is not there yet."""

    file: IO[bytes]
    rest: bytes = b""


class Tail:
    """Reads on where it stopped; what is there at the beginning is read, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[Path, _Log] = {}

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that have come since the last call."""
        for path in sorted({*self._logs, *self._folder.glob(_LOGS)}):
            yield from self._lines(path)

    def skip(self) -> None:
        """Pass over what is there now, so that only what comes later is read; a file that comes later is read whole."""
        for path in self._folder.glob(_LOGS):
            log = self._logs.get(path) or self._opened(path)
            if log is not None:
                log.file.seek(0, os.SEEK_END)
                log.rest = b""

    def close(self) -> None:
        """Close all files."""
        while self._logs:
            self._logs.popitem()[1].file.close()

    def _lines(self, path: Path) -> Iterator[bytes]:
        log = self._logs.get(path) or self._opened(path)
        while log is not None:
            yield from _new_lines(log)
            if _is_same(log, path):
                return
            # It was begun anew: the old one is read to its end, as Envoy wrote on while it was renamed.
            yield from _new_lines(log)
            log.file.close()
            del self._logs[path]
            log = self._opened(path)

    def _opened(self, path: Path) -> _Log | None:
        try:
            log = _Log(path.open("rb"))
        except OSError:
            return None
        self._logs[path] = log
        return log


def _is_same(log: _Log, path: Path) -> bool:
    """Say whether a path still leads to the file that is open, or to none yet."""
    try:
        return os.path.samestat(path.stat(), os.fstat(log.file.fileno()))
    except OSError:
        return True


def _new_lines(log: _Log) -> Iterator[bytes]:
    while data := log.file.read(_AT_ONCE):
        *lines, rest = (log.rest + data).split(b"\n")
        log.rest = rest if len(rest) <= _LONGEST else b""
        yield from lines
