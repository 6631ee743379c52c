"""Writes manifests into a folder, never over what is somebody's, nor through a link to what is elsewhere.

In: a folder and texts by file name. Out: what was written.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from gatewayd.manifests.folder_scan import SUFFIXES


class FilesInTheWayError(Exception):
    """The folder holds manifests already, or cannot be written to."""


def write_new(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write all files into a folder without manifests, which is made if need be; raises FilesInTheWayError."""
    found = sorted(each.name for each in folder.iterdir() if each.suffix in SUFFIXES) if folder.is_dir() else []
    if found:
        raise FilesInTheWayError(
            f"{folder}: has manifests already ({', '.join(found[:3])}); an empty folder, or a new one, is allowed"
        )
    return _write(folder, texts)


def write_beside(folder: Path, texts: Mapping[str, str], *, kept: Collection[str]) -> tuple[Path, ...]:
    """Write files over those of the same names, except that those of `kept` stay when they exist.

    Raises FilesInTheWayError when the folder has other manifests and none of these.
    """
    found = {each.name for each in folder.iterdir() if each.suffix in SUFFIXES} if folder.is_dir() else set()
    if found and not found & texts.keys():
        shown = ", ".join(sorted(found)[:3])
        raise FilesInTheWayError(f"{folder}: has manifests of something else ({shown}); another folder is allowed")
    return _write(folder, {name: text for name, text in texts.items() if name not in kept or name not in found})


def _write(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with open(folder / name, "w", encoding="utf-8", opener=_no_link) as file:
                file.write(text)
    except OSError as error:
        raise FilesInTheWayError(f"{folder}: cannot be written; {error.strerror or error}") from error
    return tuple(folder / name for name in texts)


def _no_link(path: str, flags: int) -> int:
    """Open a file that is none behind a link; raises OSError (ELOOP) for others."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
