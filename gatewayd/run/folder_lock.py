"""One run for each folder: a second one would follow the same files and fight for the same ports.

In: a folder. Out: a lock for as long as a block lasts, or `FolderServedError` with the process that has it. The lock is
the system's, on the folder itself: no file is made, and it ends with the process.
https://man7.org/linux/man-pages/man2/flock.2.html
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LOCKS: Final = Path("/proc/locks")


class FolderServedError(Exception):
    """Another run serves the folder."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that exists; raises FolderServedError. Where nothing can be locked nothing is."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        who = _holder(os.fstat(descriptor).st_ino)
        process = f" (process {who})" if who else ""
        message = f"{folder}: another gatewayd serves it already{process}; stop that one, or name another folder"
        raise FolderServedError(message) from error
    except OSError:
        # A file system without locks, such as some that come over a network.
        return


def _holder(inode: int) -> str:
    """Return the id of the process that has a lock on an inode, "" where the system does not tell."""
    try:
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        # 1: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF
        parts = line.split()
        if len(parts) > 5 and parts[1] == "FLOCK" and parts[5].rpartition(":")[2] == str(inode):
            return parts[4]
    return ""
