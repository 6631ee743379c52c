"""What of a folder on disk is not as it was last read.

A file that vanishes or is emptied is first MISSING and believed only after `GRACE` seconds, so that an editor that
removes and writes anew, or truncates and writes, never takes a route away. When the folder itself is gone, nothing is.
Time is an argument; all else comes from the file system.
"""

import errno
import fcntl
import os
import signal
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from gatewayd.ir.limits import FOLDER_BYTES
from gatewayd.manifests.documents import LIMITS
from gatewayd.manifests.file_state import Absence, Contents, UnreadableFile
from gatewayd.manifests.folder_scan import LEADS_OUT, SUFFIXES, is_inside, scan

GRACE: Final = 0.1
_IRREGULAR: Final = "not a regular file"
_TOO_LARGE: Final = f"the manifests of the folder have more than {FOLDER_BYTES} bytes; at most that many are read"


class Signature(NamedTuple):
    """What tells one state of a file from the next without reading it; sizes in bytes, times in nanoseconds."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


@dataclass(slots=True)
class FolderReader:
    """What has been read so far below `root`, whose paths are told to others as below `shown`.

    `missing` says until when each missing file keeps its objects, `watched` where something may happen, `outside` which
    links lead out of the folder and are not followed.
    """

    root: str
    shown: str
    files: dict[str, Signature] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    unreadable: set[str] = field(default_factory=set)
    missing: dict[str, float] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    excess: str | None = None
    _home: str = ""
    _bytes: int = 0
    _excess_told: str | None = None

    def stale_paths(self) -> frozenset[str]:
        """Look at all names; return the files that are not as they were read, or cannot be reached."""
        scanned = scan(self.root, self.files.keys())
        self.folders, self.watched, self.outside = scanned.folders, scanned.watched, scanned.outside
        self.excess, self._home = scanned.excess, scanned.home
        names = (
            scanned.files
            | self.files.keys()
            | self.missing.keys()
            | scanned.unreadable
            | self.unreadable
            | self.outside
        )
        changed = {path for path, now in signatures(names).items() if now is None or now != self.files.get(path)}
        return frozenset(changed | self.unreadable)

    def read(self, paths: Iterable[str], now: float) -> dict[str, Contents]:
        """Return, by path as shown, what is new at `paths`."""
        if not os.path.isdir(self.root):  # noqa: PTH112 (Path raises where it may not look)
            self._excess_told = None
            return {}
        news = {self._show(path): contents for path in sorted(paths) for contents in self._look(path, now)}
        if self.excess != self._excess_told:
            self._excess_told = self.excess
            news[self.shown] = Absence.GONE if self.excess is None else UnreadableFile(reason=self.excess)
        return news

    def overdue(self, now: float) -> frozenset[str]:
        """Return the missing files whose time is over."""
        return frozenset(path for path, until in self.missing.items() if until <= now)

    def concerned(self, events: Iterable[str]) -> frozenset[str] | None:
        """Return the files that events of these paths are about; None when only a look at all names can tell."""
        files: set[str] = set()
        for path in events:
            if not path.startswith(self.root + os.sep):
                return None
            parts = Path(path[len(self.root) + 1 :]).parts
            if any(part.startswith("..") for part in parts) or self._is_link_target(path):
                return None
            if any(part.startswith(".") for part in parts):
                continue
            if not _is_plain(path, self.folders):
                return None
            if path.endswith(SUFFIXES):
                files.add(path)
        return frozenset(files)

    def _is_link_target(self, path: str) -> bool:
        """Return whether a path is in a folder that only a link leads to."""
        folder = os.path.dirname(path)  # noqa: PTH120
        return folder in self.watched and folder not in self.folders

    def _show(self, path: str) -> str:
        return self.shown + path[len(self.root) :]

    def _look(self, path: str, now: float) -> Iterator[Contents]:
        """Yield the new contents of one path; nothing when they are as they were."""
        if path in self.outside:
            yield from self._failed(path, OSError(errno.EXDEV, LEADS_OUT))
            return
        try:
            state = os.stat(path)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            yield from self._vanished(path, now)
            return
        except OSError as error:
            yield from self._failed(path, error)
            return
        if stat.S_ISDIR(state.st_mode):
            yield from self._look_at_folder(path)
        elif stat.S_ISREG(state.st_mode):
            yield from self._look_at_file(path, _signature(state), now)
        else:
            yield from self._failed(path, OSError(errno.EINVAL, _IRREGULAR))

    def _look_at_file(self, path: str, signature: Signature, now: float) -> Iterator[Contents]:
        before = self.files.get(path)
        if signature == before and path not in self.missing and path not in self.unreadable:
            return
        if signature.size == 0 and (before is None or before.size > 0 or path in self.missing):
            yield from self._emptied(path, signature, now)
            return
        if self._bytes - _size(before) + _size(signature) > FOLDER_BYTES:
            yield from self._failed(path, OSError(errno.EFBIG, _TOO_LARGE))
            return
        self._keep(path, signature)
        try:
            data = _read(path, self._home)
        except OSError as error:
            yield from self._failed(path, error)
            return
        self.missing.pop(path, None)
        self.unreadable.discard(path)
        yield data

    def _look_at_folder(self, path: str) -> Iterator[Contents]:
        """Folders come here only when one cannot be listed, or could not."""
        readable = os.access(path, os.R_OK | os.X_OK)
        if readable and path in self.unreadable:
            self.unreadable.discard(path)
            yield Absence.GONE
        elif not readable:
            yield from self._failed(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))

    def _vanished(self, path: str, now: float) -> Iterator[Contents]:
        before = self.files.pop(path, None)
        self._bytes -= _size(before)
        known = before is not None
        if path in self.unreadable and not known:
            self.unreadable.discard(path)
            yield Absence.GONE
        elif known and path not in self.missing:
            self.missing[path] = now + GRACE
            yield Absence.MISSING
        elif path in self.missing and self.missing[path] <= now:
            del self.missing[path]
            yield Absence.GONE

    def _emptied(self, path: str, signature: Signature, now: float) -> Iterator[Contents]:
        until = self.missing.get(path)
        if path not in self.files and until is None:
            self._keep(path, signature)
            return
        if until is None:
            self.missing[path] = now + GRACE
            yield Absence.MISSING
        elif until <= now:
            del self.missing[path]
            self._keep(path, signature)
            yield b""

    def _keep(self, path: str, signature: Signature) -> None:
        self._bytes += _size(signature) - _size(self.files.get(path))
        self.files[path] = signature

    def _failed(self, path: str, error: OSError) -> Iterator[Contents]:
        if path not in self.unreadable:
            self.unreadable.add(path)
            yield UnreadableFile(reason=(error.strerror or str(error)).lower())


def _is_plain(path: str, folders: frozenset[str]) -> bool:
    """Return whether a path is a plain file, or was none but a file: neither directory nor symlink."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return path not in folders


def signatures(paths: Iterable[str]) -> dict[str, Signature | None]:
    """Return what each path's file is like now; None where there is none."""
    by_path: dict[str, Signature | None] = {}
    for path in paths:
        try:
            by_path[path] = _signature(os.stat(path))  # noqa: PTH116
        except OSError:
            by_path[path] = None
    return by_path


def any_being_written(paths: Iterable[str]) -> bool:
    """Return whether somebody has one of the files open for writing, as far as the system tells.

    The kernel grants a read lease only on a file that nobody writes to; fcntl(2), F_SETLEASE. It is given back at once;
    SIGURG, which is ignored, stands in for SIGIO, which would end this process if a writer came in between.
    """
    return sys.platform == "linux" and any(_is_being_written(path) for path in paths)


def _is_being_written(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def _signature(state: os.stat_result) -> Signature:
    return Signature(state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def _size(signature: Signature | None) -> int:
    """Return how much of a file counts: what is beyond the limit of one file is not read."""
    return 0 if signature is None else min(signature.size, LIMITS.file_bytes + 1)


def _read(path: str, home: str) -> bytes:
    """Read a regular file in `home`, one byte more than is allowed at most; nothing is waited for.

    Where it is is asked of what has been opened, so that no link that comes in between leads elsewhere.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor has no Path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, _IRREGULAR)
        if not is_inside(_where(descriptor, path), home):
            raise OSError(errno.EXDEV, LEADS_OUT)
        return file.read(LIMITS.file_bytes + 1)


def _where(descriptor: int, path: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:
        return os.path.realpath(path)
