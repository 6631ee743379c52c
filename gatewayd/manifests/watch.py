"""A folder on disk as batches of file contents for `folder.Folder`.

The first batch is the whole folder, each later one what changed, read once it has settled. When the folder itself
vanishes everything stays until it is back.

The system tells when to look, on Linux by `inotify.py`; what is there is always read from disk: an event for a file
looks at that file, any other event (a directory, a symlink such as a ConfigMap's `..data`) looks at all names, and so
does a slow tick, for what nobody tells of (network file systems). Where the system has nothing to give (inotify(7),
EMFILE and ENOSPC), the slow tick is all there is, and the log says so once.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

import structlog
from watchfiles import awatch

from gatewayd.manifests.file_state import Absence, Contents, UnreadableFile
from gatewayd.manifests.folder_reader import FolderReader, any_being_written, signatures
from gatewayd.manifests.inotify import changed_paths

# Where there is no inotify a change is told after one or two of these.
_STEP_MS: Final = 2
# What a program writes file by file comes as one batch; each wait is for one of several files.
_QUIET: Final = 0.001
_DEBOUNCE_MS: Final = 50
_TICK_MS: Final = 100
_SCAN_EVERY: Final = 2.0
_SCAN_SHARE: Final = 50
# Where the system tells who still writes, as Linux does, the moment only has to tell a file that grows.
_SETTLE: Final = 0.001 if sys.platform == "linux" else 0.005
_LONGEST_SETTLE: Final = 1.0
_ABSENT_POLL: Final = 0.05
_TRY_AGAIN: Final = 30.0
_LIMITS: Final = "fs.inotify.max_user_instances, fs.inotify.max_user_watches"

NOT_TOLD: Final = "file watch failed"

_log = structlog.get_logger("gatewayd.manifests.watch")


async def watch_folder(folder: Path) -> AsyncGenerator[Mapping[str, Contents], None]:
    """Yield what `folder` holds, then what changes in it, for as long as the caller iterates; never raises OSError.

    Keys are paths as `folder` was written; the folder's own path stands for the folder itself.
    """
    reader = FolderReader(os.path.abspath(folder), str(folder))  # noqa: PTH100, ASYNC240 (resolve() would follow the links)
    watcher, loop = _Watcher(reader), asyncio.get_running_loop()
    first = await asyncio.to_thread(reader.stale_paths)
    await _settle(first - reader.outside)
    yield await asyncio.to_thread(reader.read, first, loop.time())
    while True:
        if not await asyncio.to_thread(os.path.isdir, reader.root):
            yield {str(folder): UnreadableFile(reason="the folder does not exist; what it held stays as it was")}
            while not await asyncio.to_thread(os.path.isdir, reader.root):  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(_ABSENT_POLL)
            yield {str(folder): Absence.GONE}
        async with aclosing(watcher.while_same()) as batches:
            async for batch in batches:
                if batch:
                    yield batch


class _Watcher:
    """Watches one folder; remembers whether it could be told of changes the last time."""

    def __init__(self, reader: FolderReader) -> None:
        self._reader = reader
        self._is_told = True

    async def while_same(self) -> AsyncGenerator[Mapping[str, Contents], None]:
        """Yield changes until the folder is another directory than at the start, or none, or holds other folders."""
        reader, loop = self._reader, asyncio.get_running_loop()
        identity = await asyncio.to_thread(_identity, reader.root)
        watched = reader.watched
        scan_at = 0.0
        async with aclosing(self._events(watched)) as events:
            async for batch in events:
                paths = reader.concerned(batch)
                # Whatever changed before the watch was set up is found at the first idle tick.
                if paths is None or (not batch and loop.time() >= scan_at):
                    began = loop.time()
                    paths = await asyncio.to_thread(reader.stale_paths)
                    scan_at = loop.time() + max(_SCAN_EVERY, _SCAN_SHARE * (loop.time() - began))
                if await asyncio.to_thread(_identity, reader.root) != identity:
                    return
                if paths - reader.outside:
                    await _settle(paths - reader.outside)
                yield await asyncio.to_thread(reader.read, paths | reader.overdue(loop.time()), loop.time())
                if reader.watched != watched:
                    return
        # A folder that was to be watched is no more.
        await asyncio.to_thread(reader.stale_paths)

    async def _events(self, folders: frozenset[str]) -> AsyncGenerator[frozenset[str], None]:
        """Yield the paths that something happened to, none at each tick; ends when one of the folders is not there.

        Each folder is watched by itself: the system would follow links to the end of the machine.
        """
        try:
            async with aclosing(_told(sorted(folders))) as events:
                async for paths in events:
                    self._is_told = True
                    yield paths
        except (FileNotFoundError, NotADirectoryError):
            return
        except (OSError, RuntimeError) as error:  # the second is what WatchfilesRustInternalError is
            self._untold(error)
        loop = asyncio.get_running_loop()
        until = loop.time() + _TRY_AGAIN
        while loop.time() < until:
            await asyncio.sleep(_TICK_MS / 1000)
            yield frozenset()

    def _untold(self, error: Exception) -> None:
        if self._is_told:
            self._is_told = False
            _log.error(NOT_TOLD, why=str(error), scan_seconds=_SCAN_EVERY, limits=_LIMITS)


async def _told(folders: Sequence[str]) -> AsyncGenerator[frozenset[str], None]:
    """Yield what the system tells of folders, and nothing at each tick; raises OSError."""
    if sys.platform == "linux":
        events = changed_paths(folders, quiet=_QUIET, longest=_DEBOUNCE_MS / 1000, tick=_TICK_MS / 1000)
        async with aclosing(events):
            async for paths in events:
                yield paths
        return
    batches = awatch(
        *folders,
        watch_filter=None,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=_TICK_MS,
        yield_on_timeout=True,
        recursive=False,
        ignore_permission_denied=True,
    )
    async with aclosing(batches):
        async for batch in batches:
            yield frozenset(path for _, path in batch)


async def _settle(paths: frozenset[str]) -> None:
    """Wait until the files are closed and have not changed for a moment, though not for ever."""
    before = await asyncio.to_thread(signatures, paths)
    waited = 0.0
    while waited < _LONGEST_SETTLE:
        await asyncio.sleep(_SETTLE)
        waited += _SETTLE
        after = await asyncio.to_thread(signatures, paths)
        if after == before and not await asyncio.to_thread(any_being_written, paths):
            return
        before = after


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        state = os.stat(folder)  # noqa: PTH116
    except OSError:
        return None
    return (state.st_dev, state.st_ino)
