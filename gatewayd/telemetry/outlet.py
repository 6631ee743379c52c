"""A stream that people or programs read, which may fail at any time: full disk, closed pipe, terminal that is gone.

In: text. Out: lines as UTF-8, or a count of those that could not be written; nothing is raised. Whoever serves sets a
`patience`, and is never held up by a reader that does not read. Written past the buffer of the stream, since what is
in there and cannot be written is tried again at the very end, and fails there.
"""

import errno
import os
import select
from dataclasses import dataclass
from typing import Final, TextIO

_CHUNK: Final = select.PIPE_BUF
"""Bytes that a pipe takes at once where it is ready for any. pipe(7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Lines that could not be written, and why."""

    lines: int
    reason: str

    def __str__(self) -> str:
        return f"{self.lines} lines could not be written: {self.reason}"


class Outlet:
    """Writes whole lines to one stream; can stand for the stream where only writing is asked of it.

    `patience` is how many seconds a reader may take to take some of it; None: as long as it likes.
    """

    def __init__(self, stream: TextIO) -> None:
        self.patience: float | None = None
        self.is_closed = False
        self.encoding: Final = "utf-8"
        self._stream = stream
        self._rest = ""
        self._lost = 0
        self._reason = ""
        self._is_stalled = False
        self._is_cut = False

    @property
    def lost(self) -> Lost | None:
        """Return what could not be written since the last `regained`."""
        return Lost(lines=self._lost, reason=self._reason) if self._lost else None

    def regained(self) -> Lost | None:
        """Return, once, what was lost before something could be written again."""
        lost = self.lost
        if lost is None or self._is_stalled:
            return None
        self._lost = 0
        return lost

    def write(self, text: str) -> int:
        """Write all whole lines; what follows the last of them waits for the next call, or for `flush`."""
        lines, end, self._rest = (self._rest + text).rpartition("\n")
        if end:
            self._put(lines + end)
        return len(text)

    def flush(self) -> None:
        """Write what is no whole line yet, too."""
        rest, self._rest = self._rest, ""
        if rest:
            self._put(rest)

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the stream's descriptor; raises OSError where it has none."""
        return self._stream.fileno()

    def _put(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")
        left = memoryview(b"\n" + data if self._is_cut else data)
        try:
            left = self._write_all(left)
            self._is_stalled = False
        except (OSError, ValueError) as error:
            self._note(text, error)

    def _write_all(self, left: memoryview) -> memoryview:
        try:
            descriptor = self._stream.fileno()
        except OSError:
            self._stream.write(bytes(left).decode())
            self._stream.flush()
            return left[:0]
        while left:
            self._wait(descriptor)
            written = os.write(descriptor, left[:_CHUNK])
            self._is_cut = left[written - 1] != ord("\n")
            left = left[written:]
        self._is_cut = False
        return left

    def _wait(self, descriptor: int) -> None:
        """Wait for a reader, though not again for one that let the last wait run out."""
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        patience = 0.0 if self.patience is not None and self._is_stalled else self.patience
        if not poll.poll(None if patience is None else patience * 1000):
            raise TimeoutError(errno.ETIMEDOUT, "the reader does not read")

    def _note(self, text: str, error: OSError | ValueError) -> None:
        self._is_stalled = True
        self.is_closed = isinstance(error, BrokenPipeError)
        self._lost += text.count("\n") or 1
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self._reason = words[:1].lower() + words[1:]
