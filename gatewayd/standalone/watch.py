"""A folder on disk as batches of file contents for `folder.Folder`.

The first batch is the whole folder, each later one what changed, read once it has settled. A file that vanishes or is
emptied is first MISSING and believed only after `GRACE` seconds, so that an editor that removes and writes anew, or
truncates and writes, never takes a route away. When the folder itself vanishes everything stays until it is back.

inotify tells when to look; what is there is always read from disk: an event for a file looks at that file, any other
event (a directory, a symlink such as a ConfigMap's `..data`) looks at all names, and so does a slow tick, for what
inotify cannot see (targets of symlinks outside the folder, network file systems).
"""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from watchfiles import awatch

from gatewayd.standalone.documents import LIMITS
from gatewayd.standalone.folder import Absence, Contents, Unreadable

SUFFIXES: Final = (".yaml", ".yml", ".json")
GRACE: Final = 0.1
_STEP_MS: Final = 5
_DEBOUNCE_MS: Final = 50
_TICK_MS: Final = 100
_TICKS_PER_SCAN: Final = 20
_SETTLE: Final = 0.005
_LONGEST_SETTLE: Final = 0.1
_ABSENT_POLL: Final = 0.05


class Signature(NamedTuple):
    """What tells one state of a file from the next without reading it; sizes in bytes, times in nanoseconds."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a look at all names found."""

    files: frozenset[str]
    folders: frozenset[str]
    unreadable: frozenset[str]


@dataclass(slots=True)
class _Reader:
    """What has been read so far. `missing` says until when (event loop time) each missing file keeps its objects."""

    root: str
    shown: str
    files: dict[str, Signature] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    unreadable: set[str] = field(default_factory=set)
    missing: dict[str, float] = field(default_factory=dict)

    def all_paths(self) -> frozenset[str]:
        """Look at all names; return the files that are, were, or cannot be reached."""
        found = _scan(self.root)
        self.folders = found.folders
        return frozenset().union(found.files, self.files, self.missing, found.unreadable, self.unreadable)

    def read(self, paths: Iterable[str], now: float) -> dict[str, Contents]:
        """Return, by path as shown, what is new at `paths`."""
        if not Path(self.root).is_dir():
            return {}
        return {self._show(path): contents for path in sorted(paths) for contents in self._look(path, now)}

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
            if any(part.startswith("..") for part in parts):
                return None
            if any(part.startswith(".") for part in parts):
                continue
            if not _is_plain(path, self.folders):
                return None
            if path.endswith(SUFFIXES):
                files.add(path)
        return frozenset(files)

    def _show(self, path: str) -> str:
        return self.shown + path[len(self.root) :]

    def _look(self, path: str, now: float) -> Iterator[Contents]:
        """Yield the new contents of one path; nothing when they are as they were."""
        try:
            state = os.stat(path)  # noqa: PTH116
        except FileNotFoundError:
            yield from self._vanished(path, now)
            return
        except OSError as error:
            yield from self._failed(path, error)
            return
        if stat.S_ISDIR(state.st_mode):
            yield from self._look_at_folder(path)
            return
        signature, before = _signature(state), self.files.get(path)
        if signature == before and path not in self.missing and path not in self.unreadable:
            return
        if signature.size == 0 and (before is None or before.size > 0 or path in self.missing):
            yield from self._emptied(path, signature, now)
            return
        try:
            data = _read(path)
        except OSError as error:
            self.files[path] = signature
            yield from self._failed(path, error)
            return
        self.files[path] = signature
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
        known = self.files.pop(path, None) is not None
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
            self.files[path] = signature
            return
        if until is None:
            self.missing[path] = now + GRACE
            yield Absence.MISSING
        elif until <= now:
            del self.missing[path]
            self.files[path] = signature
            yield b""

    def _failed(self, path: str, error: OSError) -> Iterator[Contents]:
        if path not in self.unreadable:
            self.unreadable.add(path)
            yield Unreadable(reason=(error.strerror or str(error)).lower())


async def watch_folder(folder: Path) -> AsyncGenerator[Mapping[str, Contents], None]:
    """Yield what `folder` holds, then what changes in it, for as long as the caller iterates; never raises OSError.

    Keys are paths as `folder` was written; the folder's own path stands for the folder itself.
    """
    reader = _Reader(os.path.abspath(folder), str(folder))  # noqa: PTH100, ASYNC240 (resolve() would follow the links)
    loop = asyncio.get_running_loop()
    yield await asyncio.to_thread(lambda: reader.read(reader.all_paths(), loop.time()))
    while True:
        if not await asyncio.to_thread(os.path.isdir, reader.root):
            yield {str(folder): Unreadable(reason="the folder does not exist; what it held stays as it was")}
            while not await asyncio.to_thread(os.path.isdir, reader.root):  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(_ABSENT_POLL)
            yield {str(folder): Absence.GONE}
        async with aclosing(_watch_while_same(reader)) as batches:
            async for batch in batches:
                if batch:
                    yield batch


async def _watch_while_same(reader: _Reader) -> AsyncGenerator[Mapping[str, Contents], None]:
    """Yield changes until the folder is another directory than at the start, or none."""
    loop = asyncio.get_running_loop()
    identity = await asyncio.to_thread(_identity, reader.root)
    events = awatch(
        reader.root,
        watch_filter=None,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=_TICK_MS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    ticks = 0
    async with aclosing(events):
        try:
            async for batch in events:
                # Whatever changed before the watch was set up is found by the scan at the first tick.
                paths = reader.concerned(path for _, path in batch)
                if paths is None or ticks % _TICKS_PER_SCAN == 0:
                    paths = await asyncio.to_thread(reader.all_paths)
                ticks += 1
                if await asyncio.to_thread(_identity, reader.root) != identity:
                    return
                if batch:
                    await _settle(paths)
                due = paths | reader.overdue(loop.time())
                if due:
                    yield await asyncio.to_thread(reader.read, due, loop.time())
        except FileNotFoundError:
            return


async def _settle(paths: frozenset[str]) -> None:
    """Wait until nobody has written to the files for a moment, though not for ever."""
    before = await asyncio.to_thread(_signatures, paths)
    waited = 0.0
    while waited < _LONGEST_SETTLE:
        await asyncio.sleep(_SETTLE)
        waited += _SETTLE
        after = await asyncio.to_thread(_signatures, paths)
        if after == before:
            return
        before = after


def _scan(root: str) -> _Found:
    """Look at all names below `root`; symlinks are followed, hidden names and loops are not."""
    files: set[str] = set()
    unreadable: set[str] = set()
    folders: set[str] = set()
    seen: set[tuple[int, int]] = set()
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            place = os.stat(folder)  # noqa: PTH116 (ten thousand names: Path would double the time)
            if (place.st_dev, place.st_ino) in seen:
                continue
            seen.add((place.st_dev, place.st_ino))
            folders.add(folder)
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir():
                        pending.append(entry.path)
                    elif entry.name.endswith(SUFFIXES):
                        files.add(entry.path)
        except FileNotFoundError:
            continue
        except OSError:
            unreadable.add(folder)
    return _Found(files=frozenset(files), folders=frozenset(folders), unreadable=frozenset(unreadable))


def _is_plain(path: str, folders: frozenset[str]) -> bool:
    """Say whether a path is a plain file, or was none but a file: neither directory nor symlink."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return path not in folders


def _signatures(paths: Iterable[str]) -> dict[str, Signature | None]:
    found: dict[str, Signature | None] = {}
    for path in paths:
        try:
            found[path] = _signature(os.stat(path))  # noqa: PTH116
        except OSError:
            found[path] = None
    return found


def _signature(state: os.stat_result) -> Signature:
    return Signature(state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        state = os.stat(folder)  # noqa: PTH116
    except OSError:
        return None
    return (state.st_dev, state.st_ino)


def _read(path: str) -> bytes:
    """Read a regular file, one byte more than is allowed at most; a pipe or a device is refused without waiting."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor has no Path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "not a regular file")
        return file.read(LIMITS.file_bytes + 1)
