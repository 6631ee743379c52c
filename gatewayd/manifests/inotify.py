"""Where something happened in folders, as Linux tells it: nothing is asked while nothing happens.

In: folders. Out: batches of the paths that were made, written, moved, removed or given other rights, and a folder's own
path where it is gone, or where more happened than the kernel keeps. What is there is not said; the caller looks.
https://man7.org/linux/man-pages/man7/inotify.7.html
"""

import asyncio
import ctypes
import os
from collections.abc import AsyncGenerator, Iterable, Iterator
from struct import Struct
from typing import Final

_HEAD: Final = Struct("iIII")
"""wd, mask, cookie, and how long the name is that follows."""
_BUFFER: Final = 64 * 1024

_MODIFY: Final = 0x2
_ATTRIB: Final = 0x4
_CLOSE_WRITE: Final = 0x8
_MOVED: Final = 0xC0
_CREATE: Final = 0x100
_DELETE: Final = 0x200
_SELF_GONE: Final = 0xC00
_ONLY_FOLDERS: Final = 0x1000000
_MASK: Final = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED | _CREATE | _DELETE | _SELF_GONE | _ONLY_FOLDERS


async def changed_paths(
    folders: Iterable[str], *, quiet: float, longest: float, tick: float
) -> AsyncGenerator[frozenset[str], None]:
    """Yield what happened until it was quiet for a moment, or for too long not; nothing after each tick without it.

    A folder that we may not look into is left out. Raises OSError when one is not there (FileNotFoundError,
    NotADirectoryError) or the system has nothing to give.
    """
    loop = asyncio.get_running_loop()
    watch = _Watch(folders)
    try:
        while True:
            await _is_readable(watch.descriptor, tick)
            # On a busy machine the wait may end before the loop has seen what there is: it is read all the same.
            paths = set(watch.read())
            until = loop.time() + longest
            while paths and loop.time() < until and await _is_readable(watch.descriptor, quiet):
                paths.update(watch.read())
            yield frozenset(paths)
    finally:
        os.close(watch.descriptor)


class _Watch:
    """One inotify instance, and the folder of each of its watches."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._checked(self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), "")
        try:
            self._folders = {number: folder for folder in folders for number in self._added(folder)}
        except OSError:
            os.close(self.descriptor)
            raise

    def read(self) -> Iterator[str]:
        """Yield the paths that something happened to since the last time."""
        try:
            data = os.read(self.descriptor, _BUFFER)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            number, _, _, length = _HEAD.unpack_from(data, at)
            name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
            at += _HEAD.size + length
            folder = self._folders.get(number)
            if folder is None:  # so many events that some are lost: they may have been anywhere
                yield from self._folders.values()
            else:
                yield os.path.join(folder, os.fsdecode(name)) if name else folder  # noqa: PTH118 (thousands of names)

    def _added(self, folder: str) -> Iterator[int]:
        try:
            yield self._checked(self._library.inotify_add_watch(self.descriptor, os.fsencode(folder), _MASK), folder)
        except PermissionError:
            return

    @staticmethod
    def _checked(result: int, path: str) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
        return result


async def _is_readable(descriptor: int, seconds: float) -> bool:
    """Wait so long until there is something to read; return whether there is."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_reader(descriptor, told.set)
    try:
        async with asyncio.timeout(seconds):
            await told.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True
