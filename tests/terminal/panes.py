"""A real terminal: a pane of Debian's tmux of a chosen size, in which a command runs."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DEADLINE = 40.0
_LOOK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One pane of a server of its own, whose socket is `server`."""

    server: Path

    def _tmux(self, *arguments: str) -> str:
        command = ("tmux", "-S", str(self.server), "-f", "/dev/null", *arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def lines(self) -> list[str]:
        """Return what is seen, without blanks at the ends of lines."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p").splitlines()]

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, as a user does who drags a corner."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def type(self, *keys: str) -> None:
        """Press keys: words of tmux such as Tab and Enter, or text."""
        self._tmux("send-keys", *keys)

    def until(self, holds: Callable[[list[str]], bool], what: str) -> list[str]:
        """Look until something holds of what is seen, and return that; fails with the screen when it is late."""
        end = time.monotonic() + DEADLINE
        while True:
            seen = self.lines()
            if holds(seen):
                return seen
            if time.monotonic() > end:
                raise AssertionError(f"never seen: {what}\n" + "\n".join(seen))
            time.sleep(_LOOK)

    def until_text(self, text: str) -> list[str]:
        """Look until a text stands somewhere on the screen."""
        return self.until(lambda seen: any(text in line for line in seen), text)


@contextmanager
def pane(folder: Path, width: int, height: int, *command: str, **environment: str) -> Iterator[Pane]:
    """Run a command in a pane of a size; the pane stays when the command ends."""
    it = Pane(server=folder / "tmux")
    variables = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], **environment}
    line = shlex.join(("env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command))
    size = ("-x", str(width), "-y", str(height))
    it._tmux("new-session", "-d", *size, f"{line}; sleep 600")
    try:
        yield it
    finally:
        it._tmux("kill-server")
