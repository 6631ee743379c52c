"""The private folder of one run: sockets and the bootstrap, readable by this user alone.

Folder 0700, files 0600: who can open the xDS socket gets the private keys of all listeners.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LONGEST_SOCKET: Final = 107
"""Bytes of a Unix socket's path on Linux, without the final NUL: unix(7)."""
_LONGEST_NAME: Final = 24
_PREFIX: Final = "gatewayd-"


@contextmanager
def runtime_folder(preferred: Path | None) -> Iterator[Path]:
    """Make a new private folder below `preferred` ($XDG_RUNTIME_DIR) or the temporary folder; remove it at the end.

    A `preferred` that is not a folder of this user alone, or too long for sockets, is passed over.
    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    parent = preferred if preferred is not None and _is_private(preferred) else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only this user may read, from its first moment on, replacing any file of that name."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no Path)
        file.write(data)


def _is_private(folder: Path) -> bool:
    try:
        state = folder.stat()
    except OSError:
        return False
    room = _LONGEST_SOCKET - len(os.fsencode(folder)) - len(_PREFIX) - _LONGEST_NAME
    own = state.st_uid == os.geteuid() and stat.S_IMODE(state.st_mode) & 0o077 == 0
    return stat.S_ISDIR(state.st_mode) and own and room > 0 and os.access(folder, os.W_OK)
