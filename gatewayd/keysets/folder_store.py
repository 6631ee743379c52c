"""Good keys in a folder of the user's cache, a file for each source: what `gatewayd up` has fetched before.

Keys are public; but who could write here could sign: folder and files are this user's alone.
"""

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from gatewayd.ir.key_sets import KeySetSource
from gatewayd.untrusted.kept_keys import kept_name, kept_text, read_kept

log = structlog.get_logger()


class Nowhere:
    """Keeps nothing."""

    async def load(self) -> Mapping[KeySetSource, str]:
        """Return nothing."""
        return {}

    async def save(self, source: KeySetSource, keys: str) -> None:
        """Let the keys of a source go."""

    async def forget(self, source: KeySetSource) -> None:
        """Have nothing to forget."""


class FolderStore:
    """See the module's text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def load(self) -> Mapping[KeySetSource, str]:
        """Return what is kept; a file that cannot be read is passed over."""
        return dict(await asyncio.to_thread(lambda: tuple(self._read())))

    async def save(self, source: KeySetSource, keys: str) -> None:
        """Keep the keys of a source."""
        try:
            await asyncio.to_thread(self._write, self._path(source), kept_text(source, keys))
        except OSError as error:
            log.warning("keys not kept", source=str(source), why=error.strerror)

    async def forget(self, source: KeySetSource) -> None:
        """Keep the keys of a source no longer."""
        try:
            await asyncio.to_thread(self._path(source).unlink, missing_ok=True)
        except OSError as error:
            log.warning("kept keys not forgotten", source=str(source), why=error.strerror)

    def _path(self, source: KeySetSource) -> Path:
        return self._folder / f"{kept_name(source)}.json"

    def _read(self) -> Iterator[tuple[KeySetSource, str]]:
        try:
            if not _is_private(self._folder):
                return
            texts = [(path, path.read_bytes()) for path in sorted(self._folder.glob("*.json"))]
        except OSError as error:
            log.warning("kept keys not read", folder=str(self._folder), why=error.strerror)
            return
        for path, text in texts:
            found = read_kept(text)
            if found is None:
                log.warning("kept keys not read", file=str(path))
            else:
                yield found

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no Path)
            file.write(data)
        beside.replace(path)


def _is_private(folder: Path) -> bool:
    """Return whether nobody else may write to a folder; one that is not there has nothing in it."""
    if not folder.is_dir():
        return False
    state = folder.stat()
    return state.st_uid == os.geteuid() and not stat.S_IMODE(state.st_mode) & 0o022


def store_in(cache: Path | None) -> FolderStore | Nowhere:
    """Return the store in a user's cache, which may not have one."""
    return Nowhere() if cache is None else FolderStore(cache / "gatewayd" / "key-sets")
